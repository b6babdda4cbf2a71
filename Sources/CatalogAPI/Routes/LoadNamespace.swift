import Catalogs
import Wire

extension CatalogAPI {
    /// `GET …/namespaces/{namespace}`: 200, 404.
    ///
    /// Properties are for those who may read the namespace; who may read only something inside learns that it is there.
    func loadNamespace(_ context: CatalogContext) async throws -> Response {
        let namespace = try context.namespace()
        try context.requireListing(namespace)
        var info = try await catalog.loadNamespace(namespace, in: context.warehouse)
        if !context.mayRead(namespace) { info.properties = [:] }
        return .json(NamespaceAnswer(info).json)
    }

    /// `HEAD …/namespaces/{namespace}`: 204, 404.
    func namespaceExists(_ context: CatalogContext) async throws -> Response {
        let namespace = try context.namespace()
        try context.requireListing(namespace)
        _ = try await catalog.loadNamespace(namespace, in: context.warehouse)
        return Response(status: 204)
    }
}
