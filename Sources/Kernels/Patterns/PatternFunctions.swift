import Columnar

/// LIKE and its kin, and the regexp functions.
enum PatternFunctions {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        switch call.function {
        case .like, .notLike, .ilike, .notILike: return try like(call)
        case .similarTo: return try matches(call, PatternOperand(call, flagsAt: nil, translate: similar))
        case .regexpLike: return try matches(call, PatternOperand(call, flagsAt: 2))
        case .regexpReplace: return try RegexReplacement.evaluate(call)
        case .regexpMatch, .regexpSubstring: return try firstMatch(call)
        case .regexpCount, .regexpPosition: return try counting(call)
        default: throw call.unsupported()
        }
    }

    private static func like(_ call: KernelCall) throws(KernelError) -> Column {
        let text = try call.text(0)
        let patterns = try call.text(1)
        let escapes: TextOperand? = call.has(2) ? try call.text(2) : nil
        let ignoresCase = call.function == .ilike || call.function == .notILike
        let wanted = call.function == .like || call.function == .ilike
        func compile(_ row: Int) throws(KernelError) -> LikePattern {
            let escape = escapes?.string(at: row) ?? "\\"
            guard escape.unicodeScalars.count <= 1 else {
                throw KernelError(
                    .invalidPattern, "the escape must be one character", ["escape": "'\(escape)'"])
            }
            return try LikePattern(
                patterns.string(at: row), escape: escape.unicodeScalars.first, ignoresCase: ignoresCase)
        }
        let isConstant = patterns.isConstant && escapes?.isConstant ?? true
        let fixed = isConstant && call.rowCount > 0 ? try compile(0) : nil
        var watch = StepWatch(call.context.supervisor)
        return try call.rows.truth { row throws(KernelError) in
            let pattern = if let fixed { fixed } else { try compile(row) }
            return try text.withBytes(at: row) { bytes throws(KernelError) in
                try pattern.matches(bytes, &watch)
            } == wanted
        }
    }

    private static func matches(_ call: KernelCall, _ operand: PatternOperand) throws(KernelError) -> Column {
        var patterns = operand
        let text = try call.text(0)
        return try call.rows.truth { row throws(KernelError) in
            let (expression, _) = try patterns.expression(at: row)
            return try text.withBytes(at: row) { bytes throws(KernelError) in try expression.matches(bytes) }
        }
    }

    /// A SQL regular expression as one of RE2's, over the whole text.
    private static func similar(_ pattern: String) -> String {
        var result = "(?s)^(?:"
        var rest = pattern.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "%": result += ".*"
            case "_": result += "."
            case ".", "^", "$": result += "\\" + String(scalar)
            case "\\":
                if let next = rest.popFirst() { result += quoted(next) }
            case "[": result += bracket(&rest)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + ")$"
    }

    /// A bracket expression behind its `[`: `%`, `_` and `.` are themselves in it, and so is a `]` that comes first.
    ///
    /// Source: PostgreSQL 15, 9.7.2 and 9.7.3.2. One without an end stays so, and RE2 refuses it.
    private static func bracket(_ rest: inout Substring.UnicodeScalarView) -> String {
        var result = "["
        if rest.first == "^" {
            rest.removeFirst()
            result += "^"
        }
        var isFirst = true
        while let scalar = rest.popFirst() {
            switch scalar {
            case "]" where !isFirst: return result + "]"
            case "[" where rest.first == ":":
                // A class by its name, `[:digit:]`, whole.
                result += "["
                while let inner = rest.popFirst() {
                    result.unicodeScalars.append(inner)
                    if inner == "]" { break }
                }
            case "\\":
                if let escaped = rest.popFirst() { result += quoted(escaped) }
            case "[", "]", "^": result += "\\" + String(scalar)
            default: result.unicodeScalars.append(scalar)
            }
            isFirst = false
        }
        return result
    }

    private static func quoted(_ scalar: Unicode.Scalar) -> String {
        scalar.isASCII && !scalar.properties.isAlphabetic && scalar.properties.numericType == nil
            ? "\\" + String(scalar) : String(scalar)
    }

    private static func firstMatch(_ call: KernelCall) throws(KernelError) -> Column {
        var patterns = try PatternOperand(call, flagsAt: 2)
        let text = try call.text(0)
        var found = RegularExpression.Match()
        return try call.rows.scalars(call.result) { row throws(KernelError) in
            let (expression, _) = try patterns.expression(at: row)
            return try text.withBytes(at: row) { bytes throws(KernelError) -> Scalar in
                guard try expression.findMatch(in: bytes, from: 0, &found) else { return .null }
                func part(_ range: Range<Int>?) -> Scalar {
                    range.map { .string(UTF8Text.string(bytes.extracting($0))) } ?? .null
                }
                if call.function == .regexpSubstring { return part(found[0]) }
                return .list(
                    found.count == 1 ? [part(found[0])] : (1..<found.count).map { part(found[$0]) })
            }
        }
    }

    /// regexp_count (text, pattern, start, flags) and regexp_instr (text, pattern, start, number, flags, group).
    private static func counting(_ call: KernelCall) throws(KernelError) -> Column {
        let isCount = call.function == .regexpCount
        let starts: Operand<Int64> = call.has(2) ? try call.long(2) : .constant(1)
        let numbers: Operand<Int64> = !isCount && call.has(3) ? try call.long(3) : .constant(1)
        let groups: Operand<Int64> = !isCount && call.has(5) ? try call.long(5) : .constant(0)
        var patterns = try PatternOperand(call, flagsAt: isCount ? 3 : 4)
        let text = try call.text(0)
        var matches = RegexMatches(for: call.context.supervisor)
        let column = try call.rows.fixed(.long) { row throws(KernelError) -> Int64? in
            try check(starts[row], from: 1, "positions are counted from one", "position")
            try check(numbers[row], from: 1, "matches are counted from one", "number")
            try check(groups[row], from: 0, "groups are counted from one, 0 is the whole match", "group")
            let (expression, _) = try patterns.expression(at: row)
            return try text.withBytes(at: row) { bytes throws(KernelError) -> Int64 in
                matches.start(from: UTF8Text.offset(of: Int(starts[row] - 1), in: bytes))
                var count: Int64 = 0
                while let whole = try matches.next(expression, in: bytes) {
                    count += 1
                    guard !isCount, count == numbers[row] else { continue }
                    let group = Int(clamping: groups[row])
                    guard let part = group == 0 ? whole : matches.match[group] else { return 0 }
                    return Int64(UTF8Text.length(bytes.extracting(0..<part.lowerBound))) + 1
                }
                return isCount ? count : 0
            }
        }
        return try column.cast(to: call.result)
    }

    private static func check(
        _ number: Int64, from first: Int64, _ rule: String, _ name: String
    ) throws(KernelError) {
        guard number >= first else {
            throw KernelError(.invalidArgument, rule, ["found": "\(name) \(number)"])
        }
    }
}
