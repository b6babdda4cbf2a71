import Catalogs
import Wire

extension CatalogAPI {
    /// `DELETE …/namespaces/{namespace}`: 204, 404, 409 when it is not empty.
    func dropNamespace(_ context: CatalogContext) async throws -> Response {
        let namespace = try context.namespace()
        try context.requireWrite(namespace)
        try await catalog.dropNamespace(namespace, in: context.warehouse)
        return Response(status: 204)
    }
}
