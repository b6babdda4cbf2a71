import Columnar
import Kernels
import Plans

/// An aggregation, prepared: every expression is computed once a batch, however many calls use it.
struct AggregateWork: Sendable {
    struct Call: Sendable {
        fileprivate(set) var call: AggregateCall
        /// Places in `expressions`: arguments, then the call's own order.
        let arguments: [Int]
        let filter: Int?

        var place: SourcePlace? { call.place }

        var order: [SortDirection] {
            call.order.map { SortDirection(isDescending: $0.isDescending, nullsFirst: $0.nullsFirst) }
        }
    }
    let expressions: [Expression]
    let keys: [Int]
    private(set) var calls: [Call]
    let schema: Schema
    let keyTypes: [DataType]
    /// The answer where there is no group.
    let rowsIfEmpty: [[Scalar]]
    /// Of `AggregateTable.partials`: the keys, then a column of states a call.
    private(set) var partialSchema = Schema([])
    /// Calls whose distinct arguments go to disk as rows, not as a part of their group.
    private(set) var distinctCalls: [Int] = []

    /// - Errors: `EXE-101` for phases that travel between processes.
    init(_ aggregation: Aggregation) throws {
        guard aggregation.phase == .single else {
            throw ExecutionError(
                .unsupported, "aggregation in phases is not run yet", ["phase": aggregation.phase.rawValue])
        }
        var expressions: [Expression] = []
        var places: [Expression: Int] = [:]
        func place(_ expression: Expression) -> Int {
            if !expression.isVolatile, let known = places[expression] { return known }
            expressions.append(expression)
            places[expression] = expressions.count - 1
            return expressions.count - 1
        }
        keys = aggregation.keys.map { place($0) }
        calls = aggregation.calls.map { call in
            Call(
                call: call, arguments: (call.arguments + call.order.map(\.expression)).map { place($0) },
                filter: call.filter.map { place($0) })
        }
        self.expressions = expressions
        keyTypes = aggregation.keys.map(\.type)
        schema = aggregation.schema
        rowsIfEmpty = aggregation.rowsIfEmpty
        distinctCalls = try makeStates().enumerated().filter { $1 is any DistinctRows }.map(\.offset)
        let states = try resolved.makeStates()
        partialSchema = Schema(
            zip(aggregation.names, keyTypes + states.map { $0.partial(0..<0).type }).map { Field($0, $1) })
    }

    /// Rows of keys and arguments of one call of `other`, each once.
    init(distinct call: Int, of other: AggregateWork) {
        keyTypes = other.keyTypes + other.calls[call].arguments.map { other.expressions[$0].type }
        schema = Schema(keyTypes.enumerated().map { Field("\($0)", $1) })
        partialSchema = schema
        keys = Array(keyTypes.indices)
        (expressions, calls, rowsIfEmpty) = ([], [], [])
    }

    /// The same over arguments that are distinct already.
    var resolved: AggregateWork {
        var copy = self
        for call in distinctCalls { copy.calls[call].call.isDistinct = false }
        copy.distinctCalls = []
        return copy
    }

    /// Whether groups can go to disk: without keys there is one, of which only distinct arguments can.
    var canSpill: Bool { !keys.isEmpty || !distinctCalls.isEmpty }

    /// The answer over no rows; nil when that is no row.
    var batchIfEmpty: Batch? {
        if rowsIfEmpty.isEmpty { return nil }
        let columns = schema.fields.enumerated().map { index, field in
            Column(field.type, rowsIfEmpty.map { $0[index] })
        }
        return Batch(schema: schema, columns: columns, rowCount: rowsIfEmpty.count)
    }

    func makeStates() throws -> [any AggregateState] {
        try calls.map { call in
            try call.place.locating {
                try call.call.function.makeState(
                    argumentTypes: call.arguments.map { expressions[$0].type }, result: call.call.type,
                    isDistinct: call.call.isDistinct, order: call.order)
            }
        }
    }
}
