import Columnar

/// Functions that give a changed text.
enum TextChanges {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let text = try call.text(0)
        switch call.function {
        case .lower: return try each(call, text, UTF8Text.appendLowercased)
        case .upper: return try each(call, text, UTF8Text.appendUppercased)
        case .initcap: return try each(call, text, initcap)
        case .reverse: return try each(call, text, reverse)
        case .padStart, .padEnd: return try pad(call, text)
        case .replace: return try replace(call, text)
        case .repeated: return try repeated(call, text)
        case .translate: return try translate(call, text)
        case .overlay: return try overlay(call, text)
        default: throw call.unsupported()
        }
    }

    @inline(__always)
    private static func each(
        _ call: KernelCall, _ text: TextOperand,
        _ body: (Span<UInt8>, inout [UInt8], inout StepWatch) throws(KernelError) -> Void
    ) throws(KernelError) -> Column {
        var watch = StepWatch(call.context.supervisor)
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            try text.withBytes(at: row) { bytes throws(KernelError) in try body(bytes, &buffer, &watch) }
            return true
        }
    }

    /// The characters from the end, the bytes of each as they are.
    private static func reverse(
        _ bytes: Span<UInt8>, to buffer: inout [UInt8], _ watch: inout StepWatch
    ) throws(KernelError) {
        var end = bytes.count
        while end > 0 {
            var start = end - 1
            while start > 0, !UTF8Text.isStart(bytes[start]) { start -= 1 }
            for index in start..<end { buffer.append(bytes[index]) }
            end = start
            try watch.step()
        }
    }

    private static func initcap(
        _ bytes: Span<UInt8>, to buffer: inout [UInt8], _ watch: inout StepWatch
    ) throws(KernelError) {
        var isInside = false
        for character in UTF8Text.string(bytes) {
            try watch.step()
            let isWord = character.isLetter || character.isNumber
            let cased = isInside ? character.lowercased() : character.uppercased()
            buffer.append(contentsOf: isWord ? cased.utf8 : String(character).utf8)
            isInside = isWord
        }
    }

    private static func pad(_ call: KernelCall, _ text: TextOperand) throws(KernelError) -> Column {
        let lengths = try call.long(1)
        let fills: TextOperand? = call.has(2) ? try call.text(2) : nil
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let length = max(0, lengths[row])
            guard length <= RowPlan.textLimit else { throw tooLarge(length) }
            let fill = fills?.bytes(at: row) ?? [UInt8(ascii: " ")]
            try text.withBytes(at: row) { bytes throws(KernelError) in
                let missing = fill.isEmpty ? 0 : max(0, Int(length) - UTF8Text.length(bytes))
                let kept = bytes.extracting(0..<UTF8Text.offset(of: Int(length), in: bytes))
                if call.function == .padStart { try append(missing, of: fill.span, to: &buffer) }
                try buffer.grow(by: kept)
                if call.function == .padEnd { try append(missing, of: fill.span, to: &buffer) }
            }
            return true
        }
    }

    /// So many characters of `fill`, begun again where it ends.
    private static func append(
        _ count: Int, of fill: Span<UInt8>, to buffer: inout [UInt8]
    ) throws(KernelError) {
        guard count > 0 else { return }
        let (times, rest) = count.quotientAndRemainder(dividingBy: UTF8Text.length(fill))
        try buffer.grow(by: fill, times: times)
        try buffer.grow(by: fill.extracting(0..<UTF8Text.offset(of: rest, in: fill)))
    }

    private static func replace(_ call: KernelCall, _ text: TextOperand) throws(KernelError) -> Column {
        let olds = try call.text(1)
        let news = try call.text(2)
        var watch = StepWatch(call.context.supervisor)
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            try text.withBytes(at: row) { bytes throws(KernelError) in
                try olds.withBytes(at: row) { old throws(KernelError) in
                    try news.withBytes(at: row) { new throws(KernelError) in
                        var position = 0
                        while old.count > 0, let found = UTF8Text.find(old, in: bytes, from: position) {
                            try buffer.grow(by: bytes.extracting(position..<found))
                            try buffer.grow(by: new)
                            try watch.step()
                            position = found + old.count
                        }
                        try buffer.grow(by: bytes.extracting(position..<bytes.count))
                    }
                }
            }
            return true
        }
    }

    private static func repeated(_ call: KernelCall, _ text: TextOperand) throws(KernelError) -> Column {
        let counts = try call.long(1)
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let length = Int128(text.strings.views[text.place(of: row)].length) * Int128(max(0, counts[row]))
            guard length <= Int128(RowPlan.textLimit) else { throw tooLarge(Int64(clamping: length)) }
            guard length > 0 else { return true }
            try text.withBytes(at: row) { bytes throws(KernelError) in
                try buffer.grow(by: bytes, times: Int(counts[row]))
            }
            return true
        }
    }

    private static func translate(_ call: KernelCall, _ text: TextOperand) throws(KernelError) -> Column {
        let froms = try call.text(1)
        let tos = try call.text(2)
        var watch = StepWatch(call.context.supervisor)
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let from = Array(froms.string(at: row).unicodeScalars)
            let to = Array(tos.string(at: row).unicodeScalars)
            var result = String.UnicodeScalarView()
            for scalar in text.string(at: row).unicodeScalars {
                try watch.step(1 + from.count)
                guard let index = from.firstIndex(of: scalar) else {
                    result.append(scalar)
                    continue
                }
                if index < to.count { result.append(to[index]) }
            }
            buffer.append(contentsOf: String(result).utf8)
            return true
        }
    }

    private static func overlay(_ call: KernelCall, _ text: TextOperand) throws(KernelError) -> Column {
        let news = try call.text(1)
        let starts = try call.long(2)
        let lengths: Operand<Int64>? = call.has(3) ? try call.long(3) : nil
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            guard starts[row] >= 1 else {
                throw KernelError(
                    .invalidArgument, "positions are counted from one", ["position": starts[row]])
            }
            text.withBytes(at: row) { bytes in
                news.withBytes(at: row) { new in
                    let length = max(0, lengths?[row] ?? Int64(UTF8Text.length(new)))
                    let from = UTF8Text.offset(of: Int(starts[row] - 1), in: bytes)
                    let rest = bytes.extracting(from..<bytes.count)
                    buffer.append(copying: bytes.extracting(0..<from))
                    buffer.append(copying: new)
                    buffer.append(
                        copying: rest.extracting(UTF8Text.offset(of: Int(length), in: rest)..<rest.count))
                }
            }
            return true
        }
    }

    private static func tooLarge(_ bytes: Int64) -> KernelError {
        KernelError(.tooLarge, "a text is too large", ["bytes": bytes, "limit": RowPlan.textLimit])
    }
}
