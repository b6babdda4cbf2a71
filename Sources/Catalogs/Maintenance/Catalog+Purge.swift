import Blobs
import Effects
import JSONText
import Metastore
import Telemetry

extension Catalog {
    private static let purgesAtOnce = 1000

    /// Goes on with every purge that is not through, as after a crash.
    func finishPurges() async throws {
        let locations = try await metastore.read { transaction in
            try PurgeRow.locations(limit: Self.purgesAtOnce, transaction)
        }
        for location in locations {
            if Task.isCancelled { return }
            await purge(location, pages: .max)
        }
    }

    /// Deletes what lies below `location` as long as its purge is on record, then takes it off. A failure is logged and
    /// the purge stays on record.
    func purge(_ location: String, pages: Int) async {
        do {
            // One at a time: who lists a page after another has taken the purge off would find a new table's files.
            try await queue.holding(["purge \(location)"]) {
                guard try await metastore.read({ try PurgeRow.exists(location, $0) }) else { return }
                guard try await deleteAll(below: location, pages: pages) else { return }
                try await metastore.write { try PurgeRow.delete(location, $0) }
                meters.purges.add()
            }
        } catch {
            log.error(
                "files of a purged table are left; deleting them is tried again",
                ["location": .string(location), "reason": .string("\(error)")])
        }
    }

    /// False when something is left after `pages`.
    private func deleteAll(below location: String, pages: Int) async throws -> Bool {
        guard let folder = BlobPath(uri: location) else {
            throw CatalogError(.corrupt, "a purge's location is no s3:// URI", ["location": location])
        }
        var after: String?
        var count = 0
        repeat {
            if Task.isCancelled || count == pages { return false }
            let page = try await store.list(
                bucket: folder.bucket, prefix: folder.key, after: after, limit: 1000)
            // Without the lease, or when another node has begun to clear away, the purge may be off the record by now,
            // and what was listed a new table's.
            try metastore.lease.require()
            if !metastore.isMain { return false }
            try await store.delete(page.entries.map { BlobPath(bucket: folder.bucket, key: $0.key) })
            FaultPoints.pass(.purgePartial)
            after = page.next
            count += 1
        } while after != nil
        return true
    }
}
