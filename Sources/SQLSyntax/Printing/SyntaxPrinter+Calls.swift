/// Calls, windows, types.
extension SyntaxPrinter {
    mutating func write(_ call: CallSyntax) {
        separated(call.function.parts, by: ".") { $0.writeFunctionName($1) }
        write("(")
        if call.isDistinct { write("DISTINCT ") }
        separated(call.arguments) { $0.write($1) }
        writeOrder(call.order, after: call.arguments.isEmpty ? "" : " ")
        write(")")
        if !call.withinGroup.isEmpty {
            write(" WITHIN GROUP (")
            writeOrder(call.withinGroup, after: "")
            write(")")
        }
        if let filter = call.filter {
            write(" FILTER (WHERE ")
            write(filter)
            write(")")
        }
        if let treatment = call.nullTreatment { write(" \(treatment.rawValue) NULLS") }
        if call.hasOrdinality { write(" WITH ORDINALITY") }
        switch call.window {
        case nil: break
        case .named(let name):
            write(" OVER ")
            write(name)
        case .inline(let specification):
            write(" OVER ")
            write(specification)
        }
    }

    /// Most keywords are no keywords before a parenthesis.
    private mutating func writeFunctionName(_ name: Identifier) {
        let keyword = Keyword.named(name.text)
        let isPlain =
            name.text.utf8.first.map(Lexer.isWordStart) == true && name.text.utf8.allSatisfy(Lexer.isWordPart)
        let isWordLike =
            keyword == nil || keyword == .left || keyword == .right || keyword?.isReserved == false
        if isPlain, isWordLike, keyword != .row, keyword != .extract {
            write(folded(name.text))
        } else {
            write(SQLText.quoted(folded(name.text), by: "\""))
        }
    }

    /// Nothing when the list is empty.
    mutating func writeOrder(_ order: [OrderSyntax], after separator: String) {
        if order.isEmpty { return }
        write(separator + "ORDER BY ")
        separated(order) { printer, element in
            if element.isEveryColumn { printer.write("ALL") } else { printer.write(element.value) }
            if element.isDescending { printer.write(" DESC") }
            if let nullsFirst = element.nullsFirst {
                printer.write(nullsFirst ? " NULLS FIRST" : " NULLS LAST")
            }
        }
    }

    mutating func write(_ specification: WindowSpecificationSyntax) {
        write("(")
        var separator = ""
        if let base = specification.base {
            write(base)
            separator = " "
        }
        if !specification.partition.isEmpty {
            write(separator + "PARTITION BY ")
            separated(specification.partition) { $0.write($1) }
            separator = " "
        }
        if !specification.order.isEmpty {
            writeOrder(specification.order, after: separator)
            separator = " "
        }
        if let frame = specification.frame {
            write(separator + frame.unit.rawValue + " ")
            if let end = frame.end {
                write("BETWEEN ")
                write(frame.start)
                write(" AND ")
                write(end)
            } else {
                write(frame.start)
            }
            if let exclusion = frame.exclusion { write(" EXCLUDE " + exclusion.rawValue) }
        }
        write(")")
    }

    private mutating func write(_ bound: FrameSyntax.Bound) {
        switch bound {
        case .unboundedPreceding: write("UNBOUNDED PRECEDING")
        case .unboundedFollowing: write("UNBOUNDED FOLLOWING")
        case .currentRow: write("CURRENT ROW")
        case .preceding(let distance):
            write(distance, atLeast: Precedence.range + 1)
            write(" PRECEDING")
        case .following(let distance):
            write(distance, atLeast: Precedence.range + 1)
            write(" FOLLOWING")
        }
    }

    mutating func write(_ type: TypeSyntax) {
        switch type {
        case .named(let name, let arguments, _): write(typeName: name, arguments)
        case .list(let element):
            write(element)
            write("[]")
        case .map(let key, let value):
            write("MAP<")
            write(key)
            write(", ")
            write(value)
            write(">")
        case .structure(let fields):
            write("STRUCT<")
            separated(fields) { printer, field in
                printer.write(field.name)
                printer.write(" ")
                printer.write(field.type)
                if field.isRequired { printer.write(" NOT NULL") }
                printer.writeComment(field.comment)
            }
            write(">")
        }
    }

    /// `TIMESTAMP(6) WITH TIME ZONE`: the arguments stand inside the words.
    private mutating func write(typeName name: String, _ arguments: [Int]) {
        var words = name
        var suffix = ""
        if name.hasSuffix(" with time zone") {
            words = String(name.dropLast(" with time zone".count))
            suffix = " WITH TIME ZONE"
        }
        let known = ["double precision", "character varying"]
        if known.contains(words) {
            write(words.uppercased())
        } else {
            let quoted = Self.quotedIfNeeded(words)
            let keyword = Keyword.named(words)
            write(keyword?.isReserved == false || quoted == words ? words.uppercased() : quoted)
        }
        if !arguments.isEmpty { write("(" + arguments.map(String.init).joined(separator: ", ") + ")") }
        write(suffix)
    }
}
