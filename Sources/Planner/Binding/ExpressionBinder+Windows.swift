import Columnar
import Kernels
import Plans
import SQLSyntax

/// Calls with OVER.
extension ExpressionBinder {
    /// Behind the places of aggregates.
    static let windowBase = 1 << 42

    /// The call's column, to be given its place by `WindowPlan`.
    mutating func bindWindow(
        _ call: CallSyntax, _ window: WindowSyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let name = call.function.last.text
        if let clause = windowFreeClause ?? (isInsideAggregate ? "an aggregate" : nil) {
            throw PlannerError(
                .misplacedAggregate, "a window function cannot stand in \(clause)", ["function": name],
                at: position,
                hint: ["WHERE", "HAVING"].contains(clause) ? "filter on it with QUALIFY" : nil)
        }
        windowFreeClause = "another"
        defer { windowFreeClause = nil }
        let specification = try resolve(window)
        var partition: [Expression] = []
        for key in try bindAll(specification.partition) where !partition.contains(key) {
            partition.append(key)
        }
        var order: [SortKey] = []
        for key in specification.order {
            order.append(
                SortKey(try bind(key.value), isDescending: key.isDescending, nullsFirst: key.nullsFirst))
        }
        let binding = WindowBinding(context: context, name: name, position: position)
        var bound = try windowCall(call, binding)
        bound.place = SourcePlace(position)
        if let frame = specification.frame, bound.readsFrame {
            let offsets = WindowBinding.Offsets(
                start: try offset(frame.start),
                end: try frame.end.flatMap { end throws(PlannerError) in try offset(end) })
            try binding.frame(frame, offsets, order: order, into: &bound)
        }
        let result = BoundWindow(call: bound, partition: partition, order: order)
        if let known = windows.firstIndex(of: result) {
            return .column(Self.windowBase + known, bound.type)
        }
        windows.append(result)
        return .column(Self.windowBase + windows.count - 1, bound.type)
    }

    private mutating func offset(_ bound: FrameSyntax.Bound) throws(PlannerError) -> WindowBinding.Offset? {
        switch bound {
        case .preceding(let syntax), .following(let syntax): (try bind(syntax), syntax.position)
        default: nil
        }
    }

    private mutating func windowCall(
        _ call: CallSyntax, _ binding: WindowBinding
    ) throws(PlannerError) -> WindowCall {
        let position = binding.position
        guard let definition = WindowRegistry.find(binding.name) else {
            guard let aggregate = AggregateRegistry.find(binding.name) else {
                throw PlannerError(
                    .unknownFunction, "there is no such window function or aggregate",
                    ["function": binding.name], at: position,
                    hint: NameMatch.hint(
                        binding.name, among: WindowRegistry.names + AggregateRegistry.names))
            }
            if call.nullTreatment != nil {
                throw PlannerError(.typeMismatch, "the aggregate takes no IGNORE NULLS", at: position)
            }
            let bound = try boundAggregate(call, aggregate, at: position)
            var result = WindowCall(.aggregate(bound.function), bound.arguments, type: bound.type)
            result.isDistinct = bound.isDistinct
            result.filter = bound.filter
            result.order = bound.order
            return result
        }
        guard !call.isDistinct, call.filter == nil, call.order.isEmpty, call.withinGroup.isEmpty else {
            throw PlannerError(
                .misplacedAggregate, "DISTINCT, FILTER and ORDER BY belong to aggregates",
                ["function": binding.name], at: position)
        }
        var bound = try binding.call(
            definition, try bindAll(call.arguments), at: call.arguments.map(\.position))
        if call.nullTreatment == .ignore {
            guard definition.function.picksValues else {
                throw PlannerError(
                    .typeMismatch, "\(definition.function.name) takes no IGNORE NULLS", at: position)
            }
            bound.ignoresNulls = true
        }
        return bound
    }

    /// The window with what it inherits.
    private func resolve(_ window: WindowSyntax) throws(PlannerError) -> WindowSpecificationSyntax {
        switch window {
        case .named(let name): return try named(name)
        case .inline(let specification): return try inherited(specification, depth: 0)
        }
    }

    private func named(_ name: Identifier, depth: Int = 0) throws(PlannerError) -> WindowSpecificationSyntax {
        let names = namedWindows.map(\.name.text)
        guard case .found(let index) = NameMatch.find(name.text, among: names), depth <= namedWindows.count
        else {
            throw PlannerError(
                .unknownTable, "the query has no such window", ["window": name.text], at: name.position,
                hint: NameMatch.hint(name.text, among: names))
        }
        return try inherited(namedWindows[index].specification, depth: depth + 1)
    }

    /// A window built on another takes its partition, and its order when it has none; as in the SQL standard.
    private func inherited(
        _ specification: WindowSpecificationSyntax, depth: Int
    ) throws(PlannerError) -> WindowSpecificationSyntax {
        guard let base = specification.base else { return specification }
        let inner = try named(base, depth: depth)
        let problem: String? =
            if !specification.partition.isEmpty {
                "a window built on another has no PARTITION BY of its own"
            } else if !specification.order.isEmpty, !inner.order.isEmpty {
                "the window it is built on already has ORDER BY"
            } else if inner.frame != nil {
                "a window with a frame cannot be built upon"
            } else {
                nil
            }
        if let problem {
            throw PlannerError(.unlikeShape, problem, ["window": base.text], at: base.position)
        }
        var result = inner
        if result.order.isEmpty { result.order = specification.order }
        result.frame = specification.frame
        return result
    }
}
