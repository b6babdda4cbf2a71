/// Writes an XML document, element by element.
struct XMLWriter {
    private var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

    var document: [UInt8] { Array(text.utf8) }

    /// The namespace of all S3 answers but errors.
    static let s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    mutating func element(
        _ name: String, namespace: String? = nil, _ body: (inout XMLWriter) throws -> Void
    ) rethrows {
        text += namespace.map { "<\(name) xmlns=\"\($0)\">" } ?? "<\(name)>"
        try body(&self)
        text += "</\(name)>"
    }

    mutating func text(_ name: String, _ value: String) {
        text += "<\(name)>"
        content(value)
        text += "</\(name)>"
    }

    mutating func content(_ value: String) {
        guard !value.utf8.allSatisfy(Self.isPlain) else { return text += value }
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "\t", "\n", "\r": text += "&#\(scalar.value);"
            // XML 1.0 has no way to write these; clients that may meet them ask for `encoding-type=url`.
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// ASCII that stands for itself, as almost all of a listing is.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""): false
        default: (0x20..<0x80).contains(byte)
        }
    }
}
