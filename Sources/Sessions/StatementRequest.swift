package import Planner
package import Scheduling

/// What a statement touches, so that the caller's rights can be checked before it does.
package enum StatementAccess: Sendable, Hashable {
    case readTable(namespace: [String], table: String)
    /// To be told that a namespace is there and what the caller may read of it; nil for the namespaces themselves.
    case list(namespace: [String]?)
    /// Create, alter or drop the namespace.
    case changeNamespace([String])
    /// Create, alter, rename or drop the table or view, or write its rows.
    case changeTable(namespace: [String], table: String)
    /// Have a table's files lie where the caller says, which a later PURGE empties.
    case placeFiles(key: String)
}

/// A statement and what belongs to it.
package struct StatementRequest: Sendable {
    package var sql: String
    /// `account_bucket`, or the bucket alone.
    package var warehouse: String
    /// For names without one; empty for none.
    package var namespace: [String] = []
    package var parameters: PlannerParameters = []
    package var settings = StatementSettings()
    /// The id of the caller's token; nil where there is none.
    package var owner: String?
    package var cancellation = CancellationToken()
    /// Throws when the caller may not; asked before anything is read or told.
    package var authorize: @Sendable (StatementAccess) throws -> Void = { _ in }

    package init(sql: String, warehouse: String) {
        self.sql = sql
        self.warehouse = warehouse
    }

    /// Whether `authorize` lets it pass: to leave out of a list what the caller may not know.
    func allows(_ access: StatementAccess) -> Bool {
        do {
            try authorize(access)
            return true
        } catch {
            return false
        }
    }
}
