import Blobs
import Iceberg
import Synchronization
import Telemetry

/// Parsed metadata by the location of its file, bounded by the sizes of their texts.
///
/// A metadata file never changes once the catalog wrote it, so an entry is never stale; one that somebody else wrote is
/// read anew where the catalog takes it over. Which file is the current one is asked of the Metastore each time. When full, the entry goes that was not used since the hand passed it last (CLOCK).
final class MetadataCache: Sendable {
    private struct Entry {
        var path: BlobPath
        var metadata: TableMetadata
        /// As clients get it; nil until one asked.
        var text: MetadataText?
        var bytes: Int
        var wasUsed: Bool
    }
    private struct State {
        var positions: [BlobPath: Int] = [:]
        var entries: [Entry] = []
        var hand = 0
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
            guard let position = state.positions[path] else { return nil }
            state.entries[position].wasUsed = true
            return state.entries[position].metadata
        }
        if found == nil { misses.add() } else { hits.add() }
        return found
    }

    /// The metadata's JSON, if somebody asked for it before.
    func findText(_ path: BlobPath) -> MetadataText? {
        state.withLock { state in state.positions[path].flatMap { state.entries[$0].text } }
    }

    func keepText(_ text: MetadataText, at path: BlobPath) {
        state.withLock { state in
            if let position = state.positions[path] { state.entries[position].text = text }
        }
    }

    /// `bytes` is the size of the metadata's text: what it takes in memory grows with it.
    func insert(
        _ metadata: TableMetadata, at path: BlobPath, bytes: Int, text: MetadataText? = nil,
        replacing: Bool = false
    ) {
        state.withLock { state in
            if let position = state.positions[path] {
                guard replacing else { return }
                Self.remove(position, from: &state)
            }
            guard bytes <= limitBytes else { return }
            while state.bytes + bytes > limitBytes, !state.entries.isEmpty { Self.evictOne(&state) }
            state.positions[path] = state.entries.count
            state.entries.append(
                Entry(path: path, metadata: metadata, text: text, bytes: bytes, wasUsed: false))
            state.bytes += bytes
        }
    }

    private static func evictOne(_ state: inout State) {
        while true {
            if state.hand >= state.entries.count { state.hand = 0 }
            guard state.entries[state.hand].wasUsed else { break }
            state.entries[state.hand].wasUsed = false
            state.hand += 1
        }
        remove(state.hand, from: &state)
    }

    private static func remove(_ victim: Int, from state: inout State) {
        state.bytes -= state.entries[victim].bytes
        state.positions[state.entries[victim].path] = nil
        // The last entry takes the free place.
        let last = state.entries.removeLast()
        if victim < state.entries.count {
            state.entries[victim] = last
            state.positions[last.path] = victim
        }
    }
}
