package import Blobs
import Columnar
package import Iceberg
import Scheduling

/// Opens a table's manifest lists and manifests, through the caches; only inside the table's location.
package struct TableFiles: Sendable {
    /// Larger manifests and lists are refused: usual ones have 8 MB.
    package static let byteLimit: Int64 = 256 << 20

    let metadata: TableMetadata
    let location: TableLocation
    let store: any BlobStore
    let caches: TableCaches

    let workers: Workers
    /// Told of the bytes of a large manifest while it is decoded.
    var memory: MemoryBudget?
    /// Of all specs, one behind the other.
    private let partitionTypes: [DataType?]

    /// Large manifests and lists are decoded by `workers`.
    package init(
        metadata: TableMetadata, store: any BlobStore, caches: TableCaches,
        workers: Workers = Workers(nil)
    ) throws {
        self.metadata = metadata
        location = try TableLocation(metadata.location)
        self.store = store
        self.caches = caches
        self.workers = workers
        partitionTypes = metadata.specs.flatMap { metadata.partitionTypes(of: $0) }
    }

    /// The manifests of a snapshot, in the order of its list.
    ///
    /// - Errors: `TAB-102`, `TAB-103`, the store's own.
    package func manifests(of snapshot: Snapshot) async throws -> [ManifestFile] {
        guard let list = snapshot.manifestList else { return metadata.unlistedManifests(of: snapshot) }
        let path = try location.blob(list)
        let reader = try await open(path)
        let key = TableCaches.Key(path, reader.info)
        if let known = caches.lists.find(key) { return known }
        let bytes = try await reader.read([0..<reader.info.size])[0]
        let manifests = try await workers.run(size: bytes.count) {
            try ManifestListFile.read(bytes, path: list)
        }
        caches.lists.insert(manifests, for: key, cost: bytes.count * TableCaches.growth)
        return manifests
    }

    /// The entries of a manifest, deleted ones too.
    package func entries(of manifest: ManifestFile) async throws -> [ManifestEntry] {
        let (reader, key) = try await open(manifest)
        return try await entries(of: manifest, reader, key)
    }

    /// The entries of a manifest of data; nil where it is known that none of its live files can match.
    func entries(of manifest: ManifestFile, matching filter: PartitionFilter) async throws -> [ManifestEntry]?
    {
        let (reader, key) = try await open(manifest)
        let known = caches.manifestBounds.find(key) ?? ManifestBounds()
        guard filter.mightMatch(known) else { return nil }
        let entries = try await entries(of: manifest, reader, key)
        if !known.knows(filter.columns) {
            let more = try await workers.run(size: entries.count * Self.entryBytes) {
                known.adding(filter.columns, of: entries)
            }
            caches.manifestBounds.insert(more, for: key, cost: more.cost)
        }
        return entries
    }

    /// The bytes of a manifest's file, whatever its list says.
    func length(of manifest: ManifestFile) async throws -> Int64 { try await open(manifest).reader.info.size }

    /// Looking at an entry takes about as long as decoding so many bytes of one.
    static let entryBytes = 64

    private func open(
        _ manifest: ManifestFile
    ) async throws -> (reader: any BlobReader, key: TableCaches.Key) {
        if manifest.keyMetadata != nil {
            throw TablesError(.formatUnsupported, "the manifest is encrypted", ["path": manifest.path])
        }
        let path = try location.blob(manifest.path)
        let reader = try await open(path)
        return (reader, TableCaches.Key(path, reader.info))
    }

    private func entries(
        of manifest: ManifestFile, _ reader: any BlobReader, _ file: TableCaches.Key
    ) async throws -> [ManifestEntry] {
        let key = TableCaches.ManifestKey(
            file: file, specID: manifest.specID, addedSnapshotID: manifest.addedSnapshotID,
            sequenceNumber: manifest.sequenceNumber, firstRowID: manifest.firstRowID,
            partitionTypes: partitionTypes)
        if let known = caches.manifests.find(key) { return known }
        let size = reader.info.size
        let allowance = try memory.map { try ReadAllowance($0, file: manifest.path) }
        try allowance?.fetch(Int(size))
        let bytes = try await reader.read([0..<size])[0]
        let manifestReader = ManifestReader(metadata: metadata, manifest: manifest)
        let entries = try await workers.run(size: bytes.count) {
            try manifestReader.entries(bytes) { try allowance?.hold(Int(size) + $0) }
        }
        caches.manifests.insert(entries, for: key, cost: bytes.count * TableCaches.growth)
        return entries
    }

    private func open(_ path: BlobPath) async throws -> any BlobReader {
        let reader: any BlobReader
        do {
            reader = try await store.open(path)
        } catch let error as BlobsError where error.code == .notFound {
            throw TablesError(
                .manifestUnreadable, "a file of the table's metadata is missing", ["path": path.uri],
                cause: error)
        }
        guard reader.info.size <= Self.byteLimit else {
            throw TablesError(
                .manifestUnreadable, "a manifest or manifest list is too large",
                ["path": path.uri, "bytes": reader.info.size, "limit": Self.byteLimit])
        }
        return reader
    }
}

extension TableMetadata {
    /// The manifests of a snapshot that has no list: version 1 could name them in the snapshot itself. Each tells its
    /// spec in its header.
    func unlistedManifests(of snapshot: Snapshot) -> [ManifestFile] {
        snapshot.manifests.map {
            ManifestFile(path: $0, length: -1, specID: defaultSpecID, addedSnapshotID: snapshot.snapshotID)
        }
    }
}
