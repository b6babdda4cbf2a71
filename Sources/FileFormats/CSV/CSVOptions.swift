/// How the values of a CSV column become JSON.
package enum CSVColumnKind: Sendable, Hashable {
    /// Numbers and booleans where the text is one and stands without quotes, strings elsewhere.
    case inferred
    /// Always strings: an id of digits stays what it is.
    case text
    /// As `inferred`, in quotes too: some writers quote everything.
    case value
}

/// How a CSV file is read.
package struct CSVOptions: Sendable, Hashable {
    package var delimiter: UInt8 = UInt8(ascii: ",")
    /// Unquoted texts that mean null, beside the empty one: `NA`, as R writes it.
    package var nullTexts: Set<String> = []
    /// By column name; others are `inferred`.
    package var columnKinds: [String: CSVColumnKind] = [:]
    /// Longer rows are refused: a quote that is never closed would swallow the file.
    package var rowByteLimit = 4 << 20

    package init() {}

    /// Takes the columns' kinds from the stream that the rows are for, so that text which looks like a number reaches
    /// a string field as text.
    package init(for schema: StreamSchema) {
        guard case .fields(let fields) = schema else { return }
        for field in fields {
            switch field.type {
            case .string, .date, .timestamp, .uuid, .binary: columnKinds[field.name] = .text
            case .json: columnKinds[field.name] = .inferred
            default: columnKinds[field.name] = .value
            }
            // A timestamp may also be a number of its unit.
            if case .timestamp = field.type { columnKinds[field.name] = .value }
        }
    }
}
