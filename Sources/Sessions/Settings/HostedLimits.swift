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
        if case .literal(.number(let digits)) = limit.kind, let count = Int(digits), count > highest {
            throw PlannerError(
                .invalidLimit, "maximum LIMIT is \(highest)", ["limit": count], at: limit.position,
                hint: "SET hosted_limits = false lifts it")
        }
        return query
    }
}
