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

    /// - Errors: `tableMismatch` that names the column and both types.
    static func check(
        _ columns: Schema, fit table: LoadedTable, sink: String, at place: FaultPlace? = nil
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
                ], at: place, hint: "change the SQL, write to another table, or drop this one")
        }
        for column in columns.fields where column.name != RecordPreparation.timeColumn {
            let type = "\(column.type)"
            guard let field = fields.first(where: { $0.name == column.name }) else {
                throw mismatch("the table lacks a column that is written", column.name, type, "nothing")
            }
            guard StorableType.isSame(field.type, column.type) else {
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
