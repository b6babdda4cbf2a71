import Catalogs
import Wire

extension CatalogAPI {
    /// `GET …/views/{view}`: 200, 404.
    func loadView(_ context: CatalogContext) async throws -> Response {
        let view = try context.view()
        try context.requireRead(view)
        return try await catalog.loadView(view, in: context.warehouse).response
    }

    /// `HEAD …/views/{view}`: 204, 404.
    func viewExists(_ context: CatalogContext) async throws -> Response {
        let view = try context.view()
        try context.requireRead(view)
        guard try await catalog.viewExists(view, in: context.warehouse) else {
            throw CatalogError.noSuchView(view, in: context.warehouse)
        }
        return Response(status: 204)
    }
}
