/// Who makes a request: a token and what it may do. Deny by default.
package struct Principal: Sendable, Hashable {
    package let tokenID: String
    package let scopes: [Scope]
    /// Of temporary credentials: one of these must allow what one of `scopes` allows. Nil: no narrower than `scopes`.
    private var narrower: [Scope]?
    /// Names of the only S3 actions that are allowed. Nil for all.
    private var actions: Set<String>?

    package init(tokenID: String, scopes: [Scope]) {
        self.tokenID = tokenID
        self.scopes = scopes
    }

    /// For filtering lists: a token does not learn names it may not see.
    package func allows(_ permission: Permission, on resource: Resource) -> Bool {
        scopes.contains { $0.allows(permission, on: resource) }
            && narrower?.contains { $0.allows(permission, on: resource) } ?? true
    }

    /// The same caller with less: what both allow.
    package func narrowed(to scopes: [Scope], actions: Set<String>?) -> Principal {
        precondition(narrower == nil, "temporary credentials come from tokens, not from one another")
        var principal = self
        principal.narrower = scopes
        principal.actions = actions
        return principal
    }

    /// - Errors: `IDN-102`.
    package func require(action: String) throws(IdentityError) {
        guard actions?.contains(action) ?? true else {
            throw IdentityError(.denied, "the credentials do not allow this action", ["action": action])
        }
    }

    /// True when some scope gives the permission at least on something: such a caller may list, and sees its part.
    package func allowsSomewhere(_ permission: Permission) -> Bool {
        scopes.contains { $0.permission.includes(permission) }
            && narrower?.contains { $0.permission.includes(permission) } ?? true
    }

    /// - Errors: `IDN-102` that names the missing scope.
    package func require(_ permission: Permission, on resource: Resource = .account) throws(IdentityError) {
        guard allows(permission, on: resource) else { throw .denied(permission, on: "\(resource)") }
    }

    /// Whether the caller may know of the namespace: because it may read it, something around it, or a part of it.
    package func mayKnow(
        ofNamespace levels: [String], inBucket bucket: String, _ permission: Permission
    ) -> Bool {
        if allows(permission, on: .namespace(bucket, levels)) { return true }
        let inside = levels.joined(separator: ".") + "."
        return scopes.contains { scope in
            guard scope.permission.includes(permission), scope.limits[.bucket].map({ $0 == bucket }) ?? true
            else { return false }
            let limit = scope.limits[.table] ?? scope.limits[.namespace]
            return limit?.utf8.starts(with: inside.utf8) ?? false
        }
    }

    package func requireSomewhere(_ permission: Permission) throws(IdentityError) {
        guard allowsSomewhere(permission) else { throw .denied(permission, on: "anything") }
    }

    /// As `requireSomewhere`, inside one bucket: for requests whose tables are known only later.
    package func requireSomewhere(_ permission: Permission, inBucket bucket: String) throws(IdentityError) {
        let reaches = scopes.contains { scope in
            scope.permission.includes(permission) && (scope.limits[.bucket].map { $0 == bucket } ?? true)
        }
        guard reaches else { throw .denied(permission, on: "\(Resource.bucket(bucket))") }
    }
}
