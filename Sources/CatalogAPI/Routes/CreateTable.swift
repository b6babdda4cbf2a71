import Catalogs
import Iceberg
import Wire

extension CatalogAPI {
    /// `POST …/namespaces/{namespace}/tables`: creates a table, or with `stage-create` only says what it would be.
    ///
    /// 200, 400, 404 when the namespace does not exist, 409 when the table does.
    func createTable(_ context: CatalogContext) async throws -> Response {
        let body = RequestObject(try await context.body())
        let table = TableIdentifier(namespace: try context.namespace(), name: try body.string("name"))
        try context.requireWrite(table)
        let request = CreateTable(
            identifier: table, schema: try IcebergSchema(json: body.required("schema")),
            spec: try body["partition-spec"].map { (json) throws in try PartitionSpec(json: json) }
                ?? .unpartitioned,
            order: try body["write-order"].map { (json) throws in try SortOrder(json: json) } ?? .unsorted,
            location: try body.optionalString("location"), properties: try body.properties("properties"))
        if let location = request.location { try context.requirePlace(location, for: table, uuid: nil) }
        if try body.flag("stage-create") {
            let staged = try await catalog.stageTable(request, in: context.warehouse)
            return try tableResponse(TableAnswer(metadata: staged), of: table, context)
        }
        let made = try await catalog.createTable(request, in: context.warehouse)
        return try tableResponse(TableAnswer(made), of: table, context)
    }
}

extension TableAnswer {
    init(_ table: LoadedTable, snapshots: Snapshots = .all) {
        self.init(metadata: table.metadata, metadataLocation: table.metadataLocation, snapshots: snapshots)
    }
}
