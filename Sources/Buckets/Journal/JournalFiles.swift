import Blobs
import Effects

/// Names, creates and loads the files of the journal.
///
///     DIR/journal/segment-0000000000000007      DIR/journal/checkpoint-0000000000000007
struct JournalFiles: Sendable {
    let disk: any Disk
    let directory: String

    func segmentPath(_ number: UInt64) -> String { directory + "/segment-" + Self.digits(number) }
    func checkpointPath(_ number: UInt64) -> String { directory + "/checkpoint-" + Self.digits(number) }

    static func digits(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    /// What the directory holds; numbers ascend.
    struct Found {
        var segments: [UInt64] = []
        var checkpoints: [UInt64] = []
        /// Files that have not got their final name.
        var unfinished: [String] = []
    }

    func scan() throws(BlobsError) -> Found {
        var found = Found()
        for name in try disk.list(directory) {
            let parts = name.split(separator: "-", maxSplits: 1)
            if name.hasSuffix(".new") {
                found.unfinished.append(name)
            } else if parts.count == 2, let number = UInt64(parts[1], radix: 16) {
                if parts[0] == "segment" { found.segments.append(number) }
                if parts[0] == "checkpoint" { found.checkpoints.append(number) }
            }
        }
        found.segments.sort()
        found.checkpoints.sort()
        return found
    }

    /// Durable on return, empty. A hidden one is no part of the journal before `reveal`.
    func createSegment(
        _ number: UInt64, firstSequence: UInt64, isHidden: Bool = false, randomness: any Randomness
    ) throws(BlobsError) -> ActiveSegment {
        let path = segmentPath(number) + (isHidden ? ".new" : "")
        // What a failed attempt left behind holds nothing acknowledged.
        try disk.remove(path)
        let file = try disk.create(path)
        let header = JournalHeader(
            kind: .segment, number: number, salt: randomness.next(), firstSequence: firstSequence)
        do throws(BlobsError) {
            try file.write(header.encoded, at: 0)
            try file.sync()
            try disk.syncDirectory(directory)
        } catch {
            let fault = error
            do throws(BlobsError) { try disk.remove(path) } catch {
                // The first fault is the one to tell; opening knows an empty last segment for what it is.
            }
            throw fault
        }
        return ActiveSegment(
            file: file, header: header, end: Int64(JournalHeader.byteCount), nextSequence: firstSequence)
    }

    func reveal(_ number: UInt64) throws(BlobsError) {
        try disk.rename(segmentPath(number) + ".new", to: segmentPath(number))
        try disk.syncDirectory(directory)
    }

    /// Writes the whole index; durable under its final name on return.
    ///
    /// - Shapes: `number` is the first segment whose records are not in `index`.
    func writeCheckpoint(_ number: UInt64, _ index: StoreIndex, randomness: any Randomness) throws(BlobsError)
    {
        let temporary = checkpointPath(number) + ".new"
        try disk.remove(temporary)
        let file = try disk.create(temporary)
        let header = JournalHeader(
            kind: .checkpoint, number: number, salt: randomness.next(), firstSequence: 0)
        var writer = CheckpointWriter(file: file, header: header)
        try writer.start()
        // The closure's error type is lost through `rethrows`; it only ever is this one.
        var failure: BlobsError?
        index.forEachRecord { record in
            guard failure == nil else { return }
            do throws(BlobsError) { try writer.append(record) } catch { failure = error }
        }
        if let failure { throw failure }
        try writer.finish()
        try disk.rename(temporary, to: checkpointPath(number))
        try disk.syncDirectory(directory)
    }

    func loadCheckpoint(_ number: UInt64) throws -> StoreIndex {
        guard let file = try disk.open(checkpointPath(number), isWritable: false),
            let scan = try JournalScan(file, kind: .checkpoint, number: number)
        else { throw BucketsError(.journalDamaged, "a checkpoint is empty", ["number": number]) }
        var index = StoreIndex()
        var isComplete = false
        _ = try scan.run(allowsTornEnd: false) { body, origin in
            isComplete = body.isEmpty
            try index.replay(body, segment: number, origin: origin)
        }
        guard isComplete else {
            throw BucketsError(.journalDamaged, "a checkpoint ends early", ["number": number])
        }
        return index
    }
}

/// The segment that is written to. Only the journal's thread has it.
struct ActiveSegment {
    var file: any DiskFile
    var header: JournalHeader
    /// Where the last acknowledged frame ends.
    var end: Int64
    var nextSequence: UInt64
    /// A sync failed: what is behind `end` is unknown, and nothing more is acknowledged from here.
    var isPoisoned = false
}

/// Cuts a checkpoint into frames; an empty one ends it.
private struct CheckpointWriter {
    static let frameBytes = 1 << 20

    let file: any DiskFile
    let header: JournalHeader
    var end: Int64 = 0
    var sequence: UInt64 = 0
    var encoder = RecordEncoder()

    init(file: any DiskFile, header: JournalHeader) {
        self.file = file
        self.header = header
    }

    mutating func start() throws(BlobsError) {
        try file.write(header.encoded, at: 0)
        end = Int64(JournalHeader.byteCount)
    }

    mutating func append(_ record: StoreRecord) throws(BlobsError) {
        encoder.append(StoreChange(record))
        if encoder.bytes.count >= Self.frameBytes { try flush() }
    }

    mutating func finish() throws(BlobsError) {
        if !encoder.bytes.isEmpty { try flush() }
        try flush()
        try file.sync()
    }

    private mutating func flush() throws(BlobsError) {
        let frame = JournalFrame.encode(encoder.bytes, sequence: sequence, salt: header.salt)
        try file.write(frame, at: end)
        end += Int64(frame.count)
        sequence += 1
        encoder = RecordEncoder()
    }
}

extension StoreIndex {
    /// Applies the records of one frame.
    mutating func replay(_ body: [UInt8], segment: UInt64, origin: Int64) throws(BucketsError) {
        var decoder = RecordDecoder(body, segment: segment, origin: origin)
        while let record = try decoder.next() { _ = try apply(record) }
    }
}
