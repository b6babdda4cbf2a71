import Identity
import Wire

/// `firn/cluster`: the nodes that make up the server and what each does.
enum ClusterRoutes {
    static func add(to routes: inout ManagementRoutes) {
        routes.add("GET", "firn/cluster") { call in
            try call.principal.require(.admin)
            return Envelope.success(try await call.services.cluster())
        }
    }
}
