/// One element of a small XML document: its children, or its text.
///
/// Reads what S3 clients send: elements, attributes (ignored), text, the five entities and character references, comments.
/// No document type definitions, so no entity can grow.
package struct XMLElement: Sendable {
    package var name: String
    package var children: [XMLElement] = []
    package var text = ""

    /// Deeper than any request of S3.
    static let depthLimit = 16

    /// - Errors: `XML-101`.
    package init(parsing bytes: [UInt8]) throws(XMLError) {
        var parser = XMLParser(bytes)
        self = try parser.document()
    }

    fileprivate init(name: String) { self.name = name }

    package func children(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
    package subscript(name: String) -> String? { children.first { $0.name == name }?.text }
}

/// Walks over the bytes once.
private struct XMLParser {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(XMLError) -> XMLElement {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        try skipProlog()
        let root = try element(depth: 0)
        try skipProlog()
        guard position == bytes.count else { throw fault("text follows the document") }
        return root
    }

    private mutating func skipProlog() throws(XMLError) {
        while position < bytes.count {
            if isSpace(bytes[position]) {
                position += 1
            } else if starts("<?") {
                try skip(past: "?>")
            } else if starts("<!--") {
                try skip(past: "-->")
            } else {
                return
            }
        }
    }

    private mutating func element(depth: Int) throws(XMLError) -> XMLElement {
        guard depth < XMLElement.depthLimit else { throw fault("elements are nested too deeply") }
        guard starts("<") else { throw fault("an element should begin") }
        position += 1
        // A prefix of a namespace says nothing here.
        let name = try readName()
        var element = XMLElement(name: name.split(separator: ":").last.map(String.init) ?? name)
        if try skipAttributes() { return element }
        var text: [UInt8] = []
        while true {
            guard position < bytes.count else { throw fault("an element does not end") }
            if starts("</") {
                position += 2
                guard try readName() == name else { throw fault("an element ends with another's name") }
                skipSpaces()
                try expect(">")
                element.text = String(decoding: text, as: UTF8.self)
                return element
            } else if starts("<!--") {
                try skip(past: "-->")
            } else if starts("<![CDATA[") {
                let start = position + 9
                try skip(past: "]]>")
                text += bytes[start..<position - 3]
            } else if starts("<") {
                element.children.append(try self.element(depth: depth + 1))
            } else if bytes[position] == UInt8(ascii: "&") {
                text += try entity()
            } else {
                text.append(bytes[position])
                position += 1
            }
        }
    }

    /// True when the element ends at once.
    private mutating func skipAttributes() throws(XMLError) -> Bool {
        while true {
            skipSpaces()
            if starts("/>") {
                position += 2
                return true
            }
            if starts(">") {
                position += 1
                return false
            }
            _ = try readName()
            skipSpaces()
            try expect("=")
            skipSpaces()
            guard position < bytes.count, [0x22, 0x27].contains(bytes[position]) else {
                throw fault("an attribute has no quoted value")
            }
            let quote = bytes[position]
            guard let end = bytes[(position + 1)...].firstIndex(of: quote) else {
                throw fault("an attribute does not end")
            }
            position = end + 1
        }
    }

    private mutating func entity() throws(XMLError) -> [UInt8] {
        guard let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw fault("an entity does not end")
        }
        let name = String(decoding: bytes[position + 1..<end], as: UTF8.self)
        position = end + 1
        switch name {
        case "amp": return [0x26]
        case "lt": return [0x3C]
        case "gt": return [0x3E]
        case "quot": return [0x22]
        case "apos": return [0x27]
        default: break
        }
        let isHex = name.hasPrefix("#x")
        guard name.hasPrefix("#"), let value = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10),
            let scalar = Unicode.Scalar(value)
        else { throw fault("an unknown entity") }
        return Array(String(scalar).utf8)
    }

    private mutating func readName() throws(XMLError) -> String {
        let start = position
        while position < bytes.count, !isSpace(bytes[position]), !"/>=<&".utf8.contains(bytes[position]) {
            position += 1
        }
        guard position > start else { throw fault("a name should stand here") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func skip(past end: String) throws(XMLError) {
        while position < bytes.count {
            if starts(end) {
                position += end.utf8.count
                return
            }
            position += 1
        }
        throw fault("a comment or declaration does not end")
    }

    private mutating func expect(_ text: String) throws(XMLError) {
        guard starts(text) else { throw fault("'\(text)' should stand here") }
        position += text.utf8.count
    }

    private mutating func skipSpaces() {
        while position < bytes.count, isSpace(bytes[position]) { position += 1 }
    }

    private func starts(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }
    private func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    private func fault(_ summary: String) -> XMLError {
        XMLError(.malformed, summary, ["byte": position])
    }
}
