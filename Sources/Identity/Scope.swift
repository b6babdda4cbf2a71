/// A permission and the limits it is given under; every limit must hold.
///
///     catalog:read:bucket=lake,table=web.clicks
package struct Scope: Sendable, Hashable, CustomStringConvertible {
    package enum Limit: String, Sendable, Hashable, CaseIterable {
        case bucket, prefix, object, namespace, table, stream
    }

    package let permission: Permission
    /// Each limit at most once, in the order of `Limit`.
    package let limits: [Limit: String]

    package init(_ permission: Permission, _ limits: [Limit: String] = [:]) {
        self.permission = permission
        self.limits = limits
    }

    /// - Errors: `IDN-201` with what is wrong and the names that would be right.
    package init(parsing text: String) throws(IdentityError) {
        // A limit's value may hold colons, a permission holds at most one.
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(
            String.init)
        let isAdmin = parts[0] == Permission.admin.rawValue
        let name = isAdmin ? parts[0] : parts.prefix(2).joined(separator: ":")
        guard let permission = Permission(rawValue: name) else {
            throw IdentityError(
                .invalidScope, "no such permission", ["scope": text],
                hint: "permissions are " + Permission.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let rest =
            isAdmin ? parts.dropFirst().joined(separator: ":") : parts.dropFirst(2).joined(separator: ":")
        guard rest.isEmpty else {
            self.init(permission, try Self.parseLimits(rest, scope: text))
            return
        }
        if text.hasSuffix(":") {
            throw IdentityError(.invalidScope, "a limit should follow the last colon", ["scope": text])
        }
        self.init(permission)
    }

    private static func parseLimits(_ text: String, scope: String) throws(IdentityError) -> [Limit: String] {
        var limits: [Limit: String] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2, let limit = Limit(rawValue: pair[0]) else {
                throw IdentityError(
                    .invalidScope, "a limit is NAME=VALUE", ["scope": scope, "limit": part],
                    hint: "names are " + Limit.allCases.map(\.rawValue).joined(separator: ", "))
            }
            guard limits.updateValue(pair[1], forKey: limit) == nil else {
                throw IdentityError(
                    .invalidScope, "a limit is given twice", ["scope": scope, "limit": pair[0]])
            }
        }
        return limits
    }

    /// Stored scopes are not held to this: a token made before the rule keeps allowing what it allowed.
    ///
    /// - Errors: `IDN-201` for a limit that its permission knows nothing of, or that no table can meet.
    package func checkLimits() throws(IdentityError) {
        let known = permission.limits
        guard let stranger = Limit.allCases.first(where: { limits[$0] != nil && !known.contains($0) }) else {
            return try checkTable()
        }
        throw IdentityError(
            .invalidScope, "the permission cannot be limited by \(stranger.rawValue)", ["scope": description],
            hint: known.isEmpty
                ? "\(permission.rawValue) has no limits"
                : "\(permission.rawValue) is limited by "
                    + known.map(\.rawValue).joined(separator: ", "))
    }

    private func checkTable() throws(IdentityError) {
        guard let table = limits[.table] else { return }
        let namespace = limits[.namespace]
        // Between two dots stands a level, before the first and behind the last one too.
        let levels = table.split(separator: ".", omittingEmptySubsequences: false)
        guard levels.count > 1, levels.allSatisfy({ !$0.isEmpty }) else {
            throw IdentityError(
                .invalidScope, "a table is named with its namespace", ["scope": description],
                hint: "write table=\(namespace ?? "NAMESPACE").\(levels.last { !$0.isEmpty } ?? "NAME")")
        }
        guard let namespace, !table.utf8.starts(with: (namespace + ".").utf8) else { return }
        throw IdentityError(
            .invalidScope, "the table lies outside the namespace that the scope is limited to too",
            ["scope": description], hint: "the table alone is limit enough")
    }

    /// True when this scope lets its owner do `wanted` to `resource`.
    package func allows(_ wanted: Permission, on resource: Resource) -> Bool {
        permission.includes(wanted) && limits.allSatisfy { Self.holds($0.key, $0.value, resource) }
    }

    /// Compares bytes: to Swift two spellings of `é` are equal, to the catalog and the store they name two things.
    private static func holds(_ limit: Limit, _ value: String, _ resource: Resource) -> Bool {
        func isValue(_ part: String?) -> Bool { part?.utf8.elementsEqual(value.utf8) ?? false }
        func begins(_ part: String?, _ start: String) -> Bool { part?.utf8.starts(with: start.utf8) ?? false }
        return switch limit {
        case .bucket: isValue(resource.bucket)
        case .prefix: begins(resource.key, value)
        case .object: isValue(resource.key)
        // A namespace holds its children.
        case .namespace: isValue(resource.namespace) || begins(resource.namespace, value + ".")
        case .table: isValue(resource.table)
        case .stream: isValue(resource.stream)
        }
    }

    package var description: String {
        let text = Limit.allCases.compactMap { limit in limits[limit].map { "\(limit.rawValue)=\($0)" } }
            .joined(separator: ",")
        return text.isEmpty ? permission.rawValue : permission.rawValue + ":" + text
    }
}
