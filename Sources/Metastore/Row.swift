/// One row of an answer; fields are asked for by column name and type.
///
/// - Nulls: `text` and its like refuse null, `optionalText` and its like answer nil for null and only for null.
/// - Errors: `MST-102` for a name the query does not select or a value of another type: a bug of ours, never data.
package struct Row: Sendable {
    let names: ColumnNames
    let values: [SQLValue]

    /// Shared by the rows of one answer.
    final class ColumnNames: Sendable {
        let list: [String]
        init(_ list: [String]) { self.list = list }
    }

    package subscript(name: String) -> SQLValue? {
        names.list.firstIndex(of: name).map { values[$0] }
    }

    package func text(_ name: String) throws(MetastoreError) -> String {
        guard let value = try optionalText(name) else { throw mismatch(name, "text") }
        return value
    }

    package func integer(_ name: String) throws(MetastoreError) -> Int64 {
        guard let value = try optionalInteger(name) else { throw mismatch(name, "integer") }
        return value
    }

    package func real(_ name: String) throws(MetastoreError) -> Double {
        guard let value = try optionalReal(name) else { throw mismatch(name, "real") }
        return value
    }

    package func blob(_ name: String) throws(MetastoreError) -> [UInt8] {
        guard let value = try optionalBlob(name) else { throw mismatch(name, "blob") }
        return value
    }

    package func boolean(_ name: String) throws(MetastoreError) -> Bool {
        switch try integer(name) {
        case 0: false
        case 1: true
        default: throw mismatch(name, "boolean")
        }
    }

    package func optionalText(_ name: String) throws(MetastoreError) -> String? {
        switch try value(name) {
        case .text(let value): value
        case .null: nil
        default: throw mismatch(name, "text")
        }
    }

    package func optionalInteger(_ name: String) throws(MetastoreError) -> Int64? {
        switch try value(name) {
        case .integer(let value): value
        case .null: nil
        default: throw mismatch(name, "integer")
        }
    }

    /// Also takes integers: SQLite keeps a whole number as one where no column type tells otherwise.
    package func optionalReal(_ name: String) throws(MetastoreError) -> Double? {
        switch try value(name) {
        case .real(let value): value
        case .integer(let value): Double(value)
        case .null: nil
        default: throw mismatch(name, "real")
        }
    }

    package func optionalBlob(_ name: String) throws(MetastoreError) -> [UInt8]? {
        switch try value(name) {
        case .blob(let value): value
        case .null: nil
        default: throw mismatch(name, "blob")
        }
    }

    private func value(_ name: String) throws(MetastoreError) -> SQLValue {
        guard let value = self[name] else {
            throw MetastoreError(
                .columnMismatch, "the query does not select this column",
                ["column": name, "selected": names.list.joined(separator: ", ")])
        }
        return value
    }

    private func mismatch(_ name: String, _ wanted: String) -> MetastoreError {
        MetastoreError(
            .columnMismatch, "a column holds another type than asked for",
            ["column": name, "wanted": wanted, "found": self[name]?.kindName ?? "nothing"])
    }
}
