import Streams
import Synchronization

/// The operating system's files on a volume of a million bytes that is as full as a test says; a tenth is kept.
final class CrampedFiles: LogFiles {
    private let live = LiveLogFiles()
    private let free = Mutex(1_000_000)

    func setFree(_ bytes: Int) { free.withLock { $0 = bytes } }

    func volume(of directory: String) -> VolumeSpace? {
        VolumeSpace(sizeBytes: 1_000_000, freeBytes: free.withLock { $0 })
    }
    func createDirectory(_ path: String) throws(StreamsError) { try live.createDirectory(path) }
    func list(_ directory: String) throws(StreamsError) -> [String] { try live.list(directory) }
    func create(_ path: String) throws(StreamsError) -> any LogFile { try live.create(path) }
    func open(_ path: String) throws(StreamsError) -> (any LogFile)? { try live.open(path) }
    func remove(_ path: String) throws(StreamsError) { try live.remove(path) }
    func removeDirectory(_ path: String) throws(StreamsError) { try live.removeDirectory(path) }
    func syncDirectory(_ path: String) throws(StreamsError) { try live.syncDirectory(path) }
}
