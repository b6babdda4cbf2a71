package import Blobs
import Effects
import Octets
import Scheduling
import Synchronization

extension BucketStore: BlobStore {
    package func head(_ path: BlobPath) async throws -> BlobInfo { try find(path).facts.info }

    package func open(_ path: BlobPath) async throws -> any BlobReader { try await openObject(path) }

    package func put(
        _ path: BlobPath, _ bytes: [UInt8], if condition: PutCondition
    ) async throws -> BlobInfo {
        try condition.check(journal.index.entry(path)?.facts.etag, path)
        // The MD5 of megabytes takes longer than writing them does, and nobody asked for it.
        let upload = try startObject(path, hashesMD5: bytes.count <= Self.hashedBytes)
        do {
            try await upload.append(bytes)
        } catch {
            await upload.abort()
            throw error
        }
        return try await upload.complete(if: condition)
    }

    private static let hashedBytes = 1 << 20

    package func startUpload(_ path: BlobPath) async throws -> any BlobUpload {
        try startObject(path, hashesMD5: false)
    }

    package func delete(_ paths: [BlobPath]) async throws {
        for (bucket, group) in Dictionary(grouping: paths, by: \.bucket) {
            let wanted = group.map { (key: $0.key, condition: DeleteCondition()) }
            for case let fault? in try await delete(wanted, in: bucket) { throw fault }
        }
    }

    /// Deletes, in one step, all that may be deleted; answers the fault of each that may not.
    ///
    /// - Errors: `BLB-102`. Those answered: `BLB-103` for a condition that does not hold, `BKT-109` for a locked object.
    package func delete(
        _ wanted: [(key: String, condition: DeleteCondition)], in bucket: String
    ) async throws -> [(any Error)?] {
        let keys = wanted.map { ObjectKey($0.key) }
        let now = effects.clock.now
        let faults = Mutex<[(any Error)?]>([])
        _ = try await journal.change(bytes: keys.reduce(64) { $0 + $1.bytes.count }) { index in
            let objects = try index.bucket(bucket).objects
            var found: [(any Error)?] = []
            var gone: [ObjectKey] = []
            for (key, condition) in zip(keys, wanted.map(\.condition)) {
                found.append(nil)
                guard let info = objects[key]?.facts.info else { continue }
                do {
                    let path = BlobPath(bucket: bucket, key: key.text)
                    try condition.check(info, path)
                    try index.checkUnlocked(path, now: now)
                    gone.append(key)
                } catch {
                    found[found.count - 1] = error
                }
            }
            faults.withLock { $0 = found }
            return gone.isEmpty ? nil : StoreChange(.deleteMany(bucket: bucket, keys: gone))
        }
        return faults.withLock { $0 }
    }

    package func list(
        bucket: String, prefix: String, after: String?, limit: Int
    ) async throws -> BlobListing {
        let listing = try journal.index.bucket(bucket).objects.list(
            prefix: ObjectKey(prefix), after: after.map { ObjectKey($0) }, limit: limit)
        return BlobListing(listing) { $0.facts.info }
    }

    /// As S3 lists: with a delimiter, keys that share the part up to it show once, as a common prefix.
    package func listObjects(
        bucket: String, prefix: String, delimiter: String?, after: String?, limit: Int
    ) throws -> KeyListing<BlobInfo> {
        let listing = try journal.index.bucket(bucket).objects.list(
            prefix: ObjectKey(prefix), delimiter: delimiter.map { ObjectKey($0) },
            after: after.map { ObjectKey($0) }, limit: limit)
        let items = listing.items.map { item -> KeyListing<BlobInfo>.Item in
            switch item {
            case .key(let key, let entry): .key(key, entry.facts.info)
            case .commonPrefix(let prefix): .commonPrefix(prefix)
            }
        }
        return KeyListing(items: items, isTruncated: listing.isTruncated)
    }

