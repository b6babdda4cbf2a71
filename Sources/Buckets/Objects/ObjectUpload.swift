package import Blobs
import Effects
import Octets

/// Receives one object and gives it its key at the end.
package final class ObjectUpload: BlobUpload {
    let store: BucketStore
    let path: BlobPath
    let key: ObjectKey
    let stage: ObjectStage
    /// What the bytes are encrypted with.
    let piece: PieceInProgress?

    package var encryption: EncryptionKind? { piece?.encryption.kind }

    init(
        store: BucketStore, path: BlobPath, key: ObjectKey, stage: ObjectStage, piece: PieceInProgress?
    ) {
        self.store = store
        self.path = path
        self.key = key
        self.stage = stage
        self.piece = piece
    }

    package func append(_ bytes: [UInt8]) async throws { try await stage.append(bytes) }

    package func complete(if condition: PutCondition) async throws -> BlobInfo {
        try await complete(if: condition, metadata: ObjectMetadata())
    }

    /// Durable and visible on return. After an error nothing of the object is left.
    package func complete(if condition: PutCondition, metadata: ObjectMetadata) async throws -> BlobInfo {
        let now = store.effects.clock.now
        // Like the etag of a multipart upload: clients know that it is no MD5. With a customer's key they know it anyway,
        // and S3's has this form.
        let isSecret = encryption == .customer
        let opaque = Hex.encode(store.effects.randomness.bytes(16)) + (isSecret ? "" : "-1")
        let (bucket, key, piece) = (path.bucket, key, piece)
        @Sendable func record(_ staged: ObjectStage.Staged) -> StoreRecord {
            let facts = ObjectFacts(
                size: staged.size, checksum: staged.checksum,
                etag: staged.md5.map { Hex.encode($0) } ?? opaque,
                modified: now, metadata: metadata,
                encryption: piece?.ended(plainSize: staged.plainSize))
            return .put(bucket: bucket, key: key, entry: ObjectEntry(place: staged.place, facts: facts))
        }
        let staged = try await stage.finish { staged in
            guard case .file(let id) = staged.place else { return [] }
            return ObjectFooter.bytes(record(staged), id: id)
        }
        let change = StoreChange(record(staged), inline: staged.inline)
        let path = path
        let done = try await store.journal.change(bytes: 256 + (staged.inline?.count ?? 0), stage: stage) {
            index in
            try condition.check(index.entry(path)?.facts.etag, path)
            try index.checkUnlocked(path, now: now)
            return change
        }
        guard case .put(_, _, let entry)? = done else { preconditionFailure("a put answers its record") }
        return entry.facts.info
    }

    package func abort() async { await stage.discard() }
}
