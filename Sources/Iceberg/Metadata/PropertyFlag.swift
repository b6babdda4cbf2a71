extension [String: String] {
    /// Whether a property of a table says yes: the word `true` in any case. Any other word is no, as to writers in Java.
    ///
    /// Source: Apache Iceberg, `PropertyUtil.propertyAsBoolean`.
    package func isOn(_ property: String, byDefault: Bool) -> Bool {
        self[property].map { $0.lowercased() == "true" } ?? byDefault
    }
}
