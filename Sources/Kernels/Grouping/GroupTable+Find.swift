package import Columnar

extension GroupTable {
    /// The group of each row, or -1 where there is none; adds no groups.
    ///
    /// - Nulls: a row with a null key finds nothing.
    package func find(_ keys: [Column], rowCount: Int) -> [Int32] {
        precondition(keys.count == types.count)
        if keys.isEmpty { return [Int32](repeating: count > 0 ? 0 : -1, count: rowCount) }
        var found: [Int32]
        if keys.count == 1, case .dictionary(let indices, let values) = keys[0].values,
            (1..<rowCount).contains(values.count)
        {
            found = find([values], rowCount: values.count).gather(indices)
        } else {
            found = findRows(keys, rowCount)
        }
        for key in keys where key.mayHaveNulls {
            let validity = key.validityBits()
            for row in 0..<rowCount where !validity[row] { found[row] = -1 }
        }
        return found
    }

    private func findRows(_ keys: [Column], _ rowCount: Int) -> [Int32] {
        var interner = interner.frozen()
        let words = keys.flatMap { KeyWords($0, interner: &interner).words }
        if Self.isSingleWord(types) {
            let rows = singleTable.find(words[0])
            guard let renumbered else { return rows }
            return rows.map { $0 < 0 ? $0 : renumbered[Int($0)] }
        }
        let noNulls = [[UInt64]](
            repeating: [UInt64](repeating: 0, count: rowCount), count: Self.maskWords(types))
        return rowTable.find(words + noNulls)
    }

    /// The group of each row, or -1 where there is none; adds no groups.
    ///
    /// - Nulls: null equals null, as in `groups`.
    package func findNullSafe(_ keys: [Column], rowCount: Int) -> [Int32] {
        precondition(keys.count == types.count && !keys.isEmpty)
        var interner = interner.frozen()
        var words: [[UInt64]] = []
        var nullMasks = [[UInt64]](
            repeating: [UInt64](repeating: 0, count: rowCount), count: Self.maskWords(types))
        for (place, key) in keys.enumerated() {
            let encoded = KeyWords(key, interner: &interner)
            words += encoded.words
            guard let validity = encoded.validity else { continue }
            for row in 0..<rowCount where !validity[row] {
                nullMasks[place >> 6][row] |= 1 << UInt64(place & 63)
            }
        }
        guard Self.isSingleWord(types) else { return rowTable.find(words + nullMasks) }
        var found = singleTable.find(words[0])
        if let renumbered { found = found.map { $0 < 0 ? $0 : renumbered[Int($0)] } }
        for row in 0..<rowCount where nullMasks[0][row] != 0 { found[row] = nullNumber ?? -1 }
        return found
    }

    /// The group of each row, or -1 where there is none; adds no groups.
    ///
    /// - Nulls: where `nullsMatch` says so of a key, null equals null; a null in any other key finds nothing.
    package func find(_ keys: [Column], rowCount: Int, nullsMatch: [Bool]) -> [Int32] {
        guard nullsMatch.contains(true) else { return find(keys, rowCount: rowCount) }
        var found = findNullSafe(keys, rowCount: rowCount)
        for (key, matches) in zip(keys, nullsMatch) where !matches && key.mayHaveNulls {
            let validity = key.validityBits()
            for row in 0..<rowCount where !validity[row] { found[row] = -1 }
        }
        return found
    }
}
