import Catalogs
import Iceberg
import Wire

extension CatalogAPI {
    /// `POST …/namespaces/{namespace}/views`.
    ///
    /// 200, 400, 404 when the namespace does not exist, 409 when a table or view has the name.
    func createView(_ context: CatalogContext) async throws -> Response {
        let body = RequestObject(try await context.body())
        let view = TableIdentifier(namespace: try context.namespace(), name: try body.string("name"))
        try context.requireWrite(view)
        let request = CreateView(
            identifier: view, schema: try IcebergSchema(json: body.required("schema")),
            version: try ViewVersion(json: body.required("view-version")),
            location: try body.optionalString("location"), properties: try body.properties("properties"))
        if let location = request.location { try context.requirePlace(location, for: view, uuid: nil) }
        return try await catalog.createView(request, in: context.warehouse).response
    }

    /// `POST …/namespaces/{namespace}/register-view` with `{"name": …, "metadata-location": …}`.
    ///
    /// 200, 400, 404 when the namespace does not exist, 409 when a table or view has the name.
    func registerView(_ context: CatalogContext) async throws -> Response {
        let body = RequestObject(try await context.body())
        let view = TableIdentifier(namespace: try context.namespace(), name: try body.string("name"))
        try context.requireWrite(view)
        try context.requireFile(body.string("metadata-location"), of: view)
        return try await catalog.registerView(
            view, metadataLocation: body.string("metadata-location"), in: context.warehouse,
            claiming: { try context.requirePlace($0.uri, for: view, uuid: $1) }
        ).response
    }
}
