import Identity
import Wire

/// One management request whose account and caller are known.
struct ManagementCall: Sendable {
    let request: Request
    let principal: Principal
    let services: ManagementServices
}

/// Adds routes below `/client/v4/accounts/{account}`, with the checks that all of them share.
struct ManagementRoutes {
    private(set) var router: Router
    private let services: ManagementServices

    init(services: ManagementServices, router: Router) {
        self.services = services
        self.router = router
    }

    mutating func add(
        _ method: String, _ path: String,
        _ handler: @escaping @Sendable (ManagementCall) async throws -> Response
    ) {
        router.add(method, "/client/v4/accounts/{account}/" + path) { [services] request in
            // Who is asked first: a stranger learns nothing, not even which accounts there are.
            let principal = try await services.authenticator.principal(of: request)
            let account = try request.parameter("account")
            guard account == services.account else {
                throw ManagementError(
                    .noSuchAccount, "this node does not have the account", ["account": account],
                    hint: "its account is \(services.account)")
            }
            return try await handler(
                ManagementCall(request: request, principal: principal, services: services))
        }
    }
}
