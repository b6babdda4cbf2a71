import Catalogs
import Columnar
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

    /// - Errors: `tableMismatch` that names the column.
    static func check(_ columns: Schema, fit table: LoadedTable) throws(PipelinesError) {
        let fields = table.metadata.currentSchema.fields
        func mismatch(_ summary: String, _ column: Field) -> PipelinesError {
            PipelinesError(
                .tableMismatch, summary,
                ["table": table.identifier, "column": column.name, "type": column.type],
                hint: "write to another table, or drop this one")
        }
        for column in columns.fields where column.name != RecordPreparation.timeColumn {
            guard let field = fields.first(where: { $0.name == column.name }) else {
                throw mismatch("the sink's table lacks a column of the pipeline", column)
            }
            guard StorableType.isSame(field.type, column.type) else {
                throw mismatch("a column of the sink's table has another type (\(field.type))", column)
            }
            if field.isRequired, !column.isRequired {
                throw mismatch("a column of the sink's table takes no nulls", column)
            }
        }
        for field in fields where field.isRequired && columns.index(of: field.name) == nil {
            throw mismatch("a required column of the sink's table is not written", field)
        }
    }
}
