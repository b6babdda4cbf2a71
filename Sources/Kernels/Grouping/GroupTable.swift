package import Columnar

/// Numbers groups: rows whose key columns are equal (null equals null) get the same number, counted from zero.
///
/// Batches of rows go in, numbers come out, and the distinct keys can be had as columns in the order of the numbers.
///
/// - Cost: keys with few distinct values in dictionary form are looked up once a distinct value (or pair) of a batch.
package struct GroupTable {
    package let types: [DataType]
    /// One of these two, by whether a key is a single word.
    private(set) var singleTable = SingleWordTable()
    private(set) var rowTable: WordTable
    private(set) var interner = BytesInterner()
    /// The keys of new groups, in the order in which batches brought them.
    private var parts: [[Column]] = []
    private var partBytes = 0

    package init(types: [DataType]) {
        self.types = types
        // Further words tell which keys are null.
        let width = types.reduce(Self.maskWords(types)) { $0 + KeyWords.width(of: $1) }
        rowTable = WordTable(width: max(2, width))
    }

    /// One key of one word whose nulls are told apart by a row of their own; see `nullNumber`.
    static func isSingleWord(_ types: [DataType]) -> Bool {
        types.count == 1 && KeyWords.width(of: types[0]) == 1
    }

    static func maskWords(_ types: [DataType]) -> Int { (types.count + 63) / 64 }

    /// The number of the null group when the table is of single words; such a group is no row of the table.
    private(set) var nullNumber: Int32?
    /// The group number of each row of the table; only where a null group took a number in between.
    private(set) var renumbered: [Int32]?

    package private(set) var count = 0

    package var byteCount: Int {
        singleTable.byteCount + rowTable.byteCount + domainMap.count * 4 + interner.byteCount + partBytes
    }

    /// The largest product of dictionary sizes for which pairs are looked up and not rows.
    private static let domainLimit = 1 << 16

    /// The group of each row. `count` grows by the groups not seen before.
    package mutating func groups(of keys: [Column], rowCount: Int) -> [Int32] {
        precondition(keys.count == types.count)
        if keys.isEmpty {
            count = max(count, 1)
            return [Int32](repeating: 0, count: rowCount)
        }
        if let domain = DictionaryDomain(keys, rowCount: rowCount, limit: Self.domainLimit) {
            return groups(of: keys, through: domain)
        }
        return lookUp(keys, rowCount)
    }

    /// The dictionaries of the last batch, and the group of each of their codes as far as looked up: a file has one
    /// dictionary for many batches.
    private var domain: DictionaryDomain?
    private var domainMap: [Int32] = []

    private mutating func groups(of keys: [Column], through next: DictionaryDomain) -> [Int32] {
        if domain?.isSame(as: next) != true { domainMap = [Int32](repeating: -1, count: next.size) }
        domain = next
        let codes = next.codes(keys)
        // First rows of codes nobody has looked up; -2 marks those found in this batch.
        var unknownRows: [Int32] = []
        for row in 0..<codes.count where domainMap[Int(codes[row])] == -1 {
            domainMap[Int(codes[row])] = -2
            unknownRows.append(Int32(truncatingIfNeeded: row))
        }
        if !unknownRows.isEmpty {
            let groups = lookUp(keys.map { $0.gather(unknownRows) }, unknownRows.count)
            for (position, row) in unknownRows.enumerated() {
                domainMap[Int(codes[Int(row)])] = groups[position]
            }
        }
        return domainMap.gather(codes)
    }

    private mutating func lookUp(_ keys: [Column], _ rowCount: Int) -> [Int32] {
        let before = count
        var words: [[UInt64]] = []
        var nullMasks = [[UInt64]](
            repeating: [UInt64](repeating: 0, count: rowCount), count: Self.maskWords(types))
        var validities: [Bitmap?] = []
        for (place, key) in keys.enumerated() {
            let encoded = KeyWords(key, interner: &interner)
            words += encoded.words
            validities.append(encoded.validity)
            guard let validity = encoded.validity else { continue }
            for row in 0..<rowCount where !validity[row] {
                nullMasks[place >> 6][row] |= 1 << UInt64(place & 63)
            }
        }
        let groups: [Int32]
        if Self.isSingleWord(types) {
            groups = singleWord(words[0], validities[0])
        } else {
            groups = rowTable.numbers(of: words + nullMasks)
            count = rowTable.count
        }
        if count > before { keepNew(keys, groups, from: before) }
        return groups
    }

    /// Nulls are no word, so they get their number here, and numbers of later words move up by one.
    private mutating func singleWord(_ words: [UInt64], _ validity: Bitmap?) -> [Int32] {
        guard let validity, !validity.isAllSet else {
            let rows = singleTable.numbers(of: words)
            extendRenumbering()
            guard let renumbered else {
                count = singleTable.count
                return rows
            }
            return rows.map { renumbered[Int($0)] }
        }
        let valid = validity.setIndices
        let rows = singleTable.numbers(of: words.gather(valid))
        if nullNumber == nil {
            extendRenumbering()
            // The words of this batch come first; the null group takes the next number.
            nullNumber = Int32(truncatingIfNeeded: singleTable.count)
            renumbered = (0..<Int32(truncatingIfNeeded: singleTable.count)).map { $0 }
            count = singleTable.count + 1
        }
        extendRenumbering()
        var result = [Int32](repeating: nullNumber ?? 0, count: words.count)
        for (position, row) in valid.enumerated() {
            result[Int(row)] = renumbered?[Int(rows[position])] ?? rows[position]
        }
        return result
    }

    private mutating func extendRenumbering() {
        guard let known = renumbered?.count, known < singleTable.count else { return }
        for number in known..<singleTable.count { renumbered?.append(Int32(truncatingIfNeeded: number + 1)) }
        count = singleTable.count + 1
    }

    /// Keeps the keys of groups that appeared just now, in the order of their numbers.
    private mutating func keepNew(_ keys: [Column], _ groups: [Int32], from before: Int) {
        var rows = [Int32](repeating: -1, count: count - before)
        for row in 0..<groups.count where Int(groups[row]) >= before && rows[Int(groups[row]) - before] < 0 {
            rows[Int(groups[row]) - before] = Int32(truncatingIfNeeded: row)
        }
        let part = keys.map { $0.gather(rows).flattened().compacted() }
        partBytes += part.reduce(0) { $0 + $1.byteCount }
        parts.append(part)
    }

    /// The key columns in parts, in the order of the groups' numbers.
    package var keyParts: [[Column]] { parts }

    /// The key columns, one row a group.
    package func keys() -> [Column] {
        types.indices.map { index in
            parts.isEmpty
                ? Column(types[index], []) : Column.concatenate(parts.map { $0[index] }, type: types[index])
        }
    }
}
