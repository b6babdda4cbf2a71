import Faults
import Octets
import S3Client
import XMLText

/// An answer of an external store in XML, with the keys and names that the client knows.
struct ForwardedDocument {
    /// A page of a thousand of the longest keys, escaped.
    static let byteLimit = 8 << 20

    private(set) var root: XMLElement
    private let bucket: String
    private let base: [UInt8]
    private let isEncoded: Bool

    /// Elements that hold a key, or what stands in front of keys.
    private static let keys: Set<String> = [
        "Key", "Prefix", "Marker", "NextMarker", "StartAfter", "KeyMarker", "NextKeyMarker",
    ]

    /// - Errors: `S3-302` for what is no XML.
    init(_ bytes: [UInt8], of bucket: String, _ passage: S3Passage) throws(S3Error) {
        self.bucket = bucket
        base = Array(passage.prefix(ofBucket: bucket).utf8)
        do throws(XMLError) { root = try XMLElement(parsing: bytes) } catch {
            throw S3Error(.storeRefused, "the store behind answers no XML", ["reason": error.message])
        }
        isEncoded = root["EncodingType"] == "url"
        root = rewritten(root, isTop: true)
    }

    private func rewritten(_ element: XMLElement, isTop: Bool) -> XMLElement {
        var element = element
        if element.children.isEmpty {
            if Self.keys.contains(element.name) { element.text = stripped(element.text) }
            if element.name == "Bucket" || element.name == "Name" { element.text = bucket }
        } else {
            element.children = element.children.map { rewritten($0, isTop: false) }
            if element.name == "CompleteMultipartUploadResult", let key = element["Key"] {
                for index in element.children.indices where element.children[index].name == "Location" {
                    element.children[index].text = "/\(bucket)/\(key)"
                }
            }
        }
        return element
    }

    private func stripped(_ text: String) -> String {
        let plain = isEncoded ? PercentEncoding.decodeBytes(text, plusIsSpace: true) ?? [] : Array(text.utf8)
        guard plain.starts(with: base) else { return text }
        let rest = plain.dropFirst(base.count)
        return isEncoded
            ? PercentEncoding.encode(rest, keepsSlashes: true) : String(decoding: rest, as: UTF8.self)
    }
}

extension XMLWriter {
    /// An element with everything in it.
    mutating func write(_ element: XMLElement, namespace: String? = nil) {
        guard !element.children.isEmpty || namespace != nil else { return text(element.name, element.text) }
        self.element(element.name, namespace: namespace) { xml in
            for child in element.children { xml.write(child) }
        }
    }
}
