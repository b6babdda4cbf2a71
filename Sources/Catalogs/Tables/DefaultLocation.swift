package import Effects
package import Iceberg

/// Where a table lies whose creator did not say.
///
///     s3://lake/__firn/web/raw/clicks-1f2e3d4c5b6a
///
/// The end of the table's UUID makes the place its own: files of a dropped table stay where they are, and a renamed table
/// does not move, so the name alone would soon be taken.
package enum DefaultLocation {
    static let folder = "__firn"
    private static let segmentLimit = 64

    package static func text(for table: TableIdentifier, uuid: UniqueID, in warehouse: Warehouse) -> String {
        let names = (table.namespace.levels + [table.name]).map(segment)
        return
            "s3://\(warehouse.bucket)/\(folder)/\(names.joined(separator: "/"))-\(uuid.description.suffix(12))"
    }

    /// Keeps what every client reads the same way without escapes.
    private static func segment(_ name: String) -> String {
        let plain = name.unicodeScalars.map { scalar -> Character in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "-")
                ? Character(scalar) : "_"
        }
        return String(plain.prefix(segmentLimit))
    }
}
