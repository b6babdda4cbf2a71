/// Turns text into trees.
///
/// - Errors: `SYN-…`, with line and column.
package enum SQLParser {
    /// Exactly one statement; a semicolon may follow it.
    package static func statement(_ text: String) throws(SQLSyntaxError) -> StatementSyntax {
        var parser = try Parser(text)
        while parser.take(.semicolon) {}
        let statement = try parser.statement()
        if parser.take(.semicolon) {
            while parser.take(.semicolon) {}
            guard parser.token.kind == .end else {
                throw parser.unsupported(
                    "a second statement in one request", hint: "send one statement at a time")
            }
        }
        parser.alsoExpected("the end of the statement")
        guard parser.token.kind == .end else { throw parser.unexpected() }
        return statement
    }

    /// SET and RESET statements that hold for the last one, which may be one of them.
    ///
    /// - Errors: as `statement`; any other statement may only be the last.
    package static func request(_ text: String) throws(SQLSyntaxError) -> (
        settings: [StatementSyntax], statement: StatementSyntax, parameters: ParameterUse
    ) {
        var parser = try Parser(text)
        var settings: [StatementSyntax] = []
        while true {
            while parser.take(.semicolon) {}
            let statement = try parser.statement()
            guard parser.take(.semicolon) else {
                parser.alsoExpected("the end of the statement")
                guard parser.token.kind == .end else { throw parser.unexpected() }
                return (settings, statement, parser.parameters)
            }
            while parser.take(.semicolon) {}
            if parser.token.kind == .end { return (settings, statement, parser.parameters) }
            guard statement.isSetting else {
                throw parser.unsupported(
                    "a second statement in one request", hint: "send one statement at a time")
            }
            settings.append(statement)
        }
    }

    /// Any number of statements with semicolons between.
    package static func statements(_ text: String) throws(SQLSyntaxError) -> [StatementSyntax] {
        try placedStatements(text).map(\.statement)
    }

    /// As `statements`, each with where it begins.
    package static func placedStatements(_ text: String) throws(SQLSyntaxError) -> [(
        statement: StatementSyntax, position: TextPosition
    )] {
        var parser = try Parser(text)
        var statements: [(StatementSyntax, TextPosition)] = []
        while true {
            while parser.take(.semicolon) {}
            if parser.token.kind == .end { return statements }
            let position = parser.position
            statements.append((try parser.statement(), position))
            guard parser.token.kind == .end || parser.token.kind == .sign(.semicolon) else {
                parser.alsoExpected("';'")
                throw parser.unexpected()
            }
        }
    }

    /// An expression alone, such as a row filter.
    package static func expression(_ text: String) throws(SQLSyntaxError) -> ExpressionSyntax {
        var parser = try Parser(text)
        let expression = try parser.expression()
        guard parser.token.kind == .end else { throw parser.unexpected() }
        return expression
    }
}
