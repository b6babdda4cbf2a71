import Columnar

/// Functions that give a number or a truth value about text.
enum TextMeasures {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let text = try call.text(0)
        switch call.function {
        case .octetLength, .bitLength:
            let factor: Int64 = call.function == .bitLength ? 8 : 1
            return try numbers(call) { row in Int64(text.strings.views[text.place(of: row)].length) * factor }
        case .characterLength:
            return try numbers(call) { row in text.withBytes(at: row) { Int64(UTF8Text.length($0)) } }
        case .ascii:
            return try numbers(call) { row in
                text.withBytes(at: row) { bytes in
                    let first = bytes.extracting(0..<UTF8Text.offset(of: 1, in: bytes))
                    return Int64(UTF8Text.string(first).unicodeScalars.first?.value ?? 0)
                }
            }
        default: break
        }
        let other = try call.text(1)
        switch call.function {
        case .startsWith: return try test(call, text, other) { UTF8Text.matches($1, in: $0, at: 0) }
        case .endsWith:
            return try test(call, text, other) {
                $0.count >= $1.count && UTF8Text.matches($1, in: $0, at: $0.count - $1.count)
            }
        case .contains: return try test(call, text, other) { UTF8Text.find($1, in: $0) != nil }
        case .position:
            return try numbers(call) { row in
                text.withBytes(at: row) { bytes in
                    other.withBytes(at: row) { needle in
                        guard let found = UTF8Text.find(needle, in: bytes) else { return 0 }
                        return Int64(UTF8Text.length(bytes.extracting(0..<found))) + 1
                    }
                }
            }
        case .levenshtein:
            var watch = StepWatch(call.context.supervisor)
            return try numbers(call) { row throws(KernelError) in
                try distance(text.string(at: row), other.string(at: row), &watch)
            }
        case .findInSet:
            var watch = StepWatch(call.context.supervisor)
            return try numbers(call) { row throws(KernelError) in
                try text.withBytes(at: row) { wanted throws(KernelError) in
                    try other.withBytes(at: row) { list throws(KernelError) in
                        try place(of: wanted, in: list, &watch)
                    }
                }
            }
        default: throw call.unsupported()
        }
    }

    @inline(__always)
    private static func numbers(
        _ call: KernelCall, _ body: (Int) throws(KernelError) -> Int64
    ) throws(KernelError) -> Column {
        let column = try call.rows.fixed(.long) { row throws(KernelError) -> Int64? in try body(row) }
        return try column.cast(to: call.result)
    }

    @inline(__always)
    private static func test(
        _ call: KernelCall, _ text: TextOperand, _ other: TextOperand,
        _ body: (Span<UInt8>, Span<UInt8>) -> Bool
    ) throws(KernelError) -> Column {
        try call.rows.truth { row throws(KernelError) in
            text.withBytes(at: row) { bytes in other.withBytes(at: row) { body(bytes, $0) } }
        }
    }

    private static let comma = [UInt8(ascii: ",")]

    /// Which part of a list with commas the text is, from one; 0 for none. An empty list holds one empty text, as in
    /// DataFusion.
    private static func place(
        of wanted: Span<UInt8>, in list: Span<UInt8>, _ watch: inout StepWatch
    ) throws(KernelError) -> Int64 {
        var number: Int64 = 1
        var start = 0
        while let end = UTF8Text.find(comma.span, in: list, from: start) {
            if UTF8Text.isSame(wanted, list.extracting(start..<end)) { return number }
            try watch.step()
            number += 1
            start = end + 1
        }
        return UTF8Text.isSame(wanted, list.extracting(start..<list.count)) ? number : 0
    }

    /// Edits (insert, delete, replace) between two texts, one row of the table at a time.
    private static func distance(
        _ left: String, _ right: String, _ watch: inout StepWatch
    ) throws(KernelError) -> Int64 {
        let first = Array(left.unicodeScalars)
        let second = Array(right.unicodeScalars)
        var costs = Array(0...second.count)
        for (i, character) in first.enumerated() {
            try watch.step(second.count)
            var diagonal = costs[0]
            costs[0] = i + 1
            for j in second.indices {
                let replaced = diagonal + (character == second[j] ? 0 : 1)
                diagonal = costs[j + 1]
                costs[j + 1] = min(replaced, costs[j] + 1, diagonal + 1)
            }
        }
        return Int64(costs[second.count])
    }
}
