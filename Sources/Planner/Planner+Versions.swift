import Columnar
import Plans
package import SQLSyntax

extension Planner {
    /// Works out what stands behind AS OF: a constant, a parameter, or something like `now() - INTERVAL '1 day'`.
    ///
    /// - Errors: `PLA-106`, `PLA-108`, `PLA-118` with the place.
    package func version(_ syntax: NamedTableSyntax.Version) throws(PlannerError) -> TableVersion {
        switch syntax {
        case .version(let expression):
            switch try constant(expression) {
            case (.int(let id), _): return .snapshot(Int64(id))
            case (.long(let id), .long): return .snapshot(id)
            case (.string(let name), _): return .named(name)
            default:
                throw PlannerError(
                    .invalidVersion, "VERSION AS OF takes a snapshot's id, or the name of a branch or tag",
                    at: expression.position)
            }
        case .timestamp(let expression):
            guard case (.long(let microseconds), _) = try constant(expression, as: .timestamptz) else {
                throw PlannerError(
                    .invalidVersion, "TIMESTAMP AS OF takes a time", at: expression.position,
                    hint: "write it like '2026-01-31T12:34:56Z'")
            }
            return .time(microseconds)
        }
    }

    private func constant(
        _ syntax: ExpressionSyntax, as type: DataType? = nil
    ) throws(PlannerError) -> (Scalar, DataType) {
        if case .subquery = syntax.kind {
            throw PlannerError(
                .invalidVersion, "AS OF takes a constant, not a query", at: syntax.position,
                hint: "run the query first, and give its answer as a parameter")
        }
        let context = BinderContext(settings: settings, parameters: parameters)
        var binder = ExpressionBinder(context, scope: Scope(), aggregateFreeClause: "AS OF")
        binder.subqueryFreeClause = "AS OF"
        var value = try binder.bind(syntax)
        if let type {
            value = try context.coercion.coerce(value, to: type, at: syntax.position, for: "TIMESTAMP AS OF")
        }
        do {
            if let scalar = try context.folding.value(of: value) { return (scalar, value.type) }
        } catch {
            throw .constant(error, at: syntax.position)
        }
        throw PlannerError(.invalidVersion, "AS OF takes a constant", at: syntax.position)
    }
}
