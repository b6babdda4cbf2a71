import Faults

/// What is wrong with a text of CSV; the reader adds the row.
package struct CSVFault: Error {
    package let summary: String
    package let context: [(name: String, value: String)]
    package let hint: String?

    init(_ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:], hint: String? = nil) {
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
    }
}
