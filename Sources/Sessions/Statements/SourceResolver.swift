import Catalogs
import Columnar
import Faults
import Iceberg
import Planner
import Plans
import SQLSyntax
import Scheduling

/// Finds everything a query reads: tables as they are or were, tables about tables, views and what is behind them.
///
/// Decision: a view is read with the reader's rights, on the view and on every table behind it. Otherwise a token that may
/// write one view could read what its maker once could, and taking a right away would not take it away.
struct SourceResolver {
    /// Views that read views.
    private static let depthLimit = 16

    var tables: TableResolver
    let engine: QueryEngine
    /// What a view's maker called the catalog; names may begin with it.
    var catalogName: String?
    /// The views around, outermost first.
    var around: [TableIdentifier] = []

    /// As `resolve`, with all tables as they are at one moment.
    func resolveAtOnce(_ query: QuerySyntax, with planner: Planner) async throws -> TableCatalogue {
        let found = try await resolve(query, with: planner)
        let moved = try await TableMoment.moved(since: found, tables.catalog, tables.warehouse)
        guard let moved else { return found }
        var again = self
        again.tables.moment = moved
        return try await again.resolve(query, with: planner)
    }

    /// - Errors: `PLA-103`, `PLA-118` with the place; `SES-101`; `SES-107`; what `authorize` throws; `CAT-401`.
    private func resolve(_ query: QuerySyntax, with planner: Planner) async throws -> TableCatalogue {
        var catalogue = TableCatalogue()
        for reference in Planner.references(in: query) {
            try tables.request.cancellation.check()
            do {
                catalogue[reference] = try await source(reference, planner)
            } catch let fault as any Fault where TableResolver.isMissing(fault) {
                throw try await guess(fault, reference.name, query)
            }
        }
        return catalogue
    }

    /// The fault, with what was meant where that is a query of WITH or a table about a table.
    private func guess(
        _ fault: any Fault, _ name: QualifiedName, _ query: QuerySyntax
    ) async throws -> any Fault {
        if name.parts.count == 1 {
            guard let near = Planner.commonTable(near: name.last, in: query) else { return fault }
            return PlannerError(
                .unknownTable, "there is no such table, and no such query in WITH", ["table": "\(name)"],
                at: name.position, hint: "did you mean \(near)?")
        }
        guard let part = try await tables.partOfTable(near: name) else { return fault }
        return PlannerError(
            .unknownTable, "there is no such table", ["table": "\(name)"], at: name.position,
            hint: "did you mean \(part)?")
    }

    private func source(
        _ reference: TableReference, _ planner: Planner
    ) async throws -> TableCatalogue.Source {
        let version = try reference.version.map { syntax throws in try planner.version(syntax) }
        let name = try await withoutCatalog(reference.name)
        if let part = try await tables.partOfTable(name) {
            let table = try await tables.load(part.table)
            switch part.kind {
            case .metadata(let kind): return .rows(try await rows(kind, of: table, version, name))
            case .ref(let ref): return .table(try await sourceTable(table, .named(ref), at: name.position))
            }
        }
        switch try await tables.find(name, for: TableResolver.reading) {
        case .table(let table): return .table(try await sourceTable(table, version, at: name.position))
        case .view(let identifier, let view):
            if version != nil {
                throw PlannerError(
                    .invalidVersion, "a view has no versions to travel to", at: name.position,
                    hint: "put FOR … AS OF behind the tables in the view's query")
            }
            return .view(try await sourceView(identifier, view, name, planner))
        }
    }

    /// A namespace the caller may not know of is none here too, and the name then means what it means without the catalog.
    private func withoutCatalog(_ name: QualifiedName) async throws -> QualifiedName {
        guard let catalogName, name.parts.count > 2, name.parts[0].text == catalogName,
            try await tables.spelling(of: Namespace(Array(name.texts.dropLast()))) == nil
        else { return name }
        return QualifiedName(Array(name.parts.dropFirst()))
    }

    private func sourceTable(
        _ table: LoadedTable, _ version: TableVersion?, at position: TextPosition
    ) async throws -> SourceTable {
        let state =
            try version.map { try TimeTravel(to: $0, of: table.metadata, at: position) }
            ?? TimeTravel(now: table.metadata)
        let fields = try state.schema.columnar().fields
        var source = SourceTable(
            warehouse: tables.warehouse.name, namespace: table.identifier.namespace.levels,
            name: table.identifier.name, metadataLocation: table.metadataLocation,
            snapshotID: state.snapshot?.snapshotID, fields: fields,
            hiddenFields: table.metadata.metadataColumns(beside: fields))
        guard let snapshot = state.snapshot else { return source }
        source.statistics = try await SnapshotStatistics(engine: engine, token: tables.request.cancellation)
            .read(snapshot, of: table.metadata, fields: fields, schemaID: state.schema.schemaID)
        let counted = snapshot.summary["total-records"].flatMap { Int($0) }
        source.estimatedRowCount = source.statistics.map { Int($0.rowCount) } ?? counted
        return source
    }

    private func rows(
        _ kind: MetadataTable, of table: LoadedTable, _ version: TableVersion?, _ name: QualifiedName
    ) async throws -> SourceRows {
        if version != nil, !kind.isOfSnapshot {
            throw PlannerError(
                .invalidVersion, "\(kind.rawValue) is about all snapshots and takes no AS OF",
                at: name.position)
        }
        let state =
            try version.map { try TimeTravel(to: $0, of: table.metadata, at: name.position) }
            ?? TimeTravel(now: table.metadata)
        let found = try await kind.rows(
            of: table.metadata, at: state.snapshot, engine: engine, token: tables.request.cancellation)
        let fullName = table.identifier.namespace.levels + [table.identifier.name, kind.rawValue]
        return SourceRows(fullName: fullName, schema: found.schema, rows: found.rows)
    }

    private func sourceView(
        _ identifier: TableIdentifier, _ view: LoadedView, _ name: QualifiedName, _ planner: Planner
    ) async throws -> SourceView {
        guard !around.contains(identifier), around.count < Self.depthLimit else {
            let isLoop = around.contains(identifier)
            throw PlannerError(
                .brokenView, isLoop ? "the view reads itself" : "views read views too deep",
                ["view": identifier], at: name.position)
        }
        let definition = try ViewDefinition(of: view.metadata, called: identifier)
        var inner = self
        inner.around.append(identifier)
        inner.catalogName = definition.catalogName
        var request = tables.request
        request.namespace = definition.namespace ?? identifier.namespace.levels
        request.parameters = []
        inner.tables = TableResolver(
            catalog: tables.catalog, warehouse: tables.warehouse, request: request, moment: tables.moment)
        let sources: TableCatalogue
        do {
            sources = try await inner.resolve(definition.query, with: planner)
        } catch let fault as PlannerError where fault.code != .brokenView {
            throw PlannerError(
                .brokenView, "the view cannot be read: \(fault.message)", ["view": "\(name)"],
                at: name.position, hint: "see SHOW CREATE VIEW \(name)", cause: fault)
        }
        return SourceView(
            fullName: identifier.namespace.levels + [identifier.name], query: definition.query,
            tables: sources, fields: definition.fields)
    }
}
