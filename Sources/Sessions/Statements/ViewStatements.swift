import Catalogs
import Columnar
import Effects
import Iceberg
import Planner
import Plans
import SQLSyntax

/// CREATE VIEW and DROP VIEW: Iceberg views, with their query in the dialect `firn`.
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
        let schema = try await schema(of: syntax, called: identifier)
        let version = ViewVersion(
            schemaID: -1, summary: ["engine-name": ViewDefinition.dialect],
            representations: [ViewRepresentation(sql: "\(syntax.query)", dialect: ViewDefinition.dialect)],
            defaultNamespace: Namespace(request.namespace), at: session.engine.clock.now.milliseconds)
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

    private func schema(
        of syntax: CreateViewSyntax, called identifier: TableIdentifier
    ) async throws -> IcebergSchema {
        var request = request
        request.parameters = []
        let planning = try await session.planning(
            of: syntax.query, in: warehouse, request, for: identifier)
        let columns = try planning.planner.plan(syntax.query, tables: planning.tables).plan.schema.fields
        guard syntax.columns.isEmpty || syntax.columns.count == columns.count else {
            throw PlannerError(
                .unlikeShape, "the view names another number of columns than its query has",
                ["names": syntax.columns.count, "columns": columns.count],
                at: syntax.columns[0].name.position)
        }
        var seen = Set<String>()
        let fields = try columns.enumerated().map { index, column in
            let named = index < syntax.columns.count ? syntax.columns[index] : nil
            let name = named?.name.text ?? column.name
            guard seen.insert(name.lowercased()).inserted else {
                throw PlannerError(
                    .unlikeShape, "two columns of the view have this name", ["column": name],
                    at: named?.name.position ?? syntax.query.position)
            }
            let type = try TableDefinition.storable(
                column.type, of: name, at: named?.name.position ?? syntax.query.position)
            return Field(name, type, doc: named?.comment)
        }
        return IcebergSchema(fields: fields).withFreshIDs().schema
    }

    /// - Errors: `PLA-103`, `SES-105`, `CAT-108`.
    func drop(_ name: QualifiedName, ifExists: Bool) async throws -> Batch {
        do {
            guard case .view(let identifier, _) = try await resolver.find(name, for: TableResolver.changing)
            else {
                throw SessionsError(
                    .wrongKind, "this is a table, not a view", ["name": "\(name)"], at: name.position.place)
            }
            try await session.catalog.dropView(identifier, in: warehouse)
            return CatalogStatements.status("dropped")
        } catch let fault as PlannerError where fault.code == .unknownTable && ifExists {
            return CatalogStatements.status("absent")
        } catch let fault as CatalogError where fault.code == .noSuchView && ifExists {
            return CatalogStatements.status("absent")
        }
    }
}
