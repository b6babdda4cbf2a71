import Catalogs
import Iceberg
import JSONText
import Wire

extension CatalogAPI {
    /// `GET …/namespaces?parent=a%1Fb`: the namespaces one level below; those the caller may know of.
    ///
    /// 200, 400 for a bad page token, 404 when the parent does not exist.
    func listNamespaces(_ context: CatalogContext) async throws -> Response {
        let text = try context.request.query("parent") ?? ""
        let parent = text.isEmpty ? nil : Namespace(wire: text)
        if let parent { try context.requireListing(parent) }
        let page = try await context.visible(
            context.page(catalog.limits), key: Catalog.pageKey, mayKnow: { context.mayList($0) }
        ) { try await catalog.listNamespaces(in: context.warehouse, parent: parent, page: $0) }
        return .json([
            "namespaces": .array(page.entries.map { JSONValue($0.levels) }),
            "next-page-token": JSONValue(page.nextToken),
        ])
    }
}
