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
    /// How often a commit is made anew on top of somebody else's.
    private static let attempts = 10
    /// Attempts that may merge manifests, which makes any commit in between a conflict. Later ones can be rebased.
    private static let mergingAttempts = 3

    /// Data files that wait for their commit, and the table they are for.
    private struct Written {
        var table: LoadedTable
        var files: [DataFile]
        /// What these are in the place of.
        var replaced: Replaced?
        var isRejects = false
    }

    /// Data files that go with a commit, and the snapshot their rows were read at.
    private struct Replaced {
        var paths: Set<String> = []
        var snapshotID: Int64
    }

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
    private var replacedRejects: Replaced?

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
        var replaced = replacedRejects ?? Replaced(snapshotID: snapshotID)
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

    func commit(
        _ commit: SinkCommit, alongside: @escaping @Sendable (Transaction, _ tableUUID: String) throws -> Void
    ) async throws -> String {
        var written = [Written(table: table, files: try await writer.finish())]
        if let rejects {
            written.append(
                Written(
                    table: rejects.table, files: try await rejects.writer.finish(), replaced: replacedRejects,
                    isRejects: true))
        }
        FaultPoints.pass(.sinkFilesWritten)
        do { return try await land(&written, commit, alongside: alongside) } catch let error as CatalogError
            where hasLanded && error.code == .noSuchTable
        {
            try await requireTable()
            throw error
        }
    }

    private func land(
        _ written: inout [Written], _ commit: SinkCommit,
        alongside: @escaping @Sendable (Transaction, _ tableUUID: String) throws -> Void
    ) async throws -> String {
        let uuid = table.uuid
        for attempt in 0..<Self.attempts {
            if try await tryCommit(
                written.filter { !$0.files.isEmpty || $0.replaced != nil }, commit,
                merging: attempt < Self.mergingAttempts,
                alongside: { try alongside($0, uuid) })
            {
                sink.metrics.record(fileSizes: written.flatMap(\.files).map(\.fileSize))
                return uuid
            }
            for index in written.indices { written[index].table = try await reload(written[index]) }
        }
        throw PipelinesError(
            .commitContended, "others keep changing the sink's table",
            ["table": table.identifier, "attempts": Self.attempts])
    }

    /// - Errors: `tableReplaced` when it is the sink's own table that is not there any more.
    private func requireTable() async throws {
        do {
            _ = try await sink.catalog.loadTable(table.identifier, in: table.warehouse)
        } catch let error as CatalogError where [.noSuchTable, .noSuchNamespace].contains(error.code) {
            throw CatalogSink.replaced(table.identifier, uuid: table.uuid)
        }
    }

    /// False when somebody else's commit came in between; then nothing has happened.
    private func tryCommit(
        _ written: [Written], _ commit: SinkCommit, merging: Bool,
        alongside: @escaping @Sendable (Transaction) throws -> Void
    ) async throws -> Bool {
        let planted = sink.tables.planted
        var snapshots: [ProducedSnapshot] = []
        var commits: [TableCommit] = []
        var hasBegun = false
        do {
            for part in written {
                let snapshot = try await produce(part, commit, merging: merging)
                snapshots.append(snapshot)
                commits.append(TableCommit(snapshot, to: part.table))
            }
            hasBegun = true
            if planted.has(.rejectsApart), commits.count == 2 {
                try await sink.catalog.commit([commits.removeLast()])
            }
            try await sink.catalog.commit(commits, alongside: alongside)
            return true
        } catch {
            // The data files live on: the next attempt, or whoever gives up, decides about them.
            let outcome = hasBegun ? CommitOutcome(ofCatalog: error) : .rejected
            for snapshot in snapshots {
                await snapshot.cleanUp(after: outcome, dataFiles: [], store: sink.tables.store)
            }
            if (error as? CatalogError)?.code == .commitConflict { return false }
            throw error
        }
    }

    private func produce(
        _ part: Written, _ commit: SinkCommit, merging: Bool
    ) async throws -> ProducedSnapshot {
        let producer = sink.tables.producer
        guard let old = part.replaced else {
            return try await producer.append(
                part.files, to: part.table.metadata, summary: commit.summary, merging: merging)
        }
        let replaced = try await producer.replace(
            old.paths, readAt: old.snapshotID, with: part.files, in: part.table.metadata,
            summary: commit.summary)
        if let replaced { return replaced }
        throw PipelinesError(
            .rejectsChanged, "somebody else took rejects away meanwhile",
            ["table": part.table.identifier], hint: "replay again: what has landed is no reject any more")
    }

    /// The table as it stands now. Another table of the same name takes nothing that was written for this one: the
    /// sink's own is a matter for its owner, the rejects are written again to the new one.
    private func reload(_ written: Written) async throws -> LoadedTable {
        let table = written.table
        let current = try await sink.catalog.loadTable(table.identifier, in: table.warehouse)
        guard current.uuid == table.uuid else {
            if written.isRejects {
                throw PipelinesError(
                    .rejectsReplaced, "the table of rejects was dropped or replaced meanwhile",
                    ["table": table.identifier])
            }
            throw CatalogSink.replaced(table.identifier, uuid: table.uuid)
        }
        return current
    }

    func abandon() async {
        await writer.abort()
        await rejects?.writer.abort()
    }
}