    /// Without opening it, and without asking for its key.
    package func objectFacts(
        _ path: BlobPath
    ) throws -> (info: BlobInfo, metadata: ObjectMetadata, encryption: EncryptionKind?) {
        let facts = try find(path).facts
        return (facts.info, facts.metadata, facts.encryption?.kind)
    }

    /// The same for whoever could read it. - Errors: `BKT-113`, `BKT-114`, `BKT-115`.
    package func objectFacts(
        _ path: BlobPath, key: CustomerKey?
    ) throws -> (info: BlobInfo, metadata: ObjectMetadata, encryption: EncryptionKind?) {
        let facts = try find(path).facts
        try checkKey(facts.encryption, key, path)
        return (facts.info, facts.metadata, facts.encryption?.kind)
    }

    /// Opens the present version.
    ///
    /// - Errors: `BLB-101`, `BLB-102`, `BLB-201`; `BKT-113`, `BKT-114`, `BKT-115` where the key is not the object's.
    package func openObject(_ path: BlobPath, key: CustomerKey? = nil) async throws -> OpenObject {
        // An overwrite between look-up and open takes the file away; the next look-up finds the new one. Three
        // overwrites in a row within microseconds are not expected, a missing file is.
        for _ in 0..<3 {
            let entry = try find(path)
            guard !damaged.withLock({ $0.contains(entry.place) }) else {
                throw BlobsError(.corrupt, "the object is damaged on the disk", ["path": path])
            }
            let opened = try openEncryption(entry.facts.encryption, with: key, of: path)
            if let (file, base) = try await openFile(entry) {
                return OpenObject(
                    info: entry.facts.info, metadata: entry.facts.metadata, path: path, file: file,
                    base: base, checksum: entry.facts.checksum,
                    decryptor: opened.map { ObjectDecryptor($0, of: path) },
                    encryption: entry.facts.encryption?.kind, effects: effects)
            }
        }
        throw BlobsError(.corrupt, "the file of an object is missing", ["path": path])
    }

    func openFile(_ entry: ObjectEntry) async throws -> (file: any DiskFile, base: Int64)? {
        switch entry.place {
        case .journal(let segment, let offset):
            // No live byte keeps an empty object's segment; any other file serves to read nothing from.
            return journal.published.withLock { published in
                if let file = published.segments[segment] { return (file, offset) }
                return entry.facts.size == 0 ? published.segments.values.first.map { ($0, 0) } : nil
            }
        case .file(let id):
            if let file = dataFiles.alreadyOpen(id) { return (file, 0) }
            return try await effects.ioPool.run { [dataFiles] in try dataFiles.openToKeep(id) }.map {
                ($0, 0)
            }
        }
    }

    func find(_ path: BlobPath) throws -> ObjectEntry {
        guard let entry = try journal.index.entry(path) else {
            throw BlobsError(.notFound, "no such object", ["path": path])
        }
        return entry
    }

    /// Begins an object of any size. With `hashesMD5` its etag will be the MD5 of its bytes, as S3 clients like it.
    ///
    /// One that is encrypted with a customer's key has an etag of random bytes: the MD5 would say something of what is in it.
    ///
    /// - Errors: `BLB-102`, `BLB-105`, `BKT-117`.
    package func startObject(
        _ path: BlobPath, hashesMD5: Bool, encryption wanted: WriteEncryption = .ofBucket
    ) throws -> ObjectUpload {
        let key = try ObjectKey(checking: path.key)
        _ = try journal.index.bucket(path.bucket)
        let piece = try startEncryption(wanted, of: path)?.start(1, salt: newSalt(), at: path)
        let stage = ObjectStage(
            dataFiles: dataFiles, effects: effects, inlineBytes: limits.inlineBytes,
            hashesMD5: hashesMD5 && piece?.encryption.kind != .customer, encryptor: piece?.encryptor)
        return ObjectUpload(store: self, path: path, key: key, stage: stage, piece: piece)
    }
}
