package import Effects

/// Names one object: a bucket and a key of at most 1,024 bytes.
///
///     s3://lake/web/clicks/data/00000.parquet
package struct BlobPath: Sendable, Hashable, CustomStringConvertible {
    package var bucket: String
    package var key: String

    package init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }

    /// Nil unless the text is `s3://BUCKET/KEY` (`s3a` and `s3n` are the same thing to old writers). The key stays as
    /// written: no percent decoding, no dots resolved.
    package init?(uri: some StringProtocol) {
        // Bytes: a slash before a combining mark is no slash among characters.
        let bytes = uri.utf8
        guard let scheme = ["s3://", "s3a://", "s3n://"].first(where: { bytes.starts(with: $0.utf8) }) else {
            return nil
        }
        let start = bytes.index(bytes.startIndex, offsetBy: scheme.utf8.count)
        let slash = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
        guard slash > start else { return nil }
        bucket = String(uri[start..<slash])
        key = slash < bytes.endIndex ? String(uri[bytes.index(after: slash)...]) : ""
    }

    package var uri: String { "s3://\(bucket)/\(key)" }
    package var description: String { uri }

    /// Keys are bytes: a composed and a decomposed `é` name two objects, though `String` calls them equal.
    package static func == (left: BlobPath, right: BlobPath) -> Bool {
        left.bucket.utf8.elementsEqual(right.bucket.utf8) && left.key.utf8.elementsEqual(right.key.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for text in [bucket, key] {
            for byte in text.utf8 { hasher.combine(byte) }
            hasher.combine(0xFF as UInt8)
        }
    }
}

/// What a store knows of an object without reading it.
package struct BlobInfo: Sendable, Hashable {
    package var size: Int64
    /// Without quotes. Changes whenever the bytes change.
    package var etag: String
    package var modified: Instant

    package init(size: Int64, etag: String, modified: Instant) {
        self.size = size
        self.etag = etag
        self.modified = modified
    }
}

/// When a put may take place; checked and done in one step.
package enum PutCondition: Sendable, Hashable {
    case always
    case ifAbsent
    /// `*` is any etag.
    case ifMatch(etag: String)
}

/// One page of a listing, in byte order of the keys.
package struct BlobListing: Sendable {
    package var entries: [(key: String, info: BlobInfo)]
    /// Pass as `after` for the next page; nil at the end.
    package var next: String?

    package init(entries: [(key: String, info: BlobInfo)], next: String?) {
        self.entries = entries
        self.next = next
    }
}

/// An object store: whole objects appear at once or not at all, and what was acknowledged is durable.
///
/// - Errors: `BlobsError`; a missing object is `.notFound`, a failed condition `.conditionFailed`.
/// - Threads: any. Nothing here blocks a cooperative thread.
package protocol BlobStore: Sendable {
    func head(_ path: BlobPath) async throws -> BlobInfo
    /// The reader keeps seeing the version it opened, also after a delete or overwrite.
    func open(_ path: BlobPath) async throws -> any BlobReader
    func put(_ path: BlobPath, _ bytes: [UInt8], if condition: PutCondition) async throws -> BlobInfo
    /// For objects too large to hold. Nothing is visible before `complete`.
    func startUpload(_ path: BlobPath) async throws -> any BlobUpload
    /// Shows a sealed object, unless another's is there. Published twice it is there once.
    ///
    /// - Errors: `.conditionFailed` for another's object, `.uploadGone`.
    func publish(_ sealed: SealedBlob) async throws -> BlobInfo
    /// Lets go of a sealed object that was not published.
    func discard(_ sealed: SealedBlob) async throws
    /// Lets go of sealed objects whose receipts nobody has written down. Only before anything is sealed in this process.
    func discardSealed(except receipts: Set<String>) async throws
    /// Deleting what is not there succeeds.
    func delete(_ paths: [BlobPath]) async throws
    /// Keys of `bucket` that begin with `prefix` and sort after `after`.
    func list(bucket: String, prefix: String, after: String?, limit: Int) async throws -> BlobListing
}

/// Reads ranges of one version of an object.
package protocol BlobReader: Sendable {
    var info: BlobInfo { get }
    /// One answer a range, in the order asked; neighbouring ranges may be fetched together. Every range lies inside
    /// the object, or the call fails with `.rangeInvalid`.
    func read(_ ranges: [Range<Int64>]) async throws -> [[UInt8]]
}

/// Receives the bytes of one object in order. Exactly one of `complete`, `seal` and `abort` ends it.
package protocol BlobUpload: Sendable {
    func append(_ bytes: [UInt8]) async throws
    func complete(if condition: PutCondition) async throws -> BlobInfo
    /// Makes the bytes durable without showing them: the store's `publish` does that, also after a restart.
    func seal() async throws -> SealedBlob
    func abort() async
}

extension BlobStore {
    /// The whole object.
    package func read(_ path: BlobPath) async throws -> [UInt8] {
        let reader = try await open(path)
        return try await reader.read([0..<reader.info.size])[0]
    }
}
