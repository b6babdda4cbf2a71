extension MetastoreError {
    /// A statement that PostgreSQL refused while the connection lived on.
    ///
    /// Source: PostgreSQL documentation, appendix "PostgreSQL Error Codes".
    init(sqlState: String, reason: String, statement: String) {
        let (code, mayRetry) = Self.meaning(of: sqlState)
        self.init(
            code, "the metastore refused a statement",
            ["reason": reason, "sqlstate": sqlState, "statement": statement.prefix(200)],
            hint: code == .contended ? "retry after a pause" : nil, mayRetry: mayRetry)
    }

    private static func meaning(of state: String) -> (code: Code, mayRetry: Bool) {
        switch state {
        // serialization_failure, deadlock_detected, lock_not_available
        case "40001", "40P01", "55P03": (.contended, true)
        // disk_full
        case "53100": (.noSpace, false)
        // A wrong count of parameters.
        case "08P01": (.statementInvalid, false)
        // admin_shutdown, crash_shutdown, cannot_connect_now
        case "57P01", "57P02", "57P03": (.unavailable, true)
        case _ where state.hasPrefix("23"): (.constraint, false)
        // data_corrupted, index_corrupted
        case "XX001", "XX002": (.corrupt, false)
        // Syntax, types, unknown names, features: a statement of ours.
        case _ where ["42", "22", "26", "0A"].contains(state.prefix(2)): (.statementInvalid, false)
        default: (.unavailable, false)
        }
    }
}
