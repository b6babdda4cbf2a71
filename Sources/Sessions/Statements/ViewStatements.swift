import Catalogs
import Columnar
import Effects
import Iceberg
import Planner
import Plans
import SQLSyntax

/// CREATE, ALTER and DROP VIEW: Iceberg views, with their query in the dialect `firn`.
struct ViewStatements {
    let session: Session
    let warehouse: Warehouse
    let request: StatementRequest

    private var resolver: TableResolver {
        TableResolver(catalog: session.catalog, warehouse: warehouse, request: request)
    }

    /// The query is planned first, so that a view that is made can be read by who made it.
    ///
    /// - Errors: the query's; `PLA-115` for columns; `PLA-117` when it would read itself; `SES-105`; `CAT-104`.
    func create(_ syntax: CreateViewSyntax) async throws -> Batch {
        let identifier = try await resolver.newIdentifier(syntax.name)
        if try await session.catalog.tableExists(identifier, in: warehouse), !syntax.ifNotExists {
            throw SessionsError(
                .wrongKind, "a table has this name", ["name": "\(syntax.name)"],
                at: syntax.name.position.place)
        }
        let exists = try await session.catalog.viewExists(identifier, in: warehouse)
        if exists, syntax.ifNotExists { return CatalogStatements.status("exists") }
        let (schema, sql) = try await definition(syntax.query, columns: syntax.columns, called: identifier)
        let version = version(sql)
        let properties = try TableDefinition.properties(syntax.properties)
        if exists, syntax.isReplacing {
            return try await replace(identifier, schema, version, properties)
        }
        do {
            _ = try await session.catalog.createView(
                CreateView(identifier: identifier, schema: schema, version: version, properties: properties),
                in: warehouse)
            return CatalogStatements.status("created")
        } catch let fault as CatalogError where fault.code == .alreadyExists && syntax.ifNotExists {
            return CatalogStatements.status("exists")
        }
    }

    private func version(_ sql: String) -> ViewVersion {
        ViewVersion(
            schemaID: -1, summary: ["engine-name": ViewDefinition.dialect],
            representations: [ViewRepresentation(sql: sql, dialect: ViewDefinition.dialect)],
            defaultNamespace: Namespace(request.namespace), at: session.engine.clock.now.milliseconds)
    }

    /// - Errors: the query's; `PLA-103`, `SES-105`; `CAT-104` when the new name is taken.
    func alter(_ syntax: AlterViewSyntax) async throws -> Batch {
        let identifier: TableIdentifier
        do {
            identifier = try await existing(syntax.name)
        } catch let fault as PlannerError where fault.code == .unknownTable && syntax.ifExists {
            return CatalogStatements.status("absent")
        }
        switch syntax.change {
        case .query(let query):
            let (schema, sql) = try await definition(query, columns: [], called: identifier)
            return try await replace(identifier, schema, version(sql), [:])
        case .rename(let name):
            var target = TableIdentifier(namespace: identifier.namespace, name: name.last.text)
            if name.parts.count > 1 {
                target = try await resolver.newIdentifier(name)
            } else {
                try request.authorize(TableResolver.changing(target))
            }
            try await session.catalog.renameView(identifier, to: target, in: warehouse)
            return CatalogStatements.status("renamed")
        case .properties(let change):
            let old = try await session.catalog.loadView(identifier, in: warehouse).metadata
            let updates = try TableDefinition.properties(change.updates)
            _ = try await session.catalog.replaceView(
                identifier, requirements: [.viewUUID(old.uuid.description)],
                updates: (updates.isEmpty ? [] : [.setProperties(updates)])
                    + (change.removals.isEmpty ? [] : [.removeProperties(change.removals)]), in: warehouse)
            return CatalogStatements.status("altered")
        }
    }

    /// The view of this name, which the statement may change.
    private func existing(_ name: QualifiedName) async throws -> TableIdentifier {
        guard case .view(let identifier, _) = try await resolver.find(name, for: TableResolver.changing)
        else {
            throw SessionsError(
                .wrongKind, "this is a table, not a view", ["name": "\(name)"], at: name.position.place)
        }
        return identifier
    }

    private func replace(
        _ identifier: TableIdentifier, _ schema: IcebergSchema, _ version: ViewVersion,
        _ properties: [String: String]
    ) async throws -> Batch {
        let old = try await session.catalog.loadView(identifier, in: warehouse).metadata
        // Who replaces a view means its query in every dialect: one left behind would be another view's.
        let updates: [ViewUpdate] = [
            .setProperties(
                properties.merging(["replace.drop-dialect.allowed": "true"]) { given, _ in given }),
            .addSchema(schema), .addVersion(version), .setCurrentVersion(-1),
        ]
        _ = try await session.catalog.replaceView(
            identifier, requirements: [.viewUUID(old.uuid.description)], updates: updates, in: warehouse)
        return CatalogStatements.status("replaced")
    }

    /// The view's columns, and its query as it is kept.
    private func definition(
        _ query: QuerySyntax, columns names: [CreateViewSyntax.Column], called identifier: TableIdentifier
    ) async throws -> (schema: IcebergSchema, sql: String) {
        var request = request
        request.parameters = []
        let planning = try await session.planning(
            of: query, in: warehouse, request, for: identifier)
        let (columns, sql) = try await session.engine.compute(for: request.cancellation) {
            do {
                let columns = try planning.planner.plan(query, tables: planning.tables).plan.schema.fields
                return (columns, try planning.planner.lastingText(of: query, tables: planning.tables))
            } catch let fault as PlannerError where fault.code == .missingParameter {
                throw fault.restated(
                    .missingParameter, "a view has no parameters",
                    hint: "write the value itself: a view is kept as text")
            }
        }
        guard names.isEmpty || names.count == columns.count else {
            throw PlannerError(
                .unlikeShape, "the view names another number of columns than its query has",
                ["names": names.count, "columns": columns.count],
                at: names[0].name.position)
        }
        var seen = Set<String>()
        let fields = try columns.enumerated().map { index, column in
            let named = index < names.count ? names[index] : nil
            let name = named?.name.text ?? column.name
            guard seen.insert(name.lowercased()).inserted else {
                throw PlannerError(
                    .unlikeShape, "two columns of the view have this name", ["column": name],
                    at: named?.name.position ?? query.position)
            }
            let type = try TableDefinition.storable(
                column.type, of: name, at: named?.name.position ?? query.position)
            return Field(name, type, doc: named?.comment)
        }
        return (IcebergSchema(fields: fields).withFreshIDs().schema, sql)
    }

    /// Nothing is dropped unless all of them are there and may be; then one after the other.
    ///
    /// - Errors: `PLA-103`, `SES-105`, `CAT-108`.
    func drop(_ names: [QualifiedName], ifExists: Bool) async throws -> Batch {
        var found: [TableIdentifier] = []
        for name in names {
            do {
                let identifier = try await existing(name)
                if !found.contains(identifier) { found.append(identifier) }
            } catch let fault as PlannerError where fault.code == .unknownTable && ifExists {
                continue
            }
        }
        var isAnyDropped = false
        for identifier in found {
            do {
                try await session.catalog.dropView(identifier, in: warehouse)
                isAnyDropped = true
            } catch let fault as CatalogError where fault.code == .noSuchView && ifExists {
                continue
            }
        }
        return CatalogStatements.status(isAnyDropped ? "dropped" : "absent")
    }
}
