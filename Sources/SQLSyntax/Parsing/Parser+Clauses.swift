/// Clauses that several statements share: properties, transforms, sort orders.
extension Parser {
    /// `COMMENT 'text'` as the property it is kept in.
    mutating func commentProperty() throws(SQLSyntaxError) -> PropertySyntax? {
        let start = position
        guard take(word: "COMMENT") else { return nil }
        _ = take(.equal)
        return PropertySyntax(name: "comment", value: try text("a comment in quotes"), position: start)
    }

    /// `('name' = 'value', name.part = 12)`
    mutating func propertyList() throws(SQLSyntaxError) -> [PropertySyntax] {
        try parenthesized { parser throws(SQLSyntaxError) in
            try parser.list { parser throws(SQLSyntaxError) in
                let start = parser.position
                let name = try parser.propertyName()
                _ = parser.take(.equal)
                return PropertySyntax(name: name, value: try parser.propertyValue(), position: start)
            }
        }
    }

    /// `('name', …)`
    mutating func propertyNames() throws(SQLSyntaxError) -> [String] {
        try parenthesized { parser throws(SQLSyntaxError) in
            try parser.list { parser throws(SQLSyntaxError) in try parser.propertyName() }
        }
    }

    private mutating func propertyName() throws(SQLSyntaxError) -> String {
        if case .string(let name) = token.kind {
            advance()
            return name
        }
        // `write.target-file-size-bytes`, without quotes
        var name = try label("the name of a property").text
        while true {
            if take(.period) {
                name += "."
            } else if token.kind == .sign(.minus), token.isAttached {
                advance()
                name += "-"
            } else {
                return name
            }
            name += try label("the name of a property").text
        }
    }

    private mutating func propertyValue() throws(SQLSyntaxError) -> String {
        let sign = take(.minus) ? "-" : ""
        let value: String
        switch token.kind {
        case .string(let text) where sign.isEmpty: value = text
        case .number(let digits): value = sign + digits
        case .word(_, .true), .word(_, .false): value = isWord("TRUE") ? "true" : "false"
        default:
            alsoExpected("a value in quotes")
            throw unexpected()
        }
        advance()
        return value
    }

    /// `day(at) [AS name]`
    mutating func partition() throws(SQLSyntaxError) -> PartitionSyntax {
        let transform = try transform()
        return PartitionSyntax(transform: transform, name: take(.as) ? try label("a name") : nil)
    }

    /// `column`, `day(column)`, `bucket(16, column)`, `truncate(column, 4)`
    mutating func transform() throws(SQLSyntaxError) -> TransformSyntax {
        let isCall = lookAhead().kind == .sign(.openParenthesis)
        guard isCall else { return TransformSyntax(column: try qualifiedName("a column")) }
        let function = try label("a transform")
        try expect(.openParenthesis)
        var argument: Int?
        if case .number = token.kind {
            argument = try smallInteger()
            try expect(.comma)
        }
        let column = try qualifiedName("a column")
        if argument == nil, take(.comma) { argument = try smallInteger() }
        try expect(.closeParenthesis)
        return TransformSyntax(function: function, argument: argument, column: column)
    }

    /// With or without parentheses around.
    mutating func sortFields() throws(SQLSyntaxError) -> [SortFieldSyntax] {
        if token.kind == .sign(.openParenthesis) {
            return try parenthesized { parser throws(SQLSyntaxError) in
                try parser.list { parser throws(SQLSyntaxError) in try parser.sortField() }
            }
        }
        return try list { parser throws(SQLSyntaxError) in try parser.sortField() }
    }

    private mutating func sortField() throws(SQLSyntaxError) -> SortFieldSyntax {
        var field = SortFieldSyntax(transform: try transform())
        if take(.desc) {
            field.isDescending = true
        } else {
            _ = take(.asc)
        }
        if take(.nulls) {
            field.nullsFirst = take(.first)
            if field.nullsFirst == false { try expect(.last) }
        }
        return field
    }
}
