/// Reads tokens into a tree by recursive descent; the whole grammar is in the `Parser+…` files.
///
/// - Errors: `SYN-101`…`SYN-105`, `SYN-201`; never traps, whatever the text.
/// - Cost: one pass, one token of look-ahead nearly everywhere.
struct Parser {
    private var tokens: [Token]
    private(set) var index = 0
    private var depth = 0
    /// `?` of the statement so far.
    private var questionMarks = 0
    /// `$1` stands in the statement.
    private var hasNumberedParameters = false
    /// What the statement so far takes from beside it.
    private(set) var parameters = ParameterUse()
    /// Joins and set operators so far.
    private var combinations = 0
    /// The height of the tallest expression of the current query.
    var tallest = 0
    /// What could have stood at the current token; for the message when nothing fits.
    private var expected: [String] = []
    private var expectedKeywords: [Keyword] = []
    /// Where a name was taken as an alias without AS: the place of many a misspelt keyword.
    private var bareAliasIndex: Int?

    init(_ text: String) throws(SQLSyntaxError) { tokens = try Lexer.tokens(of: text) }

    var token: Token { tokens[index] }
    var position: TextPosition { token.position }

    func lookAhead(_ distance: Int = 1) -> Token { tokens[min(index + distance, tokens.count - 1)] }

    mutating func advance() {
        // The last token is the end, and stays.
        index = min(index + 1, tokens.count - 1)
        expected.removeAll(keepingCapacity: true)
        expectedKeywords.removeAll(keepingCapacity: true)
    }

    /// Goes back to a place that `index` gave, where two readings of a text are possible.
    mutating func rewind(to earlier: Int) {
        index = earlier
        expected.removeAll(keepingCapacity: true)
        expectedKeywords.removeAll(keepingCapacity: true)
    }

    mutating func take(_ keyword: Keyword) -> Bool {
        guard token.keyword == keyword else {
            expectedKeywords.append(keyword)
            return false
        }
        advance()
        return true
    }

    /// Which value `$1`, with its number, or `?`, without one, stands for; counts from one in each statement.
    mutating func parameter(_ number: Int?) throws(SQLSyntaxError) -> Int {
        if number == nil { questionMarks += 1 } else { hasNumberedParameters = true }
        guard questionMarks == 0 || !hasNumberedParameters else {
            throw unsupported("a statement with both ? and $1", hint: "write all parameters in one way")
        }
        parameters.count = max(parameters.count, number ?? questionMarks)
        return number ?? questionMarks
    }

    mutating func parameter(named name: String) { parameters.names.insert(name) }

    mutating func beginStatement() {
        questionMarks = 0
        hasNumberedParameters = false
        parameters = ParameterUse()
    }

    /// Takes both or none.
    mutating func take(_ first: Keyword, _ second: Keyword) -> Bool {
        guard token.keyword == first, lookAhead().keyword == second else {
            expectedKeywords.append(first)
            return false
        }
        advance()
        advance()
        return true
    }

    mutating func take(_ sign: Sign) -> Bool {
        guard token.kind == .sign(sign) else {
            expected.append("'\(sign.rawValue)'")
            return false
        }
        advance()
        return true
    }

    /// Takes a word that is no keyword of the language; in upper case.
    mutating func take(word: String) -> Bool {
        guard isWord(word) else {
            expected.append(word)
            return false
        }
        advance()
        return true
    }

    func isWord(_ word: String, ahead distance: Int = 0) -> Bool {
        if case .word(let text, _) = lookAhead(distance).kind { text.uppercased() == word } else { false }
    }

    mutating func expect(word: String) throws(SQLSyntaxError) {
        guard take(word: word) else { throw unexpected() }
    }

    /// A text in quotes.
    mutating func text(_ what: String) throws(SQLSyntaxError) -> String {
        guard case .string(let text) = token.kind else {
            expected.append(what)
            throw unexpected()
        }
        advance()
        return text
    }

    mutating func expect(_ keyword: Keyword) throws(SQLSyntaxError) {
        guard take(keyword) else { throw unexpected() }
    }

    mutating func expect(_ sign: Sign) throws(SQLSyntaxError) {
        guard take(sign) else { throw unexpected() }
    }

    /// A name: in quotes anything, else a word that is not reserved.
    mutating func identifier(_ what: String) throws(SQLSyntaxError) -> Identifier {
        if let name = identifierIfAny() { return name }
        expected.append(what)
        throw unexpected()
    }

    mutating func identifierIfAny() -> Identifier? {
        switch token.kind {
        case .quotedName(let text): return taken(text)
        case .word(let text, let keyword) where keyword?.isReserved != true: return taken(text)
        default: return nil
        }
    }

    /// Behind AS or a period any word is a name.
    mutating func label(_ what: String) throws(SQLSyntaxError) -> Identifier {
        if case .word(let text, _) = token.kind { return taken(text) }
        return try identifier(what)
    }

    private mutating func taken(_ text: String) -> Identifier {
        let name = Identifier(text, at: position)
        advance()
        return name
    }

