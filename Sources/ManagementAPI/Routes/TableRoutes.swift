import Catalogs
import Iceberg
import Identity
import Tables
import Wire

/// Our own additions about tables.
enum TableRoutes {
    static func add(to routes: inout ManagementRoutes) {
        routes.add("GET", "firn/tables/{bucket}/check", strays)
        routes.add("GET", "firn/tables/{bucket}/{table}/check", check)
    }

    /// `GET …/firn/tables/lake/check`: what looks like a table's and is nobody's.
    private static func strays(_ call: ManagementCall) async throws -> Response {
        let bucket = try call.request.parameter("bucket")
        try call.principal.require(.catalogManage, on: .bucket(bucket))
        let catalog = call.services.catalog
        let report = try await catalog.strays(
            in: await catalog.warehouse(named: bucket), cancellation: call.request.cancellation)
        return Envelope.success(report.json)
    }

    /// `GET …/firn/tables/lake/web.clicks/check?data=true`: what contradicts itself in a table. 200 also when much does.
    private static func check(_ call: ManagementCall) async throws -> Response {
        let bucket = try call.request.parameter("bucket")
        let levels = try call.request.parameter("table").split(separator: ".").map(String.init)
        guard levels.count > 1, let name = levels.last else {
            throw ManagementError(
                .invalidQuery, "a table is named with its namespace",
                ["table": levels.joined(separator: ".")], hint: "write NAMESPACE.TABLE")
        }
        let namespace = Array(levels.dropLast())
        try call.principal.require(.catalogManage, on: .table(bucket, namespace, name))
        let catalog = call.services.catalog
        let report = try await catalog.checkTable(
            TableIdentifier(namespace: Namespace(namespace), name: name),
            in: await catalog.warehouse(named: bucket),
            readsData: call.request.query("data") == "true", cancellation: call.request.cancellation)
        return Envelope.success(report.json)
    }
}
