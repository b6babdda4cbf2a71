import Catalogs
import Columnar
import Effects
import Iceberg
import Planner
import Plans
import SQLSyntax
import Scheduling
import Tables

/// CREATE OR REPLACE TABLE where the table is there: other columns, partitions, order and rows, in one commit.
///
/// The table keeps its identity, its place, its properties and its snapshots, so that time travel reads what it was. Every
/// column is a new one, with an id of its own: no file of before can be read as if it had it.
///
/// *Source*: Iceberg's `TableMetadata.buildReplacement` is the same change, but for columns of one name, which keep their ids
/// there.
struct TableReplacement {
    private static let attempts = 10

    let session: Session
    let request: StatementRequest
    let writing: RowWriting

    /// The number of rows written; nil where the statement has no query.
    ///
    /// - Errors: `PLA-…` with the place, `PLA-201` for another location, `SES-202` when somebody changed the table's structure
    ///   meanwhile, `CAT-…`, `ICE-…`, the query's; then the table is as it was.
    func run(_ table: LoadedTable, _ syntax: CreateTableSyntax) async throws -> Int64? {
        if let location = syntax.location, try TableLocation(location).uri != table.metadata.location {
            throw PlannerError(
                .unsupported, "another location for a table that is replaced is not supported",
                ["location": table.metadata.location], at: syntax.position, hint: "leave LOCATION out")
        }
        guard let source = syntax.source else {
            let definition = try TableDefinition(syntax, after: table.metadata.lastColumnID)
            try await commit(nil, definition, onto: table)
            return nil
        }
        let planning = try await session.planning(of: source, in: table.warehouse, request)
        let columns = try await session.engine.compute(for: request.cancellation) {
            try planning.planner.plan(source, tables: planning.tables).plan.schema
        }
        let definition = try TableDefinition(syntax, queried: columns, after: table.metadata.lastColumnID)
        let metadata = try replaced(table.metadata, definition)
        let insert = InsertSyntax(target: syntax.name, source: source, position: source.position)
        let plan = try await session.engine.compute(for: request.cancellation) {
            try planning.planner.plan(insert, into: metadata.currentSchema.fields, tables: planning.tables)
        }
        let run = try session.engine.start(plan.plan, now: planning.now, token: request.cancellation)
        let written = try await writing.write(run, into: metadata, from: source.position)
        do {
            try await commit(written, definition, onto: table)
            return written.rowCount
        } catch {
            if CommitOutcome(of: error) == .rejected || error is SchedulingError {
                await written.writer.abort()
            }
            throw error
        }
    }

    private func updates(_ definition: TableDefinition) -> [TableUpdate] {
        var updates: [TableUpdate] = [
            .addSchema(definition.schema, lastColumnID: definition.schema.highestFieldID),
            .setCurrentSchema(-1), .addSpec(definition.spec), .setDefaultSpec(-1),
            .addSortOrder(definition.order), .setDefaultSortOrder(-1),
        ]
        if !definition.properties.isEmpty { updates.append(.setProperties(definition.properties)) }
        return updates
    }

    /// The table with the structure the statement wants, and still its rows.
    private func replaced(_ metadata: TableMetadata, _ definition: TableDefinition) throws -> TableMetadata {
        try metadata.applying(updates(definition), at: session.engine.clock.now, previousFile: nil)
    }

    /// What takes the place of the rows: the files, behind nothing, or a snapshot that deletes all; nil where there are none
    /// and were none. The main branch stays, and with it the history of what was current when.
    private func snapshot(
        _ files: [DataFile], _ definition: TableDefinition, of metadata: TableMetadata
    ) async throws -> ProducedSnapshot? {
        let snapshots = session.engine.snapshots
        var metadata = try replaced(metadata, definition)
        if files.isEmpty { return try await snapshots.truncate(metadata, summary: writing.summary) }
        metadata = try metadata.applying(
            [.removeSnapshotRef(SnapshotRef.mainBranch)], at: session.engine.clock.now, previousFile: nil)
        return try await snapshots.append(files, to: metadata, summary: writing.summary)
    }

    /// Again while others only add rows, which go with those that were there; files that are written carry the ids of the
    /// columns, so another structure is a conflict.
    private func commit(
        _ written: RowWriting.Written?, _ definition: TableDefinition, onto table: LoadedTable
    ) async throws {
        var current = table
        for _ in 0..<Self.attempts {
            let snapshot = try await snapshot(written?.files ?? [], definition, of: current.metadata)
            do {
                try request.cancellation.check()
                try await session.catalog.commit([
                    TableCommit(
                        warehouse: table.warehouse, identifier: table.identifier,
                        requirements: requirements(current.metadata),
                        updates: updates(definition) + (snapshot?.updates ?? []), expiresSnapshots: true)
                ])
                if let written, written.files.isEmpty { await written.writer.abort() }
                return
            } catch {
                let outcome: CommitOutcome = error is SchedulingError ? .rejected : CommitOutcome(of: error)
                await snapshot?.cleanUp(after: outcome, dataFiles: [], store: session.engine.store)
                guard (error as? CatalogError)?.code == .commitConflict else { throw error }
            }
            current = try await reload(table)
        }
        throw CatalogError(
            .commitContended, "others keep changing the table",
            ["table": table.identifier, "attempts": Self.attempts], hint: "retry after a pause")
    }

    private func requirements(_ metadata: TableMetadata) -> [TableRequirement] {
        [
            .tableUUID(metadata.uuid.description),
            .refSnapshotID(
                ref: SnapshotRef.mainBranch, metadata.refs[SnapshotRef.mainBranch]?.snapshotID),
            .lastAssignedFieldID(metadata.lastColumnID), .lastAssignedPartitionID(metadata.lastPartitionID),
        ]
    }

    private func reload(_ table: LoadedTable) async throws -> LoadedTable {
        let current = try await session.catalog.loadTable(table.identifier, in: table.warehouse)
        guard current.uuid == table.uuid, current.metadata.lastColumnID == table.metadata.lastColumnID,
            current.metadata.specs == table.metadata.specs
        else {
            throw SessionsError(
                .tableReplaced, "the table was dropped or changed while the statement ran",
                ["table": table.identifier])
        }
        return current
    }
}
