import Catalogs
import Columnar
import Faults
import Iceberg

/// Finds the table a sink writes to, or makes it and its namespaces.
struct SinkTables: Sendable {
    let catalog: Catalog

    /// `timeColumn` is the column whose days are the partitions of a new table.
    func findOrCreate(
        _ identifier: TableIdentifier, columns: Schema, timeColumn: String, in warehouse: Warehouse
    ) async throws -> LoadedTable {
        do {
            return try await catalog.loadTable(identifier, in: warehouse)
        } catch let error as CatalogError where [.noSuchTable, .noSuchNamespace].contains(error.code) {
            try await createNamespaces(identifier.namespace, in: warehouse)
            return try await create(identifier, columns, timeColumn, in: warehouse)
        }
    }

    private func createNamespaces(_ namespace: Namespace, in warehouse: Warehouse) async throws {
        for count in 1...max(1, namespace.levels.count) {
            let level = Namespace(Array(namespace.levels.prefix(count)))
            do {
                try await catalog.createNamespace(level, in: warehouse)
            } catch let error as CatalogError where error.code == .alreadyExists {}
        }
    }

    private func create(
        _ identifier: TableIdentifier, _ columns: Schema, _ timeColumn: String, in warehouse: Warehouse
    ) async throws -> LoadedTable {
        let schema = IcebergSchema(fields: columns.fields).withFreshIDs().schema
        var spec = PartitionSpec.unpartitioned
        if let source = schema.fields.first(where: { $0.name == timeColumn })?.id {
            spec = PartitionSpec(fields: [
                PartitionField(
                    sourceID: source, fieldID: PartitionSpec.firstFieldID, name: timeColumn + "_day",
                    transform: .day)
            ])
        }
        do {
            return try await catalog.createTable(
                CreateTable(identifier: identifier, schema: schema, spec: spec), in: warehouse)
        } catch let error as CatalogError where error.code == .alreadyExists {
            return try await catalog.loadTable(identifier, in: warehouse)
        }
    }

    /// How often columns are added anew on top of somebody else's change.
    private static let attempts = 10

    /// The table with the columns that are written and that it lacks; its own stay as they are. A table that was there
    /// without `__ingest_ts` does not get it.
    ///
    /// - Errors: `tableReplaced`, `commitContended`; the catalog's own.
    func complete(_ table: LoadedTable, with columns: Schema) async throws -> LoadedTable {
        var table = table
        for _ in 0..<Self.attempts {
            let old = table.metadata.currentSchema
            let missing = columns.fields.filter { column in
                column.name != RecordPreparation.timeColumn && !old.fields.contains { $0.name == column.name }
            }
            if missing.isEmpty { return table }
            // The rows that are there have no value for them.
            let commit = TableCommit(adding: missing.map { Field($0.name, $0.type) }, to: table)
            do { return try await catalog.commit([commit])[0] } catch let error as CatalogError
                where error.code == .commitConflict
            {
                let current = try await catalog.loadTable(table.identifier, in: table.warehouse)
                guard current.uuid == table.uuid else {
                    throw CatalogSink.replaced(table.identifier, uuid: table.uuid)
                }
                table = current
            }
        }
        throw PipelinesError(
            .commitContended, "others keep changing the sink's table",
            ["table": table.identifier, "attempts": Self.attempts])
    }

    /// `columnPlaces` tells where columns stand in the SQL, `place` where the sink does.
    ///
    /// - Errors: `tableMismatch` that names the column and both types.
    static func check(
        _ columns: Schema, fit table: LoadedTable, sink: String, policy: SinkDefinition.SchemaPolicy = .fixed,
        at place: FaultPlace? = nil, columnPlaces: [String: FaultPlace] = [:]
    ) throws(PipelinesError) {
        let fields = table.metadata.currentSchema.fields
        func mismatch(_ summary: String, _ column: String, _ written: String, _ stored: String)
            -> PipelinesError
        {
            PipelinesError(
                .tableMismatch, summary,
                [
                    "sink": sink, "table": table.identifier, "column": column, "written": written,
                    "in the table": stored,
                ], at: columnPlaces[column] ?? place,
                hint: "change the SQL, write to another table, or drop this one")
        }
        for column in columns.fields where column.name != RecordPreparation.timeColumn {
            let type = "\(column.type)"
            guard let field = fields.first(where: { $0.name == column.name }) else {
                if policy == .addColumns { continue }
                throw mismatch("the table lacks a column that is written", column.name, type, "nothing")
            }
            guard StorableType.takes(field.type, column.type) else {
                throw mismatch(
                    "a column of the table has another type than what is written", column.name, type,
                    "\(field.type)")
            }
            if field.isRequired, !column.isRequired {
                throw mismatch(
                    "a column of the table takes no nulls", column.name, type, "\(field.type) not null")
            }
        }
        // The sink writes it by itself.
        if let field = fields.first(where: { $0.name == RecordPreparation.timeColumn }),
            field.type != .timestamptz
        {
            throw mismatch(
                "a column of the table has another type than what is written", field.name, "timestamptz",
                "\(field.type)")
        }
        for field in fields where field.isRequired && !isWritten(field, columns) {
            throw mismatch(
                "a required column of the table is not written", field.name, "nothing",
                "\(field.type) not null")
        }
    }

    /// The time column is the sink's own gift.
    private static func isWritten(_ field: Field, _ columns: Schema) -> Bool {
        columns.index(of: field.name) != nil || field.name == RecordPreparation.timeColumn
    }
}

extension TableCommit {
    /// Columns behind those a table has, unless another commit changed them meanwhile.
    init(adding fields: [Field], to table: LoadedTable) {
        let old = table.metadata.currentSchema
        var ids = FreshFieldIDs(after: table.metadata.lastColumnID)
        var whole = old
        whole.fields += ids.assign(fields)
        self.init(
            warehouse: table.warehouse, identifier: table.identifier,
            requirements: [
                .tableUUID(table.uuid), .currentSchemaID(old.schemaID),
                .lastAssignedFieldID(table.metadata.lastColumnID),
            ], updates: [.addSchema(whole, lastColumnID: ids.lastID), .setCurrentSchema(-1)])
    }
}
