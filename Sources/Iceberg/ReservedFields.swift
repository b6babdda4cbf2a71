package import Columnar

/// Fields that are no column of a table: those of position delete files, and what a reader knows of each row.
///
/// Source: Iceberg table specification, "Reserved Field IDs".
package enum ReservedFields {
    package static let deletedPath = Field(id: 2_147_483_546, "file_path", .string, isRequired: true)
    package static let deletedPosition = Field(id: 2_147_483_545, "pos", .long, isRequired: true)

    /// The data file's path.
    package static let file = Field(id: 2_147_483_646, "_file", .string, isRequired: true)
    /// The row's place in its data file, counted from zero.
    package static let position = Field(id: 2_147_483_645, "_pos", .long, isRequired: true)
    package static let specID = Field(id: 2_147_483_643, "_spec_id", .int, isRequired: true)
    /// Names the row across rewrites, in tables of version 3.
    package static let rowID = Field(id: 2_147_483_540, "_row_id", .long)
    /// The sequence number of the commit that last changed the row, in tables of version 3.
    package static let lastUpdatedSequenceNumber = Field(
        id: 2_147_483_539, "_last_updated_sequence_number", .long)

    /// What a query may ask for by name beside the columns of a table.
    package static let metadataColumns = [file, position, specID, rowID, lastUpdatedSequenceNumber]

    package static func isMetadataColumn(_ field: Field) -> Bool {
        metadataColumns.contains { $0.id == field.id && $0.name == field.name }
    }
}

extension TableMetadata {
    /// What a query may ask for beside the columns; a column with such a name goes first. Older versions have no lineage.
    package func metadataColumns(beside fields: [Field]) -> [Field] {
        let names = Set(fields.map { $0.name.lowercased() })
        return ReservedFields.metadataColumns.filter { field in
            let isLineage = field == ReservedFields.rowID || field == ReservedFields.lastUpdatedSequenceNumber
            return !names.contains(field.name) && (formatVersion > 2 || !isLineage)
        }
    }
}
