import Columnar

/// A number of rows that LIMIT, OFFSET or FETCH takes, as a subquery answers it.
///
/// - Nulls: null is no limit; WITH TIES takes none.
/// - Errors: `invalidArgument` for a number that is negative, or null before WITH TIES.
/// - Source: PostgreSQL's `recompute_limits`.
package enum RowLimit {
    /// What the second argument says for `FETCH FIRST … WITH TIES`.
    package static let withTies = "WITH TIES"

    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let counts: Operand<Int64> = try call.argument(0, as: .long).operand()
        let clause = call.arguments[1].scalar(at: 0)
        for row in 0..<call.rowCount {
            if call.arguments[0].isNull(row) {
                guard clause == .string(withTies) else { continue }
                throw KernelError(.invalidArgument, "a number of rows WITH TIES is not NULL", row: row)
            }
            guard counts[row] >= 0 else {
                throw KernelError(
                    .invalidArgument, "a number of rows is not negative", ["rows": counts[row]], row: row)
            }
        }
        return call.arguments[0]
    }
}
