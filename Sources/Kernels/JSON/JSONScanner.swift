import Columnar
import JSONText

/// Finds values inside JSON text without building a tree: it only counts brackets and skips strings.
///
/// - Errors: nil for text that is not JSON as far as it had to look.
enum JSONScanner {
    /// A step into a value: a member's name, or an element's index from zero, from the end when negative.
    enum Step {
        case name([UInt8])
        case index(Int)
    }

    /// The bytes of the value at `path`, without spaces around.
    static func find(
        _ path: [Step], in text: Span<UInt8>, _ watch: inout StepWatch
    ) throws(KernelError) -> Range<Int>? {
        var position = skipSpace(text, 0)
        for step in path {
            guard position < text.count else { return nil }
            switch step {
            case .name(let name):
                guard let next = try member(name, text, position, &watch) else { return nil }
                position = next
            case .index(let index):
                guard let next = try element(index, text, position, &watch) else { return nil }
                position = next
            }
        }
        return value(text, position).map { position..<$0 }
    }

    /// How many members or elements the value has that begins at `position`; nil for other kinds.
    static func childCount(
        _ text: Span<UInt8>, _ position: Int, _ watch: inout StepWatch
    ) throws(KernelError) -> Int? {
        var count = 0
        return try forEachChild(text, position, &watch) { _ in count += 1 } ? count : nil
    }

    /// Calls `body` with each member or element of the value that begins at `position`; false for other kinds, and for
    /// what turns out to be no JSON.
    static func forEachChild(
        _ text: Span<UInt8>, _ position: Int, _ watch: inout StepWatch,
        _ body: (Range<Int>) throws(KernelError) -> Void
    ) throws(KernelError) -> Bool {
        try forEachPart(text, position, &watch) { _, value throws(KernelError) in try body(value) }
    }

    /// Also gives the names of members, with their quotes; an element's is empty.
    static func forEachPart(
        _ text: Span<UInt8>, _ position: Int, _ watch: inout StepWatch,
        _ body: (Range<Int>, Range<Int>) throws(KernelError) -> Void
    ) throws(KernelError) -> Bool {
        guard position < text.count else { return false }
        let isObject = text[position] == UInt8(ascii: "{")
        guard isObject || text[position] == UInt8(ascii: "[") else { return false }
        var position = skipSpace(text, position + 1)
        if position < text.count, text[position] == UInt8(ascii: isObject ? "}" : "]") { return true }
        while true {
            try watch.step()
            var name = position..<position
            if isObject {
                guard let end = string(text, position) else { return false }
                name = position..<end
                position = skipSpace(text, end)
                guard position < text.count, text[position] == UInt8(ascii: ":") else { return false }
                position = skipSpace(text, position + 1)
            }
            guard let end = value(text, position) else { return false }
            try body(name, position..<end)
            position = skipSpace(text, end)
            guard position < text.count else { return false }
            if text[position] == UInt8(ascii: isObject ? "}" : "]") { return true }
            guard text[position] == UInt8(ascii: ",") else { return false }
            position = skipSpace(text, position + 1)
        }
    }

    /// Where the element begins; negative ones count from the end.
    private static func element(
        _ index: Int, _ text: Span<UInt8>, _ start: Int, _ watch: inout StepWatch
    ) throws(KernelError) -> Int? {
        guard text[start] == UInt8(ascii: "[") else { return nil }
        var index = index
        if index < 0 {
            let count = try childCount(text, start, &watch)
            guard let count, count >= index.magnitude else { return nil }
            index += count
        }
        var position = skipSpace(text, start + 1)
        for _ in 0..<index {
            try watch.step()
            guard let end = value(text, position) else { return nil }
            position = skipSpace(text, end)
            guard position < text.count, text[position] == UInt8(ascii: ",") else { return nil }
            position = skipSpace(text, position + 1)
        }
        return position < text.count && text[position] != UInt8(ascii: "]") ? position : nil
    }

    /// Where the value of the named member begins; the first one when the name repeats.
    private static func member(
        _ name: [UInt8], _ text: Span<UInt8>, _ start: Int, _ watch: inout StepWatch
    ) throws(KernelError) -> Int? {
        guard text[start] == UInt8(ascii: "{") else { return nil }
        var position = skipSpace(text, start + 1)
        while let end = string(text, position) {
            try watch.step()
            let isSame = isName(name, text, position + 1..<end - 1)
            position = skipSpace(text, end)
            guard position < text.count, text[position] == UInt8(ascii: ":") else { return nil }
            position = skipSpace(text, position + 1)
            if isSame { return position }
            guard let after = value(text, position) else { return nil }
            position = skipSpace(text, after)
            guard position < text.count, text[position] == UInt8(ascii: ",") else { return nil }
            position = skipSpace(text, position + 1)
        }
        return nil
    }

    private static func isName(_ name: [UInt8], _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        if range.count == name.count {
            var isSame = true
            for index in name.indices where text[range.lowerBound + index] != name[index] { isSame = false }
            if isSame { return true }
        }
        for index in range where text[index] == UInt8(ascii: "\\") {
            return unescaped(text, range.lowerBound - 1..<range.upperBound + 1).map { Array($0.utf8) == name }
                ?? false
        }
        return false
    }

    /// The text of a JSON string, quotes included in `range`.
    static func unescaped(_ text: Span<UInt8>, _ range: Range<Int>) -> String? {
        do throws(JSONError) {
            return try JSONParser.parse([UInt8](copying: text.extracting(range))).string
        } catch {
            // Not a JSON string: the caller answers null for it.
            return nil
        }
    }

    /// Where the value that begins at `position` ends.
    private static func value(_ text: Span<UInt8>, _ position: Int) -> Int? {
        guard position < text.count else { return nil }
        switch text[position] {
        case UInt8(ascii: "\""): return string(text, position)
        case UInt8(ascii: "{"), UInt8(ascii: "["): return nested(text, position)
        default:
            var end = position
            while end < text.count, !isEnd(text[end]) { end += 1 }
            return end > position ? end : nil
        }
    }

    private static func isEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") || byte <= 0x20
            || byte == UInt8(ascii: ":")
    }

    private static func string(_ text: Span<UInt8>, _ start: Int) -> Int? {
        guard start < text.count, text[start] == UInt8(ascii: "\"") else { return nil }
        var position = start + 1
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\\"): position += 2
            case UInt8(ascii: "\""): return position + 1
            default: position += 1
            }
        }
        return nil
    }

    private static func nested(_ text: Span<UInt8>, _ start: Int) -> Int? {
        var depth = 0
        var position = start
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\""):
                guard let end = string(text, position) else { return nil }
                position = end
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return position + 1 }
            default: break
            }
            position += 1
        }
        return nil
    }

    static func skipSpace(_ text: Span<UInt8>, _ start: Int) -> Int {
        var position = start
        while position < text.count, text[position] <= 0x20 { position += 1 }
        return position
    }
}
