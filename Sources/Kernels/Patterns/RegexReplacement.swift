import Columnar

/// regexp_replace: `$1`, `${1}` or `\1` stands for a group, `$name` or `${name}` for one with a name, `$0`, `\0` or `\&` for
/// the whole match, `$$` for a dollar, `\\` for a backslash. A group that is not there is empty.
///
/// Source: DataFusion, whose `$` is that of Rust's regex crate: a name goes on as far as letters, digits and `_` do.
enum RegexReplacement {
    private enum Piece {
        case literal([UInt8])
        case group(Int)
        case named([UInt8])
    }

    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let replacements = try call.text(2)
        let fixed = replacements.isConstant && call.rowCount > 0 ? pieces(replacements.string(at: 0)) : nil
        var patterns = try PatternOperand(call, flagsAt: 3)
        let text = try call.text(0)
        var matches = RegexMatches(for: call.context.supervisor)
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let (expression, flags) = try patterns.expression(at: row)
            let pieces = fixed ?? self.pieces(replacements.string(at: row))
            let isGlobal = flags.utf8.contains(UInt8(ascii: "g"))
            try text.withBytes(at: row) { bytes throws(KernelError) in
                matches.start(from: 0)
                try replace(bytes, expression, &matches, pieces, isGlobal: isGlobal, into: &buffer)
            }
            return true
        }
    }

    private static func replace(
        _ bytes: Span<UInt8>, _ expression: RegularExpression, _ matches: inout RegexMatches,
        _ pieces: [Piece], isGlobal: Bool, into result: inout [UInt8]
    ) throws(KernelError) {
        var copied = 0
        while let whole = try matches.next(expression, in: bytes) {
            try result.grow(by: bytes.extracting(copied..<whole.lowerBound))
            let match = matches.match
            func copy(_ number: Int) throws(KernelError) {
                guard let range = match[number] else { return }
                try result.grow(by: bytes.extracting(range))
            }
            for piece in pieces {
                switch piece {
                case .literal(let text): try result.grow(by: text.span)
                case .group(let number): try copy(number)
                case .named(let name):
                    if let number = expression.group(named: name) { try copy(number) }
                }
            }
            copied = whole.upperBound
            if !isGlobal { break }
        }
        try result.grow(by: bytes.extracting(copied..<bytes.count))
    }

    private static func pieces(_ replacement: String) -> [Piece] {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        func add(_ piece: Piece) {
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            literal = []
            pieces.append(piece)
        }
        var rest = Array(replacement.utf8)[...]
        while let byte = rest.popFirst() {
            switch (byte, rest.first) {
            case (UInt8(ascii: "\\"), UInt8(ascii: "\\")), (UInt8(ascii: "$"), UInt8(ascii: "$")):
                literal.append(byte)
                rest.removeFirst()
            case (UInt8(ascii: "\\"), UInt8(ascii: "&")):
                add(.group(0))
                rest.removeFirst()
            case (UInt8(ascii: "\\"), _):
                let digits = rest.prefix { NumberParsing.digit($0) != nil }
                rest.removeFirst(digits.count)
                if digits.isEmpty { literal.append(byte) } else { add(reference(digits)) }
            case (UInt8(ascii: "$"), UInt8(ascii: "{")):
                guard let close = rest.firstIndex(of: UInt8(ascii: "}")) else { fallthrough }
                add(reference(rest[(rest.startIndex + 1)..<close]))
                rest = rest[(close + 1)...]
            case (UInt8(ascii: "$"), _):
                let name = rest.prefix(while: isNameByte)
                rest.removeFirst(name.count)
                if name.isEmpty { literal.append(byte) } else { add(reference(name)) }
            default: literal.append(byte)
            }
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        return pieces
    }

    private static func reference(_ name: ArraySlice<UInt8>) -> Piece {
        // A number that no group can have stays one: its group is empty, as any other that is not there.
        let isNumber = !name.isEmpty && name.allSatisfy { NumberParsing.digit($0) != nil }
        return isNumber
            ? .group(Int(String(decoding: name, as: UTF8.self)) ?? .max) : .named(Array(name))
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        NumberParsing.digit(byte) != nil || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }
}
