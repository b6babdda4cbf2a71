import Blobs
import Effects
import Octets
import Signing

/// Keys of objects: a customer's is checked against what is kept of it, one of the store's is unwrapped.
extension BucketStore {
    /// What a new object is encrypted with; nil for none.
    ///
    /// - Errors: `BLB-102`, `BKT-117`.
    func startEncryption(_ wanted: WriteEncryption, of path: BlobPath) throws -> OpenedEncryption? {
        switch wanted {
        case .ofBucket:
            guard try journal.index.bucket(path.bucket).settings.encryptsObjects else { return nil }
            return try startEncryption(.store, of: path)
        case .customer(let key):
            let salt = newSalt()
            let check = ObjectEncryption.check(key, salt: salt)
            return OpenedEncryption(
                encryption: ObjectEncryption(key: .customer(check: check), salt: salt, pieces: []),
                key: key.bytes)
        case .store:
            let key = effects.randomness.bytes(AESGCM.keyBytes)
            let wrapped = try needKeyFile().seal(
                key, context: Self.wrapContext(path), randomness: effects.randomness)
            return OpenedEncryption(
                encryption: ObjectEncryption(key: .store(wrapped: wrapped), salt: newSalt(), pieces: []),
                key: key)
        }
    }

    /// The key that opens an object, or nil for one that is not encrypted.
    ///
    /// - Errors: `BKT-113`, `BKT-114`, `BKT-115`, `BKT-117`; `SIG-202` under another key file.
    func openEncryption(
        _ encryption: ObjectEncryption?, with key: CustomerKey?, of path: BlobPath
    ) throws -> OpenedEncryption? {
        try checkKey(encryption, key, path)
        guard let encryption else { return nil }
        switch encryption.key {
        case .customer:
            guard let key else { preconditionFailure("a customer's key was just found to be there") }
            return OpenedEncryption(encryption: encryption, key: key.bytes)
        case .store(let wrapped):
            let key = try needKeyFile().open(wrapped, context: Self.wrapContext(path))
            return OpenedEncryption(encryption: encryption, key: key)
        }
    }

    /// Whether the request brings the key that the object needs, and none that it does not.
    ///
    /// - Errors: `BKT-113`, `BKT-114`, `BKT-115`.
    func checkKey(_ encryption: ObjectEncryption?, _ key: CustomerKey?, _ path: BlobPath) throws(BucketsError)
    {
        guard case .customer(let check)? = encryption?.key else {
            guard key == nil else {
                throw BucketsError(
                    .keyUnwanted, "the object is not encrypted with a customer's key", ["path": path])
            }
            return
        }
        guard let key, let encryption else {
            throw BucketsError(
                .keyMissing,
                "the object is encrypted with a customer's key, which must come with the request",
                ["path": path])
        }
        guard ConstantTime.equal(ObjectEncryption.check(key, salt: encryption.salt), check) else {
            throw BucketsError(.keyWrong, "the object is encrypted with another key", ["path": path])
        }
    }

    func newSalt() -> [UInt8] { effects.randomness.bytes(ObjectEncryption.saltBytes) }

    private func needKeyFile() throws(BucketsError) -> KeyFile {
        guard let keyFile else {
            throw BucketsError(.keyFileMissing, "the store has no key file to keep keys of objects with")
        }
        return keyFile
    }

    /// A wrapped key that was put into another object's entry does not open.
    private static func wrapContext(_ path: BlobPath) -> String { "key of object \(path.uri)" }
}

extension OpenedEncryption {
    /// One piece that is about to be written.
    func start(_ number: Int, salt: [UInt8], at path: BlobPath) -> PieceInProgress {
        let piece = ObjectEncryption.Piece(number: number, size: 0, salt: salt)
        return PieceInProgress(
            encryption: encryption, piece: piece,
            encryptor: PieceEncryptor(cipher(of: piece, at: path)))
    }
}

/// A piece whose bytes are still coming.
struct PieceInProgress: Sendable {
    let encryption: ObjectEncryption
    let piece: ObjectEncryption.Piece
    let encryptor: PieceEncryptor

    /// What is kept when the bytes are there.
    func ended(plainSize: Int64) -> ObjectEncryption {
        var piece = piece
        piece.size = plainSize
        return encryption.with([piece])
    }
}
