import Catalogs
import Iceberg
import Wire

extension CatalogAPI {
    /// `POST …/views/{view}` with `{"requirements": […], "updates": […]}`.
    ///
    /// 200, 400 for unknown or contradicting updates, 404, 409 when a requirement does not hold: reload and retry.
    func replaceView(_ context: CatalogContext) async throws -> Response {
        let view = try context.view()
        try context.requireWrite(view)
        let body = RequestObject(try await context.body())
        if let named = try body["identifier"].map({ (json) throws in try TableIdentifier(json: json) }),
            named != view
        {
            throw CatalogAPIError(
                .identifierMismatch, "the body names another view than the path",
                ["path": view, "body": named])
        }
        let updates = try body.requiredArray("updates").map { (json) throws in try ViewUpdate(json: json) }
        for case .setLocation(let text) in updates { try context.requirePlace(text, for: view, uuid: nil) }
        return try await catalog.replaceView(
            view,
            requirements: body.array("requirements").map { (json) throws in try ViewRequirement(json: json) },
            updates: updates,
            in: context.warehouse
        ).response
    }

    /// `DELETE …/views/{view}`: 204, 404.
    func dropView(_ context: CatalogContext) async throws -> Response {
        let view = try context.view()
        try context.requireWrite(view)
        try await catalog.dropView(view, in: context.warehouse)
        return Response(status: 204)
    }

    /// `POST …/views/rename` with `{"source": {…}, "destination": {…}}`: 204, 400, 404, 409.
    func renameView(_ context: CatalogContext) async throws -> Response {
        let body = RequestObject(try await context.body())
        let source = try TableIdentifier(json: body.required("source"))
        let target = try TableIdentifier(json: body.required("destination"))
        try context.requireWrite(source)
        try context.requireWrite(target)
        try await catalog.renameView(source, to: target, in: context.warehouse)
        return Response(status: 204)
    }
}
