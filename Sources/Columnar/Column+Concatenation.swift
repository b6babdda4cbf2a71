extension Column {
    /// The rows of all `parts` one after another, flat but for one long text that all rows have. All parts have the type.
    package static func concatenate(_ parts: [Column], type: DataType) -> Column {
        if parts.count == 1 { return parts[0] }
        let count = parts.reduce(0) { $0 + $1.count }
        if type.physical == .null || parts.allSatisfy({ $0.constantValue == .null }) {
            return .nulls(type, count: count)
        }
        // Flat, each part would have the long text once more.
        if let value = parts[0].constantValue,
            parts.allSatisfy({ $0.constantValue?.isSameLongText(as: value) ?? false })
        {
            return .constant(value, type, count: count)
        }
        let flat = parts.map { $0.flattened() }
        return Column(
            type, count: count, concatenateValues(flat, type), validity: concatenateValidity(flat, count))
    }

    private static func concatenateValidity(_ parts: [Column], _ count: Int) -> Bitmap? {
        guard parts.contains(where: { $0.validity != nil }) else { return nil }
        var all = Bitmap()
        for part in parts {
            if let validity = part.validity {
                all.append(contentsOf: validity)
            } else {
                all.append(repeating: true, count: part.count)
            }
        }
        return all
    }

    private static func concatenateValues(_ parts: [Column], _ type: DataType) -> ColumnValues {
        func mismatch() -> Never {
            preconditionFailure("columns of unlike form in a concatenation to \(type)")
        }
        switch type.physical {
        case .null: return .constant(.null)
        case .boolean:
            var all = Bitmap()
            for part in parts {
                guard case .boolean(let bits) = part.values else { mismatch() }
                all.append(contentsOf: bits)
            }
            return .boolean(all)
        case .int32:
            return .int32(
                parts.flatMap { if case .int32(let items) = $0.values { items } else { mismatch() } })
        case .int64:
            return .int64(
                parts.flatMap { if case .int64(let items) = $0.values { items } else { mismatch() } })
        case .int128:
            return .int128(
                parts.flatMap { if case .int128(let items) = $0.values { items } else { mismatch() } })
        case .float:
            return .float(
                parts.flatMap { if case .float(let items) = $0.values { items } else { mismatch() } })
        case .double:
            return .double(
                parts.flatMap { if case .double(let items) = $0.values { items } else { mismatch() } })
        case .interval:
            return .interval(
                parts.flatMap { if case .interval(let items) = $0.values { items } else { mismatch() } })
        case .string:
            var all = StringColumn()
            all.views.reserveCapacity(parts.reduce(0) { $0 + $1.count })
            for part in parts {
                guard case .string(let items) = part.values else { mismatch() }
                all.append(contentsOf: items)
            }
            return .string(all)
        case .list:
            guard case .list(let element) = type else { mismatch() }
            let runs = parts.map {
                if case .list(let offsets, let element) = $0.values { (offsets, element) } else { mismatch() }
            }
            return .list(
                offsets: joinOffsets(runs.map(\.0), sizes: runs.map(\.1.count)),
                element: concatenate(runs.map(\.1), type: element.type))
        case .map:
            guard case .map(let key, let value) = type else { mismatch() }
            let runs = parts.map {
                if case .map(let offsets, let keys, let values) = $0.values {
                    (offsets, keys, values)
                } else {
                    mismatch()
                }
            }
            return .map(
                offsets: joinOffsets(runs.map(\.0), sizes: runs.map(\.1.count)),
                keys: concatenate(runs.map(\.1), type: key.type),
                values: concatenate(runs.map(\.2), type: value.type))
        case .structure:
            guard case .structure(let fields) = type else { mismatch() }
            let parts = parts.map {
                if case .structure(let columns) = $0.values { columns } else { mismatch() }
            }
            return .structure(
                fields.indices.map { index in concatenate(parts.map { $0[index] }, type: fields[index].type) }
            )
        }
    }

    private static func joinOffsets(_ runs: [[Int32]], sizes: [Int]) -> [Int32] {
        var all: [Int32] = [0]
        var base: Int32 = 0
        for (offsets, size) in zip(runs, sizes) {
            all.append(contentsOf: offsets.dropFirst().map { $0 + base })
            base += Int32(size)
        }
        return all
    }
}
