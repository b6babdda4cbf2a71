import Catalogs
import Iceberg
import Wire

extension CatalogAPI {
    /// `POST …/namespaces/{namespace}/register` with `{"name": …, "metadata-location": …}`.
    ///
    /// 200, 400, 404 when the namespace does not exist, 409 when the table does and `overwrite` is not set.
    func registerTable(_ context: CatalogContext) async throws -> Response {
        let body = RequestObject(try await context.body())
        let table = TableIdentifier(namespace: try context.namespace(), name: try body.string("name"))
        try context.requireWrite(table)
        try context.requireFile(body.string("metadata-location"), of: table)
        let made = try await catalog.registerTable(
            table, metadataLocation: body.string("metadata-location"), in: context.warehouse,
            overwrite: body.flag("overwrite"),
            claiming: { try context.requirePlace($0.uri, for: table, uuid: $1) })
        return try tableResponse(TableAnswer(made), of: table, context)
    }

    /// `POST …/tables/{table}/unregister`: forgets the table, keeps its files. 200 with what it was, 404.
    func unregisterTable(_ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireWrite(table)
        return TableAnswer(try await catalog.unregisterTable(table, in: context.warehouse)).response()
    }
}
