import Blobs
package import Effects
package import JSONText
import Octets
import Telemetry

/// Makes the index of a store anew from what is left of it: the newest readable checkpoint, every whole frame of the
/// journal, and the footers of the data files.
///
/// For a store that does not open any more. With damage, objects whose deletion stood in the lost part may come back;
/// nothing that can be read is dropped. The old journal files stay: small objects live in them.
///
/// - Threads: blocks. Nobody else may have the store open.
/// - Cost: reads the journal whole and every byte of objects that only a footer knows.
package struct BucketRebuild {
    package struct Report: Sendable, Equatable {
        package var buckets = 0
        package var objects = 0
        package var uploads = 0
        /// Objects that only the footer of their file knew.
        package var restored = 0
        /// Objects whose bytes are gone or damaged; the index no longer has them.
        package var lost: [String] = []
        package var lostCount = 0
        /// Stretches of journal files that could not be read.
        package var damages = 0

        package var json: JSONValue {
            [
                "buckets": .integer(Int64(buckets)), "objects": .integer(Int64(objects)),
                "uploads": .integer(Int64(uploads)), "restored": .integer(Int64(restored)),
                "lost_count": .integer(Int64(lostCount)), "lost": .array(lost.map { .string($0) }),
                "damages": .integer(Int64(damages)),
            ]
        }
    }

    /// Names of lost objects that a report holds.
    private static let lostMost = 1000

    private let directory: String
    private let disk: any Disk
    private let clock: any Clock
    private let randomness: any Randomness
    private let files: JournalFiles
    private let dataFiles: DataFiles
    private var index = StoreIndex()
    private var report = Report()

    package init(
        directory: String, disk: any Disk = LiveDisk(), clock: any Clock = LiveClock(),
        randomness: any Randomness = LiveRandomness()
    ) {
        self.directory = directory
        self.disk = disk
        self.clock = clock
        self.randomness = randomness
        files = JournalFiles(disk: disk, directory: directory + "/journal")
        dataFiles = DataFiles(
            disk: disk, directory: directory + "/data", limits: StoreLimits(),
            metrics: StoreMetrics(MetricsRegistry()))
    }

    /// - Errors: what the disk reports; damage is counted, not thrown.
    package mutating func run() throws -> Report {
        for path in [directory, directory + "/journal", directory + "/data"] {
            try disk.createDirectory(path)
        }
        let found = try files.scan()
        try readJournal(found)
        if report.damages > 0 || found.segments.isEmpty { try readFooters() }
        try dropUnreadable()
        let last = max(found.segments.last ?? 0, found.checkpoints.last ?? 0)
        _ = try files.createSegment(last + 1, firstSequence: 1, isHidden: true, randomness: randomness)
        try files.writeCheckpoint(last + 1, index, randomness: randomness)
        try files.reveal(last + 1)
        report.buckets = index.buckets.count
        report.objects = index.buckets.values.reduce(0) { $0 + $1.objects.count }
        report.uploads = index.uploads.count
        return report
    }

    private mutating func readJournal(_ found: JournalFiles.Found) throws {
        var salvage = JournalSalvage(files: files)
        var first: UInt64 = 0
        for number in found.checkpoints.reversed() {
            do {
                index = try files.loadCheckpoint(number)
                first = number
                break
            } catch is BucketsError {
                report.damages += 1
            }
        }
        // Segments from before a checkpoint have their say in it.
        let segments = found.segments.filter { $0 >= first }
        let expected = first == 0 ? 1 : first
        if let lowest = segments.first, lowest > expected { report.damages += 1 }
        for (earlier, later) in zip(segments, segments.dropFirst()) where later != earlier + 1 {
            report.damages += 1
        }
        for number in segments {
            var records: [StoreRecord] = []
            try salvage.frames(files.segmentPath(number), kind: .segment) { body, origin in
                var decoder = RecordDecoder(body, segment: number, origin: origin)
                do throws(BucketsError) {
                    while let record = try decoder.next() { records.append(record) }
                } catch {
                    // Records carry no length of their own: the rest of this frame is lost.
                    report.damages += 1
                }
            }
            for record in records { apply(record) }
        }
        report.damages += salvage.damages
    }

    /// A record of a bucket whose creation is lost makes the bucket; one that fits nothing else says nothing any more.
    private mutating func apply(_ record: StoreRecord) {
        if let name = record.bucket, index.buckets[name] == nil, BucketName.isValid(name) {
            _ = try? index.apply(.createBucket(name: name, at: clock.now))
        }
        do { _ = try index.apply(record) } catch { report.damages += 1 }
    }

    private mutating func readFooters() throws {
        var used: Set<UInt64> = []
        index.forEachEntry { entry in if case .file(let id) = entry.place { used.insert(id) } }
        for id in try dataFiles.allIDs().sorted() where !used.contains(id) {
            guard let file = try dataFiles.open(id),
                case .put(let bucket, let key, let entry)? = try footer(file),
                case .file(id) = entry.place, isWhole(file, base: 0, entry)
            else { continue }
            // A newer version stands in the journal, or came with a later file.
            let present = index.buckets[bucket]?.objects[key]
            if let present, present.facts.modified >= entry.facts.modified { continue }
            apply(.put(bucket: bucket, key: key, entry: entry))
            report.restored += 1
        }
    }

    private mutating func footer(_ file: any DiskFile) throws -> StoreRecord? {
        do { return try ObjectFooter.read(file) } catch is BucketsError {
            report.damages += 1
            return nil
        }
    }

    private func isWhole(_ file: any DiskFile, base: Int64, _ entry: ObjectEntry) -> Bool {
        var checksum: UInt32 = 0
        var offset: Int64 = 0
        while offset < entry.facts.size {
            let count = Int(min(entry.facts.size - offset, 1 << 20))
            guard let bytes = try? file.readExactly(at: base + offset, count: count) else { return false }
            checksum = CRC32C.checksum(bytes.span, seed: checksum)
            offset += Int64(count)
        }
        return checksum == entry.facts.checksum
    }

    /// Small objects are read back; of large ones only the file must be there and long enough.
    private mutating func dropUnreadable() throws {
        var segments: [UInt64: any DiskFile] = [:]
        for number in try files.scan().segments {
            segments[number] = try disk.open(files.segmentPath(number), isWritable: false)
        }
        var gone: [(bucket: String, key: ObjectKey)] = []
        for (name, bucket) in index.buckets {
            try bucket.objects.forEach { key, entry in
                if try !isReadable(entry, segments) { gone.append((name, key)) }
                return true
            }
        }
        var brokenUploads: [String] = []
        for (id, upload) in index.uploads {
            let isWhole = try upload.parts.values.allSatisfy { try isReadable($0, segments) }
            if !isWhole { brokenUploads.append(id) }
        }
        for (bucket, key) in gone {
            apply(.delete(bucket: bucket, key: key))
            if report.lost.count < Self.lostMost { report.lost.append("\(bucket)/\(key.text)") }
        }
        report.lostCount = gone.count
        for id in brokenUploads { apply(.abortUpload(id: id)) }
    }

    private func isReadable(_ entry: ObjectEntry, _ segments: [UInt64: any DiskFile]) throws -> Bool {
        switch entry.place {
        case .journal(let segment, let offset):
            if entry.facts.size == 0 { return true }
            guard let file = segments[segment] else { return false }
            return isWhole(file, base: offset, entry)
        case .file(let id):
            guard let file = try dataFiles.open(id) else { return false }
            return try file.size() >= entry.facts.size
        }
    }
}

extension StoreRecord {
    /// The bucket a record takes for granted.
    fileprivate var bucket: String? {
        switch self {
        case .put(let bucket, _, _), .delete(let bucket, _), .deleteMany(let bucket, _): bucket
        case .configureBucket(let name, _, _): name
        case .startUpload(_, let upload): upload.bucket
        case .createBucket, .deleteBucket, .putPart, .completeUpload, .abortUpload: nil
        }
    }
}
