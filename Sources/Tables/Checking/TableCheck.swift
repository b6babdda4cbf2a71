package import Blobs
import Columnar
import Faults
package import Iceberg
package import Scheduling

/// Holds everything a table's files say against each other: metadata, manifest lists, manifests, and the data.
///
///     metadata → each snapshot's list → each manifest once → each data file once → what else lies there
///
/// Damage is what the report is about and never an error; a store that fails is.
///
/// - Cost: every manifest and every footer is read; with `readsData` every row.
package struct TableCheck: Sendable {
    let metadata: TableMetadata
    let metadataLocation: String
    let location: TableLocation
    let store: any BlobStore
    let readsData: Bool
    let cancellation: CancellationToken
    var report = TableCheckReport()
    /// Every object that something refers to, however the reference spells it.
    private var referenced: Set<BlobPath> = []
    /// What each manifest has; nil for those that cannot be read.
    var contents: [BlobPath: ManifestContent?] = [:]
    /// Live files of all snapshots, as the first manifest told of them.
    var files: [FileKey: (file: DataFile, manifest: String)] = [:]

    /// What tells files apart: a Puffin file holds the vectors of many data files.
    struct FileKey: Sendable, Hashable {
        var path: BlobPath
        /// Of vectors only: where in the file it is, and the data file it is about.
        var offset: Int64?
        var target: BlobPath?

        init(path: BlobPath) { self.path = path }

        init(_ file: DataFile, _ path: BlobPath) {
            self.path = path
            guard file.isVector else { return }
            offset = file.contentOffset
            target = file.referencedDataFile.flatMap { BlobPath(uri: $0) }
        }

        static func isBefore(_ left: FileKey, _ right: FileKey) -> Bool {
            (left.path.uri, left.offset ?? -1, left.target?.uri ?? "")
                < (right.path.uri, right.offset ?? -1, right.target?.uri ?? "")
        }
    }

    /// What of a manifest is needed again.
    struct ManifestContent: Sendable {
        var claim: ManifestFile
        var liveFiles: [FileKey]
        var liveRows: Int64
        var content: ManifestFile.Content
    }

    /// - Errors: `ICE-108` for a location that is none.
    package init(
        metadata: TableMetadata, metadataLocation: String, store: any BlobStore, readsData: Bool = false,
        cancellation: CancellationToken = CancellationToken()
    ) throws {
        self.metadata = metadata
        self.metadataLocation = metadataLocation
        location = try TableLocation(metadata.location)
        self.store = store
        self.readsData = readsData
        self.cancellation = cancellation
    }

    /// - Errors: what the store throws, but for missing objects, and `SCH-101`.
    package consuming func run() async throws -> TableCheckReport {
        refer(to: metadataLocation)
        checkMetadata()
        for snapshot in metadata.snapshots {
            try cancellation.check()
            try await check(snapshot)
        }
        report.manifests = contents.count
        for (key, known) in files.sorted(by: { FileKey.isBefore($0.key, $1.key) }) {
            try cancellation.check()
            try await check(known.file, at: key.path, manifest: known.manifest)
        }
        checkRowIDs()
        try await findOrphans()
        return report
    }

    mutating func refer(to uri: String) {
        if let path = BlobPath(uri: uri) { referenced.insert(path) }
    }

    private mutating func checkMetadata() {
        let byID = Dictionary(metadata.snapshots.map { ($0.snapshotID, $0) }) { first, _ in first }
        for snapshot in metadata.snapshots {
            let id = snapshot.snapshotID
            if metadata.formatVersion > 1, snapshot.sequenceNumber > metadata.lastSequenceNumber {
                report.add(
                    .sequenceNumber, metadataLocation,
                    "snapshot \(id) has sequence number \(snapshot.sequenceNumber), the table's last is \(metadata.lastSequenceNumber)"
                )
            }
            // Both have 0 where they were made before an upgrade from version 1.
            if let parent = snapshot.parentID.flatMap({ byID[$0] }), metadata.formatVersion > 1,
                parent.sequenceNumber >= max(1, snapshot.sequenceNumber)
            {
                report.add(
                    .sequenceNumber, metadataLocation, "snapshot \(id) is not numbered after its parent")
            }
            if let schema = snapshot.schemaID, metadata.schema(withID: schema) == nil {
                report.add(
                    .metadataContradiction, metadataLocation,
                    "snapshot \(id) has schema \(schema), which the table has not")
            }
        }
        for entry in metadata.snapshotLog where byID[entry.snapshotID] == nil {
            report.add(
                .metadataContradiction, metadataLocation,
                "the snapshot log names \(entry.snapshotID), which the table has not")
        }
        for file in metadata.metadataLog { refer(to: file.metadataFile) }
        for file in metadata.statistics + metadata.partitionStatistics { refer(to: file.path) }
    }

    private mutating func check(_ snapshot: Snapshot) async throws {
        report.snapshots += 1
        // What a snapshot without a list says of its manifests stands in the metadata file.
        let list = snapshot.manifestList ?? metadataLocation
        guard let manifests = try await manifests(of: snapshot) else { return }
        for manifest in manifests {
            check(manifest, of: snapshot, list: list)
            try await load(manifest, list: list)
        }
        checkWhole(snapshot, manifests, list: list)
    }

    /// Nil, with the problem noted, when the list cannot be read.
    private mutating func manifests(of snapshot: Snapshot) async throws -> [ManifestFile]? {
        guard let list = snapshot.manifestList else { return metadata.unlistedManifests(of: snapshot) }
        refer(to: list)
        guard let bytes = try await read(list, orReport: .manifestListUnreadable) else { return nil }
        do {
            return try ManifestListFile.read(bytes, path: list)
        } catch {
            report.add(.manifestListUnreadable, list, error.message)
            return nil
        }
    }

    private mutating func check(_ manifest: ManifestFile, of snapshot: Snapshot, list: String) {
        guard metadata.formatVersion > 1 else { return }
        if manifest.sequenceNumber > snapshot.sequenceNumber {
            report.add(
                .sequenceNumber, list,
                "manifest \(manifest.path) has sequence number \(manifest.sequenceNumber), its snapshot \(snapshot.sequenceNumber)"
            )
        }
        if manifest.minimumSequenceNumber > manifest.sequenceNumber {
            report.add(
                .sequenceNumber, list,
                "the lowest sequence number of manifest \(manifest.path) is above its own")
        }
    }

    /// What a snapshot's summary says in total, and that it has no file twice and no file two vectors.
    private mutating func checkWhole(_ snapshot: Snapshot, _ manifests: [ManifestFile], list: String) {
        var paths: Set<BlobPath> = []
        var targets: Set<BlobPath> = []
        var dataFiles = 0
        var rows: Int64 = 0
        var hasDeletes = false
        for manifest in manifests {
            guard let path = BlobPath(uri: manifest.path), let content = contents[path] ?? nil else { return }
            guard content.content == .data else {
                hasDeletes = hasDeletes || !content.liveFiles.isEmpty
                for target in content.liveFiles.compactMap(\.target) where !targets.insert(target).inserted {
                    report.add(
                        .deletionVector, list,
                        "snapshot \(snapshot.snapshotID) has two deletion vectors for \(target)")
                }
                continue
            }
            dataFiles += content.liveFiles.count
            rows &+= content.liveRows
            for path in content.liveFiles.map(\.path) where !paths.insert(path).inserted {
                report.add(.duplicateFile, list, "snapshot \(snapshot.snapshotID) has \(path) twice")
            }
        }
        func compare(_ name: String, _ actual: Int64) {
            guard let told = snapshot.summary[name].flatMap({ Int64($0) }), told != actual else { return }
            report.add(
                .summaryTotals, metadataLocation,
                "snapshot \(snapshot.snapshotID) says \(name)=\(told), its manifests have \(actual)")
        }
        compare("total-data-files", Int64(dataFiles))
        // Equality deletes make what is left unknown; position deletes do not change this count.
        if !hasDeletes { compare("total-records", rows) }
        if snapshot.snapshotID == metadata.currentSnapshotID { report.rows = rows }
    }

    /// Nil, with the problem noted, when the file lies outside, is missing or too large.
    mutating func read(_ uri: String, orReport kind: TableProblem.Kind) async throws -> [UInt8]? {
        guard location.contains(uri), let path = BlobPath(uri: uri) else {
            report.add(.pathOutside, uri, "the path lies outside the table's location")
            return nil
        }
        do {
            let reader = try await store.open(path)
            guard reader.info.size <= TableFiles.byteLimit else {
                report.add(kind, uri, "the file has \(reader.info.size) bytes, which is too large")
                return nil
            }
            return try await reader.read([0..<reader.info.size])[0]
        } catch let error as BlobsError where error.code == .notFound {
            report.add(kind, uri, "the file is missing")
            return nil
        }
    }

    private mutating func findOrphans() async throws {
        guard let folder = BlobPath(uri: location.uri + "/") else { return }
        var after: String?
        repeat {
            try cancellation.check()
            let page = try await store.list(
                bucket: folder.bucket, prefix: folder.key, after: after, limit: 1000)
            for entry in page.entries {
                let path = BlobPath(bucket: folder.bucket, key: entry.key)
                if !referenced.contains(path) { report.addOrphan(path.uri) }
            }
            after = page.next
        } while after != nil
    }
}

extension DataFile {
    var isVector: Bool { content == .positionDeletes && format == "PUFFIN" }
}
