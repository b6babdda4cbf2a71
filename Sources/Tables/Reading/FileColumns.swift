package import Columnar
package import FileFormats
package import Iceberg

/// Finds the columns of a table in its data files, whenever and by whomever they were written.
///
/// A column that a file lacks is, in this order: its value in the file's partition, where that is the column's own; what
/// the name mapping calls it, in a file without field ids; its default; null.
///
/// Source: Iceberg table specification, "Column Projection".
package struct FileColumns: Sendable {
    private static let mappingProperty = "schema.name-mapping.default"

    private let names: NameMapping?
    private let defaults: [Int: Scalar]

    /// - Errors: `FMT-101` for a name mapping that is none, `ICE-107` for a default that does not fit.
    package init(_ metadata: TableMetadata) throws {
        names = try Self.names(of: metadata)
        var defaults = try metadata.currentSchema.initialDefaults()
        for schema in metadata.schemas {
            defaults.merge(try schema.initialDefaults()) { current, _ in current }
        }
        self.defaults = defaults
    }

    /// What gives ids to the columns of files without; nil where the table has no such mapping.
    ///
    /// - Errors: `FMT-101`.
    static func names(of metadata: TableMetadata) throws -> NameMapping? {
        try metadata.properties[mappingProperty].map { try NameMapping(parsing: $0) }
    }

    /// The file with its columns named and typed as the table's.
    ///
    /// - Parameter fields: What a query reads of it.
    /// - Errors: `TAB-202` for a file whose columns nothing tells apart.
    package func resolve(
        _ file: ParquetFile, of task: ScanTask, for fields: [Field]
    ) throws(TablesError) -> ParquetFile {
        var constants = defaults
        for (field, value) in zip(task.spec.fields, task.file.partition) where field.transform == .identity {
            constants[field.sourceID] = value
        }
        if let id = ReservedFields.file.id { constants[id] = .string(task.file.path) }
        if let id = ReservedFields.specID.id {
            constants[id] = .int(Int32(truncatingIfNeeded: task.file.specID))
        }
        let resolved = file.resolved(names: names, missing: constants)
        let isNeeded =
            !task.deletes.equality.isEmpty || fields.contains { !ReservedFields.isMetadataColumn($0) }
        if isNeeded, !resolved.hasFieldIDs {
            throw TablesError(
                .formatUnsupported, "a data file has no field ids, and the table no name mapping for it",
                ["path": task.file.path], hint: "set the table property \(Self.mappingProperty)")
        }
        return resolved
    }
}
