import Blobs
import Columnar
import Effects
import JSONText
import Metastore
import Scheduling
import Streams
import Telemetry

/// The files of one commit to a bucket: of rows, in folders by time, and of rejects.
///
/// What open files hold in memory is promised to the ledger a batch behind; when it refuses, files are sealed early.
actor ObjectFiles: SinkFiles {
    /// Files open at once. Beyond, the one that waited longest for rows is sealed: memory is bounded, files get smaller.
    private static let openFiles = 32
    /// Names taken by others that are passed over, ever farther, before giving up.
    private static let nameAttempts = 40
    private static let rejectsFolder = "rejects"

    private let sink: FileSink
    private let progress: PipelineProgress
    private let columns: Schema
    private var writer: FileWriter?
    /// By folder; nil is the rejects' own.
    private var open: [String?: OpenObjectFile] = [:]
    private var useCount = 0
    private var sealed: [SealedBlob] = []
    private var reservation: MemoryReservation?

    init(sink: FileSink, progress: PipelineProgress, writer: FileWriter?) throws {
        self.sink = sink
        self.progress = progress
        self.writer = writer
        let written = Schema(sink.columns.fields.dropLast())
        let storable = try StorableType.schema(of: written)
        // Lines hold JSON as what it is, Parquet its text.
        columns = if case .json = sink.definition.format { written } else { storable }
    }

    var writtenBytes: Int {
        sealed.reduce(0) { $0 + Int(clamping: $1.size) }
            + open.reduce(0) { $0 + ($1.key == nil ? 0 : $1.value.estimatedBytes) }
    }

    func write(_ batch: Batch) async throws {
        let batch = batch.dense()
        let stored = columns.fields.enumerated().map { index, field in
            batch.columns[index].type == field.type
                ? batch.columns[index] : batch.columns[index].reinterpreted(as: field.type)
        }
        let rows = Batch(schema: columns, columns: stored, rowCount: batch.rowCount)
        guard let times = batch.columns.last else { return }
        for part in FolderSplit(times, sink.place.pattern).parts {
            let piece = part.rows.map { rows.selecting($0).dense() } ?? rows
            try await add(piece, to: part.folder)
        }
    }

    /// A file of its own, as lines: there may be no table to put them into.
    func reject(_ events: [RejectedEvent]) async throws {
        for start in stride(from: 0, to: events.count, by: Batch.capacity) {
            let part = events[start..<min(start + Batch.capacity, events.count)]
            try await add(
                RejectsTable.batch(
                    part, stream: sink.stream.name, pipeline: sink.pipelineName, run: progress.run), to: nil)
        }
    }

    private func add(_ rows: Batch, to folder: String?) async throws {
        let file = try await file(folder)
        try await file.write(rows)
        if let limit = sink.definition.rollingPolicy.fileSizeBytes, file.estimatedBytes >= limit {
            try await seal(folder)
        }
        try await holdMemory()
    }

    private func file(_ folder: String?) async throws -> OpenObjectFile {
        useCount += 1
        if let file = open[folder] {
            file.lastUse = useCount
            return file
        }
        if open.count >= Self.openFiles, let oldest = open.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            try await seal(oldest.key)
        }
        let path = BlobPath(bucket: sink.definition.bucket, key: try await newKey(folder))
        let file = OpenObjectFile(
            schema: folder == nil ? RejectsTable.schema : columns,
            format: folder == nil ? .json(SinkFormat.JSONForm()) : sink.definition.format,
            upload: try await sink.services.store.startUpload(path), pool: sink.services.pool)
        file.lastUse = useCount
        open[folder] = file
        return file
    }

    private func newKey(_ folder: String?) async throws -> String {
        let (clock, randomness) = (sink.services.clock, sink.services.randomness)
        guard let folder else {
            let name = UniqueID.timeOrdered(at: clock.now, from: randomness).description
            return "\(Self.rejectsFolder)/\(sink.stream.name)/\(name).ndjson"
        }
        let naming = sink.place.naming
        func key(_ name: String) -> String {
            sink.place.key(
                folder: folder, fileName: naming.fileName(name, suffix: sink.definition.format.suffix))
        }
        guard naming.strategy == .serial else {
            return key(naming.uniqueName(at: clock.now, from: randomness))
        }
        return try await freeSerialKey(key)
    }

    /// The next number whose name nobody has: a sink that was made anew meets the files of the one before. Found by steps that
    /// double, and then halve back to the first free number behind those that are taken: the numbers stay without a gap.
    private func freeSerialKey(_ key: (String) -> String) async throws -> String {
        guard var writer else { preconditionFailure("serial names have a writer") }
        var (taken, free) = (writer.nextSerial - 1, writer.nextSerial)
        var step: Int64 = 1
        var attempts = 0
        while try await isTaken(key(FileNaming.serialName(free, writer: writer.number))) {
            attempts += 1
            guard attempts < Self.nameAttempts else {
                throw PipelinesError(
                    .fileNameTaken, "other objects have the names of the sink's files",
                    ["sink": sink.definition.name, "serial": free],
                    hint: "move them away, or write to another path")
            }
            taken = free
            free += step
            step *= 2
        }
        while free - taken > 1 {
            let middle = taken + (free - taken) / 2
            let isTaken = try await isTaken(key(FileNaming.serialName(middle, writer: writer.number)))
            if isTaken { taken = middle } else { free = middle }
        }
        writer.nextSerial = free + 1
        self.writer = writer
        return key(FileNaming.serialName(free, writer: writer.number))
    }

    private func isTaken(_ key: String) async throws -> Bool {
        do {
            _ = try await sink.services.store.head(BlobPath(bucket: sink.definition.bucket, key: key))
            return true
        } catch let error as BlobsError where error.code == .notFound {
            return false
        }
    }

    private func seal(_ folder: String?) async throws {
        guard let file = open[folder] else { return }
        let blob = try await file.seal()
        open[folder] = nil
        sealed.append(blob)
        FaultPoints.pass(.sinkFileSealed)
    }

    /// Makes the promise to the ledger true: seals the file that holds most until the others fit.
    private func holdMemory() async throws {
        while !isPromised() {
            guard let largest = open.max(by: { $0.value.heldBytes < $1.value.heldBytes }) else { return }
            try await seal(largest.key)
        }
    }

    /// False when the ledger refuses.
    private func isPromised() -> Bool {
        let held = open.values.reduce(0) { $0 + $1.heldBytes }
        do {
            if let reservation {
                try reservation.resize(to: held)
            } else {
                reservation = try sink.services.ledger.reserve(held, for: "data files being written")
            }
            return true
        } catch {
            return false
        }
    }

    func close(for commit: SinkCommit) async throws -> ClosedFiles {
        for (folder, _) in open.sorted(by: { $0.value.lastUse < $1.value.lastUse }) { try await seal(folder) }
        reservation = nil
        let services = sink.services
        if services.planted.has(.filesShownEarly) {
            for blob in sealed { _ = try await services.store.publish(blob) }
        }
        FaultPoints.pass(.sinkFilesWritten)
        let key = sink.key
        let records = progress.next.record..<max(progress.next.record, commit.next?.record ?? 0)
        let files = sealed.map { PromisedFile(key: key, sealed: $0, records: records) }
        let (writer, now) = (writer, services.clock.now)
        // The sink stands for the table: it never changes, and another one of its name has another id.
        return ClosedFiles(
            tableUUID: key.sinkID.hexDigits, fileSizes: files.map(\.sealed.size),
            alongside: { transaction in
                for file in files { try PromisedFileRows.insert(file, at: now, transaction) }
                try writer?.move(key, transaction)
            },
            whenLanded: { FaultPoints.pass(.sinkFilesPromised) })
    }

    func abandon() async {
        for file in open.values { await file.abort() }
        open = [:]
        reservation = nil
        let gone = sealed
        sealed = []
        for blob in gone {
            do { try await sink.services.store.discard(blob) } catch {
                sink.services.log.warning(
                    "bytes that nobody needs stay in the store",
                    ["file": .string(blob.path.uri), "error": .string("\(error)")])
            }
        }
    }
}

/// Rows of a batch by the folder that the time of each chooses.
struct FolderSplit {
    struct Part {
        var folder: String
        /// Nil when it is the whole batch.
        var rows: [Int32]?
    }

    private(set) var parts: [Part] = []

    init(_ times: Column, _ pattern: TimePattern) {
        if case .long(let time)? = times.constantValue {
            parts = [Part(folder: pattern.folder(at: Instant(microseconds: time)), rows: nil)]
            return
        }
        var places: [String: Int] = [:]
        var period: Int64?
        var place = 0
        for row in 0..<times.count {
            guard case .long(let time) = times.scalar(at: row) else { continue }
            let current = time.floorDivided(by: pattern.unitMicroseconds)
            if current != period {
                period = current
                let folder = pattern.folder(at: Instant(microseconds: time))
                place = places[folder] ?? parts.count
                if place == parts.count {
                    places[folder] = place
                    parts.append(Part(folder: folder, rows: []))
                }
            }
            parts[place].rows?.append(Int32(truncatingIfNeeded: row))
        }
        if parts.count == 1 { parts[0].rows = nil }
    }
}
