import Columnar

/// regexp_replace: `\1` or `${1}` stands for a group, `\0` or `\&` for the whole match, `\\` for a backslash.
enum RegexReplacement {
    private enum Piece {
        case literal([UInt8])
        case group(Int)
    }

    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let replacements = try call.text(2)
        let fixed = replacements.isConstant && call.rowCount > 0 ? pieces(replacements.string(at: 0)) : nil
        var patterns = try PatternOperand(call, flagsAt: 3)
        let text = try call.text(0)
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let (expression, flags) = try patterns.expression(at: row)
            let pieces = fixed ?? self.pieces(replacements.string(at: row))
            let isGlobal = flags.contains("g")
            try text.withBytes(at: row) { bytes throws(KernelError) in
                var matches = RegexMatches(from: 0, for: call.context.supervisor)
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
        while let (whole, groups) = try matches.next(expression, in: bytes) {
            try result.grow(by: bytes.extracting(copied..<whole.lowerBound))
            for piece in pieces {
                switch piece {
                case .literal(let text): try result.grow(by: text.span)
                case .group(let number):
                    if number < groups.count, let range = groups[number] {
                        try result.grow(by: bytes.extracting(range))
                    }
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
        func flush() {
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            literal = []
        }
        let bytes = Array(replacement.utf8)
        var index = 0
        while index < bytes.count {
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            if bytes[index] == UInt8(ascii: "\\"), let digit = NumberParsing.digit(next) {
                flush()
                pieces.append(.group(digit))
                index += 2
            } else if bytes[index] == UInt8(ascii: "\\"), next == UInt8(ascii: "&") {
                flush()
                pieces.append(.group(0))
                index += 2
            } else if bytes[index] == UInt8(ascii: "\\"), next == UInt8(ascii: "\\") {
                literal.append(next)
                index += 2
            } else if bytes[index] == UInt8(ascii: "$"), next == UInt8(ascii: "{"),
                let close = bytes[index...].firstIndex(of: UInt8(ascii: "}")),
                let number = Int(String(decoding: bytes[(index + 2)..<close], as: UTF8.self))
            {
                flush()
                pieces.append(.group(number))
                index = close + 1
            } else {
                literal.append(bytes[index])
                index += 1
            }
        }
        flush()
        return pieces
    }
}
