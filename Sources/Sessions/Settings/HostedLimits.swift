import Planner
import SQLSyntax

/// The hosted service's LIMIT rules, for who wants to find out what it would say.
enum HostedLimits {
    static let standard = 500
    static let highest = 10_000

    /// - Errors: `PLA-113` for a LIMIT above the highest.
    static func apply(to query: QuerySyntax) throws(PlannerError) -> QuerySyntax {
        var query = query
        guard let limit = query.limit else {
            query.limit = ExpressionSyntax(.literal(.number("\(standard)")), at: query.position)
            return query
        }
        guard case .literal(.number(let digits)) = limit.kind, let count = Int(digits) else {
            // What a parameter or a subquery comes to is not known here.
            var capped = QuerySyntax(body: .query(query), position: query.position)
            capped.limit = ExpressionSyntax(.literal(.number("\(highest)")), at: limit.position)
            return capped
        }
        guard count <= highest else {
            throw PlannerError(
                .invalidLimit, "maximum LIMIT is \(highest)", ["limit": count], at: limit.position,
                hint: "SET hosted_limits = false lifts it")
        }
        return query
    }
}
