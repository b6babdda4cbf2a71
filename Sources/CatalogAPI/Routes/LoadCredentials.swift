import Catalogs
import JSONText
import Wire

extension CatalogAPI {
    /// `GET …/tables/{table}/credentials`: keys for the table's files. 200, 404.
    func loadCredentials(_ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireRead(table)
        let loaded = try await catalog.loadTable(table, in: context.warehouse)
        let credentials = try credentials(for: table, loaded.metadata, context)
        return .json(["storage-credentials": credentials.json])
    }
}
