import Columnar
import Kernels

/// Groups in memory: their keys, and a column of accumulators a call.
struct AggregateTable: Sendable {
    /// Groups that are merged between two questions whether the answer is still wanted.
    private static let step = 65_536

    let work: AggregateWork
    private var table: GroupTable
    private var states: [any AggregateState]
    private(set) var groupCount: Int

    init(_ work: AggregateWork) throws {
        self.work = work
        table = GroupTable(types: work.keyTypes)
        states = try work.makeStates()
        // Without keys there is a group also where there are no rows.
        groupCount = work.keys.isEmpty ? 1 : 0
    }

    var byteCount: Int { states.reduce(table.byteCount) { $0 + $1.byteCount } }

    /// Adds rows; `columns` are the values of the work's expressions.
    mutating func update(_ columns: [Column], rowCount: Int) throws {
        let groups = groups(of: work.keys.map { columns[$0] }, rowCount)
        for (index, call) in work.calls.enumerated() {
            let rows = AggregateRows(
                arguments: call.arguments.map { columns[$0] }, groups: groups, rowCount: rowCount)
            guard let filter = call.filter, let chosen = ExpressionEvaluator.trueRows(columns[filter]) else {
                try call.place.locating { try states[index].update(rows) }
                continue
            }
            if !chosen.isEmpty {
                try call.place.locating { try states[index].update(rows.gather(chosen)) }
            }
        }
    }

    /// Adds rows for one call alone: distinct arguments that were sorted out elsewhere.
    mutating func update(_ call: Int, keys: [Column], arguments: [Column], rowCount: Int) throws {
        let groups = groups(of: keys, rowCount)
        let rows = AggregateRows(arguments: arguments, groups: groups, rowCount: rowCount)
        try work.calls[call].place.locating { try states[call].update(rows) }
    }

    /// Nil when all rows belong to the only group.
    private mutating func groups(of keys: [Column], _ rowCount: Int) -> [Int32]? {
        var groups: [Int32]?
        if !work.keys.isEmpty {
            groups = table.groups(of: keys, rowCount: rowCount)
            groupCount = table.count
        }
        for index in states.indices { states[index].resize(to: groupCount) }
        return groups
    }

    /// Adds all groups of another table of the same work.
    mutating func merge(_ other: AggregateTable) throws {
        let count = other.groupCount
        guard count > 0 else { return }
        let keys = other.table.keys()
        var groups: [Int32] = []
        groups.reserveCapacity(count)
        for start in stride(from: 0, to: count, by: Self.step) {
            try KernelError.checkInterruption()
            let range = start..<min(count, start + Self.step)
            groups +=
                self.groups(of: keys.map { $0.slice(range) }, range.count)
                ?? [Int32](repeating: 0, count: range.count)
        }
        for index in states.indices {
            try KernelError.checkInterruption()
            try work.calls[index].place.locating {
                try states[index].merge(other.states[index], groups: groups)
            }
        }
    }

    /// Adds rows of `partials`.
    mutating func merge(partials batch: Batch) throws {
        let dense = batch.dense()
        let keyCount = work.keys.count
        let groups =
            groups(of: Array(dense.columns[..<keyCount]), dense.rowCount)
            ?? [Int32](repeating: 0, count: dense.rowCount)
        for index in states.indices {
            try work.calls[index].place.locating {
                try states[index].merge(partial: dense.columns[keyCount + index], groups: groups)
            }
        }
    }

    /// The groups as rows of keys and states, in the work's `partialSchema`; without what DISTINCT let through, which
    /// `distinctRows` gives.
    func partials(_ emit: (Batch) throws -> Void) throws {
        let keys = table.keys()
        let states = states.map { state in
            guard let distinct = state as? any DistinctRows else { return state }
            var bare = distinct.bare
            bare.resize(to: groupCount)
            return bare
        }
        for start in stride(from: 0, to: groupCount, by: Batch.capacity) {
            let range = start..<min(groupCount, start + Batch.capacity)
            let columns = keys.map { $0.slice(range) } + states.map { $0.partial(range) }
            try emit(Batch(schema: work.partialSchema, columns: columns, rowCount: range.count))
        }
    }

    /// What a call's DISTINCT let through, as rows of keys and arguments.
    func distinctRows(_ call: Int, _ emit: ([Column], Int) throws -> Void) throws {
        guard let state = states[call] as? any DistinctRows else { return }
        let keys = table.keys()
        try state.forEachPart { groups, arguments in
            try emit(keys.map { $0.gather(groups) } + arguments, groups.count)
        }
    }

    /// The groups with their answers.
    mutating func finish(_ supervisor: any KernelSupervisor) throws -> [Batch] {
        let count = groupCount
        if count == 0 { return work.batchIfEmpty.map { [$0] } ?? [] }
        var columns = table.keys()
        for index in states.indices {
            try KernelError.checkInterruption()
            states[index].resize(to: max(1, count))
            columns.append(
                try work.calls[index].place.locating { try states[index].finish(supervisor) }
                    .slice(0..<count))
        }
        let whole = Batch(schema: work.schema, columns: columns, rowCount: count)
        return stride(from: 0, to: count, by: Batch.capacity).map { start in
            whole.slice(start..<min(count, start + Batch.capacity))
        }
    }
}
