import Columnar

/// A compiled LIKE pattern: `%` is any text, `_` one character, the escape takes the next one as it is.
///
/// The common shapes (`abc`, `abc%`, `%abc`, `%abc%`) become one comparison or search.
///
/// - Errors: `invalidPattern` when the escape is the pattern's last character.
struct LikePattern {
    private enum Token {
        case literal([UInt8])
        case one
        case many
    }
    private enum Shape {
        case exact([UInt8])
        case prefix([UInt8])
        case suffix([UInt8])
        case contains([UInt8])
        case general([Token])
    }
    private let shape: Shape
    private let ignoresCase: Bool

    init(_ pattern: String, escape: Unicode.Scalar?, ignoresCase: Bool) throws(KernelError) {
        self.ignoresCase = ignoresCase
        var tokens: [Token] = []
        var literal: [UInt8] = []
        func flush() {
            if !literal.isEmpty { tokens.append(.literal(literal)) }
            literal = []
        }
        var scalars = (ignoresCase ? pattern.lowercased() : pattern).unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            if scalar == escape {
                guard let next = scalars.next() else {
                    throw KernelError(
                        .invalidPattern, "a LIKE pattern must not end with its escape character",
                        ["pattern": "'\(pattern)'"])
                }
                literal += Array(String(next).utf8)
            } else if scalar == "%" {
                flush()
                if case .many? = tokens.last { continue }
                tokens.append(.many)
            } else if scalar == "_" {
                flush()
                tokens.append(.one)
            } else {
                literal += Array(String(scalar).utf8)
            }
        }
        flush()
        shape = Self.shape(tokens)
    }

    private static func shape(_ tokens: [Token]) -> Shape {
        switch (tokens.count, tokens.first, tokens.dropFirst().first, tokens.last) {
        case (0, _, _, _): return .exact([])
        case (1, .literal(let text), _, _): return .exact(text)
        case (1, .many, _, _): return .contains([])
        case (2, .literal(let text), .many, _): return .prefix(text)
        case (2, .many, .literal(let text), _): return .suffix(text)
        case (3, .many, .literal(let text), .many): return .contains(text)
        default: return .general(tokens)
        }
    }

    func matches(_ text: Span<UInt8>, _ watch: inout StepWatch) throws(KernelError) -> Bool {
        guard ignoresCase else { return try matchesExactly(text, &watch) }
        var lowered: [UInt8] = []
        try UTF8Text.appendLowercased(text, to: &lowered, &watch)
        return try matchesExactly(lowered.span, &watch)
    }

    private func matchesExactly(
        _ text: Span<UInt8>, _ watch: inout StepWatch
    ) throws(KernelError) -> Bool {
        switch shape {
        case .exact(let wanted): text.count == wanted.count && UTF8Text.matches(wanted.span, in: text, at: 0)
        case .prefix(let wanted): UTF8Text.matches(wanted.span, in: text, at: 0)
        case .suffix(let wanted):
            text.count >= wanted.count
                && UTF8Text.matches(wanted.span, in: text, at: text.count - wanted.count)
        case .contains(let wanted): UTF8Text.find(wanted.span, in: text) != nil
        case .general(let tokens): try Self.walk(tokens, text, &watch)
        }
    }

    /// Greedy with one retry point: after a `%`, a later failure moves that `%` one character on, or to the next place
    /// of the text behind it. An earlier `%` never needs another look, so the cost is at most pattern times text.
    private static func walk(
        _ tokens: [Token], _ text: Span<UInt8>, _ watch: inout StepWatch
    ) throws(KernelError) -> Bool {
        var token = 0
        var position = 0
        var retryToken = -1
        var retryPosition = 0
        while true {
            try watch.step()
            if token == tokens.count, position == text.count { return true }
            var isStep = false
            if token < tokens.count {
                switch tokens[token] {
                case .many:
                    token += 1
                    if token == tokens.count { return true }
                    guard let place = start(tokens, token, in: text, from: position) else { return false }
                    (retryToken, retryPosition, position) = (token, place, place)
                    continue
                case .one where position < text.count:
                    position += UTF8Text.offset(of: 1, in: text.extracting(position..<text.count))
                    isStep = true
                case .literal(let wanted) where UTF8Text.matches(wanted.span, in: text, at: position):
                    position += wanted.count
                    isStep = true
                default: break
                }
            }
            if isStep {
                token += 1
                continue
            }
            guard retryToken >= 0, retryPosition < text.count else { return false }
            let next = retryPosition + UTF8Text.offset(of: 1, in: text.extracting(retryPosition..<text.count))
            guard let place = start(tokens, retryToken, in: text, from: next) else { return false }
            (token, position, retryPosition) = (retryToken, place, place)
        }
    }

    /// Where the token behind a `%` can first begin; nil when its text does not come any more.
    @inline(__always)
    private static func start(
        _ tokens: [Token], _ token: Int, in text: Span<UInt8>, from position: Int
    ) -> Int? {
        guard token < tokens.count, case .literal(let wanted) = tokens[token] else { return position }
        return UTF8Text.find(wanted.span, in: text, from: position)
    }
}
