import Columnar
import Kernels
import Plans

/// A filter that keeps the first places of an order, `rank() OVER (ORDER BY a) <= 10`: the rows behind those need not be
/// sorted, nor held. `FETCH FIRST … WITH TIES` is one.
///
/// What the window says of a row hangs on the rows before it and on its peers, so that the rows behind change nothing.
struct TopWindow {
    let windowing: Windowing
    /// How many rows, at least one.
    let count: Int
    /// Whether rows that sort as the last one are kept too.
    let keepsTies: Bool

    /// Nil for any other plan.
    init?(_ plan: LogicalPlan) {
        guard case .filter(let condition, .window(let windowing, let input)) = plan,
            windowing.partition.isEmpty, !windowing.order.isEmpty
        else { return nil }
        let functions = windowing.calls.map(\.function)
        let known: [WindowCall.Function] = [.window(.rowNumber), .window(.rank), .window(.denseRank)]
        guard functions.allSatisfy(known.contains) else { return nil }
        let width = input.width
        let bounds = condition.conjuncts.compactMap { Self.bound(of: $0, functions, width) }
        guard let bound = bounds.min(by: { $0.count < $1.count }) else { return nil }
        self.windowing = windowing
        count = max(1, bound.count)
        // Of rows with one rank any may be the first by number: all calls must see the same ones.
        keepsTies = bound.isRank
    }

    /// `number <= 10`, `number < 10`, `number = 10`
    private static func bound(
        of term: Expression, _ functions: [WindowCall.Function], _ width: Int
    ) -> (count: Int, isRank: Bool)? {
        guard case .call(let comparison, let sides, _) = term.unlocated, sides.count == 2,
            case .column(let column, _) = sides[0].unlocated, column >= width,
            case .long(let number)? = sides[1].unlocated.literalValue,
            let function = functions.indices.contains(column - width) ? functions[column - width] : nil,
            function != .window(.denseRank)
        else { return nil }
        let isRank = function == .window(.rank)
        switch comparison {
        case .lessOrEqual, .equal: return (Int(clamping: number), isRank)
        case .less: return (Int(clamping: number.subtractingReportingOverflow(1).partialValue), isRank)
        default: return nil
        }
    }
}
