import Blobs
import Effects
import JSONText
import Metastore
import Telemetry

/// Keeps the promises of commits: shows each file, then takes its row away. Doing both twice does no harm.
///
/// - Threads: any; two at once show each file once.
struct FilePublisher: Sendable {
    private static let pageFiles = 64
    /// Files shown at once.
    private static let filesAtOnce = 8

    let metastore: Metastore
    let store: any BlobStore
    let log: Log

    /// Shows everything that the statement's commits have promised.
    ///
    /// - Errors: `fileLost`, after everything else is shown; `fileNameTaken`; the store's own.
    func publish(_ key: ProgressKey) async throws {
        while true {
            let files = try await metastore.read {
                try PromisedFileRows.oldest(of: key, limit: Self.pageFiles, $0)
            }
            guard let first = files.first else { return }
            if first.isLost { throw Self.lost(first) }
            try await show(files.filter { !$0.isLost })
        }
    }

    /// Shows what statements have promised that nobody runs: pipelines that are paused, failed or deleted. Answers how
    /// many promises are left.
    func sweep() async throws -> Int {
        var after = ""
        var left = 0
        while true {
            let id = after
            let page = try await metastore.read {
                try PromisedFileRows.page(after: id, limit: Self.pageFiles, $0)
            }
            guard let last = page.last else { return left }
            after = last.sealed.mark
            let files = page.filter { !$0.isLost }
            left += page.count
            do {
                try await show(files)
                left -= files.count
            } catch {
                log.warning("promised files could not be shown", ["error": .string("\(error)")])
                left -= try await dropOrphans(files)
            }
        }
    }

    /// Every promise of this node, for those who clean the store.
    func promises() async throws -> [SealedBlob] {
        var all: [SealedBlob] = []
        while true {
            let after = all.last?.mark ?? ""
            let page = try await metastore.read {
                try PromisedFileRows.page(after: after, limit: Self.pageFiles, $0)
            }
            if page.isEmpty { return all }
            all += page.map(\.sealed)
        }
    }

    /// All that can be shown is; the first fault is thrown then.
    private func show(_ files: [PromisedFile]) async throws {
        var failure: (any Error)?
        for start in stride(from: 0, to: files.count, by: Self.filesAtOnce) {
            let group = files[start..<min(files.count, start + Self.filesAtOnce)]
            let results = await withTaskGroup(of: (PromisedFile, (any Error)?).self) { tasks in
                for file in group { tasks.addTask { (file, await self.fault(showing: file)) } }
                return await tasks.reduce(into: []) { $0.append($1) }
            }
            FaultPoints.pass(.sinkFileShown)
            let shown = results.filter { $0.1 == nil }.map(\.0)
            if !shown.isEmpty { try await metastore.write { try PromisedFileRows.delete(shown, $0) } }
            failure = failure ?? results.lazy.compactMap(\.1).first
        }
        if let failure { throw failure }
    }

    private func fault(showing file: PromisedFile) async -> (any Error)? {
        do {
            _ = try await store.publish(file.sealed)
            return nil
        } catch let error as BlobsError where error.code == .uploadGone {
            do { try await metastore.write { try PromisedFileRows.setLost(file, $0) } } catch { return error }
            return Self.lost(file)
        } catch let error as BlobsError where error.code == .conditionFailed {
            return PipelinesError(
                .fileNameTaken, "another object has the name of a file that is to appear",
                ["file": file.sealed.path], hint: "move it away: the file appears then", cause: error)
        } catch {
            return error
        }
    }

    private static func lost(_ file: PromisedFile) -> PipelinesError {
        let (first, end) = (file.records.lowerBound, file.records.upperBound)
        return PipelinesError(
            .fileLost, "the store let go of a file before it could appear",
            ["file": file.sealed.path, "records": "\(first)..<\(end)"],
            hint:
                "`firn pipeline resume NAME` goes on without it; `firn pipeline reset NAME --to \(first)` sends the "
                + "records again, if the stream still keeps them, also those of other files")
    }

    /// A file of a pipeline that is gone, in a bucket that is gone or lost otherwise, waits for nobody.
    private func dropOrphans(_ files: [PromisedFile]) async throws -> Int {
        var dropped: [PromisedFile] = []
        for file in files {
            let (owner, row) = try await metastore.read { transaction in
                (
                    try ProgressRows.get(file.key, transaction),
                    try PromisedFileRows.get(file, transaction)
                )
            }
            guard owner == nil, let row else { continue }
            if row.isLost {
                dropped.append(file)
            } else if try await isBucketGone(file) {
                dropped.append(file)
            }
        }
        let gone = dropped
        if gone.isEmpty { return 0 }
        try await metastore.write { try PromisedFileRows.delete(gone, $0) }
        for file in gone {
            log.error(
                "a promised file of a deleted pipeline is given up: its bytes or its bucket are gone",
                ["file": .string(file.sealed.path.uri)])
        }
        return gone.count
    }

    private func isBucketGone(_ file: PromisedFile) async throws -> Bool {
        do {
            _ = try await store.list(bucket: file.sealed.path.bucket, prefix: "", after: nil, limit: 1)
        } catch let error as BlobsError where error.code == .bucketNotFound {
            return true
        }
        return false
    }
}
