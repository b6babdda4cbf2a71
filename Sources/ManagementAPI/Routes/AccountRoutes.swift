import Identity
import JSONText
import Wire

/// `/client/v4/accounts` and `tokens/verify`: what official tools ask before anything else.
enum AccountRoutes {
    static func add(to router: inout Router, services: ManagementServices) {
        router.add("GET", "/client/v4/accounts") { request in
            _ = try await services.authenticator.principal(of: request)
            return try NumberedPage(request).answer([account(services)])
        }
        router.add("GET", "/client/v4/user/tokens/verify") { try await verify($0, services) }
    }

    static func add(to routes: inout ManagementRoutes) {
        routes.add("GET", "tokens/verify") { try await verify($0.request, $0.services) }
    }

    private static func verify(_ request: Request, _ services: ManagementServices) async throws -> Response {
        let principal = try await services.authenticator.principal(of: request)
        return Envelope.success(["id": .string(principal.tokenID), "status": "active"])
    }

    private static func account(_ services: ManagementServices) -> JSONValue {
        ["id": .string(services.account), "name": .string(services.account), "type": "standard"]
    }
}
