package import Blobs
import Effects
import Octets

/// Objects whose bytes are durable and which nobody sees yet: uploads of one part that no client can find, list or end.
///
///     seal     file synced → journal: upload, part 1 = the file
///     publish  journal: the upload goes, the object comes, its bytes stay where they are
///
/// - Cost: two changes of the journal to seal, one to publish; no byte is copied.
extension BucketStore {
    package func publish(_ sealed: SealedBlob) async throws -> BlobInfo {
        let now = effects.clock.now
        let done = try await journal.change { index in
            let present = try index.entry(sealed.path)
            guard let part = index.sealedPart(sealed) else {
                guard present?.facts.metadata[MultipartUpload.markName] == sealed.mark else {
                    throw sealed.gone
                }
                return nil
            }
            try PutCondition.ifAbsent.check(present?.facts.etag, sealed.path)
            let facts = ObjectFacts(
                size: part.facts.size, checksum: part.facts.checksum, etag: part.facts.etag, modified: now,
                metadata: part.facts.metadata, encryption: part.facts.encryption)
            return StoreChange(
                .completeUpload(id: sealed.receipt, entry: ObjectEntry(place: part.place, facts: facts)))
        }
        guard case .completeUpload(_, let entry)? = done else { return try await head(sealed.path) }
        return entry.facts.info
    }

    package func discard(_ sealed: SealedBlob) async throws {
        _ = try await journal.change { index in
            index.sealedPart(sealed) == nil ? nil : StoreChange(.abortUpload(id: sealed.receipt))
        }
    }

    package func discardSealed(except receipts: Set<String>) async throws {
        for (id, upload) in journal.index.uploads where upload.isSealed && !receipts.contains(id) {
            _ = try await journal.change { index in
                index.uploads[id] == nil ? nil : StoreChange(.abortUpload(id: id))
            }
        }
    }
}

extension ObjectUpload {
    package func seal() async throws -> SealedBlob {
        let now = store.effects.clock.now
        let id = Hex.encode(store.effects.randomness.bytes(16))
        let (bucket, key, piece) = (path.bucket, key, piece)
        @Sendable func entry(_ staged: ObjectStage.Staged) -> ObjectEntry {
            let facts = ObjectFacts(
                size: staged.size, checksum: staged.checksum, etag: id + "-1", modified: now,
                metadata: ObjectMetadata([ObjectMetadata.Field(MultipartUpload.markName, id)]),
                encryption: piece?.ended(plainSize: staged.plainSize))
            return ObjectEntry(place: staged.place, facts: facts)
        }
        // The footer says what the file shall be: it is asked only where the journal is lost.
        let staged = try await stage.finish(inFile: true) { staged in
            guard case .file(let file) = staged.place else { return [] }
            return ObjectFooter.bytes(.put(bucket: bucket, key: key, entry: entry(staged)), id: file)
        }
        let upload = MultipartUpload(
            bucket: bucket, key: key, started: now, metadata: MultipartUpload.sealedMetadata)
        _ = try await store.journal.change(stage: stage) { index in
            _ = try index.bucket(bucket)
            return StoreChange(.startUpload(id: id, upload))
        }
        _ = try await store.journal.change(stage: stage) { index in
            guard index.uploads[id] != nil else {
                throw BlobsError(.bucketNotFound, "the bucket was deleted meanwhile", ["bucket": bucket])
            }
            return StoreChange(.putPart(upload: id, number: 1, entry: entry(staged)))
        }
        return SealedBlob(path: path, size: staged.plainSize, mark: id, receipt: id)
    }
}

extension MultipartUpload {
    /// A published object says in it which write it came from; the name is the one that external stores keep.
    static let markName = "x-amz-meta-firn-write"
    /// No client can send a header of this name.
    private static let sealedName = ":sealed"
    static let sealedMetadata = ObjectMetadata([ObjectMetadata.Field(sealedName, "")])

    /// Not a client's: it goes neither by age nor by rules, and nobody is shown it.
    var isSealed: Bool { metadata[Self.sealedName] != nil }
}

extension StoreIndex {
    /// Nil when it was published, or let go.
    fileprivate func sealedPart(_ sealed: SealedBlob) -> ObjectEntry? {
        guard let upload = uploads[sealed.receipt], upload.isSealed, upload.bucket == sealed.path.bucket,
            upload.key == ObjectKey(sealed.path.key)
        else { return nil }
        return upload.parts[1]
    }
}
