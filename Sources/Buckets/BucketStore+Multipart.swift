package import Blobs
package import Effects
import Octets
import Scheduling
import Signing
import Telemetry

/// One part of an unfinished upload, as listed.
package struct PartInfo: Sendable, Hashable {
    package var number: Int
    package var info: BlobInfo
    /// Checksums the part was checked with.
    package var metadata: ObjectMetadata
}

/// One unfinished upload, as listed.
package struct UploadInfo: Sendable, Hashable {
    package var id: String
    package var key: String
    package var started: Instant
}

extension BucketStore {
    /// How many uploads are neither completed nor aborted, and what their parts hold.
    package var unfinished: (uploads: Int, bytes: Int64)? {
        let index = journal.index
        return (index.uploads.count, index.partBytes)
    }

    /// Begins an object that comes in numbered parts, in any order. Answers the upload's id.
    package func startMultipart(
        _ path: BlobPath, metadata: ObjectMetadata, encryption wanted: WriteEncryption = .ofBucket
    ) async throws -> String {
        let key = try ObjectKey(checking: path.key)
        let upload = MultipartUpload(
            bucket: path.bucket, key: key, started: effects.clock.now, metadata: metadata,
            encryption: try startEncryption(wanted, of: path)?.encryption)
        try await abortExpiredUploads()
        let id = Hex.encode(effects.randomness.bytes(16))
        _ = try await journal.change { [limits] index in
            _ = try index.bucket(upload.bucket)
            try limits.check(uploads: index.uploads.count + 1)
            return StoreChange(.startUpload(id: id, upload))
        }
        return id
    }

    /// Aborts uploads that nobody completed in time. Called when another begins and at every start, so forgotten parts
    /// do not pile up, and no timer is needed.
    package func abortExpiredUploads() async throws {
        let limit = effects.clock.now.microseconds - limits.uploadSeconds * 1_000_000
        let isExpired = { @Sendable (upload: MultipartUpload) in
            upload.started.microseconds < limit && !upload.isSealed
        }
        for id in journal.index.uploads.filter({ isExpired($0.value) }).keys {
            _ = try await journal.change { index in
                index.uploads[id].map(isExpired) == true ? StoreChange(.abortUpload(id: id)) : nil
            }
        }
    }

    /// Receives one part; a second one of the same number replaces the first.
    ///
    /// - Errors: `BKT-103`, `BKT-104` for a number outside 1…10,000; `BKT-116` for a key other than the upload's.
    package func startPart(
        _ path: BlobPath, upload id: String, number: Int, key: CustomerKey? = nil
    ) throws -> PartUpload {
        guard limits.partNumbers.contains(number) else {
            throw BucketsError(.partInvalid, "a part has a number between 1 and 10,000", ["number": number])
        }
        let index = journal.index
        let encryption = try index.upload(id, of: path).encryption
        // Early, before the bytes come; the part's own size is checked when it is known.
        try limits.check(parts: index.partCount, bytes: index.partBytes)
        // Parts are large as a rule, and are copied once when the upload completes: never in the journal.
        let piece = try partKey(encryption, key, path)?.start(
            number, salt: newSalt(), at: path)
        let stage = ObjectStage(
            dataFiles: dataFiles, effects: effects, inlineBytes: -1,
            hashesMD5: encryption?.kind != .customer, encryptor: piece?.encryptor)
        return PartUpload(
            store: self, path: path, upload: id, number: number, stage: stage, piece: piece)
    }

    /// What S3 answers where a part's key is not the upload's is another thing than where an object's is not.
    private func partKey(
        _ encryption: ObjectEncryption?, _ key: CustomerKey?, _ path: BlobPath
    ) throws -> OpenedEncryption? {
        do {
            return try openEncryption(encryption, with: key, of: path)
        } catch let error as BucketsError where [.keyMissing, .keyWrong, .keyUnwanted].contains(error.code) {
            throw BucketsError(
                .partKeyWrong, "a part is encrypted as its upload was begun, with the same key",
                ["path": path])
        }
    }

    /// Whose key the upload's parts are encrypted with. - Errors: `BKT-103`.
    package func uploadEncryption(_ path: BlobPath, upload id: String) throws -> EncryptionKind? {
        try journal.index.upload(id, of: path).encryption?.kind
    }

    /// In order of their numbers. - Errors: `BKT-103`.
    package func listParts(
        _ path: BlobPath, upload id: String
    ) throws -> (parts: [PartInfo], metadata: ObjectMetadata) {
        let upload = try journal.index.upload(id, of: path)
        let parts = upload.parts.sorted { $0.key < $1.key }
            .map { PartInfo(number: $0.key, info: $0.value.facts.info, metadata: $0.value.facts.metadata) }
        return (parts, upload.metadata)
    }

