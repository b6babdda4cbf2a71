import Blobs
import Synchronization

/// Parsed footers of files that were read before, by path, ETag and size: a file that changed is another entry.
///
/// The least recently used ones leave when the bound is reached.
package final class ParquetFooterCache: Sendable {
    private struct Key: Hashable {
        var path: BlobPath
        var etag: String
        var size: Int64
    }
    private struct Entry {
        var footer: ParquetFooter
        var byteCount: Int
        var lastUse: UInt64
    }
    private struct State {
        var entries: [Key: Entry] = [:]
        var byteCount = 0
        var uses: UInt64 = 0
        var hits = 0
        var misses = 0
    }

    /// Parsed, a footer takes several times its encoded bytes.
    private static let growth = 6
    private let byteLimit: Int
    private let state = Mutex(State())

    package init(byteLimit: Int = 64 << 20) { self.byteLimit = byteLimit }

    package var byteCount: Int { state.withLock { $0.byteCount } }
    package var count: Int { state.withLock { $0.entries.count } }
    package var hits: Int { state.withLock { $0.hits } }
    package var misses: Int { state.withLock { $0.misses } }

    func footer(_ path: BlobPath, _ info: BlobInfo) -> ParquetFooter? {
        state.withLock { state in
            let key = Key(path: path, etag: info.etag, size: info.size)
            guard let entry = state.entries[key] else {
                state.misses += 1
                return nil
            }
            state.hits += 1
            state.uses += 1
            state.entries[key]?.lastUse = state.uses
            return entry.footer
        }
    }

    func insert(_ footer: ParquetFooter, _ path: BlobPath, _ info: BlobInfo, byteCount: Int) {
        let bytes = byteCount * Self.growth
        guard bytes <= byteLimit else { return }
        state.withLock { state in
            let key = Key(path: path, etag: info.etag, size: info.size)
            state.uses += 1
            if let old = state.entries.updateValue(
                Entry(footer: footer, byteCount: bytes, lastUse: state.uses), forKey: key)
            {
                state.byteCount -= old.byteCount
            }
            state.byteCount += bytes
            // A scan over the entries for each that leaves: there are few, and each stands for a file read.
            while state.byteCount > byteLimit,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.entries[oldest.key] = nil
                state.byteCount -= oldest.value.byteCount
            }
        }
    }
}
