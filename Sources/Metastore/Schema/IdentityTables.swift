/// Tokens and the audit log.
enum IdentityTables {
    static let version1: [String] = []
}
