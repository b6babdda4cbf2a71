import Blobs
import Catalogs
import Columnar
import Effects
import FileFormats
import Iceberg
import Scheduling
import Streams
import Tables
import Telemetry

/// Lands rows in a table of a catalog, and rejects in the stream's rejects table beside it.
struct CatalogSink: SinkTable {
    let catalog: Catalog
    let definition: SinkDefinition
    let identifier: TableIdentifier
    let stream: StreamDefinition
    let pipelineName: String
    /// What the pipeline writes, `__ingest_ts` with it.
    let columns: Schema
    let tables: TableServices

    func open(for progress: PipelineProgress) async throws -> any SinkFiles {
        try await files(for: progress)
    }

    /// A catalog that cannot be asked now is asked again when there is something to land.
    func check(for progress: PipelineProgress) async throws {
        guard let uuid = progress.tableUUID else { return }
        let table: LoadedTable
        do {
            let warehouse = try await catalog.warehouse(named: definition.bucket)
            table = try await findTable(identifier, in: warehouse, expecting: uuid)
        } catch is CatalogError { return }
        try SinkTables.check(
            try StorableType.schema(of: columns), fit: table, sink: definition.name,
            policy: definition.schemaPolicy)
    }

    func files(for progress: PipelineProgress) async throws -> CatalogFiles {
        let warehouse = try await catalog.warehouse(named: definition.bucket)
        var table = try await findTable(identifier, in: warehouse, expecting: progress.tableUUID)
        let storable = try StorableType.schema(of: columns)
        let policy = definition.schemaPolicy
        if policy == .addColumns {
            table = try await SinkTables(catalog: catalog).complete(table, with: storable)
        }
        try SinkTables.check(storable, fit: table, sink: definition.name, policy: policy)
        return try CatalogFiles(sink: self, table: table, progress: progress)
    }

    private func findTable(
        _ identifier: TableIdentifier, in warehouse: Warehouse, expecting tableUUID: String?
    ) async throws -> LoadedTable {
        guard let tableUUID else {
            return try await SinkTables(catalog: catalog).findOrCreate(
                identifier, columns: try StorableType.schema(of: columns),
                timeColumn: RecordPreparation.timeColumn,
                in: warehouse)
        }
        do {
            let table = try await catalog.loadTable(identifier, in: warehouse)
            if table.uuid == tableUUID { return table }
        } catch let error as CatalogError where [.noSuchTable, .noSuchNamespace].contains(error.code) {}
        throw Self.replaced(identifier, uuid: tableUUID)
    }

    static func replaced(_ table: TableIdentifier, uuid: String) -> PipelinesError {
        PipelinesError(
            .tableReplaced, "the sink's table was renamed, dropped or replaced",
            ["table": table, "uuid": uuid],
            hint:
                "if it was renamed, give it its name back and `firn pipeline resume NAME`: it goes on where it stopped; "
                + "else `firn pipeline reset NAME --to oldest` writes all that the stream keeps to the table of that "
                + "name, `--to latest` only what comes")
    }

    func openRejects(in warehouse: Warehouse) async throws -> LoadedTable {
        let table = try await SinkTables(catalog: catalog).findOrCreate(
            RejectsTable.identifier(of: stream), columns: RejectsTable.schema,
            timeColumn: RejectsTable.timeColumn, in: warehouse)
        // Somebody may have made a table of that name with other columns.
        let whole = try await RejectsTable.complete(table, in: catalog)
        try SinkTables.check(RejectsTable.schema, fit: whole, sink: "rejects of \(stream.name)")
        return whole
    }
}

extension SinkDefinition {
    /// Only new sinks are asked.
    ///
    /// - Errors: `PIP-105` when no table can have the name.
    func checkNames(_ catalog: Catalog) throws(PipelinesError) {
        guard case .table(let namespace, let name, _) = target else { return }
        let levels = namespace.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        do {
            try catalog.checkNames(of: TableIdentifier(namespace: Namespace(levels), name: name))
        } catch {
            throw PipelinesError(
                .invalidDefinition, "no table can have the name that the sink writes to",
                ["path": "$.config", "reason": error.summary], hint: error.hint, cause: error)
        }
    }

    /// Nil for a sink of files.
    var table: TableIdentifier? {
        guard case .table(let namespace, let name, _) = target else { return nil }
        return TableIdentifier(
            namespace: Namespace(namespace.split(separator: ".").map(String.init)), name: name)
    }

    var schemaPolicy: SchemaPolicy {
        guard case .table(_, _, let policy) = target else { return .fixed }
        return policy
    }

    /// How the data files of its table are laid out.
    var layout: ParquetWriteOptions {
        guard case .parquet(let form) = format else { return ParquetWriteOptions() }
        return form.layout
    }
}

/// What writing to tables takes.
struct TableServices: Sendable {
    let store: any BlobStore
    let caches: TableCaches
    let pool: MorselPool
    let ledger: MemoryLedger
    let clock: any Clock
    let randomness: any Randomness
    var planted = PlantedBugs.fromEnvironment

    func writer(
        of table: LoadedTable, layout: ParquetWriteOptions = ParquetWriteOptions()
    ) throws -> TableWriter {
        try TableWriter(
            metadata: table.metadata, store: store, clock: clock, randomness: randomness,
            pool: (pool, .pipeline),
            ledger: ledger, layout: layout)
    }

    var producer: SnapshotProducer {
        SnapshotProducer(
            store: store, caches: caches, clock: clock, randomness: randomness, pool: (pool, .pipeline))
    }
}
