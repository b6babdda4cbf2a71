import Blobs
import Effects

/// What the writer of an object said about it: header names in lower case with their values, in the order given.
package struct ObjectMetadata: Sendable, Hashable {
    package struct Field: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var fields: [Field]

    package init(_ fields: [Field] = []) { self.fields = fields }

    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// Where the bytes of an object or a part are.
enum ObjectPlace: Sendable, Hashable {
    /// In a file of their own, from byte 0.
    case file(UInt64)
    /// In a segment of the journal.
    case journal(segment: UInt64, offset: Int64)
}

/// Everything known of one version of an object but where it is. Shared by all copies of the index.
final class ObjectFacts: Sendable {
    /// Of the bytes on the disk, which are more than the object's when it is encrypted.
    let size: Int64
    /// CRC-32C of the bytes on the disk.
    let checksum: UInt32
    let etag: String
    let modified: Instant
    let metadata: ObjectMetadata
    let encryption: ObjectEncryption?

    init(
        size: Int64, checksum: UInt32, etag: String, modified: Instant, metadata: ObjectMetadata,
        encryption: ObjectEncryption? = nil
    ) {
        self.size = size
        self.checksum = checksum
        self.etag = etag
        self.modified = modified
        self.metadata = metadata
        self.encryption = encryption
    }

    /// Of the object, as everybody but the disk sees it.
    var plainSize: Int64 { encryption?.plainSize ?? size }
    var info: BlobInfo { BlobInfo(size: plainSize, etag: etag, modified: modified) }
}

/// One object in the index.
struct ObjectEntry: Sendable {
    var place: ObjectPlace
    var facts: ObjectFacts
}
