import Columnar

/// Functions that give a part of a text: its bytes are copied, never changed.
enum TextParts {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        switch call.function {
        case .substring: return try substring(call)
        case .left, .right: return try edge(call)
        case .trim, .trimStart, .trimEnd: return try trim(call)
        case .splitPart, .substringIndex: return try split(call)
        default: throw call.unsupported()
        }
    }

    /// Copies the range of each row that `body` names.
    @inline(__always)
    private static func ranges(
        _ call: KernelCall, _ text: TextOperand, _ body: (Int, Span<UInt8>) throws(KernelError) -> Range<Int>
    ) throws(KernelError) -> Column {
        try call.rows.text(call.result) { row, buffer throws(KernelError) in
            try text.withBytes(at: row) { bytes throws(KernelError) in
                buffer.append(copying: bytes.extracting(try body(row, bytes)))
            }
            return true
        }
    }

    /// Positions before the first character count too: `substring('abc', -1, 4)` is `ab`. Of binary values they count bytes.
    private static func substring(_ call: KernelCall) throws(KernelError) -> Column {
        let text = try call.text(0)
        let starts = try call.long(1)
        let lengths: Operand<Int64>? = call.has(2) ? try call.long(2) : nil
        let isBinary = call.result == .binary
        func offset(of count: Int64, in bytes: Span<UInt8>) -> Int {
            isBinary ? Int(min(count, Int64(bytes.count))) : UTF8Text.offset(of: Int(count), in: bytes)
        }
        return try ranges(call, text) { row, bytes throws(KernelError) in
            var end = Int64.max
            if let length = lengths?[row] {
                guard length >= 0 else {
                    throw KernelError(
                        .invalidArgument, "a negative length of a substring", ["length": length])
                }
                end = Int64(clamping: Int128(starts[row]) + Int128(length))
            }
            let first = max(1, starts[row])
            guard end > first else { return 0..<0 }
            let from = offset(of: first - 1, in: bytes)
            let rest = bytes.extracting(from..<bytes.count)
            let count = end == .max ? rest.count : offset(of: end - first, in: rest)
            return from..<from + count
        }
    }

    private static func edge(_ call: KernelCall) throws(KernelError) -> Column {
        let text = try call.text(0)
        let counts = try call.long(1)
        let isLeft = call.function == .left
        return try ranges(call, text) { row, bytes throws(KernelError) in
            let length = Int64(UTF8Text.length(bytes))
            let wanted = counts[row]
            let kept = wanted >= 0 ? min(wanted, length) : max(0, length &+ max(wanted, -length))
            let split = UTF8Text.offset(of: Int(isLeft ? kept : length - kept), in: bytes)
            return isLeft ? 0..<split : split..<bytes.count
        }
    }

    private static func trim(_ call: KernelCall) throws(KernelError) -> Column {
        let text = try call.text(0)
        let characters: TextOperand? = call.has(1) ? try call.text(1) : nil
        var watch = StepWatch(call.context.supervisor)
        var set = CharacterSet()
        try set.fill([UInt8(ascii: " ")].span, &watch)
        var isFilled = characters == nil
        return try ranges(call, text) { row, bytes throws(KernelError) in
            if let characters, !isFilled || !characters.isConstant {
                try characters.withBytes(at: row) { wanted throws(KernelError) in try set.fill(wanted, &watch)
                }
                isFilled = true
            }
            var start = 0
            var end = bytes.count
            if call.function != .trimEnd {
                while start < end {
                    try watch.step()
                    let next = start + UTF8Text.offset(of: 1, in: bytes.extracting(start..<end))
                    guard set.contains(bytes.extracting(start..<next)) else { break }
                    start = next
                }
            }
            if call.function != .trimStart {
                while end > start {
                    try watch.step()
                    var first = end - 1
                    while first > start, !UTF8Text.isStart(bytes[first]) { first -= 1 }
                    guard set.contains(bytes.extracting(first..<end)) else { break }
                    end = first
                }
            }
            return start..<end
        }
    }

    private static func split(_ call: KernelCall) throws(KernelError) -> Column {
        let text = try call.text(0)
        let delimiters = try call.text(1)
        let numbers = try call.long(2)
        var watch = StepWatch(call.context.supervisor)
        return try ranges(call, text) { row, bytes throws(KernelError) in
            let number = numbers[row]
            return try delimiters.withBytes(at: row) { delimiter throws(KernelError) in
                if call.function == .substringIndex { return try prefix(bytes, delimiter, number, &watch) }
                guard number != 0 else {
                    throw KernelError(.invalidArgument, "parts are counted from one")
                }
                return try part(bytes, delimiter, number, &watch)
            }
        }
    }

    /// The nth part; empty when there are fewer.
    private static func part(
        _ bytes: Span<UInt8>, _ delimiter: Span<UInt8>, _ number: Int64, _ watch: inout StepWatch
    ) throws(KernelError) -> Range<Int> {
        if delimiter.count == 0 { return number == 1 || number == -1 ? 0..<bytes.count : 0..<0 }
        let wanted = number > 0 ? number : try count(delimiter, in: bytes, &watch) &+ 2 &+ number
        guard wanted >= 1, let start = try end(of: wanted - 1, delimiter, in: bytes, &watch) else {
            return 0..<0
        }
        return start..<(UTF8Text.find(delimiter, in: bytes, from: start) ?? bytes.count)
    }

    /// Everything before the nth delimiter; behind the nth from the end when negative.
    private static func prefix(
        _ bytes: Span<UInt8>, _ delimiter: Span<UInt8>, _ number: Int64, _ watch: inout StepWatch
    ) throws(KernelError) -> Range<Int> {
        if delimiter.count == 0 || number == 0 { return 0..<0 }
        let wanted = number > 0 ? number : try count(delimiter, in: bytes, &watch) &+ 1 &+ number
        guard wanted >= 1, let end = try end(of: wanted, delimiter, in: bytes, &watch) else {
            return 0..<bytes.count
        }
        return number > 0 ? 0..<end - delimiter.count : end..<bytes.count
    }

    private static func count(
        _ delimiter: Span<UInt8>, in bytes: Span<UInt8>, _ watch: inout StepWatch
    ) throws(KernelError) -> Int64 {
        var count: Int64 = 0
        var position = 0
        while let found = UTF8Text.find(delimiter, in: bytes, from: position) {
            try watch.step()
            count += 1
            position = found + delimiter.count
        }
        return count
    }

    /// The byte behind the nth delimiter, the beginning for the 0th; nil when there are fewer.
    private static func end(
        of number: Int64, _ delimiter: Span<UInt8>, in bytes: Span<UInt8>, _ watch: inout StepWatch
    ) throws(KernelError) -> Int? {
        var position = 0
        var left = number
        while left > 0 {
            try watch.step()
            guard let found = UTF8Text.find(delimiter, in: bytes, from: position) else { return nil }
            position = found + delimiter.count
            left -= 1
        }
        return position
    }
}
