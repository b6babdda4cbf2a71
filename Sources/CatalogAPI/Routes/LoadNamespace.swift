import Catalogs
import Wire

extension CatalogAPI {
    /// `GET …/namespaces/{namespace}`: 200, 404.
    func loadNamespace(_ context: CatalogContext) async throws -> Response {
        let namespace = try context.namespace()
        try context.requireListing(namespace)
        return .json(NamespaceAnswer(try await catalog.loadNamespace(namespace, in: context.warehouse)).json)
    }

    /// `HEAD …/namespaces/{namespace}`: 204, 404.
    func namespaceExists(_ context: CatalogContext) async throws -> Response {
        let namespace = try context.namespace()
        try context.requireListing(namespace)
        _ = try await catalog.loadNamespace(namespace, in: context.warehouse)
        return Response(status: 204)
    }
}
