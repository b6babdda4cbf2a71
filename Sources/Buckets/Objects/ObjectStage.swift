import Blobs
import Effects
import JSONText
import Octets
import Scheduling
import Signing
import Synchronization
import Telemetry

/// Gathers the bytes of one object: in memory while they are few, then in a file of their own.
///
/// - Threads: one caller at a time, as for `BlobUpload`.
final class ObjectStage: Sendable {
    /// Hashed and written at once; smaller pieces wait in memory.
    static let writeBytes = 1 << 20
    /// The same while many uploads wait at once.
    static let crowdedWriteBytes = 128 << 10
    /// From here on hashing leaves Swift's pool: some tens of microseconds.
    private static let hashedHereBytes = 16 << 10
    /// The disk is given work once so much waits for it: the sync at the end would else begin with everything.
    private static let writeBackBytes: Int64 = 8 << 20

    /// Bytes that are safe on the disk, or few enough for the journal, but that no index knows yet.
    struct Staged: Sendable {
        var inline: [UInt8]?
        var place: ObjectPlace
        /// On the disk.
        var size: Int64
        var plainSize: Int64
        var checksum: UInt32
        /// Nil when no MD5 was asked for.
        var md5: [UInt8]?
    }

    private struct State {
        var buffer: [UInt8] = []
        var size: Int64 = 0
    }

    private struct OpenFile: Sendable {
        var id: UInt64
        var file: any DiskFile
        var end: Int64 = 0
        /// Up to here the system was told to write.
        var started: Int64 = 0
    }

    private let dataFiles: DataFiles
    private let effects: StoreEffects
    private let inlineBytes: Int
    private let state = Mutex(State())
    private let checksum = Mutex<UInt32>(0)
    private let md5: Mutex<DigestStream?>
    private let encryptor: Mutex<PieceEncryptor?>
    private let isEncrypted: Bool
    private let open = Mutex<OpenFile?>(nil)
    private let work: StageWork

    /// With an `encryptor` the disk gets what that makes of the bytes; the MD5 is that of the plain ones.
    init(
        dataFiles: DataFiles, effects: StoreEffects, inlineBytes: Int, hashesMD5: Bool,
        encryptor: PieceEncryptor? = nil
    ) {
        self.dataFiles = dataFiles
        self.effects = effects
        self.inlineBytes = inlineBytes
        md5 = Mutex(hashesMD5 ? DigestStream(.md5) : nil)
        self.encryptor = Mutex(encryptor)
        isEncrypted = encryptor != nil
        work = StageWork(pool: effects.ioPool)
    }

    deinit { dataFiles.staged.subtract(state.withLock { $0.buffer.count }, ordering: .relaxed) }

    /// Returns when the bytes before are hashed and written; a fault of these shows at the next call.
    func append(_ bytes: [UInt8]) async throws {
        let total = dataFiles.staged.add(bytes.count, ordering: .relaxed).newValue
        let isCrowded = total > dataFiles.stagedBytesMost
        let full = state.withLock { state -> [UInt8]? in
            state.size += Int64(bytes.count)
            let enough = isCrowded ? Self.crowdedWriteBytes : Self.writeBytes
            if state.buffer.isEmpty {
                state.buffer = bytes
            } else {
                state.buffer.reserveCapacity(enough + bytes.count)
                state.buffer += bytes
            }
            guard state.buffer.count >= max(enough, inlineBytes + 1) else { return nil }
            defer { state.buffer = [] }
            return state.buffer
        }
        guard let full else { return }
        let held = HeldBytes(full.count, dataFiles)
        // The MD5 takes longer than all the rest, and that can go on beside it.
        let hasMD5 = md5.withLock { $0 != nil }
        let digest: [@Sendable () throws -> Void] = hasMD5 ? [{ [self] in updateMD5(full) }] : []
        try await work.start(
            digest + [
                { [self] in
                    let stored = encrypted(full, isEnd: false)
                    updateChecksum(stored)
                    try write(stored)
                    withExtendedLifetime(held) {}
                }
            ])
    }

    /// Counts a block among the staged bytes until nobody has it any more, also when no thread took it.
    private final class HeldBytes: Sendable {
        private let count: Int
        private let dataFiles: DataFiles

        init(_ count: Int, _ dataFiles: DataFiles) {
            self.count = count
            self.dataFiles = dataFiles
        }

        deinit { dataFiles.staged.subtract(count, ordering: .relaxed) }
    }

    private func updateMD5(_ bytes: [UInt8]) { md5.withLock { $0?.update(bytes) } }

    private func updateChecksum(_ bytes: [UInt8]) {
        checksum.withLock { $0 = CRC32C.checksum(bytes.span, seed: $0) }
    }

    /// What of the bytes, and of those held back before, goes to the disk now.
    private func encrypted(_ bytes: [UInt8], isEnd: Bool) -> [UInt8] {
        encryptor.withLock { encryptor in
            isEnd ? encryptor?.finish(bytes) : encryptor?.take(bytes)
        } ?? bytes
    }

