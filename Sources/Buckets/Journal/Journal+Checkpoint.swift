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

    /// Segments that are mostly garbage, emptiest first.
    private func compactable(before number: UInt64) -> [UInt64] {
        let state = published.withLock { $0 }
        let candidates = state.segments.compactMap { segment, file -> (UInt64, Int64)? in
            guard segment < number, let size = try? file.size() else { return nil }
            let live = state.index.liveBytes[segment, default: 0]
            return live > 0 && live * 100 < size * limits.compactionPercent ? (segment, live) : nil
        }
        return candidates.sorted { $0.1 < $1.1 }.prefix(limits.compactionSegments).map(\.0)
    }

    /// Writes what still lives in `segment` into the journal again.
    private func compact(_ segment: UInt64) throws {
        guard let file = published.withLock({ $0.segments[segment] }),
            let scan = try JournalScan(file, kind: .segment, number: segment)
        else { return }
        // A segment that was abandoned after a failed sync may end in half a frame.
        _ = try scan.run(allowsTornEnd: true) { body, origin in
            var decoder = RecordDecoder(body, segment: segment, origin: origin)
            let group = DispatchGroup()
            while let record = try decoder.next() {
                guard case .put(let bucket, let key, let entry) = record,
                    case .journal(segment, let offset) = entry.place,
                    index.holds(bucket, key, at: entry.place)
                else { continue }
                let start = Int(offset - origin)
                let bytes = Array(body[start..<start + Int(entry.facts.size)])
                group.enter()
                submit(
                    Job(bytes: bytes.count) { index in
                        guard index.holds(bucket, key, at: entry.place) else { return nil }
                        return StoreChange(.put(bucket: bucket, key: key, entry: entry), inline: bytes)
                    } done: { [log] result in
                        if case .failure(let error) = result {
                            log.warning("an object could not be moved", ["error": .string("\(error)")])
                        }
                        group.leave()
                    })
            }
            // At most a group's records wait at a time. This is an I/O thread, which may block.
            group.wait()
        }
        metrics.compactedSegments.add()
    }
}

extension StoreIndex {
    func holds(_ bucket: String, _ key: ObjectKey, at place: ObjectPlace) -> Bool {
        buckets[bucket]?.objects[key]?.place == place
    }
}
