import Catalogs
import Wire

extension CatalogAPI {
    /// `GET …/tables/{table}?snapshots=all|refs`: metadata, storage settings, and keys when asked for.
    ///
    /// 200, 304 when `If-None-Match` names what the client would get and its keys are fresh, 400, 404.
    func loadTable(_ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireRead(table)
        let wanted = try context.request.query("snapshots") ?? TableAnswer.Snapshots.all.rawValue
        guard let snapshots = TableAnswer.Snapshots(rawValue: wanted) else {
            throw CatalogAPIError(.malformedParameter, "snapshots is all or refs", ["snapshots": wanted])
        }
        let loaded = try await catalog.loadTable(table, in: context.warehouse)
        var answer = told(TableAnswer(loaded, snapshots: snapshots), of: table, context)
        if let etag = answer.etag, let known = context.request.headers["if-none-match"],
            ETag.matches(known, etag)
        {
            return Response(status: 304, headers: ["etag": ETag.quoted(etag)])
        }
        if snapshots == .all { answer.text = try await catalog.metadataText(of: loaded) }
        return try tableResponse(answer, of: table, context)
    }

    /// `HEAD …/tables/{table}`: 204, 404.
    func tableExists(_ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireRead(table)
        guard try await catalog.tableExists(table, in: context.warehouse) else {
            throw CatalogError.noSuchTable(table, in: context.warehouse)
        }
        return Response(status: 204)
    }
}