    /// Answers what goes to the disk at the end.
    private func hashEnd(_ bytes: [UInt8]) -> [UInt8] {
        updateMD5(bytes)
        let stored = encrypted(bytes, isEnd: true)
        updateChecksum(stored)
        return stored
    }

    private func write(_ bytes: [UInt8]) throws(BlobsError) {
        var current: OpenFile
        if let existing = open.withLock({ $0 }) {
            current = existing
        } else {
            let created = try dataFiles.create()
            current = OpenFile(id: created.id, file: created.file)
            open.withLock { [current] in $0 = current }
        }
        try current.file.write(bytes, at: current.end)
        current.end += Int64(bytes.count)
        if current.end - current.started >= Self.writeBackBytes {
            current.file.startWriting(at: current.started, count: current.end - current.started)
            current.started = current.end
        }
        open.withLock { [current] in $0 = current }
    }

    /// Makes the bytes durable, unless they are to go into the journal; few bytes may not where `inFile` is asked for.
    /// `footer` makes what is written behind them. After an error nothing is left.
    func finish(
        inFile: Bool = false, footer: @escaping @Sendable (Staged) -> [UInt8]
    ) async throws -> Staged {
        do {
            return try await makeDurable(inFile: inFile, footer)
        } catch {
            await discard()
            throw error
        }
    }

    private func makeDurable(
        inFile: Bool, _ footer: @escaping @Sendable (Staged) -> [UInt8]
    ) async throws -> Staged {
        try await work.finish()
        let (rest, size) = state.withLock { ($0.buffer, $0.size) }
        if !inFile, size <= Int64(inlineBytes) {
            let stored: [UInt8]
            if rest.count <= Self.hashedHereBytes {
                stored = hashEnd(rest)
            } else {
                stored = try await effects.ioPool.run { [self] in hashEnd(rest) }
            }
            var small = staged()
            small.inline = stored
            return small
        }
        let done = try await effects.ioPool.run { [self] in
            let stored = hashEnd(rest)
            let staged = staged()
            try write(stored)
            guard let file = open.withLock({ $0 }) else { preconditionFailure("a large object has a file") }
            precondition(file.end == staged.size, "an object's file has the object's bytes")
            var large = staged
            large.place = .file(file.id)
            try file.file.write(footer(large), at: file.end)
            if !PlantedBugs.fromEnvironment.has(.storeFilesNotSynced) { try file.file.sync() }
            effects.storeMetrics.fileSyncs.add()
            return large
        }
        FaultPoints.pass(.storeObjectWritten)
        return done
    }

    /// Everything must be hashed by now.
    private func staged() -> Staged {
        let plainSize = state.withLock { $0.size }
        return Staged(
            inline: nil, place: .file(0),
            size: isEncrypted ? ChunkFormat.storedSize(plainSize) : plainSize, plainSize: plainSize,
            checksum: checksum.withLock { $0 }, md5: md5.withLock { $0?.finish() })
    }

    /// Removes the file, if there is one. What cannot be removed now goes at the next start.
    func discard() async {
        do { try await work.finish() } catch {
            // Whoever writes has heard of it; here it only matters that nothing is at work any more.
        }
        guard let id = open.withLock({ $0?.id }) else { return }
        do {
            try await effects.ioPool.run { [dataFiles] in try dataFiles.remove(id) }
        } catch {
            effects.log.warning("a file nobody needs stays behind", ["error": .string("\(error)")])
        }
    }
}

/// What stands behind the bytes in a file, so that the index can be rebuilt from the files alone.
///
///     data | frame with one record | frame bytes 4 | "FOBJ"
enum ObjectFooter {
    static func bytes(_ record: StoreRecord, id: UInt64) -> [UInt8] {
        var encoder = RecordEncoder()
        encoder.append(StoreChange(record))
        var footer = JournalFrame.encode(encoder.bytes, sequence: id, salt: 0)
        LittleEndian.append(UInt32(footer.count), to: &footer)
        return footer + Array("FOBJ".utf8)
    }

    /// Nil when the file does not end in a footer. - Errors: `BKT-201`, `BLB-302`.
    static func read(_ file: any DiskFile) throws -> StoreRecord? {
        let size = try file.size()
        let end = try file.read(at: max(0, size - 8), count: 8)
        guard end.count == 8, Array(end[4...]) == Array("FOBJ".utf8) else { return nil }
        let length: UInt32 = LittleEndian.read(end, at: 0)
        guard Int64(length) <= size - 8, length <= 1 << 20 else { return nil }
        let frame = try file.read(at: size - 8 - Int64(length), count: Int(length))
        guard let header = JournalFrame.header(frame, salt: 0),
            header.bodyBytes == frame.count - JournalFrame.headerBytes
        else { return nil }
        let body = Array(frame[JournalFrame.headerBytes...])
        guard CRC32C.checksum(body.span) == header.bodyChecksum else { return nil }
        var decoder = RecordDecoder(body, segment: 0, origin: 0)
        return try decoder.next()
    }
}
