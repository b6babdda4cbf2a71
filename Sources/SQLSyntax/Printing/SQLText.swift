/// Texts and names between quotes.
package enum SQLText {
    /// Scalar by scalar: a quote with an accent on it is another character to Swift, but ends a text of SQL.
    package static func quoted(_ text: String, by quote: Unicode.Scalar = "'") -> String {
        var result = String.UnicodeScalarView([quote])
        for scalar in text.unicodeScalars {
            if scalar == quote { result.append(quote) }
            result.append(scalar)
        }
        result.append(quote)
        return String(result)
    }
}
