/// Writes trees back as SQL: one line, keywords in upper case, only the parentheses that are needed.
///
/// Reading the text again gives the same tree.
struct SyntaxPrinter {
    private(set) var text = ""
    /// Written in place of the stars and names that stand there.
    let names: BoundNames
    /// Whether names that refer to something are in lower case, whatever is written.
    private let foldsReferences: Bool
    /// Parameters in the order in which they stand there.
    private(set) var parameters: [ParameterSyntax] = []
    /// What names can refer to: tables and what the text itself gives names to.
    private(set) var definedNames: Set<String> = []

    private init(_ names: BoundNames, foldsReferences: Bool) {
        self.names = names
        self.foldsReferences = foldsReferences
    }

    mutating func write(_ piece: String) { text += piece }

    /// A name that is given here.
    mutating func write(_ name: Identifier) {
        if foldsReferences { definedNames.insert(name.text) }
        write(Self.quotedIfNeeded(name.text))
    }

    mutating func write(reference name: Identifier) {
        write(Self.quotedIfNeeded(foldsReferences ? name.text.lowercased() : name.text))
    }

    mutating func write(_ name: QualifiedName) {
        separated(name.parts, by: ".") { $0.write(reference: $1) }
    }

    mutating func write(table name: QualifiedName) {
        if foldsReferences { definedNames.insert(name.last.text) }
        write(name)
    }

    mutating func note(_ parameter: ParameterSyntax) { parameters.append(parameter) }

    /// A function's name, which case does not change.
    func folded(_ function: String) -> String { foldsReferences ? function.lowercased() : function }

    mutating func separated<Element>(
        _ elements: [Element], by separator: String = ", ", _ body: (inout SyntaxPrinter, Element) -> Void
    ) {
        for (index, element) in elements.enumerated() {
            if index > 0 { write(separator) }
            body(&self, element)
        }
    }

    mutating func parenthesized(_ body: (inout SyntaxPrinter) -> Void) {
        write("(")
        body(&self)
        write(")")
    }

    mutating func write(string: String) { write(SQLText.quoted(string)) }

    static func quotedIfNeeded(_ name: String) -> String {
        let isPlain =
            name.utf8.first.map(Lexer.isWordStart) == true
            && name.utf8.allSatisfy { Lexer.isWordPart($0) && $0 != UInt8(ascii: "$") }
        if isPlain, Keyword.named(name) == nil, !Parser.bareFunctions.contains(name.lowercased()) {
            return name
        }
        return SQLText.quoted(name, by: "\"")
    }

    static func text(
        with names: BoundNames = BoundNames(), _ body: (inout SyntaxPrinter) -> Void
    ) -> String {
        var printer = SyntaxPrinter(names, foldsReferences: false)
        body(&printer)
        return printer.text
    }

    static func spelling(_ query: QuerySyntax) -> QuerySpelling {
        var printer = SyntaxPrinter(BoundNames(), foldsReferences: true)
        printer.write(query)
        return QuerySpelling(
            text: Array(printer.text.utf8), parameters: printer.parameters,
            hasNamesInTwoCases: printer.definedNames.hasNamesInTwoCases)
    }
}

extension Identifier: CustomStringConvertible {
    package var description: String { SyntaxPrinter.quotedIfNeeded(text) }
}

extension QualifiedName: CustomStringConvertible {
    package var description: String { parts.map(\.description).joined(separator: ".") }
}

extension ExpressionSyntax: CustomStringConvertible {
    package var description: String { SyntaxPrinter.text { $0.write(self) } }
}

extension TypeSyntax: CustomStringConvertible {
    package var description: String { SyntaxPrinter.text { $0.write(self) } }
}

extension QuerySyntax: CustomStringConvertible {
    package var description: String { SyntaxPrinter.text { $0.write(self) } }
}

extension StatementSyntax: CustomStringConvertible {
    package var description: String { SyntaxPrinter.text { $0.write(self) } }
}
