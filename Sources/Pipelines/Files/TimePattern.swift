package import Effects

/// The folders of a file sink, made of the time at which events were received: strftime's letters between plain text.
///
///     year=%Y/month=%m/day=%d   →   year=2026/month=01/day=31
///
/// - Source: the letters are those of C's `strftime` that stand for numbers of a UTC time.
package struct TimePattern: Sendable, Equatable {
    private enum Part: Sendable, Equatable {
        case text(String)
        case letter(Character)
    }

    /// As the hosted service has it.
    package static let standard = "year=%Y/month=%m/day=%d"
    private static let letters = "YymdjHMSFs"
    private static let byteLimit = 256
    /// The last second, in the year 2286, whose folders are as long as today's: later `%s` has another digit.
    static let latest = Instant(microseconds: 9_999_999_999_000_000)

    package let text: String
    private let parts: [Part]
    /// Times between two multiples of it since 1970 give one folder.
    package let unitMicroseconds: Int64

    /// Nothing at all means no folders.
    ///
    /// - Errors: `PIP-105` with the place of a letter that is none, or for folders that make no key.
    package init(_ text: String) throws(PipelinesError) {
        guard text.utf8.count <= Self.byteLimit else {
            throw invalid("partitioning.time_pattern", "the pattern has more than \(Self.byteLimit) bytes")
        }
        var parts: [Part] = []
        var plain = ""
        var isLetter = false
        for character in text {
            if isLetter {
                isLetter = false
                if character == "%" {
                    plain.append("%")
                    continue
                }
                guard Self.letters.contains(character) else {
                    throw invalid(
                        "partitioning.time_pattern",
                        "%\(character) is none of the letters %"
                            + Self.letters.map(String.init).joined(separator: " %"))
                }
                if !plain.isEmpty { parts.append(.text(plain)) }
                plain = ""
                parts.append(.letter(character))
            } else if character == "%" {
                isLetter = true
            } else {
                plain.append(character)
            }
        }
        guard !isLetter else { throw invalid("partitioning.time_pattern", "the pattern ends behind a %") }
        if !plain.isEmpty { parts.append(.text(plain)) }
        self.text = text
        self.parts = parts
        let units = parts.map { part -> Int64 in
            guard case .letter(let letter) = part else { return 86_400_000_000 }
            switch letter {
            case "S", "s": return 1_000_000
            case "M": return 60_000_000
            case "H": return 3_600_000_000
            default: return 86_400_000_000
            }
        }
        unitMicroseconds = units.min() ?? 86_400_000_000
        try KeyPath.check(folder(at: Instant(microseconds: 0)), "partitioning.time_pattern")
    }

    /// Without a slash at its end; empty for no folder.
    package func folder(at instant: Instant) -> String {
        let dayMicroseconds: Int64 = 86_400_000_000
        let days = Int(instant.microseconds.floorDivided(by: dayMicroseconds))
        let date = CivilDate(daysSinceEpoch: days)
        let seconds = instant.microseconds.floorDivided(by: 1_000_000)
        let ofDay = seconds - Int64(days) * 86_400
        var folder = ""
        for part in parts {
            switch part {
            case .text(let text): folder += text
            case .letter("Y"): folder += padded(Int64(date.year), 4)
            case .letter("y"): folder += padded(Int64(((date.year % 100) + 100) % 100), 2)
            case .letter("m"): folder += padded(Int64(date.month), 2)
            case .letter("d"): folder += padded(Int64(date.day), 2)
            case .letter("j"):
                let first = CivilDate(year: date.year, month: 1, day: 1).daysSinceEpoch
                folder += padded(Int64(days - first + 1), 3)
            case .letter("H"): folder += padded(ofDay / 3600, 2)
            case .letter("M"): folder += padded(ofDay / 60 % 60, 2)
            case .letter("S"): folder += padded(ofDay % 60, 2)
            case .letter("F"): folder += date.description
            case .letter("s"): folder += String(seconds)
            case .letter(let letter): preconditionFailure("the letter \(letter) was let through")
            }
        }
        return folder
    }

    private func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// What of a key somebody chooses: folders and names that every store and every reader takes as they are.
enum KeyPath {
    /// - Errors: `PIP-105`.
    static func check(_ text: String, _ path: String) throws(PipelinesError) {
        if text.isEmpty { return }
        for segment in text.split(separator: "/", omittingEmptySubsequences: false) {
            guard !segment.isEmpty, segment != ".", segment != ".." else {
                throw invalid(path, "a folder has a name, which is neither . nor ..")
            }
        }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw invalid(path, "a key has no control characters")
        }
        guard text.unicodeScalars.allSatisfy({ !"*?[]{}\\\"".unicodeScalars.contains($0) }) else {
            throw invalid(path, "readers take the characters * ? [ ] { } \\ \" for patterns")
        }
    }
}
