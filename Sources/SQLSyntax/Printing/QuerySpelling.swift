/// How a query is written, but for space, quotes, and the case of keywords and of names that refer to something.
package struct QuerySpelling: Hashable, Sendable {
    /// In bytes: to strings, letters that are composed in other ways are equal.
    package let text: [UInt8]
    /// In the order in which they stand there. Two question marks are two parameters, whatever their values.
    package let parameters: [ParameterSyntax]
    /// Whether tables and aliases of the query have names that differ only in case, so that case tells them apart.
    package let hasNamesInTwoCases: Bool
}

extension QuerySyntax {
    package var spelling: QuerySpelling { SyntaxPrinter.spelling(self) }
}

extension Collection<String> {
    /// Whether two of the names differ, and only in case.
    package var hasNamesInTwoCases: Bool {
        var seen: [String: String] = [:]
        return contains { name in
            let known = seen.updateValue(name, forKey: name.lowercased())
            return known.map { !$0.utf8.elementsEqual(name.utf8) } ?? false
        }
    }
}
