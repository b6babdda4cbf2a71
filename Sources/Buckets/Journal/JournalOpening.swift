import Blobs
import Effects
import JSONText
import Telemetry

/// Rebuilds the index from the newest checkpoint and the segments behind it.
struct JournalOpening {
    let files: JournalFiles
    let randomness: any Randomness
    let log: Log

    struct Opened {
        var index: StoreIndex
        var active: ActiveSegment
        /// Every segment that holds bytes of objects, and the active one.
        var segments: [UInt64: any DiskFile]
    }

    /// - Errors: `BKT-201` for anything but a torn end of the last segment, `BKT-202`, and what the disk reports.
    func open() throws -> Opened {
        let found = try finished(try files.scan())
        guard let last = found.segments.last else {
            guard found.checkpoints.isEmpty else {
                throw BucketsError(.journalDamaged, "there are checkpoints but no segments")
            }
            let active = try files.createSegment(1, firstSequence: 1, randomness: randomness)
            return Opened(index: StoreIndex(), active: active, segments: [1: active.file])
        }
        let first = found.checkpoints.last ?? 1
        guard first <= last else {
            throw BucketsError(
                .journalDamaged, "the segment that follows the checkpoint is missing", ["number": first])
        }
        var index = try found.checkpoints.last.map { try files.loadCheckpoint($0) } ?? StoreIndex()
        var active: ActiveSegment?
        for number in first...last {
            guard found.segments.contains(number) else {
                throw BucketsError(.journalDamaged, "a segment is missing", ["number": number])
            }
            active = try replay(number, isLast: number == last, after: active, into: &index)
        }
        guard var active else { preconditionFailure("at least one segment was replayed") }
        // One of an older version gets no records of this one: who knows only that version would find them damaged.
        if active.header.version < JournalHeader.version {
            active = try files.createSegment(
                last + 1, firstSequence: active.nextSequence, randomness: randomness)
        }
        let segments = try openSegments(found.segments, index, active, checkpoint: first)
        for number in found.checkpoints where number < first {
            try files.disk.remove(files.checkpointPath(number))
        }
        return Opened(index: index, active: active, segments: segments)
    }

    /// Ends what a cut left unfinished: a segment that its checkpoint waits for gets its name, everything else goes.
    private func finished(_ found: JournalFiles.Found) throws -> JournalFiles.Found {
        var found = found
        let awaited = found.checkpoints.last.flatMap { number in
            number == found.segments.last.map { $0 + 1 } ? number : nil
        }
        for name in found.unfinished {
            if let awaited, files.directory + "/" + name == files.segmentPath(awaited) + ".new" {
                try files.reveal(awaited)
                found.segments.append(awaited)
            } else {
                try files.disk.remove(files.directory + "/" + name)
            }
        }
        return found
    }

    private func replay(
        _ number: UInt64, isLast: Bool, after previous: ActiveSegment?, into index: inout StoreIndex
    ) throws -> ActiveSegment {
        guard let file = try files.disk.open(files.segmentPath(number), isWritable: true) else {
            throw BucketsError(.journalDamaged, "a segment is missing", ["number": number])
        }
        let found = try JournalScan(file, kind: .segment, number: number)
        guard let scan = found, !isLast || !isLeftover(scan, after: previous) else {
            guard isLast else {
                throw BucketsError(.journalDamaged, "a segment is empty", ["number": number])
            }
            log.warning(
                "a segment whose creation was cut off is made anew", ["segment": .string("\(number)")])
            return try files.createSegment(
                number, firstSequence: previous?.nextSequence ?? 1, randomness: randomness)
        }
        guard previous == nil || previous?.nextSequence == scan.header.firstSequence else {
            throw BucketsError(
                .journalDamaged, "a segment does not continue the one before", ["number": number])
        }
        let outcome = try scan.run(allowsTornEnd: isLast) { body, origin in
            try index.replay(body, segment: number, origin: origin)
        }
        if outcome.isTorn {
            log.warning(
                "the torn end of the journal was cut off",
                ["segment": .string("\(number)"), "bytes": .string("\(scan.size - outcome.end)")])
            try file.truncate(to: outcome.end)
        }
        // What a killed process left in the page cache was replayed too: it must not be acknowledged and then lost.
        if isLast { try file.sync() }
        return ActiveSegment(
            file: file, header: scan.header, end: outcome.end, nextSequence: outcome.nextSequence)
    }

    /// A new segment that the disk refused half-way, while the one before went on: nothing was ever written to it.
    private func isLeftover(_ scan: JournalScan, after previous: ActiveSegment?) -> Bool {
        guard let previous else { return false }
        return scan.size == Int64(JournalHeader.byteCount)
            && scan.header.firstSequence < previous.nextSequence
    }

    private func openSegments(
        _ numbers: [UInt64], _ index: StoreIndex, _ active: ActiveSegment, checkpoint: UInt64
    ) throws -> [UInt64: any DiskFile] {
        var segments = [active.header.number: active.file]
        let used = index.liveBytes.filter { $0.value > 0 }.keys
        for number in Set(used).union(numbers.filter { $0 >= checkpoint }) where segments[number] == nil {
            guard let file = try files.disk.open(files.segmentPath(number), isWritable: false) else {
                throw BucketsError(
                    .journalDamaged, "a segment that holds objects is missing", ["number": number])
            }
            segments[number] = file
        }
        for number in numbers where segments[number] == nil {
            try files.disk.remove(files.segmentPath(number))
        }
        return segments
    }
}
