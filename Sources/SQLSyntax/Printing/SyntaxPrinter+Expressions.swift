/// Expressions.
extension SyntaxPrinter {
    /// Puts parentheses around what binds less tight than `level`.
    mutating func write(_ expression: ExpressionSyntax, atLeast level: Int = Precedence.lowest) {
        if expression.precedence < level {
            parenthesized { $0.writeBare(expression) }
        } else {
            writeBare(expression)
        }
    }

    private mutating func writeBare(_ expression: ExpressionSyntax) {
        switch expression.kind {
        case .literal(let literal): write(literal)
        case .name(let name): write(names.columns[name.position] ?? name)
        case .star(let star): write(star)
        case .parameter(let parameter): write(parameter)
        case .unary(let unary, let operand): write(unary, operand)
        case .binary(let binary, let operands): write(binary, operands)
        case .chain(let first, let links):
            let level = links[0].sign.precedence
            write(first, atLeast: level)
            for link in links {
                write(" \(link.sign.rawValue) ")
                write(link.operand, atLeast: level + 1)
            }
        case .isTest(let value, let test, let isNegated):
            write(value, atLeast: Precedence.isTest)
            write(isNegated ? " IS NOT " : " IS ")
            write(test.rawValue)
        case .isDistinct(let left, let right, let isNegated):
            write(left, atLeast: Precedence.isTest)
            write(isNegated ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ")
            write(right, atLeast: Precedence.isTest + 1)
        case .between(let value, let low, let high, let isNegated):
            write(value, atLeast: Precedence.range)
            write(isNegated ? " NOT BETWEEN " : " BETWEEN ")
            write(low, atLeast: Precedence.range + 1)
            write(" AND ")
            write(high, atLeast: Precedence.range + 1)
        case .inList(let value, let elements, let isNegated):
            write(value, atLeast: Precedence.range)
            write(isNegated ? " NOT IN (" : " IN (")
            separated(elements) { $0.write($1) }
            write(")")
        case .inQuery(let value, let query, let isNegated):
            write(value, atLeast: Precedence.range)
            write(isNegated ? " NOT IN (" : " IN (")
            write(query)
            write(")")
        case .quantified(let quantified): write(quantified)
        case .quantifiedList(let value, let comparison, let isAll, let list):
            write(value, atLeast: comparison.precedence)
            write(" \(comparison.rawValue) \(isAll ? "ALL" : "ANY") ")
            parenthesized { $0.write(list) }
        case .like(let like): write(like)
        case .caseWhen(let syntax): write(syntax)
        case .cast(let value, let type, let isTry):
            write(isTry ? "TRY_CAST(" : "CAST(")
            write(value)
            write(" AS ")
            write(type)
            write(")")
        case .call(let call): write(call)
        case .element(let list, let index):
            write(list, atLeast: Precedence.postfix)
            write("[")
            write(index)
            write("]")
        case .field(let value, let name): writeField(value, name)
        case .array(let elements):
            write("ARRAY[")
            separated(elements) { $0.write($1) }
            write("]")
        case .row(let elements):
            write("ROW(")
            separated(elements) { $0.write($1) }
            write(")")
        case .arrayQuery(let query):
            write("ARRAY")
            parenthesized { $0.write(query) }
        case .exists(let query):
            write("EXISTS ")
            parenthesized { $0.write(query) }
        case .subquery(let query): parenthesized { $0.write(query) }
        case .atTimeZone(let value, let zone):
            write(value, atLeast: Precedence.atTimeZone)
            write(" AT TIME ZONE ")
            write(zone, atLeast: Precedence.atTimeZone + 1)
        case .collated(let value, let name):
            write(value, atLeast: Precedence.atTimeZone)
            write(" COLLATE ")
            write(name)
        }
    }

    private mutating func write(_ unary: UnaryOperator, _ operand: ExpressionSyntax) {
        write(unary.rawValue)
        if unary == .not { write(" ") }
        // `--` would start a comment.
        if case .unary(let inner, _) = operand.kind, unary != .not, inner != .not {
            parenthesized { $0.write(operand) }
        } else {
            // `~a & b` is read as `(~a) & b`.
            write(operand, atLeast: unary.precedence + (unary == .bitNot ? 1 : 0))
        }
    }

    private mutating func write(_ binary: BinaryOperator, _ operands: [ExpressionSyntax]) {
        for (index, operand) in operands.enumerated() {
            if index > 0 { write(" \(binary.rawValue) ") }
            // A chain inside a chain of the same operator was in parentheses.
            let isTight = index > 0 || binary.isChained
            write(operand, atLeast: binary.precedence + (isTight ? 1 : 0))
        }
    }

    private mutating func writeField(_ value: ExpressionSyntax, _ name: Identifier) {
        switch value.kind {
        // `a.b` alone would be read as one name, `1.b` as a number.
        case .name, .literal(.number): parenthesized { $0.write(value) }
        default: write(value, atLeast: Precedence.postfix)
        }
        write(".")
        write(reference: name)
    }

    private mutating func write(_ quantified: QuantifiedSyntax) {
        write(quantified.value, atLeast: quantified.comparison.precedence)
        write(" \(quantified.comparison.rawValue) \(quantified.isAll ? "ALL" : "ANY") ")
        parenthesized { $0.write(quantified.query) }
    }

    private mutating func write(_ like: LikeSyntax) {
        write(like.value, atLeast: Precedence.range)
        write(like.isNegated ? " NOT \(like.style.rawValue) " : " \(like.style.rawValue) ")
        write(like.pattern, atLeast: Precedence.range + 1)
        if let escape = like.escape {
            write(" ESCAPE ")
            write(escape, atLeast: Precedence.range + 1)
        }
    }

    private mutating func write(_ syntax: CaseSyntax) {
        write("CASE")
        if let operand = syntax.operand {
            write(" ")
            write(operand)
        }
        for branch in syntax.branches {
            write(" WHEN ")
            write(branch.when)
            write(" THEN ")
            write(branch.then)
        }
        if let otherwise = syntax.otherwise {
            write(" ELSE ")
            write(otherwise)
        }
        write(" END")
    }

    private mutating func write(_ literal: LiteralSyntax) {
        switch literal {
        case .null: write("NULL")
        case .boolean(let value): write(value ? "TRUE" : "FALSE")
        case .number(let digits): write(digits)
        case .string(let text): write(string: text)
        case .bytes(let bytes):
            let digits = Array("0123456789abcdef")
            write("X'" + String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }) + "'")
        case .typed(let type, let text):
            write(type)
            write(" ")
            write(string: text)
        case .interval(let text, let units):
            write("INTERVAL ")
            write(string: text)
            if !units.isEmpty { write(" " + units.map { $0.uppercased() }.joined(separator: " TO ")) }
        }
    }

    private mutating func write(_ parameter: ParameterSyntax) {
        note(parameter)
        switch parameter {
        case .index(let index): write("$\(index)")
        case .named(let name): write(":" + name)
        }
    }

    private mutating func write(_ star: StarSyntax) {
        if let qualifier = star.qualifier {
            write(qualifier)
            write(".")
        }
        write("*")
        if !star.excluded.isEmpty {
            write(" EXCLUDE (")
            separated(star.excluded) { $0.write($1) }
            write(")")
        }
        if !star.replaced.isEmpty {
            write(" REPLACE (")
            separated(star.replaced) { printer, replacement in
                printer.write(replacement.value)
                printer.write(" AS ")
                printer.write(replacement.name)
            }
            write(")")
        }
        if !star.renamed.isEmpty {
            write(" RENAME (")
            separated(star.renamed) { printer, renaming in
                printer.write(renaming.from)
                printer.write(" AS ")
                printer.write(renaming.to)
            }
            write(")")
        }
    }
}

extension ExpressionSyntax {
    /// How tight the outermost form binds.
    fileprivate var precedence: Int {
        switch kind {
        case .unary(let unary, _): unary.precedence
        case .binary(let binary, _): binary.precedence
        case .chain(_, let links): links[0].sign.precedence
        case .isTest, .isDistinct: Precedence.isTest
        case .quantified(let quantified): quantified.comparison.precedence
        case .quantifiedList(_, let comparison, _, _): comparison.precedence
        case .between, .inList, .inQuery, .like: Precedence.range
        case .atTimeZone, .collated: Precedence.atTimeZone
        case .element, .field: Precedence.postfix
        default: Precedence.primary
        }
    }
}
