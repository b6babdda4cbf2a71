import Blobs
import Signing

/// What is kept of an object's encryption: which key opens it, and how its bytes are cut. Never a key.
///
/// Part of the index entry, so of the journal, of checkpoints and of the footers of files. Shared by all copies of the index.
final class ObjectEncryption: Sendable {
    enum Key: Sendable, Equatable {
        /// A customer's; kept is a salted HMAC of it, to refuse another one.
        case customer(check: [UInt8])
        /// The object's own, wrapped with the store's.
        case store(wrapped: [UInt8])
    }

    /// What was encrypted in one go: the object, or one of the parts it was made of.
    struct Piece: Sendable, Equatable {
        /// The part's; 1 for an object that came whole.
        var number: Int
        /// Of the plain bytes.
        var size: Int64
        var salt: [UInt8]
    }

    static let saltBytes = 16

    let key: Key
    let salt: [UInt8]
    /// Ascending numbers, in the order of the bytes. None for an upload that waits for its parts.
    let pieces: [Piece]

    init(key: Key, salt: [UInt8], pieces: [Piece]) {
        self.key = key
        self.salt = salt
        self.pieces = pieces
    }

    func with(_ pieces: [Piece]) -> ObjectEncryption {
        ObjectEncryption(key: key, salt: salt, pieces: pieces)
    }

    var kind: EncryptionKind {
        switch key {
        case .customer: .customer
        case .store: .store
        }
    }

    var plainSize: Int64 { pieces.reduce(0) { $0 + $1.size } }
    var storedSize: Int64 { pieces.reduce(0) { $0 + ChunkFormat.storedSize($1.size) } }

    /// What is kept of a customer's key. A guess costs one HMAC, and there are 2^256 keys: nothing is gained by making
    /// it slower.
    static func check(_ key: CustomerKey, salt: [UInt8]) -> [UInt8] {
        HMAC.sha256(key: key.bytes, Array("firn customer key 1".utf8) + salt)
    }
}

/// An object's encryption and the key that opens it.
struct OpenedEncryption: Sendable {
    let encryption: ObjectEncryption
    let key: [UInt8]

    /// The cipher of one piece. Bucket, key and number are part of its key: what was moved elsewhere does not open.
    func cipher(of piece: ObjectEncryption.Piece, at path: BlobPath) -> PieceCipher {
        var context = Array("firn object piece 1".utf8) + encryption.salt + piece.salt
        LittleEndian.append(UInt64(piece.number), to: &context)
        LittleEndian.append(UInt64(path.bucket.utf8.count), to: &context)
        context += Array(path.bucket.utf8) + Array(path.key.utf8)
        return PieceCipher(key: HMAC.sha256(key: key, context))
    }
}
