extension Column {
    /// The rows at `rows`, in that order. Dictionaries and constants keep their form, strings their heaps.
    package func gather(_ rows: [Int32]) -> Column {
        if case .constant = values, validity == nil { return Column(type, count: rows.count, values) }
        let picked = validity?.gather(rows)
        return Column(
            type, count: rows.count, values.gather(rows), validity: picked?.isAllSet == true ? nil : picked)
    }

    /// Rows of a range. Copies the range's values.
    package func slice(_ range: Range<Int>) -> Column {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        if range == 0..<count { return self }
        let part = validity?.slice(range)
        return Column(
            type, count: range.count, values.slice(range), validity: part?.isAllSet == true ? nil : part)
    }

    /// The same rows in flat form.
    package func flattened() -> Column {
        switch values {
        case .constant(.null) where type.physical == .null: return self
        case .constant(let scalar):
            var builder = ColumnBuilder(type)
            builder.append(scalar)
            let one = builder.finish()
            let rows = [Int32](repeating: 0, count: count)
            let all = validity.map { intersect($0, one.validity?.gather(rows)) } ?? one.validity?.gather(rows)
            return Column(type, count: count, one.values.gather(rows), validity: all)
        case .dictionary(_, let dictionary) where dictionary.count == 0:
            // Only null rows can refer to an empty dictionary.
            return Column.nulls(type, count: count).flattened()
        case .dictionary(let indices, let dictionary):
            return Column(
                type, count: count, dictionary.flattened().values.gather(indices), validity: validity)
        default: return self
        }
    }

    /// The same rows under another type of the same physical form: a date read as its day number.
    package func reinterpreted(as other: DataType) -> Column {
        precondition(other.physical == type.physical)
        if case .dictionary(let indices, let dictionary) = values {
            return Column(
                other, count: count,
                .dictionary(indices: indices, values: dictionary.reinterpreted(as: other)),
                validity: validity)
        }
        return Column(other, count: count, values, validity: validity)
    }
}

extension ColumnValues {
    fileprivate func gather(_ rows: [Int32]) -> ColumnValues {
        switch self {
        case .boolean(let bits): return .boolean(bits.gather(rows))
        case .int32(let items): return .int32(items.gather(rows))
        case .int64(let items): return .int64(items.gather(rows))
        case .int128(let items): return .int128(items.gather(rows))
        case .float(let items): return .float(items.gather(rows))
        case .double(let items): return .double(items.gather(rows))
        case .string(let items): return .string(items.gather(rows))
        case .interval(let items): return .interval(rows.map { items[Int($0)] })
        case .list(let offsets, let element):
            let (newOffsets, picked) = Self.gatherRuns(offsets, rows)
            return .list(offsets: newOffsets, element: element.gather(picked))
        case .map(let offsets, let keys, let values):
            let (newOffsets, picked) = Self.gatherRuns(offsets, rows)
            return .map(offsets: newOffsets, keys: keys.gather(picked), values: values.gather(picked))
        case .structure(let fields): return .structure(fields.map { $0.gather(rows) })
        case .constant: return self
        case .dictionary(let indices, let values):
            return .dictionary(indices: indices.gather(rows), values: values)
        }
    }

    private static func gatherRuns(_ offsets: [Int32], _ rows: [Int32]) -> (offsets: [Int32], picked: [Int32])
    {
        var newOffsets: [Int32] = [0]
        var picked: [Int32] = []
        for row in rows {
            picked.append(contentsOf: offsets[Int(row)]..<offsets[Int(row) + 1])
            newOffsets.append(Int32(picked.count))
        }
        return (newOffsets, picked)
    }

    fileprivate func slice(_ range: Range<Int>) -> ColumnValues {
        switch self {
        case .boolean(let bits): return .boolean(bits.slice(range))
        case .int32(let items): return .int32(Array(items[range]))
        case .int64(let items): return .int64(Array(items[range]))
        case .int128(let items): return .int128(Array(items[range]))
        case .float(let items): return .float(Array(items[range]))
        case .double(let items): return .double(Array(items[range]))
        case .string(let items):
            return .string(StringColumn(views: Array(items.views[range]), heaps: items.heaps))
        case .interval(let items): return .interval(Array(items[range]))
        case .list(let offsets, let element):
            let (part, inner) = Self.sliceRuns(offsets, range)
            return .list(offsets: part, element: element.slice(inner))
        case .map(let offsets, let keys, let values):
            let (part, inner) = Self.sliceRuns(offsets, range)
            return .map(offsets: part, keys: keys.slice(inner), values: values.slice(inner))
        case .structure(let fields): return .structure(fields.map { $0.slice(range) })
        case .constant: return self
        case .dictionary(let indices, let values):
            return .dictionary(indices: Array(indices[range]), values: values)
        }
    }

    private static func sliceRuns(_ offsets: [Int32], _ range: Range<Int>) -> (
        offsets: [Int32], inner: Range<Int>
    ) {
        let first = offsets[range.lowerBound]
        let part = offsets[range.lowerBound...range.upperBound].map { $0 - first }
        return (part, Int(first)..<Int(offsets[range.upperBound]))
    }
}
