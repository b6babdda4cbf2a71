import Catalogs
import Iceberg
import Wire

extension CatalogAPI {
    /// `POST …/tables/rename` with `{"source": {…}, "destination": {…}}`: 204, 400, 404, 409.
    func renameTable(_ context: CatalogContext) async throws -> Response {
        let body = RequestObject(try await context.body())
        let source = try TableIdentifier(json: body.required("source"))
        let target = try TableIdentifier(json: body.required("destination"))
        try context.requireWrite(source)
        try context.requireWrite(target)
        try await catalog.renameTable(source, to: target, in: context.warehouse)
        return Response(status: 204)
    }
}
