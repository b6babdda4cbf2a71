import Identity
import Wire

/// `firn/settings`: what the node runs with, and where each setting comes from.
enum SettingsRoutes {
    static func add(to routes: inout ManagementRoutes) {
        routes.add("GET", "firn/settings") { call in
            try call.principal.require(.admin)
            return Envelope.success(call.services.settings)
        }
    }
}