    /// `[AS] name`; without AS only words that are no keyword of the clauses that follow.
    mutating func aliasIfAny() throws(SQLSyntaxError) -> Identifier? {
        if take(.as) { return try label("a name") }
        guard let name = identifierIfAny() else { return nil }
        bareAliasIndex = index - 1
        return name
    }

    mutating func qualifiedName(_ what: String) throws(SQLSyntaxError) -> QualifiedName {
        var parts = [try identifier(what)]
        while take(.period) { parts.append(try label("a name")) }
        return QualifiedName(parts)
    }

    mutating func list<Element>(
        _ element: (inout Parser) throws(SQLSyntaxError) -> Element
    ) throws(SQLSyntaxError) -> [Element] {
        var elements = [try element(&self)]
        while take(.comma) { elements.append(try element(&self)) }
        return elements
    }

    mutating func parenthesized<Element>(
        _ element: (inout Parser) throws(SQLSyntaxError) -> Element
    ) throws(SQLSyntaxError) -> Element {
        try expect(.openParenthesis)
        let result = try element(&self)
        try expect(.closeParenthesis)
        return result
    }

    /// Counts a level of recursion.
    mutating func nested<Result>(
        _ body: (inout Parser) throws(SQLSyntaxError) -> Result
    ) throws(SQLSyntaxError) -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= SQLSyntaxLimits.depth else { throw tooDeep() }
        return try body(&self)
    }

    /// A node, unless it would be taller than the limit.
    mutating func make(
        _ kind: ExpressionSyntax.Kind, at position: TextPosition, queryHeight: Int = 0
    ) throws(SQLSyntaxError) -> ExpressionSyntax {
        let expression = ExpressionSyntax(kind, at: position, queryHeight: queryHeight)
        tallest = max(tallest, expression.height)
        guard expression.height <= SQLSyntaxLimits.depth else { throw tooDeep() }
        return expression
    }

    /// Counts a join or set operator: chains of them nest to the left without recursion here, but not elsewhere.
    mutating func countCombination() throws(SQLSyntaxError) {
        combinations += 1
        guard combinations <= SQLSyntaxLimits.combinations else {
            throw SQLSyntaxError(
                .tooDeep, "the statement has too many joins and set operators",
                ["limit": SQLSyntaxLimits.combinations], at: position)
        }
    }

    /// A colon where only one can stand, so that what is behind it is no parameter: `{'a':id}`.
    mutating func takeColon() -> Bool {
        guard case .namedParameter(let name) = token.kind else { return take(.colon) }
        let place = TextPosition(line: position.line, column: position.column + 1)
        tokens[index] = Token(kind: .word(name, Keyword.named(name)), position: place, isAttached: true)
        expected.removeAll(keepingCapacity: true)
        expectedKeywords.removeAll(keepingCapacity: true)
        return true
    }

    /// Makes the `>>` here a `>`, one having been read.
    mutating func splitShift() {
        tokens[index] = Token(kind: .sign(.greater), position: token.position, isAttached: false)
    }

    func tooDeep() -> SQLSyntaxError {
        SQLSyntaxError(
            .tooDeep, "the statement nests too deep", ["limit": SQLSyntaxLimits.depth], at: position)
    }

    func unsupported(_ what: String, at position: TextPosition? = nil, hint: String? = nil) -> SQLSyntaxError
    {
        SQLSyntaxError(.unsupported, "\(what) is not supported", at: position ?? self.position, hint: hint)
    }

    mutating func alsoExpected(_ what: String) { expected.append(what) }

    /// The fault for the current token, with what was looked for and a guess at a misspelling.
    func unexpected() -> SQLSyntaxError {
        let wanted = expected + expectedKeywords.map(\.rawValue)
        var seen = Set<String>()
        let unique = wanted.filter { seen.insert($0).inserted }
        var hint = misspelling()
        if hint == nil, !unique.isEmpty {
            let shown = unique.prefix(8).joined(separator: ", ")
            hint = "expected " + shown + (unique.count > 8 ? ", …" : "")
        }
        return SQLSyntaxError(
            .unexpectedToken, token.kind == .end ? "the text ends too early" : "this cannot stand here",
            token.kind == .end ? [:] : ["found": token.shown], at: position, hint: hint)
    }

    private func misspelling() -> String? {
        if case .word(let word, _) = token.kind,
            let near = NearestName.find(
                word,
                among: expectedKeywords.map(\.rawValue) + expected.filter { $0.first?.isUppercase == true }),
            near != word.uppercased()
        {
            return "did you mean \(near)?"
        }
        // `SELECT a FORM t`: FORM became an alias, and the fault shows one token later.
        if let bareAliasIndex, bareAliasIndex == index - 1,
            case .word(let word, _) = tokens[bareAliasIndex].kind
        {
            let clauses: [Keyword] = [
                .from, .where, .group, .having, .order, .limit, .offset, .join, .left, .inner, .union,
                .qualify, .as,
            ]
            if let near = NearestName.find(word, among: clauses.map(\.rawValue)) {
                return "did you mean \(near) instead of \(word)?"
            }
        }
        return nil
    }
}
