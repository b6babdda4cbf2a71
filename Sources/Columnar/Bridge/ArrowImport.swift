package import CArrowData

/// Batches out of the Arrow C Data Interface. Values are copied; what was given is released.
///
/// - Errors: `COL-101`, `COL-102`. Lengths of buffers are not part of the interface: they are taken on trust, so only
///   arrays of this process's own libraries may come here.
/// - Source: Apache Arrow, "The Arrow C data interface".
package enum ArrowImport {
    /// Takes both structs, whether it succeeds or not.
    @unsafe package static func batch(
        _ array: inout ArrowArray, _ schema: inout ArrowSchema
    ) throws(ColumnarError) -> Batch {
        defer {
            // SAFETY: both are valid by contract, and released once: `release` is nil for what was moved on.
            if let release = unsafe array.release { unsafe release(&array) }
            if let release = unsafe schema.release { unsafe release(&schema) }
        }
        let root = try unsafe ArrowSchemaReader.read(&schema)
        guard case .structure(let fields) = root.arrow else {
            throw ColumnarError(.malformedArrow, "a batch is no struct array")
        }
        let column = try unsafe ArrowArrayReader(&array).column(root)
        guard case .structure(let columns) = column.values else {
            throw ColumnarError(.malformedArrow, "a batch is no struct array")
        }
        return Batch(schema: Schema(fields.map(\.field)), columns: columns, rowCount: column.count)
    }

    /// The fields of a struct schema, which stays with its owner.
    @unsafe package static func schema(
        _ schema: UnsafePointer<ArrowSchema>
    ) throws(ColumnarError) -> Schema {
        let root = try unsafe ArrowSchemaReader.read(schema)
        guard case .structure(let fields) = root.arrow else {
            throw ColumnarError(.malformedArrow, "a schema is no struct")
        }
        return Schema(fields.map(\.field))
    }
}

/// Copies one array and its children. The array stays with its owner.
@safe struct ArrowArrayReader {
    // SAFETY: valid by the contract of `ArrowImport.batch`, which outlives the reader.
    private let array: UnsafePointer<ArrowArray>

    @unsafe init(_ array: UnsafePointer<ArrowArray>) { unsafe self.array = unsafe array }

    private var count: Int { unsafe Int(array.pointee.length) }
    private var offset: Int { unsafe Int(array.pointee.offset) }

    private func malformed(_ summary: String) -> ColumnarError { ColumnarError(.malformedArrow, summary) }

    func column(_ shape: ArrowField) throws(ColumnarError) -> Column {
        guard count >= 0, offset >= 0, offset <= Int.max - count - 1 else {
            throw malformed("an array has a negative length")
        }
        let type = shape.field.type
        if case .null = shape.arrow { return .nulls(.null, count: count) }
        let validity = unsafe array.pointee.null_count != 0 ? bits(0) : nil
        if case .dictionary(let width, let isSigned, let values) = shape.arrow {
            return try dictionary(width, isSigned, values, type, validity)
        }
        let values = try values(shape.arrow, type, validity)
        return Column(type, count: count, values, validity: validity?.isAllSet == true ? nil : validity)
    }

    private func values(
        _ arrow: ArrowType, _ type: DataType, _ validity: Bitmap?
    ) throws(ColumnarError) -> ColumnValues {
        switch arrow {
        case .null: return .constant(.null)
        case .boolean: return .boolean(bits(1) ?? Bitmap(repeating: false, count: count))
        case .integer(let width, let isSigned): return integers(width, isSigned, type)
        case .scaled(let width, let multiplier, let divisor):
            let scaled = longs(width, isSigned: true).map { value in
                divisor == 1 ? value &* multiplier : floorDivided(value, divisor)
            }
            return type.physical == .int32
                ? .int32(scaled.map { Int32(truncatingIfNeeded: $0) }) : .int64(scaled)
        case .float: return .float(items(1, Float.self))
        case .double: return .double(items(1, Double.self))
        case .decimal(let width): return decimals(width, type)
        case .strings(let width): return .string(strings(try offsets(width), validity))
        case .views: return .string(try views(validity))
        case .fixed(let width): return .string(fixed(width, validity))
        case .months: return .interval(items(1, Int32.self).map { Interval(months: $0) })
        case .monthDayNano:
            return .interval(
                items(1, MonthDayNano.self).map {
                    Interval(months: $0.months, days: $0.days, microseconds: $0.nanoseconds / 1000)
                })
        case .list(let width, let element):
            let (offsets, inner) = try run(width, element)
            return .list(offsets: offsets, element: inner)
        case .map(let key, let value):
            let entry = ArrowField(
                arrow: .structure([key, value]),
                field: Field("entries", .structure([key.field, value.field])))
            let (offsets, inner) = try run(4, entry)
            guard case .structure(let columns) = inner.values else { throw malformed("a map has no entries") }
            return .map(offsets: offsets, keys: columns[0], values: columns[1])
        case .structure(let fields): return .structure(try children(fields))
        case .dictionary: throw malformed("a dictionary of dictionaries")
        }
    }

