import Blobs
import Effects
import Iceberg
import JSONText
import Scheduling
import Tables
import Telemetry

/// Reads and writes the metadata files of tables, through the cache.
struct MetadataFiles: Sendable {
    let store: any BlobStore
    let cache: MetadataCache
    let randomness: any Randomness
    let limitBytes: Int
    let ledger: MemoryLedger
    let work: CatalogWork
    let meters: CatalogMeters
    let log: Log

    /// Parsing less is not asked of the ledger: it is soon over, and few do it at once.
    private static let smallBytes = 1 << 20

    /// The metadata of a table that the catalog has.
    ///
    /// - Errors: `CAT-401` when the file is missing, is no table metadata or names a path outside its table's location;
    ///   `SCH-202` when it is large and memory is not free; what the store throws otherwise.
    func load(_ location: String) async throws -> TableMetadata {
        let path = try path(location)
        if let known = cache.find(path) { return known }
        let (metadata, bytes) = try await read(location, path)
        do {
            try LocationRules.check(metadata, in: try TableLocation(metadata.location))
        } catch {
            throw unreadable(location, error)
        }
        cache.insert(metadata, at: path, bytes: bytes)
        return metadata
    }

    /// What the file holds now, whatever is in memory: for one that somebody else wrote, perhaps again. Nobody has
    /// checked what it says.
    ///
    /// - Errors: those of `load`.
    func readAnew(_ location: String) async throws -> (metadata: TableMetadata, bytes: Int) {
        try await read(location, path(location))
    }

    /// Metadata that was read anew, and that a table points at from now on.
    func keep(_ metadata: TableMetadata, bytes: Int, of location: String) {
        guard let path = BlobPath(uri: location) else { return }
        cache.insert(metadata, at: path, bytes: bytes, replacing: true)
    }

    private func path(_ location: String) throws(CatalogError) -> BlobPath {
        if let path = BlobPath(uri: location) { return path }
        throw CatalogError(
            .corrupt, "a metadata location is no s3:// URI", ["metadata-location": location])
    }

    private func read(
        _ location: String, _ path: BlobPath
    ) async throws -> (metadata: TableMetadata, bytes: Int) {
        do {
            let reader = try await store.open(path)
            guard reader.info.size <= Int64(limitBytes) else {
                throw CatalogError(
                    .limitExceeded, "the metadata file is too large",
                    ["metadata-location": location, "bytes": reader.info.size, "most": limitBytes])
            }
            let memory = try ledger.reserve(0, for: "a table's metadata")
            @Sendable func reserve(_ bytes: Int) throws {
                // More than half of all memory would never be free.
                let wanted = min(bytes * MetadataFile.growth, ledger.limit / 2)
                if bytes > Self.smallBytes { try memory.resize(to: wanted) }
            }
            try reserve(Int(reader.info.size))
            let bytes = try await reader.read([0..<reader.info.size])[0]
            // What is folded may unfold to anything up to the limit.
            return try await work.run(
                size: MetadataFile.isFolded(bytes) ? limitBytes : bytes.count
            ) {
                let text = try MetadataFile.unfolded(
                    bytes, path: location, limit: limitBytes, reserve: reserve)
                return (try MetadataFile.parse(text, path: location), text.count)
            }
        } catch let error as BlobsError where error.code == .notFound {
            throw unreadable(location, error)
        } catch let error as TablesError {
            throw unreadable(location, error)
        }
    }

    private func unreadable(_ location: String, _ cause: any Error) -> CatalogError {
        CatalogError(
            .corrupt, "a table's metadata file cannot be read",
            ["metadata-location": location, "reason": "\(cause)"], cause: cause)
    }

    /// A place for the metadata of a table's `number`-th commit, counted from zero, that nobody else writes to.
    ///
    ///     s3://lake/__firn/web/clicks-1f2e3d4c5b6a/metadata/00007-7c9e6679-….metadata.json
    func newLocation(in location: TableLocation, number: Int64, isCompressed: Bool = false) -> String {
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        let ending = isCompressed ? "gz.metadata.json" : "metadata.json"
        return "\(location.uri)/metadata/\(padded)-\(UniqueID.random(from: randomness)).\(ending)"
    }

    /// Durable on return. When it fails the file may be there all the same: delete it.
    ///
    /// Takes what it can from the text of the metadata file before, `earlier`, if that is still in memory.
    func write(_ metadata: TableMetadata, to location: String, after earlier: String? = nil) async throws {
        guard let path = BlobPath(uri: location) else {
            preconditionFailure("a metadata location made by newLocation is a URI")
        }
        let before = earlier.flatMap { BlobPath(uri: $0) }.flatMap { cache.findText($0) }
        let text = try await work.run(size: Self.sizeEstimate(metadata)) {
            MetadataText(metadata, after: before)
        }
        let bytes = text.bytes
        watch(bytes.count, of: location)
        guard bytes.count <= limitBytes else {
            throw CatalogError(
                .limitExceeded, "the table's metadata is too large",
                ["bytes": bytes.count, "most": limitBytes],
                hint: "expire old snapshots first")
        }
        let stored =
            location.hasSuffix(".gz.metadata.json")
            ? try await work.run(size: bytes.count) { try MetadataFile.compress(bytes) } : bytes
        _ = try await store.put(path, stored, if: .ifAbsent)
        cache.insert(metadata, at: path, bytes: bytes.count, text: text)
    }

    /// The JSON of metadata that lies at `location`, made once and kept with it.
    func text(of metadata: TableMetadata, at location: String) async throws -> [UInt8] {
        let path = try path(location)
        if let known = cache.findText(path) { return known.bytes }
        let text = try await work.run(size: Self.sizeEstimate(metadata)) { MetadataText(metadata) }
        cache.keepText(text, at: path)
        return text.bytes
    }

    /// Snapshots are what makes metadata large, one has about half a kilobyte; next come the columns of all schemas.
    private static func sizeEstimate(_ metadata: TableMetadata) -> Int {
        metadata.snapshots.count << 9 + metadata.schemas.reduce(0) { $0 + $1.fields.count } << 7
    }

    /// Says so in time when a table's metadata comes near to the bytes at which it could not be committed to any more.
    private func watch(_ bytes: Int, of location: String) {
        meters.noteMetadata(bytes)
        guard bytes > limitBytes / 2 else { return }
        meters.largeMetadata.add()
        log.warning(
            "a table's metadata is larger than half of what is allowed: expire snapshots",
            [
                "metadata-location": .string(location), "bytes": JSONValue(bytes),
                "most": JSONValue(limitBytes),
            ])
    }

    /// A table's metadata before a commit, whose file stays: tables shall have the memory that is.
    func forget(_ location: String) {
        if let path = BlobPath(uri: location) { cache.remove(path) }
    }

    /// For files nothing points at. A failure only leaves litter: it is logged, not thrown.
    func discard(_ locations: [String]) async {
        let paths = locations.compactMap { BlobPath(uri: $0) }
        if paths.isEmpty { return }
        for path in paths { cache.remove(path) }
        do {
            try await store.delete(paths)
        } catch {
            log.warning(
                "metadata files nobody needs could not be deleted",
                ["files": JSONValue(locations), "reason": .string("\(error)")])
        }
    }
}