    /// What was said of the object when the upload began. - Errors: `BKT-103`.
    package func uploadMetadata(_ path: BlobPath, upload id: String) throws -> ObjectMetadata {
        try journal.index.upload(id, of: path).metadata
    }

    /// By key, then by age.
    package func listUploads(bucket: String, prefix: String) throws -> [UploadInfo] {
        let index = journal.index
        _ = try index.bucket(bucket)
        let prefix = ObjectKey(prefix)
        return index.uploads
            .filter { $0.value.bucket == bucket && $0.value.key.hasPrefix(prefix) && !$0.value.isSealed }
            .sorted { ($0.value.key, $0.value.started, $0.key) < ($1.value.key, $1.value.started, $1.key) }
            .map { UploadInfo(id: $0.key, key: $0.value.key.text, started: $0.value.started) }
    }

    /// - Errors: `BKT-103`.
    package func abortMultipart(_ path: BlobPath, upload id: String) async throws {
        _ = try await journal.change { index in
            _ = try index.upload(id, of: path)
            return StoreChange(.abortUpload(id: id))
        }
    }

    /// Makes one object of the named parts, in ascending order of their numbers; other parts are dropped.
    ///
    /// - Errors: `BKT-103`, `BKT-104`, `BKT-105`, `BLB-103`.
    /// - Cost: copies the parts into one file, so that readers find the object's bytes from byte 0 of it.
    package func completeMultipart(
        _ path: BlobPath, upload id: String, parts wanted: [(number: Int, etag: String)],
        if condition: PutCondition, key: CustomerKey? = nil,
        observing observe: (@Sendable ([UInt8]) -> Void)? = nil,
        metadata extra: @Sendable () throws -> ObjectMetadata = { ObjectMetadata() }
    ) async throws -> (info: BlobInfo, metadata: ObjectMetadata, encryption: EncryptionKind?) {
        let index = journal.index
        let upload = try index.upload(id, of: path)
        try condition.check(index.entry(path)?.facts.etag, path)
        let parts = try chosenParts(upload, wanted)
        let decryptor = try completionDecryptor(upload, key, path, isObserved: observe != nil)
        var joined: [UInt8] = []
        for part in parts { joined += Hex.decode(part.facts.etag) ?? [] }
        let etag = Hex.encode(MD5.hash(joined)) + "-\(parts.count)"
        let stage = ObjectStage(dataFiles: dataFiles, effects: effects, inlineBytes: -1, hashesMD5: false)
        let added: ObjectMetadata
        do {
            try await copy(parts, of: path, into: stage) { part in
                observe.map { PartObserver(part, decryptor, of: path, $0) }
            }
            added = try extra()
        } catch {
            await stage.discard()
            throw error
        }
        let now = effects.clock.now
        let metadata = ObjectMetadata(upload.metadata.fields + added.fields)
        @Sendable func entry(_ staged: ObjectStage.Staged) -> ObjectEntry {
            let facts = ObjectFacts(
                size: staged.size, checksum: staged.checksum, etag: etag, modified: now, metadata: metadata,
                encryption: upload.encryption?.with(parts.flatMap { $0.facts.encryption?.pieces ?? [] }))
            return ObjectEntry(place: staged.place, facts: facts)
        }
        let staged = try await stage.finish { staged in
            guard case .file(let file) = staged.place else { return [] }
            let record = StoreRecord.put(bucket: upload.bucket, key: upload.key, entry: entry(staged))
            return ObjectFooter.bytes(record, id: file)
        }
        _ = try await journal.change(stage: stage) { index in
            let present = try index.upload(id, of: path)
            let isUnchanged = wanted.allSatisfy {
                present.parts[$0.number]?.place == upload.parts[$0.number]?.place
            }
            guard isUnchanged else {
                throw BucketsError(.partInvalid, "a part was replaced meanwhile", ["upload": id])
            }
            try condition.check(index.entry(path)?.facts.etag, path)
            try index.checkUnlocked(path, now: now)
            return StoreChange(.completeUpload(id: id, entry: entry(staged)))
        }
        return (entry(staged).facts.info, metadata, upload.encryption?.kind)
    }

    /// What opens the parts, where somebody must see their plain bytes. A customer's key that comes must be the upload's, and
    /// only for a checksum over all bytes must it come.
    private func completionDecryptor(
        _ upload: MultipartUpload, _ key: CustomerKey?, _ path: BlobPath, isObserved: Bool
    ) throws -> OpenedEncryption? {
        guard isObserved || key != nil else { return nil }
        // Without the key a checksum over all bytes cannot be had; another key is the same mistake as for a part.
        return key == nil
            ? try openEncryption(upload.encryption, with: nil, of: path)
            : try partKey(upload.encryption, key, path)
    }