    private struct MonthDayNano: BitwiseCopyable {
        var months: Int32
        var days: Int32
        var nanoseconds: Int64
    }

    private func buffer(_ index: Int) -> UnsafeRawPointer? {
        unsafe index < Int(array.pointee.n_buffers) ? array.pointee.buffers?[index] : nil
    }

    private func items<Value: BitwiseCopyable>(_ index: Int, _: Value.Type, extra: Int = 0) -> [Value] {
        let wanted = count + extra
        // SAFETY: the buffer has `offset + count` values (and one more offset) by the interface's rules.
        guard wanted > 0, let start = unsafe buffer(index)?.assumingMemoryBound(to: Value.self) else {
            return []
        }
        return unsafe Array(UnsafeBufferPointer(start: start + offset, count: wanted))
    }

    /// Bits of the array's rows; nil where there is no buffer.
    private func bits(_ index: Int) -> Bitmap? {
        guard let start = unsafe buffer(index)?.assumingMemoryBound(to: UInt8.self) else { return nil }
        var words = [UInt64](repeating: 0, count: (count + 63) / 64)
        for row in 0..<count {
            let place = offset + row
            // SAFETY: the buffer has a bit for each row.
            let bit = unsafe UInt64(start[place >> 3] >> UInt8(place & 7) & 1)
            words[row >> 6] |= bit << UInt64(row & 63)
        }
        return Bitmap(words: words, count: count)
    }

    private func longs(_ width: Int, isSigned: Bool) -> [Int64] {
        switch (width, isSigned) {
        case (1, true): items(1, Int8.self).map { Int64($0) }
        case (1, false): items(1, UInt8.self).map { Int64($0) }
        case (2, true): items(1, Int16.self).map { Int64($0) }
        case (2, false): items(1, UInt16.self).map { Int64($0) }
        case (4, true): items(1, Int32.self).map { Int64($0) }
        case (4, false): items(1, UInt32.self).map { Int64($0) }
        default: items(1, Int64.self)
        }
    }

    private func integers(_ width: Int, _ isSigned: Bool, _ type: DataType) -> ColumnValues {
        switch type.physical {
        case .int32:
            width == 4
                ? .int32(items(1, Int32.self))
                : .int32(longs(width, isSigned: isSigned).map { Int32(truncatingIfNeeded: $0) })
        case .int128: .int128(items(1, UInt64.self).map { Int128($0) })
        default: .int64(longs(width, isSigned: isSigned))
        }
    }

    private func decimals(_ width: Int, _ type: DataType) -> ColumnValues {
        let numbers = width == 16 ? items(1, Int128.self) : longs(width, isSigned: true).map { Int128($0) }
        return type.physical == .int64
            ? .int64(numbers.map { Int64(truncatingIfNeeded: $0) }) : .int128(numbers)
    }

