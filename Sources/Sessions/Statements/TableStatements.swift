import Catalogs
import Columnar
import Effects
import Execution
import Iceberg
import Planner
import Plans
import SQLSyntax
import Scheduling
import Tables

/// CREATE TABLE, INSERT, TRUNCATE and DROP TABLE.
struct TableStatements {
    let session: Session
    let warehouse: Warehouse
    let request: StatementRequest
    let queryID: String

    private var resolver: TableResolver {
        TableResolver(catalog: session.catalog, warehouse: warehouse, request: request)
    }

    private var writing: RowWriting { RowWriting(session: session, request: request, queryID: queryID) }

    /// - Errors: `PLA-…` with the place, `CAT-1xx`, `CAT-2xx`, `ICE-1xx`; for AS also the query's; for OR REPLACE also those
    ///   of `TableReplacement`.
    func create(_ syntax: CreateTableSyntax) async throws -> Batch {
        let identifier = try await identify(syntax)
        if syntax.isReplacing, let table = try await existing(identifier) {
            let count = try await TableReplacement(
                session: session, request: request, writing: writing
            ).run(table, syntax)
            return count.map(Self.count) ?? CatalogStatements.status("replaced")
        }
        if syntax.ifNotExists, try await exists(identifier) { return CatalogStatements.status("exists") }
        do {
            if let source = syntax.source {
                return Self.count(try await create(identifier, syntax, from: source))
            }
            let definition = try TableDefinition(syntax)
            _ = try await session.catalog.createTable(definition.request(identifier), in: warehouse)
            return CatalogStatements.status("created")
        } catch let fault as CatalogError where fault.code == .alreadyExists && syntax.ifNotExists {
            return CatalogStatements.status("exists")
        }
    }

    /// A view of this name is in the way of the table that would be created; the catalog says so then.
    private func existing(_ identifier: TableIdentifier) async throws -> LoadedTable? {
        do {
            return try await session.catalog.loadTable(identifier, in: warehouse)
        } catch let fault as CatalogError where fault.code == .noSuchTable {
            return nil
        }
    }

    private func exists(_ identifier: TableIdentifier) async throws -> Bool {
        if try await session.catalog.tableExists(identifier, in: warehouse) { return true }
        return try await session.catalog.viewExists(identifier, in: warehouse)
    }

    /// A place of one's own choice is emptied by a later PURGE, so it takes the right to delete objects there.
    private func authorize(location: String?) throws {
        guard let location else { return }
        try request.authorize(.placeFiles(key: try TableLocation(location).key + "/"))
    }

    /// The table appears with its rows, or not at all.
    private func create(
        _ identifier: TableIdentifier, _ syntax: CreateTableSyntax, from source: QuerySyntax
    ) async throws -> Int64 {
        let planning = try await session.planning(of: source, in: warehouse, request)
        let columns = try await session.engine.compute(for: request.cancellation) {
            try planning.planner.plan(source, tables: planning.tables).plan.schema
        }
        let definition = try TableDefinition(syntax, queried: columns)
        let metadata = try await session.catalog.stageTable(definition.request(identifier), in: warehouse)
        let insert = InsertSyntax(
            target: syntax.name, source: source, position: source.position)
        let plan = try await session.engine.compute(for: request.cancellation) {
            try planning.planner.plan(insert, into: metadata.currentSchema.fields, tables: planning.tables)
        }
        let run = try session.engine.start(plan.plan, now: planning.now, token: request.cancellation)
        let written = try await writing.write(run, into: metadata, from: source.position)
        do {
            try await commit(written, creating: identifier, metadata)
            return written.rowCount
        } catch {
            if CommitOutcome(of: error) == .rejected { await written.writer.abort() }
            throw error
        }
    }

    private func commit(
        _ written: RowWriting.Written, creating identifier: TableIdentifier, _ metadata: TableMetadata
    ) async throws {
        var updates: [TableUpdate] = [
            .assignUUID(metadata.uuid.description), .upgradeFormatVersion(metadata.formatVersion),
            .addSchema(metadata.currentSchema, lastColumnID: metadata.lastColumnID), .setCurrentSchema(-1),
            .addSpec(metadata.defaultSpec), .setDefaultSpec(-1), .addSortOrder(metadata.defaultSortOrder),
            .setDefaultSortOrder(-1), .setLocation(metadata.location), .setProperties(metadata.properties),
        ]
        var snapshot: ProducedSnapshot?
        if !written.files.isEmpty {
            snapshot = try await session.engine.snapshots.append(
                written.files, to: metadata, summary: writing.summary)
            updates += snapshot?.updates ?? []
        }
        do {
            try request.cancellation.check()
            try await session.catalog.commit([
                TableCommit(
                    warehouse: warehouse, identifier: identifier, requirements: [.create], updates: updates)
            ])
        } catch {
            await snapshot?.cleanUp(
                after: CommitOutcome(of: error), dataFiles: [], store: session.engine.store)
            throw error
        }
    }

