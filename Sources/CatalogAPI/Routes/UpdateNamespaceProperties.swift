import Catalogs
import Wire

extension CatalogAPI {
    /// `POST …/namespaces/{namespace}/properties` with `{"removals": ["a"], "updates": {"b": "c"}}`.
    ///
    /// 200, 404, 422 when a name is in both.
    func updateNamespaceProperties(_ context: CatalogContext) async throws -> Response {
        let namespace = try context.namespace()
        try context.requireWrite(namespace)
        let body = RequestObject(try await context.body())
        let changes = try await catalog.updateNamespaceProperties(
            namespace, in: context.warehouse, set: body.properties("updates"),
            remove: Set(body.strings("removals")))
        return .json(changes.json)
    }
}
