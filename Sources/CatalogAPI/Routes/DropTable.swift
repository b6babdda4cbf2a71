import Catalogs
import Wire

extension CatalogAPI {
    /// `DELETE …/tables/{table}?purgeRequested=true`: forgets the table, and with the flag deletes its files. 204, 404.
    func dropTable(_ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireWrite(table)
        let purge = try context.request.query("purgeRequested")?.lowercased() == "true"
        try await catalog.dropTable(table, in: context.warehouse, purge: purge)
        return Response(status: 204)
    }
}