    /// - Errors: those of a name for a new table.
    func identify(_ syntax: CreateTableSyntax) async throws -> TableIdentifier {
        let identifier = try await resolver.newIdentifier(syntax.name)
        try authorize(location: syntax.location)
        return identifier
    }

    /// Whether `CREATE TABLE … AS` would make its table; nothing is written and no name taken.
    ///
    /// - Errors: those of `create`, with the place.
    func check(
        _ syntax: CreateTableSyntax, as identifier: TableIdentifier, queried columns: Schema
    ) async throws {
        let definition = try TableDefinition(syntax, queried: columns)
        do {
            if syntax.ifNotExists, try await exists(identifier) { return }
            if syntax.isReplacing, try await existing(identifier) != nil { return }
            _ = try await session.catalog.stageTable(definition.request(identifier), in: warehouse)
        } catch let fault as CatalogError where fault.place == nil {
            throw fault.at(syntax.name.position.place)
        }
    }

    /// The rows that an INSERT would write, and the table they are for.
    ///
    /// - Errors: `PLA-…`, `SES-…`, `TAB-…`, `CAT-…`.
    func plan(
        _ insert: InsertSyntax
    ) async throws -> (table: LoadedTable, result: Planner.Result, now: Instant) {
        let table = try await resolver.loadForChange(insert.target)
        let planning = try await session.planning(of: insert.source, in: warehouse, request)
        let schema = table.metadata.currentSchema
        let plan = try await session.engine.compute(for: request.cancellation) {
            try planning.planner.plan(
                insert, into: try schema.writable().fields, defaults: try schema.writeDefaults(),
                tables: planning.tables)
        }
        return (table, plan, planning.now)
    }

    /// - Errors: `PLA-…`, `SES-201`, `SES-202`, `TAB-…`, `CAT-…`, the query's.
    func insert(_ insert: InsertSyntax) async throws -> Batch {
        let (table, plan, now) = try await plan(insert)
        let run = try session.engine.start(plan.plan, now: now, token: request.cancellation)
        let written = try await writing.write(run, into: table.metadata, from: insert.source.position)
        try await writing.append(written, to: table)
        return Self.count(written.rowCount)
    }

    /// Nothing is truncated unless all of them are there and may be; then one after the other.
    ///
    /// - Errors: `PLA-103`, `SES-202`, `TAB-…`, `CAT-…`.
    func truncate(_ names: [QualifiedName]) async throws -> Batch {
        var tables: [LoadedTable] = []
        for name in names {
            let table = try await resolver.loadForChange(name)
            if !tables.contains(where: { $0.identifier == table.identifier }) { tables.append(table) }
        }
        for table in tables {
            try await writing.commit(onto: table) { table, _ in
                try await session.engine.snapshots.truncate(table.metadata, summary: writing.summary)
            }
        }
        return CatalogStatements.status("truncated")
    }

    /// Nothing is dropped unless all of them are there and may be; then one after the other.
    func drop(_ names: [QualifiedName], ifExists: Bool, isPurging: Bool) async throws -> Batch {
        var found: [TableIdentifier] = []
        for name in names {
            do {
                let identifier = try await resolver.identifyForChange(name)
                if !found.contains(identifier) { found.append(identifier) }
            } catch let fault as PlannerError where fault.code == .unknownTable && ifExists {
                continue
            }
        }
        var isAnyDropped = false
        for identifier in found {
            do {
                try await session.catalog.dropTable(identifier, in: warehouse, purge: isPurging)
                isAnyDropped = true
            } catch let fault as CatalogError where fault.code == .noSuchTable && ifExists {
                continue
            }
        }
        return CatalogStatements.status(isAnyDropped ? "dropped" : "absent")
    }

    /// What a statement that writes rows answers.
    private static func count(_ rows: Int64) -> Batch {
        Batch(
            schema: Schema([Field("count", .long)]), columns: [Column(.long, [.long(rows)])], rowCount: 1)
    }
}
