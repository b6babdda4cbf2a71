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

    /// What stands before PRECEDING or FOLLOWING, and where.
    typealias Offset = (value: Expression, position: TextPosition)
    struct Offsets {
        var start: Offset?
        var end: Offset?
    }

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
        _ syntax: FrameSyntax, _ offsets: Offsets, order: [SortKey], into call: inout WindowCall
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
            call.start = try offsets.start.map { offset throws(PlannerError) in try count(offset) }
            call.end = try offsets.end.map { offset throws(PlannerError) in try count(offset) }
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

    private func count(_ offset: Offset) throws(PlannerError) -> Expression {
        try check(offset)
        return try coercion.coerce(offset.value, to: .long, at: offset.position, for: "the offset of a frame")
    }

    /// The values at which frames begin and end, on the key's scale.
    private func measure(
        _ offsets: Offsets, _ order: [SortKey], into call: inout WindowCall
    ) throws(PlannerError) {
        guard let first = offsets.start ?? offsets.end else { return }
        guard order.count == 1 else {
            throw PlannerError(
                .unlikeShape, "a frame of RANGE with an offset needs ORDER BY over one key",
                at: first.position)
        }
        let key = order[0].expression
        var values: [Expression] = []
        var positions: [TextPosition] = []
        for (bound, offset) in [(call.frame.start, offsets.start), (call.frame.end, offsets.end)] {
            guard let offset else { continue }
            try check(offset)
            let isBefore = (bound == .preceding) != order[0].isDescending
            let place = offset.position
            let value = try OperatorBinding(context: context, position: place, positions: [place, place])
                .bind(isBefore ? .subtract : .add, [key, offset.value])
            guard case .call(_, let operands, let type) = value else {
                preconditionFailure("a sum is a call")
            }
            // The largest key has no value behind it: the frame ends there.
            values.append(
                .located(.call(isBefore ? .frameSubtract : .frameAdd, operands, type), SourcePlace(place)))
            positions.append(place)
        }
        let (unified, _) = try coercion.unify(
            [key] + values, at: [first.position] + positions, for: "the offset of a frame")
        call.rangeKey = unified[0]
        call.start = offsets.start == nil ? nil : unified[1]
        call.end = offsets.end == nil ? nil : unified[unified.count - 1]
    }

    /// Refuses constants that are NULL or negative; of other offsets that is found row by row.
    private func check(_ offset: Offset) throws(PlannerError) {
        guard offset.value.isConstant else { return }
        let value: Scalar?
        do {
            value = try context.folding.value(of: offset.value)
        } catch {
            throw .constant(error, at: offset.position)
        }
        if let value, let problem = FrameOffset.problem(value) {
            throw PlannerError(.invalidLiteral, problem, at: offset.position)
        }
    }
}
