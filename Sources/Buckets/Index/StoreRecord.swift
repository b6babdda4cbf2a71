import Blobs
import Effects
import JSONText

/// One change of the index: what the journal holds, and, without bytes, what a checkpoint is made of.
enum StoreRecord: Sendable {
    case createBucket(name: String, at: Instant)
    case deleteBucket(name: String)
    case put(bucket: String, key: ObjectKey, entry: ObjectEntry)
    case delete(bucket: String, key: ObjectKey)
    case startUpload(id: String, MultipartUpload)
    case putPart(upload: String, number: Int, entry: ObjectEntry)
    /// The upload and its parts go, the object comes.
    case completeUpload(id: String, entry: ObjectEntry)
    case abortUpload(id: String)
    /// Several keys of one request, durable together.
    case deleteMany(bucket: String, keys: [ObjectKey])
    /// Nil takes the setting away.
    case configureBucket(name: String, setting: BucketSettings.Name, document: JSONValue?)
}

/// An object that is being put together from parts.
struct MultipartUpload: Sendable {
    var bucket: String
    var key: ObjectKey
    var started: Instant
    var metadata: ObjectMetadata
    /// What its parts are encrypted with.
    var encryption: ObjectEncryption?
    var parts: [Int: ObjectEntry] = [:]
}

/// A record and the bytes of its object, when those shall live in the journal.
struct StoreChange: Sendable {
    var record: StoreRecord
    var inline: [UInt8]?

    init(_ record: StoreRecord, inline: [UInt8]? = nil) {
        self.record = record
        self.inline = inline
    }
}
