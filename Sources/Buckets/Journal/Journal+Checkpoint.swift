import Blobs
import Dispatch
import JSONText
import Scheduling
import Synchronization
import Telemetry

/// Keeps the journal bounded: checkpoints, and moving the last objects out of old segments.
extension Journal {
    /// Writes a checkpoint on an I/O thread; `isCheckpointing` is set by the caller and cleared here.
    func startCheckpoint(_ number: UInt64, of index: StoreIndex) {
        ioPool.submit { [self] in
            do {
                try files.writeCheckpoint(number, index, randomness: randomness)
                metrics.checkpoints.add()
                try dropUnused(before: number)
                for segment in compactable(before: number) { try compact(segment) }
                try dropUnused(before: number)
            } catch {
                // The segments stay, so nothing is lost; the next rotation tries again.
                metrics.checkpointFailures.add()
                log.warning("the store could not finish a checkpoint", ["error": .string("\(error)")])
            }
            isCheckpointing.store(false, ordering: .releasing)
        } refused: { error in
            metrics.checkpointFailures.add()
            log.warning("the store could not begin a checkpoint", ["error": .string("\(error)")])
            isCheckpointing.store(false, ordering: .releasing)
        }
    }

    /// Removes checkpoints before this one, and segments before it in which no object lives.
    private func dropUnused(before number: UInt64) throws {
        let unused = published.withLock { published in
            let unused = published.segments.keys.filter {
                $0 < number && published.index.liveBytes[$0, default: 0] == 0
            }
            for segment in unused { published.segments[segment] = nil }
            return unused
        }
        for segment in unused { try files.disk.remove(files.segmentPath(segment)) }
        for checkpoint in try files.scan().checkpoints where checkpoint < number {
            try files.disk.remove(files.checkpointPath(checkpoint))
        }
    }

    private func compactable(before number: UInt64) -> [UInt64] {
        let state = published.withLock { $0 }
        let closed = state.segments.compactMap { segment, file -> SegmentUse? in
            guard segment < number, let size = try? file.size() else { return nil }
            return SegmentUse(
                number: segment, size: size, live: state.index.liveBytes[segment, default: 0])
        }
        return SegmentUse.wasteful(closed, limits: limits)
    }

    /// Writes what still lives in `segment` into the journal again, a batch after the other, each along with the changes
    /// that come meanwhile.
    ///
    /// - Errors: why a move failed; what was moved before it stays moved.
    private func compact(_ segment: UInt64) throws {
        guard let file = published.withLock({ $0.segments[segment] }),
            let scan = try JournalScan(file, kind: .segment, number: segment)
        else { return }
        var batch: [Job] = []
        var bytes = 0
        let moves = MoveOutcome()
        // A segment that was abandoned after a failed sync may end in half a frame.
        _ = try scan.run(allowsTornEnd: true) { body, origin in
            var decoder = RecordDecoder(body, segment: segment, origin: origin)
            while let record = try decoder.next() {
                guard case .put(let bucket, let key, let entry) = record,
                    case .journal(segment, let offset) = entry.place,
                    index.holds(bucket, key, at: entry.place)
                else { continue }
                let start = Int(offset - origin)
                let inline = Array(body[start..<start + Int(entry.facts.size)])
                // As many for its record: objects may be small.
                let jobBytes = inline.count + 256
                batch.append(
                    Job(bytes: jobBytes) { index in
                        guard index.holds(bucket, key, at: entry.place) else { return nil }
                        return StoreChange(.put(bucket: bucket, key: key, entry: entry), inline: inline)
                    } done: {
                        moves.end($0)
                    })
                bytes += jobBytes
                guard bytes >= limits.movedBytesAlone else { continue }
                try move(&batch, moves)
                bytes = 0
            }
        }
        try move(&batch, moves)
        metrics.compactedSegments.add()
    }

    /// Waits for the moves: this is an I/O thread, which may block.
    private func move(_ batch: inout [Job], _ moves: MoveOutcome) throws {
        moves.begin(batch.count)
        submit(moves: batch)
        batch = []
        metrics.movedBytes.add(try moves.finish())
    }
}

/// What became of a batch of moves.
private final class MoveOutcome: Sendable {
    private struct State {
        var bytes: Int64 = 0
        var failure: (any Error)?
    }
    private let group = DispatchGroup()
    private let state = Mutex(State())

    func begin(_ count: Int) {
        for _ in 0..<count { group.enter() }
    }

    func end(_ result: Result<StoreRecord?, any Error>) {
        state.withLock { state in
            switch result {
            case .success(.put(_, _, let entry)): state.bytes += entry.facts.size
            // Replaced or deleted meanwhile.
            case .success: break
            case .failure(let error): state.failure = error
            }
        }
        group.leave()
    }

    /// How many bytes were moved.
    func finish() throws -> Int64 {
        group.wait()
        return try state.withLock { state in
            if let failure = state.failure { throw failure }
            defer { state.bytes = 0 }
            return state.bytes
        }
    }
}

extension StoreIndex {
    func holds(_ bucket: String, _ key: ObjectKey, at place: ObjectPlace) -> Bool {
        buckets[bucket]?.objects[key]?.place == place
    }
}
