import Catalogs
import Wire

extension CatalogAPI {
    /// `POST …/tables/{table}/metrics`: what a client measured; counted, see `ReportMeters`. 204, 400, 404.
    func reportMetrics(_ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireRead(table)
        guard try await catalog.tableExists(table, in: context.warehouse) else {
            throw CatalogError.noSuchTable(table, in: context.warehouse)
        }
        try reports.count(RequestObject(try await context.body()))
        return Response(status: 204)
    }
}
