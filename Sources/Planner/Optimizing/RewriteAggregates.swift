import Columnar
import Kernels
import Plans

/// Asks each aggregate once, in its cheapest form, and groups nothing that is grouped already.
///
///     count(id), where id is never null   →  count(*)
///     min(DISTINCT a)                     →  min(a)
///     count(DISTINCT k) … GROUP BY k      →  1, or 0 where k is null
///     SELECT DISTINCT k … GROUP BY k      →  the groups
struct RewriteAggregates: NodePass {
    let name = "rewrite_aggregates"

    func rewritten(_ node: LogicalPlan) -> LogicalPlan {
        guard case .aggregate(let aggregation, let input) = node, aggregation.phase == .single else {
            return node
        }
        if aggregation.calls.isEmpty, Self.isGrouped(by: aggregation, input) {
            return .project(Projection(aggregation.keys, names: aggregation.names), input)
        }
        return Self.shortened(aggregation, input)
    }

    private static func shortened(_ aggregation: Aggregation, _ input: LogicalPlan) -> LogicalPlan {
        let keyCount = aggregation.keys.count
        let fields = input.schema.fields
        var kept: [AggregateCall] = []
        var keptNames: [String] = []
        var places: [AggregateCall: Int] = [:]
        var answers: [Expression] = aggregation.keys.enumerated().map { .column($0, $1.type) }
        for (index, call) in aggregation.calls.enumerated() {
            let call = cheaper(call, fields)
            if let answer = known(call, aggregation) {
                answers.append(answer)
                continue
            }
            let isSteady = !call.expressions.contains(where: \.isVolatile)
            if let place = places[call], isSteady {
                answers.append(.column(keyCount + place, call.type))
                continue
            }
            places[call] = kept.count
            answers.append(.column(keyCount + kept.count, call.type))
            kept.append(call)
            keptNames.append(aggregation.names[keyCount + index])
        }
        // The rows of empty groups are as wide as all calls.
        guard kept.count == aggregation.calls.count || aggregation.rowsIfEmpty.isEmpty else {
            return .aggregate(aggregation, input)
        }
        var short = aggregation
        short.calls = kept
        short.names = Array(aggregation.names[..<keyCount]) + keptNames
        guard kept.count < aggregation.calls.count else { return .aggregate(short, input) }
        return .project(Projection(answers, names: aggregation.names), .aggregate(short, input))
    }

    private static func cheaper(_ call: AggregateCall, _ fields: [Field]) -> AggregateCall {
        var call = call
        switch call.function {
        case .minimum, .maximum, .boolAnd, .boolOr, .bitAnd, .bitOr: call.isDistinct = false
        case .count where !call.isDistinct && call.type == .long:
            let isNeverNull = call.arguments.allSatisfy { argument in
                if case .column(let index, _) = argument { fields[index].isRequired } else { false }
            }
            if isNeverNull, !call.arguments.isEmpty {
                var rows = AggregateCall(.countAll, [], type: call.type, filter: call.filter)
                rows.place = call.place
                return rows
            }
        default: break
        }
        return call
    }

    /// The answer that the keys give, where they do.
    private static func known(_ call: AggregateCall, _ aggregation: Aggregation) -> Expression? {
        guard call.function == .count, call.isDistinct, call.filter == nil, call.arguments.count == 1,
            call.type == .long, aggregation.rowsIfEmpty.isEmpty, !call.arguments[0].isVolatile,
            let key = aggregation.keys.firstIndex(of: call.arguments[0])
        else { return nil }
        let isNull = Expression.call(.isNull, [.column(key, call.arguments[0].type)], .boolean)
        return .caseWhen(
            [CaseBranch(condition: isNull, value: .literal(.long(0), .long))],
            otherwise: .literal(.long(1), .long), .long)
    }

    /// Whether no two rows of the input have the same keys: it is grouped by some of them, each a column of its own.
    private static func isGrouped(by aggregation: Aggregation, _ input: LogicalPlan) -> Bool {
        guard !aggregation.keys.isEmpty, aggregation.rowsIfEmpty.isEmpty else { return false }
        var columns = Set(
            aggregation.keys.compactMap { if case .column(let index, _) = $0 { index } else { nil } })
        var plan = input
        while true {
            switch plan {
            case .aggregate(let inner, _):
                return !inner.keys.isEmpty && inner.phase == .single
                    && columns.isSuperset(of: inner.keys.indices)
            case .filter(_, let below), .sort(_, let below), .limit(_, let below): plan = below
            case .project(let projection, let below):
                columns = Set(
                    columns.compactMap { place in
                        if case .column(let index, _) = projection.expressions[place] { index } else { nil }
                    })
                plan = below
            default: return false
            }
        }
    }
}
