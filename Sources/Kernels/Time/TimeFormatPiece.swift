/// One piece of a strftime pattern.
///
/// Source: chrono's `format::strftime`, which DataFusion writes and reads times by.
enum TimeFormatPiece {
    /// What a number is filled up with: `%-d` with nothing, `%_d` with spaces, `%0d` with zeros.
    enum Padding {
        case none
        case spaces
        case zeros
    }
    case literal(UInt8)
    /// A number of at least so many places.
    case number(letter: UInt8, width: Int, Padding)
    /// A name, a half of the day or a zone.
    case word(letter: UInt8)
    /// `%z`, `%:z`, `%::z`, `%:::z`: the distance from UTC with so many colons.
    case offset(colons: Int)
    /// `%.f`, `%.3f`: the point and so many digits of the second's fraction; 0 for as many as there are.
    case fraction(digits: Int, hasPoint: Bool)

    /// Needs to know where the time is, which a timestamp without a zone does not.
    var needsZone: Bool {
        switch self {
        case .offset: true
        case .word(let letter): letter == UInt8(ascii: "Z")
        default: false
        }
    }

    /// The pieces of a pattern.
    ///
    /// - Errors: `invalidPattern` with the piece that does not exist.
    static func pieces(of pattern: String) throws(KernelError) -> [TimeFormatPiece] {
        var pieces: [TimeFormatPiece] = []
        var rest = Array(pattern.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                pieces.append(.literal(byte))
                continue
            }
            let start = rest
            guard let next = next(&rest) else {
                // A character may have more bytes.
                while let byte = rest.first, byte & 0xC0 == 0x80 { rest.removeFirst() }
                let piece = start.prefix(start.count - rest.count)
                throw KernelError(
                    .invalidPattern, "a time format has no such piece",
                    [
                        "piece": "'%\(String(decoding: piece, as: UTF8.self))'",
                        "format": "'\(pattern.prefix(100))'",
                    ])
            }
            pieces += next
        }
        return pieces
    }

    /// The piece behind a percent sign; nil where there is none like it, then `rest` begins behind what was looked at.
    private static func next(_ rest: inout ArraySlice<UInt8>) -> [TimeFormatPiece]? {
        var padding: Padding?
        switch rest.first {
        case UInt8(ascii: "-"): padding = Padding.none
        case UInt8(ascii: "_"): padding = .spaces
        case UInt8(ascii: "0"): padding = .zeros
        default: break
        }
        if padding != nil { rest.removeFirst() }
        let hasPoint = rest.first == UInt8(ascii: ".")
        if hasPoint { rest.removeFirst() }
        var digits = 0
        if let digit = rest.first.flatMap({ NumberParsing.digit($0) }) {
            digits = digit
            rest.removeFirst()
        }
        var colons = 0
        while colons < 3, rest.first == UInt8(ascii: ":") {
            colons += 1
            rest.removeFirst()
        }
        guard let letter = rest.popFirst() else { return nil }
        let isPlain = !hasPoint && digits == 0 && colons == 0
        if letter == UInt8(ascii: "f"), colons == 0, padding == nil || isPlain {
            return [.fraction(digits: digits == 0 && !hasPoint ? 9 : digits, hasPoint: hasPoint)]
        }
        if let number = numbers[letter], isPlain {
            return [.number(letter: letter, width: number.width, padding ?? number.padding)]
        }
        guard padding == nil, !hasPoint, digits == 0 else { return nil }
        if letter == UInt8(ascii: "z") { return [.offset(colons: colons)] }
        return colons > 0 ? nil : composed(letter)
    }

    private static func composed(_ letter: UInt8) -> [TimeFormatPiece]? {
        let pattern: String
        switch Unicode.Scalar(letter) {
        case "a", "A", "b", "B", "h", "p", "P", "Z": return [.word(letter: letter)]
        case "%": return [.literal(letter)]
        case "n": return [.literal(0x0A)]
        case "t": return [.literal(0x09)]
        case "T", "X": pattern = "H:M:S"
        case "R": pattern = "H:M"
        case "r": pattern = "I:M:S p"
        case "F": pattern = "Y-m-d"
        case "D", "x": pattern = "m/d/y"
        case "v": pattern = "e-b-Y"
        case "c": pattern = "a b e H:M:S Y"
        case "+":
            let date = composed(UInt8(ascii: "F")) ?? []
            let clock = composed(UInt8(ascii: "T")) ?? []
            return date + [.literal(UInt8(ascii: "T"))] + clock
                + [.fraction(digits: 0, hasPoint: true), .offset(colons: 1)]
        default: return nil
        }
        return pattern.utf8.map { byte in
            if let number = numbers[byte] {
                return .number(letter: byte, width: number.width, number.padding)
            }
            let isLetter = (0x61...0x7A).contains(byte | 0x20)
            return isLetter ? .word(letter: byte) : .literal(byte)
        }
    }

    private static let numbers: [UInt8: (width: Int, padding: Padding)] = {
        var numbers: [UInt8: (width: Int, padding: Padding)] = [:]
        for letter in "CydmUWVgHIMS".utf8 { numbers[letter] = (2, .zeros) }
        for letter in "ekl".utf8 { numbers[letter] = (2, .spaces) }
        for letter in "YG".utf8 { numbers[letter] = (4, .zeros) }
        for letter in "quws".utf8 { numbers[letter] = (1, .zeros) }
        numbers[UInt8(ascii: "j")] = (3, .zeros)
        return numbers
    }()
}