    private func chosenParts(
        _ upload: MultipartUpload, _ wanted: [(number: Int, etag: String)]
    ) throws(BucketsError) -> [ObjectEntry] {
        guard !wanted.isEmpty else { throw BucketsError(.partInvalid, "no parts are named") }
        for (earlier, later) in zip(wanted, wanted.dropFirst()) where earlier.number >= later.number {
            throw BucketsError(
                .partOrderInvalid, "the parts are not in ascending order", ["number": later.number])
        }
        var chosen: [ObjectEntry] = []
        for (position, part) in wanted.enumerated() {
            guard let entry = upload.parts[part.number], entry.facts.etag == part.etag else {
                throw BucketsError(
                    .partInvalid, "there is no part of this number and etag",
                    ["number": part.number, "etag": part.etag])
            }
            guard position == wanted.count - 1 || entry.facts.plainSize >= limits.partBytes else {
                throw BucketsError(
                    .partTooSmall, "a part that is not the last is too small",
                    ["number": part.number, "bytes": entry.facts.plainSize, "least": limits.partBytes])
            }
            chosen.append(entry)
        }
        return chosen
    }

    private func copy(
        _ parts: [ObjectEntry], of path: BlobPath, into stage: ObjectStage,
        _ observed: (ObjectEntry) -> PartObserver?
    ) async throws {
        for part in parts {
            let observer = observed(part)
            guard let (file, base) = try await openFile(part) else {
                throw BlobsError(.corrupt, "the file of a part is missing", ["path": path])
            }
            var checksum: UInt32 = 0
            var offset: Int64 = 0
            while offset < part.facts.size {
                let start = base + offset
                let count = Int(min(PartObserver.blockBytes(of: part), part.facts.size - offset))
                let (seed, begin) = (checksum, offset)
                let bytes: [UInt8]
                (bytes, checksum) = try await effects.ioPool.run {
                    let bytes = try file.readExactly(at: start, count: count)
                    try observer?.take(bytes, at: begin)
                    return (bytes, CRC32C.checksum(bytes.span, seed: seed))
                }
                try await stage.append(bytes)
                offset += Int64(count)
            }
            guard checksum == part.facts.checksum else {
                effects.storeMetrics.corruptReads.add()
                throw BlobsError(.corrupt, "a part's bytes do not match their checksum", ["path": path])
            }
        }
    }
}

/// Receives one part of an upload.
package final class PartUpload: Sendable {
    private let store: BucketStore
    private let path: BlobPath
    private let upload: String
    private let number: Int
    private let stage: ObjectStage
    private let piece: PieceInProgress?

    package var encryption: EncryptionKind? { piece?.encryption.kind }

    init(
        store: BucketStore, path: BlobPath, upload: String, number: Int, stage: ObjectStage,
        piece: PieceInProgress?
    ) {
        self.store = store
        self.path = path
        self.upload = upload
        self.number = number
        self.stage = stage
        self.piece = piece
    }

    package func append(_ bytes: [UInt8]) async throws { try await stage.append(bytes) }

    /// Durable on return; the etag is the MD5 of the part, or random under a customer's key. - Errors: `BKT-103`.
    package func complete(metadata: ObjectMetadata = ObjectMetadata()) async throws -> BlobInfo {
        let now = store.effects.clock.now
        let (upload, number, path, limits, piece) = (upload, number, path, store.limits, piece)
        let opaque = encryption == .customer ? store.effects.randomness.bytes(16) : []
        @Sendable func entry(_ staged: ObjectStage.Staged) -> ObjectEntry {
            let facts = ObjectFacts(
                size: staged.size, checksum: staged.checksum, etag: Hex.encode(staged.md5 ?? opaque),
                modified: now, metadata: metadata,
                encryption: piece?.ended(plainSize: staged.plainSize))
            return ObjectEntry(place: staged.place, facts: facts)
        }
        let staged = try await stage.finish { staged in
            guard case .file(let id) = staged.place else { return [] }
            let record = StoreRecord.putPart(upload: upload, number: number, entry: entry(staged))
            return ObjectFooter.bytes(record, id: id)
        }
        _ = try await store.journal.change(stage: stage) { index in
            let old = try index.upload(upload, of: path).parts[number]
            try limits.check(
                parts: index.partCount + (old == nil ? 1 : 0),
                bytes: index.partBytes + staged.size - (old?.facts.size ?? 0))
            return StoreChange(.putPart(upload: upload, number: number, entry: entry(staged)))
        }
        return entry(staged).facts.info
    }

    package func abort() async { await stage.discard() }
}
