package import Columnar

/// Cuts long bounds: what prunes is in the first characters, and manifests hold bounds of every file.
package enum BoundTruncation {
    /// Characters of strings, bytes of binaries: what other writers take by default.
    package static let width = 16

    /// At most the least value.
    package static func lower(_ value: Scalar) -> Scalar {
        switch value {
        case .string(let text): .string(prefix(of: text))
        case .bytes(let bytes): .bytes(Array(bytes.prefix(width)))
        default: value
        }
    }

    /// At least the greatest value; nil when no short value is.
    package static func upper(_ value: Scalar) -> Scalar? {
        switch value {
        case .string(let text):
            let short = prefix(of: text)
            return short.utf8.count == text.utf8.count ? value : increased(short).map { .string($0) }
        case .bytes(let bytes):
            if bytes.count <= width { return value }
            var short = Array(bytes.prefix(width))
            while let last = short.popLast() {
                if last < 0xFF { return .bytes(short + [last + 1]) }
            }
            return nil
        default: return value
        }
    }

    private static func prefix(of text: String) -> String {
        if text.utf8.count <= width { return text }
        var short = String.UnicodeScalarView()
        short.append(contentsOf: text.unicodeScalars.prefix(width))
        return String(short)
    }

    /// The least string of this length that sorts after everything that starts with `text`.
    private static func increased(_ text: String) -> String? {
        var scalars = Array(text.unicodeScalars)
        while let last = scalars.popLast() {
            guard last.value < 0x10FFFF else { continue }
            // Surrogates are no characters.
            let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
            guard let scalar = Unicode.Scalar(next) else { continue }
            scalars.append(scalar)
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            return String(view)
        }
        return nil
    }
}
