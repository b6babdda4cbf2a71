import Catalogs
import Columnar
import Execution
import Faults
import Iceberg
import SQLSyntax
import Scheduling
import Tables

/// Writes a query's rows into a table's files and commits them: one statement, one snapshot.
///
/// Nothing is visible before the commit; what fails, or is cancelled, before it takes its files away.
struct RowWriting {
    /// How often a commit is made anew on top of somebody else's.
    private static let attempts = 10

    let session: Session
    let request: StatementRequest
    let queryID: String

    /// Data files that wait for their commit.
    struct Written {
        var writer: TableWriter
        var files: [DataFile]
        var rowCount: Int64
    }

    /// The query, which stands at `position`, gives one column for each of the table's, in order.
    ///
    /// - Errors: the query's, `SES-201`, `TAB-…`, the store's; then no file is left.
    func write(
        _ run: QueryRun, into metadata: TableMetadata, from position: TextPosition
    ) async throws -> Written {
        let engine = session.engine
        let writer = try TableWriter(
            metadata: metadata, store: engine.store, clock: engine.clock, randomness: engine.randomness,
            pool: (engine.morsels, .query), ledger: engine.ledger)
        let fields = metadata.currentSchema.fields
        let required = RequiredColumns(fields, at: position.place)
        do {
            var rowCount: Int64 = 0
            while let batch = try await run.next() {
                try required.check(batch, rowsBefore: rowCount)
                try await writer.write(batch.labelled(as: fields))
                rowCount += Int64(batch.rowCount)
            }
            try request.cancellation.check()
            return Written(writer: writer, files: try await writer.finish(), rowCount: rowCount)
        } catch {
            await writer.abort()
            throw error
        }
    }

    /// Appends the files to the table, on top of whatever was committed meanwhile.
    ///
    /// - Errors: `SES-202`, `CAT-…`; the files are gone when the commit surely did not happen.
    func append(_ written: Written, to table: LoadedTable) async throws {
        if written.files.isEmpty { return await written.writer.abort() }
        do {
            try await commit(onto: table) { table, attempt in
                // Once it lost, it leaves the others' manifests alone, so that the catalog can rebase it.
                try await session.engine.snapshots.append(
                    written.files, to: table.metadata, summary: summary, merging: attempt == 0)
            }
        } catch {
            if CommitOutcome(of: error) == .rejected || error is SchedulingError {
                await written.writer.abort()
            }
            throw error
        }
    }

    var summary: [String: String] { ["firn.query-id": queryID] }

    /// Commits what `produce` makes of the table, again when the table has moved; nil: there is nothing to do.
    func commit(
        onto table: LoadedTable, _ produce: (LoadedTable, _ attempt: Int) async throws -> ProducedSnapshot?
    ) async throws {
        var table = table
        for attempt in 0..<Self.attempts {
            guard let snapshot = try await produce(table, attempt) else { return }
            do {
                try request.cancellation.check()
                try await session.catalog.commit([TableCommit(snapshot, to: table)])
                return
            } catch {
                let outcome: CommitOutcome = error is SchedulingError ? .rejected : CommitOutcome(of: error)
                await snapshot.cleanUp(after: outcome, dataFiles: [], store: session.engine.store)
                guard (error as? CatalogError)?.code == .commitConflict else { throw error }
            }
            table = try await reload(table)
        }
        throw CatalogError(
            .commitContended, "others keep changing the table",
            ["table": table.identifier, "attempts": Self.attempts], hint: "retry after a pause")
    }

    private func reload(_ table: LoadedTable) async throws -> LoadedTable {
        let current = try await session.catalog.loadTable(table.identifier, in: table.warehouse)
        guard current.uuid == table.uuid else {
            throw SessionsError(
                .tableReplaced, "the table was dropped or replaced while the statement ran",
                ["table": table.identifier])
        }
        return current
    }
}

extension Batch {
    /// The columns as those of a table at the same places.
    ///
    /// A column that the query only passes on carries the id and the name it has where it comes from, and the writer finds
    /// columns by those.
    fileprivate func labelled(as fields: [Field]) -> Batch {
        precondition(fields.count == schema.count, "a query gives as many columns as the table has")
        let labelled = zip(fields, schema.fields).map { field, own in
            Field(id: field.id, field.name, own.type, isRequired: own.isRequired)
        }
        return Batch(
            schema: Schema(labelled), columns: columns, rowCount: columnRowCount, selection: selection)
    }
}

/// Columns that take no NULL.
private struct RequiredColumns {
    private let fields: [(index: Int, field: Field)]
    private let place: FaultPlace

    init(_ fields: [Field], at place: FaultPlace) {
        self.place = place
        self.fields = fields.enumerated().filter { Self.hasRequired($0.element) }.map {
            ($0.offset, $0.element)
        }
    }

    private static func hasRequired(_ field: Field) -> Bool {
        field.isRequired || ColumnLookup.inside(field).contains(where: hasRequired)
    }

    /// - Errors: `SES-201` with column and row.
    func check(_ batch: Batch, rowsBefore: Int64) throws {
        for (index, field) in fields {
            let column = batch.columns[index]
            if field.isRequired, let row = column.firstNull {
                throw fault(field.name, rowsBefore + Int64(row))
            }
            guard field.type.isNested else { continue }
            for row in 0..<batch.rowCount {
                if let path = Self.missing(column.scalar(at: row), field, path: field.name) {
                    throw fault(path, rowsBefore + Int64(row))
                }
            }
        }
    }

    private func fault(_ path: String, _ row: Int64) -> SessionsError {
        SessionsError(
            .nullNotAllowed, "a column that takes no NULL would get one", ["column": path, "row": row + 1],
            at: place)
    }

    /// The path of the first required place inside a value that is NULL.
    private static func missing(_ value: Scalar, _ field: Field, path: String) -> String? {
        if value.isNull { return field.isRequired ? path : nil }
        switch (value, field.type) {
        case (.structure(let members), .structure(let fields)):
            for (member, inner) in zip(members, fields) {
                if let found = missing(member, inner, path: "\(path).\(inner.name)") { return found }
            }
        case (.list(let elements), .list(let element)):
            for value in elements {
                if let found = missing(value, element, path: path + ".element") { return found }
            }
        case (.map(let entries), .map(let key, let inner)):
            for entry in entries {
                if let found = missing(entry.key, key, path: path + ".key")
                    ?? missing(entry.value, inner, path: path + ".value")
                {
                    return found
                }
            }
        default: break
        }
        return nil
    }
}

extension Column {
    /// Of a column of any form.
    fileprivate var firstNull: Int? {
        let flat = flattened()
        guard flat.validity != nil else { return nil }
        return (0..<flat.count).first { flat.isNull($0) }
    }
}
