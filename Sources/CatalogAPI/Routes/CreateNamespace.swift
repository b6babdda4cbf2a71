import Catalogs
import Iceberg
import JSONText
import Wire

extension CatalogAPI {
    /// `POST …/namespaces` with `{"namespace": ["web", "raw"], "properties": {…}}`.
    ///
    /// 200, 400 for a bad name, 404 when the parent does not exist, 409 when it exists.
    func createNamespace(_ context: CatalogContext) async throws -> Response {
        let body = RequestObject(try await context.body())
        let namespace = Namespace(try body.strings("namespace"))
        try context.requireWrite(namespace)
        let made = try await catalog.createNamespace(
            namespace, in: context.warehouse, properties: body.properties("properties"))
        return .json(NamespaceAnswer(made).json)
    }
}
