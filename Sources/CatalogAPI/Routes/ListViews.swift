import Catalogs
import Iceberg
import JSONText
import Wire

extension CatalogAPI {
    /// `GET …/namespaces/{namespace}/views`: those the caller may know of. 200, 400, 404.
    func listViews(_ context: CatalogContext) async throws -> Response {
        let namespace = try context.namespace()
        try context.requireListing(namespace)
        let page = try await context.visible(
            context.page(catalog.limits), key: \.name, mayKnow: { context.mayList($0) }
        ) { try await catalog.listViews(in: namespace, of: context.warehouse, page: $0) }
        return .json([
            "identifiers": .array(page.entries.map(\.json)), "next-page-token": JSONValue(page.nextToken),
        ])
    }
}
