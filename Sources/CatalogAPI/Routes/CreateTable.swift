import Catalogs
import Iceberg
import Wire

extension CatalogAPI {
    /// `POST …/namespaces/{namespace}/tables`: creates a table, or with `stage-create` only says what it would be.
    ///
    /// 200, 400, 404 when the namespace does not exist, 409 when the table does.
    func createTable(_ context: CatalogContext) async throws -> Response {
        let namespace = try context.namespace()
        let (request, isStaged) = try await context.decodedBody { body, _ in
            let table = TableIdentifier(namespace: namespace, name: try body.string("name"))
            try context.requireWrite(table)
            return (try CreateTable(body, of: table), try body.flag("stage-create"))
        }
        let table = request.identifier
        if let location = request.location { try context.requirePlace(location, for: table, uuid: nil) }
        if isStaged {
            let staged = try await catalog.stageTable(request, in: context.warehouse)
            return try tableResponse(TableAnswer(metadata: staged), of: table, context)
        }
        let made = try await catalog.createTable(request, in: context.warehouse)
        return try tableResponse(TableAnswer(made), of: table, context)
    }
}

extension CreateTable {
    /// - Errors: `CTA-102`, Iceberg's.
    init(_ body: RequestObject, of table: TableIdentifier) throws {
        self.init(
            identifier: table, schema: try IcebergSchema(json: body.required("schema")),
            spec: try body["partition-spec"].map { (json) throws in try PartitionSpec(json: json) }
                ?? .unpartitioned,
            order: try body["write-order"].map { (json) throws in try SortOrder(json: json) } ?? .unsorted,
            location: try body.optionalString("location"), properties: try body.properties("properties"))
    }
}

extension TableAnswer {
    init(_ table: LoadedTable, snapshots: Snapshots = .all) {
        self.init(metadata: table.metadata, metadataLocation: table.metadataLocation, snapshots: snapshots)
    }
}
