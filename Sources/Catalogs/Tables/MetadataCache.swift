import Blobs
import Iceberg
import Synchronization
import Telemetry

/// Parsed metadata by the location of its file, bounded by the sizes of their texts.
///
/// A metadata file never changes once the catalog wrote it, so an entry is never stale; one that somebody else wrote is
/// read anew where the catalog takes it over. Which file is the current one is asked of the Metastore each time. When full,
/// the oldest entry goes; one that was used since its last turn gets another (second chance).
final class MetadataCache: Sendable {
    private struct Entry {
        var metadata: TableMetadata
        /// As clients get it; nil until one asked.
        var text: MetadataText?
        let bytes: Int
        let number: UInt64
        var wasUsed = false
    }
    private struct State {
        var entries: [BlobPath: Entry] = [:]
        /// Whose turn it is to go, from `first` on. Of an entry that is gone the turn is skipped.
        var turns: [(path: BlobPath, number: UInt64)] = []
        var first = 0
        var lastNumber: UInt64 = 0
        var bytes = 0
    }
    private let state = Mutex(State())
    private let limitBytes: Int
    private let hits: Counter
    private let misses: Counter

    init(limitBytes: Int, metrics: MetricsRegistry) {
        self.limitBytes = limitBytes
        hits = metrics.counter("firn_metadata_cache_hits_total", help: "Table metadata found in memory")
        misses = metrics.counter(
            "firn_metadata_cache_misses_total", help: "Table metadata read from its file")
    }

    func find(_ path: BlobPath) -> TableMetadata? {
        let found = state.withLock { state -> TableMetadata? in
            state.entries[path]?.wasUsed = true
            return state.entries[path]?.metadata
        }
        if found == nil { misses.add() } else { hits.add() }
        return found
    }

    /// The metadata's JSON, if somebody asked for it before.
    func findText(_ path: BlobPath) -> MetadataText? { state.withLock { $0.entries[path]?.text } }

    func keepText(_ text: MetadataText, at path: BlobPath) {
        state.withLock { $0.entries[path]?.text = text }
    }

    /// `bytes` is the size of the metadata's text: what it takes in memory grows with it.
    func insert(
        _ metadata: TableMetadata, at path: BlobPath, bytes: Int, text: MetadataText? = nil,
        replacing: Bool = false
    ) {
        state.withLock { state in
            if state.entries[path] != nil {
                guard replacing else { return }
                Self.remove(path, from: &state)
            }
            guard bytes <= limitBytes else { return }
            while state.bytes + bytes > limitBytes, !state.entries.isEmpty { Self.evictOne(&state) }
            state.lastNumber += 1
            let number = state.lastNumber
            state.entries[path] = Entry(metadata: metadata, text: text, bytes: bytes, number: number)
            state.bytes += bytes
            Self.add((path, number), to: &state)
        }
    }

    /// A file that no table points at any more: what may come of it is read again.
    func remove(_ path: BlobPath) { state.withLock { Self.remove(path, from: &$0) } }

    private static func evictOne(_ state: inout State) {
        while state.first < state.turns.count {
            let turn = state.turns[state.first]
            state.first += 1
            guard let entry = state.entries[turn.path], entry.number == turn.number else { continue }
            guard entry.wasUsed else { return remove(turn.path, from: &state) }
            state.entries[turn.path]?.wasUsed = false
            add(turn, to: &state)
        }
    }

    private static func remove(_ path: BlobPath, from state: inout State) {
        guard let entry = state.entries.removeValue(forKey: path) else { return }
        state.bytes -= entry.bytes
    }

    private static func add(_ turn: (path: BlobPath, number: UInt64), to state: inout State) {
        // Turns that are over, and those of entries that are gone, are dropped when they are the most.
        if state.turns.count > 2 * state.entries.count + 64 {
            state.turns = state.turns[state.first...].filter { state.entries[$0.path]?.number == $0.number }
            state.first = 0
        }
        state.turns.append(turn)
    }
}
