import Wire

/// One operation below a warehouse. The list is what the server can do, and what `config` tells clients it can.
struct CatalogRoute: Sendable {
    let method: String
    /// Behind the prefix, as the specification writes it.
    let path: String
    var bodyLimitBytes = 1 << 20
    /// Whether an `Idempotency-Key` makes it safe to send again.
    var isRepeatable = false
    let handler: @Sendable (CatalogAPI) -> @Sendable (CatalogContext) async throws -> Response

    /// `GET /v1/{prefix}/namespaces/{namespace}`
    var endpoint: String { "\(method) /v1/{prefix}\(path)" }

    /// Schemas of thousands of columns and commits of many snapshots are long.
    private static let commitLimitBytes = 32 << 20

    static let all = namespacesAndTables + planning + views + functions

    private static let functions: [CatalogRoute] = [
        CatalogRoute(method: "GET", path: "/namespaces/{namespace}/functions") { api in
            { try await api.listFunctions($0) }
        },
        CatalogRoute(method: "GET", path: "/namespaces/{namespace}/functions/{function}") { api in
            { try await api.loadFunction($0) }
        },
    ]

    private static let namespacesAndTables: [CatalogRoute] = [
        CatalogRoute(method: "GET", path: "/namespaces") { api in { try await api.listNamespaces($0) } },
        CatalogRoute(method: "POST", path: "/namespaces", isRepeatable: true) { api in
            { try await api.createNamespace($0) }
        },
        CatalogRoute(method: "GET", path: "/namespaces/{namespace}") { api in
            { try await api.loadNamespace($0) }
        },
        CatalogRoute(method: "HEAD", path: "/namespaces/{namespace}") { api in
            { try await api.namespaceExists($0) }
        },
        CatalogRoute(method: "DELETE", path: "/namespaces/{namespace}", isRepeatable: true) { api in
            { try await api.dropNamespace($0) }
        },
        CatalogRoute(method: "POST", path: "/namespaces/{namespace}/properties", isRepeatable: true) { api in
            { try await api.updateNamespaceProperties($0) }
        },
        CatalogRoute(method: "GET", path: "/namespaces/{namespace}/tables") { api in
            { try await api.listTables($0) }
        },
        CatalogRoute(
            method: "POST", path: "/namespaces/{namespace}/tables", bodyLimitBytes: commitLimitBytes,
            isRepeatable: true
        ) { api in { try await api.createTable($0) } },
        CatalogRoute(method: "POST", path: "/namespaces/{namespace}/register", isRepeatable: true) { api in
            { try await api.registerTable($0) }
        },
        CatalogRoute(method: "GET", path: "/namespaces/{namespace}/tables/{table}") { api in
            { try await api.loadTable($0) }
        },
        CatalogRoute(method: "HEAD", path: "/namespaces/{namespace}/tables/{table}") { api in
            { try await api.tableExists($0) }
        },
        CatalogRoute(
            method: "POST", path: "/namespaces/{namespace}/tables/{table}", bodyLimitBytes: commitLimitBytes,
            isRepeatable: true
        ) { api in { try await api.commitTable($0) } },
        CatalogRoute(method: "DELETE", path: "/namespaces/{namespace}/tables/{table}", isRepeatable: true) {
            api in
            { try await api.dropTable($0) }
        },
        CatalogRoute(
            method: "POST", path: "/namespaces/{namespace}/tables/{table}/unregister", isRepeatable: true
        ) { api in
            { try await api.unregisterTable($0) }
        },
        CatalogRoute(method: "GET", path: "/namespaces/{namespace}/tables/{table}/credentials") { api in
            { try await api.loadCredentials($0) }
        },
        CatalogRoute(
            method: "POST", path: "/namespaces/{namespace}/tables/{table}/sign", bodyLimitBytes: 4 << 20
        ) { api in { try await api.signRequest($0) } },
        CatalogRoute(method: "POST", path: "/namespaces/{namespace}/tables/{table}/metrics") { api in
            { try await api.reportMetrics($0) }
        },
        CatalogRoute(method: "POST", path: "/tables/rename", isRepeatable: true) { api in
            { try await api.renameTable($0) }
        },
        CatalogRoute(
            method: "POST", path: "/transactions/commit", bodyLimitBytes: commitLimitBytes, isRepeatable: true
        ) { api in
            { try await api.commitTransaction($0) }
        },
    ]

    private static let planning: [CatalogRoute] = [
        CatalogRoute(
            method: "POST", path: "/namespaces/{namespace}/tables/{table}/plan", isRepeatable: true
        ) { api in { try await api.planTableScan($0) } },
        CatalogRoute(method: "GET", path: "/namespaces/{namespace}/tables/{table}/plan/{plan-id}") { api in
            { try await api.fetchPlanningResult($0) }
        },
        CatalogRoute(
            method: "DELETE", path: "/namespaces/{namespace}/tables/{table}/plan/{plan-id}",
            isRepeatable: true
        ) { api in { try await api.cancelPlanning($0) } },
        // A plan task says all that decides its answer, so nothing is kept of it but refusals.
        CatalogRoute(
            method: "POST", path: "/namespaces/{namespace}/tables/{table}/tasks", isRepeatable: true
        ) { api in { try await api.fetchScanTasks($0) } },
    ]

    private static let views: [CatalogRoute] = [
        CatalogRoute(method: "GET", path: "/namespaces/{namespace}/views") { api in
            { try await api.listViews($0) }
        },
        CatalogRoute(
            method: "POST", path: "/namespaces/{namespace}/views", bodyLimitBytes: commitLimitBytes,
            isRepeatable: true
        ) { api in { try await api.createView($0) } },
        CatalogRoute(method: "GET", path: "/namespaces/{namespace}/views/{view}") { api in
            { try await api.loadView($0) }
        },
        CatalogRoute(method: "HEAD", path: "/namespaces/{namespace}/views/{view}") { api in
            { try await api.viewExists($0) }
        },
        CatalogRoute(
            method: "POST", path: "/namespaces/{namespace}/views/{view}", bodyLimitBytes: commitLimitBytes,
            isRepeatable: true
        ) { api in { try await api.replaceView($0) } },
        CatalogRoute(method: "DELETE", path: "/namespaces/{namespace}/views/{view}", isRepeatable: true) {
            api in
            { try await api.dropView($0) }
        },
        CatalogRoute(method: "POST", path: "/namespaces/{namespace}/register-view", isRepeatable: true) {
            api in
            { try await api.registerView($0) }
        },
        CatalogRoute(method: "POST", path: "/views/rename", isRepeatable: true) { api in
            { try await api.renameView($0) }
        },
    ]
}