    private func floorDivided(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    /// Checked: they grow, from zero or more.
    private func offsets(_ width: Int) throws(ColumnarError) -> [Int] {
        let found =
            width == 4
            ? items(1, Int32.self, extra: 1).map { Int($0) } : items(1, Int64.self, extra: 1).map { Int($0) }
        // An empty array may have no offsets at all.
        if found.isEmpty || count == 0 { return [0] }
        guard found[0] >= 0, zip(found, found.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw malformed("offsets do not grow")
        }
        return found
    }

    private func strings(_ offsets: [Int], _ validity: Bitmap?) -> StringColumn {
        var column = StringColumn()
        guard offsets.count > 1 else { return column }
        let start = unsafe buffer(2)?.assumingMemoryBound(to: UInt8.self)
        for row in 0..<count {
            // SAFETY: the offsets grow, and the last lies in the buffer by the interface's rules.
            let bytes = unsafe UnsafeBufferPointer(
                start: start.map { unsafe $0 + offsets[row] }, count: offsets[row + 1] - offsets[row])
            if validity.map({ $0[row] }) ?? true, !bytes.isEmpty {
                unsafe column.append(Span(_unsafeElements: bytes))
            } else {
                column.appendEmpty()
            }
        }
        return column
    }

    /// Data buffers stand between the views and a last buffer with their sizes.
    private func views(_ validity: Bitmap?) throws(ColumnarError) -> StringColumn {
        var views = items(1, StringView.self)
        let heapCount = unsafe max(0, Int(array.pointee.n_buffers) - 3)
        let sizes = unsafe buffer(heapCount + 2)?.assumingMemoryBound(to: Int64.self)
        var heaps: [[UInt8]] = []
        for index in 0..<heapCount {
            let start = unsafe buffer(index + 2)?.assumingMemoryBound(to: UInt8.self)
            let size = unsafe sizes.map { unsafe max(0, Int($0[index])) } ?? 0
            heaps.append(unsafe Array(UnsafeBufferPointer(start: start, count: start == nil ? 0 : size)))
        }
        for (row, view) in views.enumerated() {
            if let validity, !validity[row] {
                views[row] = .empty
            } else if !view.isInline,
                view.heapIndex >= heaps.count || view.offset + view.length > heaps[view.heapIndex].count
            {
                throw malformed("a view passes its buffer")
            }
        }
        return StringColumn(views: views, heaps: heaps)
    }

    private func fixed(_ width: Int, _ validity: Bitmap?) -> StringColumn {
        var column = StringColumn()
        let start = unsafe buffer(1)?.assumingMemoryBound(to: UInt8.self)
        for row in 0..<count {
            if let start = unsafe start, width > 0, validity.map({ $0[row] }) ?? true {
                // SAFETY: the buffer has `width` bytes for each row.
                unsafe column.append(
                    Span(
                        _unsafeElements: UnsafeBufferPointer(
                            start: start + (offset + row) * width, count: width)))
            } else {
                column.appendEmpty()
            }
        }
        return column
    }

    private func child(_ index: Int) throws(ColumnarError) -> UnsafePointer<ArrowArray> {
        guard unsafe index < Int(array.pointee.n_children), let child = unsafe array.pointee.children?[index]
        else { throw malformed("an array lacks a child") }
        return unsafe UnsafePointer(child)
    }

    private func run(_ width: Int, _ element: ArrowField) throws(ColumnarError) -> ([Int32], Column) {
        let offsets = try offsets(width)
        let inner = try unsafe ArrowArrayReader(child(0)).column(element)
        guard (offsets.last ?? 0) <= min(inner.count, Int(Int32.max)) else {
            throw malformed("a list's offsets pass its elements")
        }
        return (offsets.map { Int32($0) }, inner)
    }

    private func children(_ fields: [ArrowField]) throws(ColumnarError) -> [Column] {
        var columns: [Column] = []
        for (index, field) in fields.enumerated() {
            let column = try unsafe ArrowArrayReader(child(index)).column(field)
            // A struct's own offset counts in its children too.
            guard column.count >= offset + count else { throw malformed("a struct's fields are too short") }
            columns.append(column.slice(offset..<offset + count))
        }
        return columns
    }

    private func dictionary(
        _ width: Int, _ isSigned: Bool, _ arrow: ArrowType, _ type: DataType, _ validity: Bitmap?
    ) throws(ColumnarError) -> Column {
        guard let pointer = unsafe array.pointee.dictionary else {
            throw malformed("an array lacks its dictionary")
        }
        let field = ArrowField(arrow: arrow, field: Field("", type))
        let values = try unsafe ArrowArrayReader(pointer).column(field)
        var indices = longs(width, isSigned: isSigned)
        for row in indices.indices {
            if let validity, !validity[row] { indices[row] = 0 }
            guard indices[row] >= 0, indices[row] < max(values.count, 1) else {
                throw malformed("an index passes the dictionary")
            }
        }
        if values.count == 0 { return .nulls(type, count: count) }
        let narrow = indices.map { Int32(truncatingIfNeeded: $0) }
        if values.mayHaveNulls {
            // Nulls hide in the dictionary; columns mark them outside.
            let gathered = values.gather(narrow)
            return Column(
                type, count: count, gathered.values, validity: intersect(gathered.validity, validity))
        }
        return Column(type, count: count, .dictionary(indices: narrow, values: values), validity: validity)
    }
}
