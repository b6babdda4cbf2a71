/// The name of an object as bytes, ordered by them.
///
/// `String` compares canonically: it would make one key of two, and list them in another order than S3.
package struct ObjectKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// As S3 and the hosted product have it.
    package static let byteLimit = 1024

    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }
    package init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

    /// - Errors: `BLB-105` unless the key has between 1 and 1,024 bytes.
    package init(checking text: String) throws(BlobsError) {
        self.init(text)
        guard (1...Self.byteLimit).contains(bytes.count) else {
            throw BlobsError(.invalidName, "a key has between 1 and 1,024 bytes", ["bytes": bytes.count])
        }
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }
    package var description: String { text }

    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        let leftBytes = left.bytes.span
        let rightBytes = right.bytes.span
        let shared = min(leftBytes.count, rightBytes.count)
        var index = 0
        while index < shared {
            if leftBytes[index] != rightBytes[index] { return leftBytes[index] < rightBytes[index] }
            index += 1
        }
        return leftBytes.count < rightBytes.count
    }

    package func hasPrefix(_ prefix: ObjectKey) -> Bool { bytes.starts(with: prefix.bytes) }

    /// The least key greater than this one.
    package var successor: ObjectKey { ObjectKey(bytes: bytes + [0]) }

    /// The least key greater than every key that begins with this one; nil when there is none.
    package var prefixEnd: ObjectKey? {
        guard let last = bytes.lastIndex(where: { $0 != 0xFF }) else { return nil }
        return ObjectKey(bytes: bytes[..<last] + [bytes[last] + 1])
    }
}
