package import JSONText

/// The columns that a CSV text's head line names: makes JSON objects of its rows.
///
/// - Nulls: an empty field, and each text of `nulls`, is left away, as a field that is not there.
package struct CSVColumns: Sendable {
    private struct Column: Sendable {
        var name: MemberName
        /// `"name":`
        var prefix: [UInt8]
        var kind: CSVValue.Kind
    }

    private let columns: [Column]
    private let nulls: [[UInt8]]

    /// How many names a message lists.
    private static let shownNames = 10

    /// `text` and `ends` are the head line's fields, as of `CSVRow.split`. `kinds` is what the stream's fields take, by
    /// name; empty for a stream without a schema, whose columns are typed by each value.
    ///
    /// - Errors: a name that is empty, no UTF-8 or there twice; no column that is a field of the stream.
    package init(
        head text: [UInt8], _ ends: [Int], kinds: [MemberName: CSVValue.Kind], nulls: [[UInt8]] = []
    ) throws(CSVFault) {
        // A field that the stream gets later may be of any type: the text has all that was sent.
        let unknown: CSVValue.Kind = kinds.isEmpty ? .inferred : .string
        var columns: [Column] = []
        var names: Set<MemberName> = []
        for index in ends.indices {
            guard let text = String(validating: Self.field(index, text, ends), as: UTF8.self) else {
                throw CSVFault("a column's name is not UTF-8", ["column": index + 1])
            }
            let name = MemberName(text)
            guard !text.isEmpty else { throw CSVFault("a column has no name", ["column": index + 1]) }
            guard names.insert(name).inserted else {
                throw CSVFault("two columns have the same name", ["name": text])
            }
            var prefix: [UInt8] = []
            JSONValue.appendQuoted(text, to: &prefix)
            columns.append(
                Column(name: name, prefix: prefix + [UInt8(ascii: ":")], kind: kinds[name] ?? unknown))
        }
        guard kinds.isEmpty || columns.contains(where: { kinds[$0.name] != nil }) else {
            throw Self.noneKnown(columns.map(\.name.text), kinds.keys.map(\.text).sorted())
        }
        self.columns = columns
        self.nulls = nulls
    }

    /// Every event would come out empty.
    private static func noneKnown(_ columns: [String], _ fields: [String]) -> CSVFault {
        func list(_ names: [String]) -> String {
            names.prefix(shownNames).joined(separator: ", ") + (names.count > shownNames ? ", …" : "")
        }
        let separator = [";", "\t", "|"].first { columns[0].contains($0) }
        return CSVFault(
            "no column is in the stream's schema",
            ["columns": list(columns.map { String($0.prefix(200)) }), "schema": list(fields)],
            hint: columns.count == 1 && separator != nil
                ? "columns are separated by commas" : "the first line names the columns as the schema does")
    }

    package var count: Int { columns.count }

    package func name(_ index: Int) -> String { columns[index].name.text }

    /// Appends a row, which has as many fields as there are columns, as a line of JSON.
    package func write(_ text: [UInt8], _ ends: [Int], to body: inout [UInt8]) {
        body.append(UInt8(ascii: "{"))
        var isFirst = true
        for index in columns.indices {
            let field = Self.field(index, text, ends)
            if field.isEmpty || nulls.contains(where: { $0.elementsEqual(field) }) { continue }
            if !isFirst { body.append(UInt8(ascii: ",")) }
            isFirst = false
            body += columns[index].prefix
            CSVValue.write(field, as: columns[index].kind, to: &body)
        }
        body += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
    }

    private static func field(_ index: Int, _ text: [UInt8], _ ends: [Int]) -> ArraySlice<UInt8> {
        text[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }
}
