import Catalogs
import JSONText
import Wire

extension CatalogAPI {
    /// `GET …/namespaces/{namespace}/functions`: none, because the catalog keeps none yet. 200, 404.
    func listFunctions(_ context: CatalogContext) async throws -> Response {
        let namespace = try context.namespace()
        try context.requireListing(namespace)
        _ = try await catalog.loadNamespace(namespace, in: context.warehouse)
        return .json(["identifiers": [], "next-page-token": .null])
    }

    /// `GET …/namespaces/{namespace}/functions/{function}`: 404, because the catalog keeps none yet.
    func loadFunction(_ context: CatalogContext) async throws -> Response {
        let namespace = try context.namespace()
        try context.requireListing(namespace)
        _ = try await catalog.loadNamespace(namespace, in: context.warehouse)
        throw CatalogAPIError(
            .noSuchFunction, "the function does not exist",
            ["function": try context.request.parameter("function")])
    }
}
