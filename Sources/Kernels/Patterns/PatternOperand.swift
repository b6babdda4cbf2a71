import Columnar

/// The pattern argument of a regular-expression function and its flags, compiled when they change.
struct PatternOperand {
    private let patterns: TextOperand
    private let flags: TextOperand?
    private let translate: (String) -> String
    /// By its bytes: Swift's `==` takes two spellings of é for one.
    private var last: (pattern: [UInt8], flags: String, expression: RegularExpression)?

    /// The pattern is the second argument. `translate` makes it one of RE2's.
    init(
        _ call: KernelCall, flagsAt: Int?, translate: @escaping (String) -> String = { $0 }
    ) throws(KernelError) {
        patterns = try call.text(1)
        flags = if let flagsAt, call.has(flagsAt) { try call.text(flagsAt) } else { nil }
        self.translate = translate
    }

    /// The row's expression and its flags.
    mutating func expression(
        at row: Int
    ) throws(KernelError) -> (expression: RegularExpression, flags: String) {
        // A constant pattern is compiled for the first row and kept.
        if let last, patterns.isConstant, flags?.isConstant ?? true { return (last.expression, last.flags) }
        let pattern = patterns.bytes(at: row)
        let letters = flags?.string(at: row) ?? ""
        if let last, last.pattern == pattern, last.flags == letters { return (last.expression, letters) }
        let made = try RegularExpression.compiled(
            translate(String(decoding: pattern, as: UTF8.self)), try Self.options(letters))
        last = (pattern, letters, made)
        return (made, letters)
    }

    /// `i` ignores case, `s` lets `.` match line breaks, `m` lets `^` and `$` match at them; `g` is the caller's.
    private static func options(_ letters: String) throws(KernelError) -> RegularExpression.Flags {
        var flags: RegularExpression.Flags = []
        for letter in letters {
            switch letter {
            case "i": flags.insert(.ignoreCase)
            case "s": flags.insert(.dotAll)
            case "m", "n": flags.insert(.multiline)
            case "g", "c", "U": continue
            default:
                throw KernelError(
                    .invalidPattern, "there is no such flag of regular expressions", ["flag": "'\(letter)'"])
            }
        }
        return flags
    }
}
