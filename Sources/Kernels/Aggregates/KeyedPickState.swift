import Columnar

/// arg_min and arg_max: the value of the row whose key is smallest or largest; the first one of equals.
///
/// *Nulls*: a row with a null value or key does not count.
struct KeyedPickState: AggregateState {
    private struct Best: Sendable {
        var value: Scalar
        var key: Scalar

        var byteCount: Int { value.byteCount + key.byteCount }
    }
    private let isMaximum: Bool
    private let result: DataType
    private let keyType: DataType
    private var best: [Best?] = [nil]
    /// Of all values and keys.
    private var heldBytes = 0

    init(isMaximum: Bool, result: DataType, keyType: DataType) {
        self.isMaximum = isMaximum
        self.result = result
        self.keyType = keyType
    }

    var byteCount: Int { best.capacity * MemoryLayout<Best?>.stride + heldBytes }

    mutating func resize(to count: Int) {
        guard count > best.count else { return }
        best.append(contentsOf: repeatElement(nil, count: count - best.count))
    }

    mutating func update(_ rows: AggregateRows) throws(KernelError) {
        let (values, keys) = (rows.arguments[0], rows.arguments[1])
        for row in 0..<rows.rowCount where !values.isNull(row) && !keys.isNull(row) {
            let group = Int(rows.groups?[row] ?? 0)
            let key = keys.scalar(at: row)
            if let known = best[group], !wins(key, over: known.key) { continue }
            put(Best(value: values.scalar(at: row), key: key), at: group)
        }
    }

    private mutating func put(_ candidate: Best, at group: Int) {
        heldBytes += candidate.byteCount - (best[group]?.byteCount ?? 0)
        best[group] = candidate
    }

    private func wins(_ key: Scalar, over known: Scalar) -> Bool {
        let order = key.order(comparedTo: known)
        return isMaximum ? order > 0 : order < 0
    }

    mutating func merge(_ other: any AggregateState, groups: [Int32]) throws(KernelError) {
        let other = sameKind(other)
        for (group, id) in groups.enumerated() {
            guard let candidate = other.best[group] else { continue }
            if let known = best[Int(id)], !wins(candidate.key, over: known.key) { continue }
            put(candidate, at: Int(id))
        }
    }

    func partial(_ range: Range<Int>) -> Column {
        let members = [
            Column(result, best[range].map { $0?.value ?? .null }),
            Column(keyType, best[range].map { $0?.key ?? .null }),
        ]
        let type = DataType.structure([Field("value", result), Field("key", keyType)])
        return Column(type, count: range.count, .structure(members))
    }

    mutating func merge(partial column: Column, groups: [Int32]) throws(KernelError) {
        guard case .structure(let members) = column.flattened().values else {
            preconditionFailure("what is kept is a value and its key")
        }
        try update(AggregateRows(arguments: members, groups: groups, rowCount: column.count))
    }

    func finish(_ supervisor: (any KernelSupervisor)?) throws(KernelError) -> Column {
        Column(result, best.map { $0?.value ?? .null })
    }
}
