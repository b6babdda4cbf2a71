package import Blobs
package import Columnar
package import Effects
package import FileFormats
package import Iceberg
package import Scheduling

/// How a table's data files are cut.
package struct TableWriteLimits: Sendable, Hashable {
    /// A file is closed when it is about this large; `write.target-file-size-bytes` overrides it.
    package var fileBytes = 128 << 20
    package var fileRows = 50_000_000
    /// Files open at once. Beyond, the one that waited longest for rows is closed: memory is bounded, files get smaller.
    package var openPartitions = 32
    /// Rows are encoded about so many bytes at a time, or one row: constants are written out only then.
    package var pieceBytes = 8 << 20

    package init() {}
}

/// Writes rows of a table as data files, split by partition. Nothing is visible before the files are committed.
///
/// - Threads: one call at a time.
/// - Errors: after one, only `abort` is of use.
package actor TableWriter {
    private let metadata: TableMetadata
    private let location: TableLocation
    private let spec: PartitionSpec
    private let types: [DataType]
    private let store: any BlobStore
    private let workers: Workers
    private let sorter: RunSorter?
    private let ledger: MemoryLedger?
    private var reservation: MemoryReservation?
    private let clock: any Clock
    private let randomness: any Randomness
    private let limits: TableWriteLimits
    private let layout: ParquetWriteOptions
    private var alignment: RowAlignment
    private var splitter: PartitionSplitter
    /// By the splitter's key.
    private var open: [[Int32]: OpenDataFile] = [:]
    private var useCount: UInt64 = 0
    private var finished: [DataFile] = []
    private var finishedBytes = 0
    private var isBusy = false
    private var isEnded = false

    /// Encoding runs on `pool` where there is one, else on the caller's thread. What open files hold in memory is
    /// promised to `ledger` a batch behind; when it refuses, files are closed early instead.
    ///
    /// - Errors: `ICE-205` for columns this version cannot write, `ICE-105`, `ICE-108`, `TAB-203`, `TAB-302`.
    package init(
        metadata: TableMetadata, store: any BlobStore, clock: any Clock, randomness: any Randomness,
        pool: (MorselPool, WorkPriority)? = nil, ledger: MemoryLedger? = nil,
        limits: TableWriteLimits = TableWriteLimits(), layout: ParquetWriteOptions = ParquetWriteOptions()
    ) throws {
        guard metadata.formatVersion > 1 else {
            throw TablesError(
                .versionUnsupported, "tables of format version 1 are read, not written",
                ["location": metadata.location], hint: "upgrade the table to version 2")
        }
        if let place = metadata.currentSchema.allFields.first(where: { $0.field.type == .structure([]) }) {
            throw TablesError(
                .unwritableColumn, "the table has a struct without fields, which Parquet has no form for",
                ["column": place.path], hint: "add a field to the struct, or drop the column")
        }
        self.metadata = metadata
        location = try TableLocation(metadata.location)
        spec = metadata.defaultSpec
        types = spec.resultTypes(in: metadata.currentSchema)
        self.store = store
        self.ledger = ledger
        workers = Workers(pool)
        self.clock = clock
        self.randomness = randomness
        var limits = limits
        if let text = metadata.properties["write.target-file-size-bytes"], let bytes = Int(text), bytes > 0 {
            limits.fileBytes = min(bytes, limits.fileBytes)
        }
        self.limits = limits
        self.layout = layout
        alignment = RowAlignment(schema: try metadata.currentSchema.writable(), of: metadata.currentSchema)
        sorter = try RunSorter(order: metadata.defaultSortOrder, schema: metadata.currentSchema)
        splitter = try PartitionSplitter(spec: spec, schema: metadata.currentSchema)
    }

    /// Bytes in files so far, about: finished ones exactly, open ones by guess.
    package var writtenBytes: Int {
        finishedBytes + open.values.reduce(0) { $0 + $1.estimatedBytes }
    }

    /// - Errors: `TAB-301` when the rows do not fit the table, `FMT-…`, the store's own.
    package func write(_ batch: Batch) async throws {
        try begin()
        defer { isBusy = false }
        for piece in batch.pieces(ofBytes: limits.pieceBytes) { try await writePiece(piece) }
    }

    private func writePiece(_ batch: Batch) async throws {
        let rows = try alignment.align(batch)
        for part in try splitter.split(rows) {
            let piece = part.rows.map { rows.selecting($0).dense() } ?? rows
            let file = try await fileForRows(of: part)
            try await file.write(piece, on: workers)
            if file.estimatedBytes >= limits.fileBytes || file.rowCount >= limits.fileRows {
                try await close(part.key)
            }
            try await holdMemory()
        }
    }

    /// Makes the promise to the ledger true: closes the file that holds most until the others fit.
    private func holdMemory() async throws {
        guard let ledger else { return }
        while !isPromised(by: ledger) {
            guard let largest = open.max(by: { $0.value.heldBytes < $1.value.heldBytes }) else { return }
            try await close(largest.key)
        }
    }

    /// False when the ledger refuses.
    private func isPromised(by ledger: MemoryLedger) -> Bool {
        let held = open.values.reduce(0) { $0 + $1.heldBytes }
        do {
            if let reservation {
                try reservation.resize(to: held)
            } else {
                reservation = try ledger.reserve(held, for: "data files being written")
            }
            return true
        } catch {
            return false
        }
    }

    private func begin() throws(TablesError) {
        if isBusy || isEnded {
            throw TablesError(.writerMisused, "a table writer was used twice at a time or after its end")
        }
        isBusy = true
    }

    private func fileForRows(of part: PartitionSplitter.Part) async throws -> OpenDataFile {
        useCount += 1
        if let file = open[part.key] {
            file.lastUse = useCount
            return file
        }
        if open.count >= limits.openPartitions,
            let oldest = open.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            try await close(oldest.key)
        }
        let path = try location.blob(newPath(part.partition))
        let file = OpenDataFile(
            path: path, partition: part.partition, schema: alignment.schema, layout: layout, sorter: sorter,
            upload: try await store.startUpload(path))
        file.lastUse = useCount
        open[part.key] = file
        return file
    }

    /// Of a key with a folder: another store's own keys have 256 bytes of prefix and 64 of the bucket's name before ours.
    private static let keyBytes = ObjectKey.byteLimit - 320

    /// `s3://lake/web/clicks/data/ts_day=2024-01-31/01890a5d-….parquet`; without the folder where many fields or a long
    /// location leave a key no room for it.
    private func newPath(_ partition: [Scalar]) -> String {
        let name = "\(UniqueID.timeOrdered(at: clock.now, from: randomness)).parquet"
        let folder = spec.fields.isEmpty ? "" : spec.path(partition, types: types) + "/"
        let isLong = "\(location.key)/data/\(folder)\(name)".utf8.count > Self.keyBytes
        return "\(location.uri)/data/\(isLong ? "" : folder)\(name)"
    }

    private func close(_ key: [Int32]) async throws {
        guard let file = open[key] else { return }
        let done = try await file.finish(specID: spec.specID, on: workers)
        open[key] = nil
        finished.append(done)
        finishedBytes += Int(clamping: done.fileSize)
    }

    /// The files written, complete and durable. No call but `abort` may follow.
    package func finish() async throws -> [DataFile] {
        try begin()
        defer { isBusy = false }
        let order = open.sorted { $0.value.firstUse < $1.value.firstUse }
        for (key, _) in order { try await close(key) }
        isEnded = true
        reservation = nil
        return finished
    }

    /// Takes everything written away. Only when the files surely were not committed.
    package func abort(onFailure: @Sendable (any Error) -> Void = { _ in }) async {
        isEnded = true
        for file in open.values { await file.abort() }
        open = [:]
        reservation = nil
        let paths = finished.map(\.path)
        finished = []
        await Litter.discard(paths, store: store, onFailure: onFailure)
    }
}
