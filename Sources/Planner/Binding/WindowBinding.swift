import Columnar
import Kernels
import Plans
import SQLSyntax

/// A window function as bound, before its place in the plan is known.
struct BoundWindow: Equatable {
    var call: WindowCall
    var partition: [Expression]
    var order: [SortKey]

    /// With the expressions of aggregated queries in terms of groups.
    func mapExpressions(_ body: (Expression) throws(PlannerError) -> Expression) throws(PlannerError)
        -> BoundWindow
    {
        var copy = self
        copy.call = try call.mapExpressions(body)
        for index in partition.indices { copy.partition[index] = try body(partition[index]) }
        for index in order.indices { copy.order[index].expression = try body(order[index].expression) }
        return copy
    }
}

/// Types one call before OVER. Expressions come bound; what is missing is the frame and the function.
struct WindowBinding {
    let context: BinderContext
    let name: String
    let position: TextPosition

    private var coercion: Coercion { context.coercion }

    /// The call of a function that is no aggregate.
    func call(
        _ definition: WindowDefinition, _ arguments: [Expression], at positions: [TextPosition]
    ) throws(PlannerError) -> WindowCall {
        let kinds = definition.required + definition.optional
        guard (definition.required.count...kinds.count).contains(arguments.count) else {
            let most = kinds.count == definition.required.count ? "" : " to \(kinds.count)"
            throw PlannerError(
                .wrongArgumentCount, "\(definition.function.name) takes another number of arguments",
                ["takes": "\(definition.required.count)\(most)", "given": arguments.count], at: position)
        }
        let binding = ArgumentBinding(coercion: coercion, function: definition.function.name)
        var bound = try binding.bind(
            arguments, at: positions, kinds: Array(kinds.prefix(arguments.count)))
        if bound.count == 3, definition.function.picksValues {
            // The default and the value meet in one type.
            let (unified, _) = try coercion.unify(
                [arguments[0], arguments[2]], at: [positions[0], positions[2]], for: definition.function.name)
            bound[0] = unified[0].type == .null ? .null(.string) : unified[0]
            bound[2] = unified[1].type == .null ? .null(.string) : unified[1]
        }
        let type = try binding.result(definition.result, of: bound, at: position)
        return WindowCall(.window(definition.function), bound, type: type)
    }

    /// Gives the call the frame of its window.
    func frame(
        _ syntax: FrameSyntax, _ offsets: (start: Expression?, end: Expression?), order: [SortKey],
        into call: inout WindowCall
    ) throws(PlannerError) {
        let unit: WindowFrame.Unit =
            switch syntax.unit {
            case .rows: .rows
            case .range: .range
            case .groups: .groups
            }
        let exclusion: WindowFrame.Exclusion =
            switch syntax.exclusion {
            case nil, .some(.none): .none
            case .currentRow: .currentRow
            case .group: .group
            case .ties: .ties
            }
        let start = Self.bound(syntax.start)
        let end = syntax.end.map(Self.bound) ?? .currentRow
        try checkOrder(start, end)
        if unit == .groups, order.isEmpty {
            throw PlannerError(.unlikeShape, "a frame of GROUPS needs ORDER BY", at: position)
        }
        call.frame = WindowFrame(unit, start, end, exclusion: exclusion)
        if unit == .range {
            try measure(offsets, order, into: &call)
        } else {
            call.start = try offsets.start.map { value throws(PlannerError) in try count(value) }
            call.end = try offsets.end.map { value throws(PlannerError) in try count(value) }
        }
    }

    private static func bound(_ syntax: FrameSyntax.Bound) -> WindowFrame.Bound {
        switch syntax {
        case .unboundedPreceding: .unboundedPreceding
        case .preceding: .preceding
        case .currentRow: .currentRow
        case .following: .following
        case .unboundedFollowing: .unboundedFollowing
        }
    }

    private func checkOrder(_ start: WindowFrame.Bound, _ end: WindowFrame.Bound) throws(PlannerError) {
        let rank: (WindowFrame.Bound) -> Int = { WindowFrame.Bound.allCases.firstIndex(of: $0) ?? 0 }
        guard start != .unboundedFollowing, end != .unboundedPreceding, rank(start) <= rank(end) else {
            throw PlannerError(
                .unlikeShape, "a frame ends before it starts",
                ["start": start.rawValue, "end": end.rawValue], at: position)
        }
    }

    private func count(_ value: Expression) throws(PlannerError) -> Expression {
        try refuseNegative(value)
        return try coercion.coerce(value, to: .long, at: position, for: "the offset of a frame")
    }

    /// The values at which frames begin and end, on the key's scale.
    private func measure(
        _ offsets: (start: Expression?, end: Expression?), _ order: [SortKey], into call: inout WindowCall
    ) throws(PlannerError) {
        guard offsets.start != nil || offsets.end != nil else { return }
        guard order.count == 1 else {
            throw PlannerError(
                .unlikeShape, "a frame of RANGE with an offset needs ORDER BY over one key", at: position)
        }
        let key = order[0].expression
        var values: [Expression] = []
        for (bound, offset) in [(call.frame.start, offsets.start), (call.frame.end, offsets.end)] {
            guard let offset else { continue }
            try refuseNegative(offset)
            let isBefore = (bound == .preceding) != order[0].isDescending
            let value = try OperatorBinding(
                context: context, position: position, positions: [position, position]
            ).bind(isBefore ? .subtract : .add, [key, offset])
            // The largest key may have no value so far behind it.
            values.append(value.mayFault ? .located(value, SourcePlace(position)) : value)
        }
        let (unified, _) = try coercion.unify(
            [key] + values, at: Array(repeating: position, count: values.count + 1),
            for: "the offset of a frame")
        call.rangeKey = unified[0]
        call.start = offsets.start == nil ? nil : unified[1]
        call.end = offsets.end == nil ? nil : unified[unified.count - 1]
    }

    private func refuseNegative(_ value: Expression) throws(PlannerError) {
        guard value.isConstant else { return }
        let isNegative: Bool
        do {
            switch try context.folding.value(of: value) {
            case .null: isNegative = true
            case .int(let number): isNegative = number < 0
            case .long(let number): isNegative = number < 0
            case .int128(let number): isNegative = number < 0
            case .double(let number): isNegative = !(number >= 0)
            case .interval(let interval):
                isNegative = interval.months < 0 || interval.days < 0 || interval.microseconds < 0
            default: isNegative = false
            }
        } catch {
            throw .constant(error, at: position)
        }
        if isNegative {
            throw PlannerError(
                .invalidLiteral, "the offset of a frame is not null and not negative", at: position)
        }
    }
}
