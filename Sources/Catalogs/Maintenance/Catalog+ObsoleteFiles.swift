import Blobs

extension Catalog {
    /// Has files deleted that nothing points at since a commit, without keeping its writer waiting for it.
    ///
    /// - Cost: nothing where `runMaintenance` runs and keeps up, else one request to the store.
    func letGo(_ locations: [String]) async {
        let paths = locations.compactMap { BlobPath(uri: $0) }
        if paths.isEmpty || obsolete.add(paths) { return }
        await files.discard(locations)
    }

    /// Deletes what waits to be deleted. Of use by itself at the end, when `runMaintenance` was cancelled.
    ///
    /// What was waiting is gone afterwards, whoever deleted it.
    package func deleteObsoleteFiles() async {
        do {
            try await queue.holding(["obsolete files"], isBounded: false) {
                let paths = obsolete.take()
                if paths.isEmpty { return }
                await files.discard(paths.map(\.uri))
                obsolete.forget(paths)
            }
        } catch {
            preconditionFailure("waiting without a bound does not fail")
        }
    }

    func runDeletions() async {
        for await _ in obsolete.open() { await deleteObsoleteFiles() }
        obsolete.close()
    }
}
