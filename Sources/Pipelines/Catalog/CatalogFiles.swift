import Catalogs
import Columnar
import Effects
import Iceberg
import Kernels
import Metastore
import Streams
import Tables

/// The data files of one commit to a sink's table and its rejects table.
actor CatalogFiles: SinkFiles {
    private let sink: CatalogSink
    private let table: LoadedTable
    private let writer: TableWriter
    /// The pipeline's columns as the table takes them; a table without `__ingest_ts` does not get it.
    private let columns: Schema
    private let kept: [Int]
    private let run: UniqueID?
    /// Rows have landed in it: there may be another one only when somebody says so.
    private let hasLanded: Bool
    private var rejects: (table: LoadedTable, writer: TableWriter)?
    private var replacedRejects: TableFiles.Replaced?

    init(sink: CatalogSink, table: LoadedTable, progress: PipelineProgress) throws {
        self.sink = sink
        self.table = table
        run = progress.run
        hasLanded = progress.tableUUID != nil
        writer = try sink.tables.writer(of: table, layout: sink.definition.layout)
        let stored = Dictionary(
            table.metadata.currentSchema.fields.map { ($0.name, $0.type) },
            uniquingKeysWith: { first, _ in first })
        let storable = try StorableType.schema(of: sink.columns)
        kept = storable.fields.indices.filter { stored[storable.fields[$0].name] != nil }
        columns = Schema(
            kept.map { index in
                let field = storable.fields[index]
                let type = stored[field.name].map { StorableType.isSame($0, field.type) ? field.type : $0 }
                return Field(field.name, type ?? field.type, isRequired: field.isRequired)
            })
    }

    func write(_ batch: Batch) async throws {
        let batch = batch.dense()
        let stored = try kept.enumerated().map { position, index in
            let (column, type) = (batch.columns[index], columns.fields[position].type)
            if column.type == type { return column }
            // JSON is text in a table; numbers become the table's wider ones.
            return StorableType.of(column.type) == type
                ? column.reinterpreted(as: type) : try column.cast(to: type)
        }
        try await writer.write(Batch(schema: columns, columns: stored, rowCount: batch.rowCount))
    }

    func reject(_ events: [RejectedEvent]) async throws {
        let writer = try await rejectsWriter()
        for start in stride(from: 0, to: events.count, by: Batch.capacity) {
            let part = events[start..<min(start + Batch.capacity, events.count)]
            try await writer.write(
                RejectsTable.batch(part, stream: sink.stream.name, pipeline: sink.pipelineName, run: run))
        }
    }

    /// Rows of the rejects table as they are, from a data file that goes with this commit.
    func keep(_ rejects: Batch, of table: LoadedTable) async throws {
        try await rejectsWriter(table).write(rejects)
    }

    /// The commit takes this data file out of the rejects table; its rows are those of the snapshot.
    func replace(rejects path: String, of table: LoadedTable, readAt snapshotID: Int64) async throws {
        _ = try await rejectsWriter(table)
        var replaced = replacedRejects ?? TableFiles.Replaced(snapshotID: snapshotID)
        replaced.paths.insert(path)
        replacedRejects = replaced
    }

    private func rejectsWriter() async throws -> TableWriter {
        if let rejects { return rejects.writer }
        return try await rejectsWriter(try await sink.openRejects(in: table.warehouse))
    }

    private func rejectsWriter(_ table: LoadedTable) async throws -> TableWriter {
        if let rejects { return rejects.writer }
        let writer = try sink.tables.writer(of: table)
        rejects = (table, writer)
        return writer
    }

    var writtenBytes: Int { get async { await writer.writtenBytes } }

    func close(for commit: SinkCommit) async throws -> ClosedFiles {
        var tables = [
            TableFiles(
                sink: sink, table: table, files: try await writer.finish(), role: .rows(hasLanded: hasLanded),
                commits: [commit])
        ]
        if let rejects {
            tables.append(
                TableFiles(
                    sink: sink, table: rejects.table, files: try await rejects.writer.finish(),
                    role: .rejects,
                    replaced: replacedRejects, commits: [commit]))
        }
        FaultPoints.pass(.sinkFilesWritten)
        return ClosedFiles(
            tableUUID: table.uuid, tables: tables, fileSizes: tables.flatMap(\.files).map(\.fileSize))
    }

    func abandon() async {
        await writer.abort()
        await rejects?.writer.abort()
    }
}
