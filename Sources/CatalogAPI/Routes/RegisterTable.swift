import Catalogs
import Iceberg
import Wire

extension CatalogAPI {
    /// `POST …/namespaces/{namespace}/register` with `{"name": …, "metadata-location": …}`.
    ///
    /// 200, 400, 404 when the namespace does not exist, 409 when the table does. Replacing one is not supported.
    func registerTable(_ context: CatalogContext) async throws -> Response {
        let body = RequestObject(try await context.body())
        let table = TableIdentifier(namespace: try context.namespace(), name: try body.string("name"))
        try context.requireWrite(table)
        if try body.flag("overwrite") {
            throw CatalogAPIError(
                .malformedBody, "a registered table cannot replace another one", ["member": "overwrite"],
                hint: "drop the table without purging it, then register")
        }
        let made = try await catalog.registerTable(
            table, metadataLocation: body.string("metadata-location"), in: context.warehouse)
        return try await tableResponse(TableAnswer(made), context)
    }
}
