import Columnar
import JSONText

/// Finds values inside JSON text without building a tree: it only counts brackets and skips strings.
///
/// - Errors: nil for text that is not JSON as far as it had to look.
enum JSONScanner {
    /// A step into a value: a member's name, or an element's index from zero.
    enum Step {
        case name([UInt8])
        case index(Int)
    }

    /// The bytes of the value at `path`, without spaces around.
    static func find(_ path: [Step], in text: Span<UInt8>) -> Range<Int>? {
        var position = skipSpace(text, 0)
        for step in path {
            guard position < text.count else { return nil }
            switch step {
            case .name(let name):
                guard let next = member(name, text, position) else { return nil }
                position = next
            case .index(let index):
                guard let next = element(index, text, position) else { return nil }
                position = next
            }
        }
        return value(text, position).map { position..<$0 }
    }

    /// Members or elements of the value that begins at `position`; nil for other kinds.
    static func children(_ text: Span<UInt8>, _ position: Int) -> [Range<Int>]? {
        parts(text, position)?.map(\.value)
    }

    /// Members of the object that begins at `position`, names with their quotes; nil for other kinds.
    static func members(_ text: Span<UInt8>, _ position: Int) -> [(name: Range<Int>, value: Range<Int>)]? {
        guard position < text.count, text[position] == UInt8(ascii: "{") else { return nil }
        return parts(text, position)
    }

    /// An element has no name.
    private static func parts(
        _ text: Span<UInt8>, _ position: Int
    ) -> [(name: Range<Int>, value: Range<Int>)]? {
        guard position < text.count else { return nil }
        let isObject = text[position] == UInt8(ascii: "{")
        guard isObject || text[position] == UInt8(ascii: "[") else { return nil }
        var found: [(name: Range<Int>, value: Range<Int>)] = []
        var position = skipSpace(text, position + 1)
        if position < text.count, text[position] == UInt8(ascii: isObject ? "}" : "]") { return [] }
        while true {
            var name = position..<position
            if isObject {
                guard let end = string(text, position) else { return nil }
                name = position..<end
                position = skipSpace(text, end)
                guard position < text.count, text[position] == UInt8(ascii: ":") else { return nil }
                position = skipSpace(text, position + 1)
            }
            guard let end = value(text, position) else { return nil }
            found.append((name, position..<end))
            position = skipSpace(text, end)
            guard position < text.count else { return nil }
            if text[position] == UInt8(ascii: isObject ? "}" : "]") { return found }
            guard text[position] == UInt8(ascii: ",") else { return nil }
            position = skipSpace(text, position + 1)
        }
    }

    private static func element(_ index: Int, _ text: Span<UInt8>, _ start: Int) -> Int? {
        guard text[start] == UInt8(ascii: "["), index >= 0 else { return nil }
        var position = skipSpace(text, start + 1)
        for _ in 0..<index {
            guard let end = value(text, position) else { return nil }
            position = skipSpace(text, end)
            guard position < text.count, text[position] == UInt8(ascii: ",") else { return nil }
            position = skipSpace(text, position + 1)
        }
        return position < text.count && text[position] != UInt8(ascii: "]") ? position : nil
    }

    /// Where the value of the named member begins; the first one when the name repeats.
    private static func member(_ name: [UInt8], _ text: Span<UInt8>, _ start: Int) -> Int? {
        guard text[start] == UInt8(ascii: "{") else { return nil }
        var position = skipSpace(text, start + 1)
        while let end = string(text, position) {
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
