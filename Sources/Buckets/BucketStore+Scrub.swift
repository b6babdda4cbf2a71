import Blobs
import JSONText
import Octets
import Scheduling
import Synchronization
import Telemetry

extension BucketStore {
    /// Where a background check goes on.
    package struct ScrubCursor: Sendable, Hashable {
        var bucket = ""
        var key: ObjectKey?

        package init() {}
    }

    /// Reads back and checks the next objects, about `byteLimit` bytes of them, each whole. Nil when the last is behind.
    ///
    /// What is found damaged is told in the log and by a metric, and reads of it answer an error from then on. An object
    /// that was replaced meanwhile is none of it.
    package func scrub(from cursor: ScrubCursor, byteLimit: Int64) async throws -> ScrubCursor? {
        let index = journal.index
        var rest = byteLimit
        for name in index.buckets.keys.sorted() where name >= cursor.bucket {
            var next: [(key: ObjectKey, entry: ObjectEntry)] = []
            let after = name == cursor.bucket ? cursor.key : nil
            index.buckets[name]?.objects.forEach(from: after) { key, entry in
                if key == after { return true }
                next.append((key, entry))
                rest -= entry.facts.size + 1000
                return rest > 0
            }
            for (key, entry) in next { try await check(BlobPath(bucket: name, key: key.text), entry) }
            if rest <= 0, let last = next.last {
                var cursor = ScrubCursor()
                cursor.bucket = name
                cursor.key = last.key
                return cursor
            }
        }
        return nil
    }

    private func check(_ path: BlobPath, _ entry: ObjectEntry) async throws {
        guard try isPresent(entry, at: path) else { return }
        let isDamaged = try await !readsBack(path, entry)
        effects.storeMetrics.scrubbedObjects.add()
        guard isDamaged, try isPresent(entry, at: path) else { return }
        effects.storeMetrics.scrubFailures.add()
        damaged.withLock { _ = $0.insert(entry.place) }
        effects.log.error("an object is damaged on the disk", ["path": .string(path.uri)])
    }

    private func readsBack(_ path: BlobPath, _ entry: ObjectEntry) async throws -> Bool {
        do {
            guard let (file, base) = try await openFileAnew(entry) else { return false }
            let found = try await checksum(file, base, entry.facts.size)
            return found == entry.facts.checksum
        } catch let error as BlobsError {
            effects.log.warning(
                "an object could not be read back",
                ["path": .string(path.uri), "reason": .string("\(error)")])
            return false
        }
    }

    /// What is on the disk, whatever is still open.
    private func openFileAnew(_ entry: ObjectEntry) async throws -> (file: any DiskFile, base: Int64)? {
        guard case .file(let id) = entry.place else { return try await openFile(entry) }
        return try await effects.ioPool.run { [dataFiles] in try dataFiles.open(id) }.map { ($0, 0) }
    }

    private func isPresent(_ entry: ObjectEntry, at path: BlobPath) throws -> Bool {
        guard let bucket = journal.index.buckets[path.bucket] else { return false }
        return bucket.objects[ObjectKey(path.key)]?.place == entry.place
    }

    private func checksum(_ file: any DiskFile, _ base: Int64, _ size: Int64) async throws -> UInt32 {
        var checksum: UInt32 = 0
        var offset: Int64 = 0
        while offset < size {
            let start = base + offset
            let count = Int(min(size - offset, 1 << 20))
            let seed = checksum
            checksum = try await effects.ioPool.run {
                let bytes = try file.readExactly(at: start, count: count)
                return CRC32C.checksum(bytes.span, seed: seed)
            }
            offset += Int64(count)
            effects.storeMetrics.scrubbedBytes.add(Int64(count))
        }
        return checksum
    }
}
