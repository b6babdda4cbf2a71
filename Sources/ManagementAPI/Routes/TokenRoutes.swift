import Effects
import Identity
import JSONText
import Wire

/// `firn/tokens`: create, list, get, delete. For administrators only.
enum TokenRoutes {
    static func add(to routes: inout ManagementRoutes) {
        routes.add("POST", "firn/tokens", create)
        routes.add("GET", "firn/tokens", list)
        routes.add("GET", "firn/tokens/{token}", get)
        routes.add("DELETE", "firn/tokens/{token}", delete)
    }

    /// `{"name":"reader","scopes":["catalog:read:bucket=lake"],"expires_in_seconds":3600}`; the answer alone has `value`.
    private static func create(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.admin)
        let body = try await call.request.jsonObject()
        try body.refuseUnknown(besides: ["name", "scopes", "expires_in_seconds"])
        let issued = try await call.services.tokens.create(
            name: try body.requiredString("name"), scopes: try scopes(body), expires: try expiry(body, call),
            by: call.principal.tokenID)
        guard var answer = json(issued.token).object else {
            preconditionFailure("a token prints as an object")
        }
        answer["value"] = .string(issued.value)
        answer["s3_access_key_id"] = .string(issued.token.id)
        return Envelope.success(.object(answer))
    }

    private static func scopes(_ body: JSONObject) throws -> [Scope] {
        guard let list = body["scopes"]?.array else {
            throw ManagementError(
                .invalidBody, "scopes must be an array of strings", ["member": "scopes"],
                hint: "for example [\"catalog:read:bucket=lake\"]")
        }
        return try list.map { entry in
            guard let text = entry.string else {
                throw ManagementError(.invalidBody, "a scope must be a string", ["found": entry.kindName])
            }
            return try Scope(parsing: text)
        }
    }

    private static func expiry(_ body: JSONObject, _ call: ManagementCall) throws -> Instant? {
        guard let value = body["expires_in_seconds"], !value.isNull else { return nil }
        // A hundred years: beyond it, leave the expiry out.
        guard let seconds = value.integer, (1...3_153_600_000).contains(seconds) else {
            throw ManagementError(
                .invalidBody, "the expiry must be a whole number of seconds, at least 1",
                ["member": "expires_in_seconds"])
        }
        return Instant(microseconds: call.services.clock.now.microseconds + seconds * 1_000_000)
    }

    private static func list(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.admin)
        return try NumberedPage(call.request).answer(try await call.services.tokens.list().map(json))
    }

    private static func get(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.admin)
        return Envelope.success(json(try await call.services.tokens.get(try call.request.parameter("token"))))
    }

    private static func delete(_ call: ManagementCall) async throws -> Response {
        try call.principal.require(.admin)
        try await call.services.tokens.delete(
            try call.request.parameter("token"), by: call.principal.tokenID)
        return Envelope.success([:])
    }

    private static func json(_ token: Token) -> JSONValue {
        [
            "id": .string(token.id), "name": .string(token.name),
            "scopes": JSONValue(token.scopes.map(\.description)),
            "created_at": .string(token.created.rfc3339), "expires_at": JSONValue(token.expires?.rfc3339),
        ]
    }
}
