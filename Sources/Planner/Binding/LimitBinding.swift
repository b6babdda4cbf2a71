import Columnar
import Kernels
import Plans
import SQLSyntax

/// LIMIT, OFFSET and FETCH of one query: numbers of rows, known when it is planned or answered by subqueries.
struct LimitBinding {
    /// What is known; nil when nothing is cut off.
    private(set) var window: RowWindow?
    private let context: BinderContext
    private let keepsTies: Bool
    /// Over what subqueries answer, longs; nil where the number is known.
    private var count: Expression?
    private var offset: Expression?
    private var subqueries: [BoundSubquery] = []

    init(_ query: QuerySyntax, _ context: BinderContext) throws(PlannerError) {
        self.context = context
        keepsTies = query.keepsTies
        var binder = ExpressionBinder(context, scope: Scope(), aggregateFreeClause: "LIMIT")
        let limit = try query.limit.map { syntax throws(PlannerError) in
            try Self.rows(syntax, query.keepsTies ? RowLimit.withTies : "LIMIT", binder: &binder)
        }
        let skipped = try query.offset.map { syntax throws(PlannerError) in
            try Self.rows(syntax, "OFFSET", binder: &binder)
        }
        subqueries = binder.subqueries
        if keepsTies, query.order.isEmpty {
            throw PlannerError(
                .invalidLimit, "WITH TIES needs an ORDER BY", at: query.limit?.position ?? query.position)
        }
        var window = RowWindow(offset: 0, count: nil)
        switch limit {
        case .computed(let value): count = value
        case .known(nil) where keepsTies:
            throw PlannerError(
                .invalidLimit, "a number of rows WITH TIES is not NULL", at: query.limit?.position)
        case .known(let rows): window.count = rows
        case nil: break
        }
        switch skipped {
        case .computed(let value): offset = value
        case .known(let rows): window.offset = rows ?? 0
        case nil: break
        }
        if window.count != nil || window.offset > 0 { self.window = window }
    }

    /// Whether rows are chosen by where they stand in the order, which `plan(over:by:)` does.
    var looksAtOrder: Bool { count != nil || offset != nil || keepsTies && window?.count != nil }

    /// Whether `plan(over:by:)` takes rows in any order.
    var sortsByItself: Bool { looksAtOrder && keepsTies }

    /// The rows of the window, in their order.
    func plan(over rows: LogicalPlan, by keys: [SortKey]) throws(PlannerError) -> LogicalPlan {
        let width = rows.width
        var numbered = LogicalPlan.numberRows([], rows)
        let number = Expression.column(width, .long)
        var place = number
        if keepsTies {
            let calls = [WindowFunction.rowNumber, .rank].map { WindowCall(.window($0), [], type: .long) }
            numbered = .window(
                Windowing(partition: [], order: keys, calls: calls, names: ["number", "rank"]), rows)
            place = .column(width + 1, .long)
        }
        // NULL skips no row, and leaves none out.
        let skipped = offset.map { or($0, 0) } ?? long(window?.offset ?? 0)
        var conditions: [Expression] = []
        if offset != nil || window?.offset ?? 0 > 0 {
            conditions.append(.call(.greater, [number, skipped], .boolean))
        }
        if count == nil, offset == nil, let end = window?.end {
            conditions.append(.call(.lessOrEqual, [place, long(end)], .boolean))
        } else if let count = count.map({ or($0, .max) }) ?? window?.count.map(long) {
            let behind = Expression.call(.subtract, [place, skipped], .long)
            conditions.append(.call(.lessOrEqual, [behind, count], .boolean))
        }
        // Of no rows there is no last one to be equal to.
        if keepsTies, let count = count ?? window?.count.map(long) {
            conditions.append(.call(.greater, [count, long(0)], .boolean))
        }
        var attached = AttachedSubqueries(subqueries, to: numbered, context)
        for condition in conditions { try attached.filter(condition) }
        let kept = keys.isEmpty ? attached.plan : .sort([SortKey(number)], attached.plan)
        return kept.reordered(Array(0..<width))
    }

    private func long(_ value: Int) -> Expression { .literal(.long(Int64(value)), .long) }

    private func or(_ value: Expression, _ other: Int) -> Expression {
        .call(.coalesce, [value, long(other)], .long)
    }

    private enum Rows {
        /// Nil for NULL, which is no limit.
        case known(Int?)
        case computed(Expression)
    }

    private static func rows(
        _ syntax: ExpressionSyntax, _ clause: String, binder: inout ExpressionBinder
    ) throws(PlannerError) -> Rows {
        let context = binder.context
        let bound: Expression
        do {
            bound = try binder.bind(syntax)
        } catch  where error.code == .unknownColumn {
            // Of a subquery's own table the name may be misspelt.
            throw error.restated(
                .invalidLimit, "\(shown(clause)) sees no columns of the query it limits",
                hint: syntax.hasTables ? error.hint : nil)
        }
        // A number that is not whole is rounded, as in PostgreSQL.
        let isRounded = bound.type.isNumeric && !bound.type.isInteger
        let value =
            isRounded
            ? Expression.located(.cast(bound, to: .long, isTry: false), SourcePlace(syntax.position))
            : try context.coercion.coerce(bound, to: .long, at: syntax.position, for: shown(clause))
        if !value.columns.isEmpty {
            let checked = Expression.call(.rowLimit, [value, .literal(.string(clause), .string)], .long)
            return .computed(.located(checked, SourcePlace(syntax.position)))
        }
        do {
            switch try context.folding.value(of: value) {
            case .null: return .known(nil)
            case .long(let count) where count >= 0: return .known(Int(count))
            default: throw invalid(clause, at: syntax.position)
            }
        } catch let fault as KernelError where fault.code != .overflow {
            throw .constant(fault, at: syntax.position)
        } catch let fault as PlannerError {
            throw fault
        } catch {
            throw invalid(clause, at: syntax.position)
        }
    }

    private static func shown(_ clause: String) -> String { clause == RowLimit.withTies ? "FETCH" : clause }

    private static func invalid(_ clause: String, at position: TextPosition) -> PlannerError {
        PlannerError(
            .invalidLimit, "\(shown(clause)) takes a whole number from 0 to \(Int64.max)", at: position,
            hint: clause == "LIMIT" ? "leave LIMIT out to get all rows" : nil)
    }
}

extension ExpressionSyntax {
    /// Whether it is a subquery with columns of its own.
    fileprivate var hasTables: Bool {
        guard case .subquery(let query) = kind else { return false }
        if case .select(let select) = query.body { return !select.from.isEmpty }
        return true
    }
}
