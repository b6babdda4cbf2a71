import Columnar
import Kernels
import Plans
import SQLSyntax

/// LIMIT and OFFSET: constants that are numbers of rows.
struct LimitBinding {
    let context: BinderContext

    /// Nil when there is neither.
    func bind(limit: ExpressionSyntax?, offset: ExpressionSyntax?) throws(PlannerError) -> RowWindow? {
        let count = try limit.flatMap { syntax throws(PlannerError) in try rows(syntax, "LIMIT") }
        let skipped = try offset.flatMap { syntax throws(PlannerError) in try rows(syntax, "OFFSET") } ?? 0
        if count == nil, skipped == 0 { return nil }
        return RowWindow(offset: skipped, count: count)
    }

    /// NULL is no limit.
    private func rows(_ syntax: ExpressionSyntax, _ clause: String) throws(PlannerError) -> Int? {
        var binder = ExpressionBinder(context, scope: Scope(), aggregateFreeClause: clause)
        binder.subqueryFreeClause = clause
        let bound: Expression
        do {
            bound = try binder.bind(syntax)
        } catch  where error.code == .unknownColumn {
            throw invalid(clause, at: syntax.position)
        }
        // A number that is not whole, or too large, is no wrong type.
        if bound.type.isNumeric, !bound.type.isInteger { throw invalid(clause, at: syntax.position) }
        let value = try context.coercion.coerce(bound, to: .long, at: syntax.position, for: clause)
        do {
            switch try context.folding.value(of: value) {
            case .null: return nil
            case .long(let count) where count >= 0: return Int(count)
            default: throw invalid(clause, at: syntax.position)
            }
        } catch let fault as KernelError {
            throw .constant(fault, at: syntax.position)
        } catch let fault as PlannerError {
            throw fault
        } catch {
            throw invalid(clause, at: syntax.position)
        }
    }

    private func invalid(_ clause: String, at position: TextPosition) -> PlannerError {
        PlannerError(
            .invalidLimit, "\(clause) takes a whole number from 0 to \(Int64.max)", at: position,
            hint: clause == "LIMIT" ? "leave LIMIT out to get all rows" : nil)
    }
}
