import Blobs
package import Effects
import Foundation
import JSONText
package import Scheduling
package import Signing
import Synchronization
package import Telemetry

/// The object store on a local disk.
///
///     DIR/journal   index entries and the bytes of small objects, in segments; checkpoints of the index
///     DIR/data      one file for each larger object, named by a number, its bytes from byte 0
///
/// Nothing is acknowledged before the bytes, their directory entry and the journal are synced; one sync of the journal
/// serves every change that waits. The whole index is in memory.
///
/// - Errors: `BlobsError`, `BucketsError`.
package final class BucketStore: Sendable {
    let journal: Journal
    let dataFiles: DataFiles
    let limits: StoreLimits
    let effects: StoreEffects
    /// Wraps the keys of objects that the store encrypts by itself.
    let keyFile: KeyFile?
    /// Places that the background check found damaged: their bytes are not given out.
    let damaged = Mutex<Set<ObjectPlace>>([])

    private init(
        journal: Journal, dataFiles: DataFiles, limits: StoreLimits, effects: StoreEffects, keyFile: KeyFile?
    ) {
        self.journal = journal
        self.dataFiles = dataFiles
        self.limits = limits
        self.effects = effects
        self.keyFile = keyFile
    }

    deinit { journal.close() }

    /// Opens the store below `directory`, which is made when it is missing; its parent must exist.
    ///
    /// - Errors: `BKT-201` for a damaged journal, `BKT-202` for one of a newer version.
    package static func open(
        directory: String, ioPool: IOPool, clock: any Clock = LiveClock(),
        randomness: any Randomness = LiveRandomness(), metrics: MetricsRegistry = MetricsRegistry(),
        log: Log = .silent, disk: any Disk = LiveDisk(), limits: StoreLimits = StoreLimits(),
        keyFile: KeyFile? = nil
    ) async throws -> BucketStore {
        let effects = StoreEffects(
            ioPool: ioPool, clock: clock, randomness: randomness, storeMetrics: StoreMetrics(metrics),
            log: log)
        let store = try await ioPool.run {
            try open(
                directory: directory, disk: disk, limits: limits, effects: effects, keyFile: keyFile)
        }
        try await store.abortExpiredUploads()
        return store
    }

    private static func open(
        directory: String, disk: any Disk, limits: StoreLimits, effects: StoreEffects, keyFile: KeyFile?
    ) throws -> BucketStore {
        for path in [directory, directory + "/journal", directory + "/data"] {
            try disk.createDirectory(path)
        }
        try disk.syncDirectory(directory)
        try disk.syncDirectory((directory as NSString).deletingLastPathComponent)
        let files = JournalFiles(disk: disk, directory: directory + "/journal")
        let opened = try JournalOpening(files: files, randomness: effects.randomness, log: effects.log).open()
        let dataFiles = DataFiles(
            disk: disk, directory: directory + "/data", limits: limits, metrics: effects.storeMetrics)
        var used: Set<UInt64> = []
        opened.index.forEachEntry { entry in if case .file(let id) = entry.place { used.insert(id) } }
        let recovered = try dataFiles.recover(used: used)
        if recovered.removed > 0 {
            effects.log.info(
                "files of unfinished writes are removed", ["count": .string("\(recovered.removed)")])
        }
        if !recovered.missing.isEmpty {
            effects.log.error(
                "files of objects are missing; reading these objects fails",
                ["count": .string("\(recovered.missing.count)")])
        }
        let journal = Journal(opened, files: files, dataFiles: dataFiles, limits: limits, effects: effects)
        return BucketStore(
            journal: journal, dataFiles: dataFiles, limits: limits, effects: effects, keyFile: keyFile)
    }

    /// Lets changes that wait finish; later ones fail.
    package func close() { journal.close() }

    /// Begins a new segment of the journal and writes a checkpoint in the background.
    package func checkpoint() { journal.requestRotation() }
}
