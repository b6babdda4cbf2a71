package import Columnar
import JSONText

/// Writes batches as JSON objects, one a row, separated by commas.
package struct RowEncoder {
    /// Each column's name as it appears in the rows: a name that repeats gets a number, for an object has it once.
    package let names: [String]
    private let keys: [[UInt8]]
    private var isFirst = true

    package init(schema: Schema) {
        var names: [String] = []
        // A made name must not take one that another column really has.
        var taken = Set(schema.fields.map(\.name))
        var used = Set<String>()
        for field in schema.fields {
            var name = field.name
            var number = 1
            while !used.insert(field.name).inserted, name == field.name || !taken.insert(name).inserted {
                name = "\(field.name)_\(number)"
                number += 1
            }
            names.append(name)
        }
        self.names = names
        keys = Self.keys(names)
    }

    /// `{"a":` for the first field, `,"b":` for the others.
    package static func keys(_ names: [String]) -> [[UInt8]] {
        names.enumerated().map { index, name in
            var bytes: [UInt8] = [UInt8(ascii: index == 0 ? "{" : ",")]
            JSONValue.appendQuoted(name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            return bytes
        }
    }

    package mutating func append(_ batch: Batch, to output: inout [UInt8]) {
        let dense = batch.dense()
        let columns = dense.columns.map(ColumnEncoder.encode)
        for row in 0..<dense.rowCount {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            Self.appendObject(row: row, keys: keys, columns, to: &output)
        }
    }

    package static func appendObject(
        row: Int, keys: [[UInt8]], _ columns: [EncodedColumn], to output: inout [UInt8]
    ) {
        if columns.isEmpty { output.append(UInt8(ascii: "{")) }
        for (key, column) in zip(keys, columns) {
            output.append(contentsOf: key)
            column.append(row: row, to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }
}
