import Synchronization
import Telemetry

/// Files of objects that were read lately, kept open: opening one blocks, and ranges of one object come many in a row.
///
/// Numbers of files are never used again, so a known file is always the right one.
final class OpenFiles: Sendable {
    private struct State {
        var files: [UInt64: (file: any DiskFile, lastUse: UInt64)] = [:]
        var uses: UInt64 = 0
        /// Counts removals: whoever opened a file before one must not keep it.
        var generation: UInt64 = 0
    }
    private let state = Mutex(State())
    private let limit: Int
    private let gauge: Gauge

    init(limit: Int, gauge: Gauge) {
        self.limit = limit
        self.gauge = gauge
    }

    var generation: UInt64 { state.withLock { $0.generation } }

    subscript(id: UInt64) -> (any DiskFile)? {
        state.withLock { state in
            state.uses += 1
            state.files[id]?.lastUse = state.uses
            return state.files[id]?.file
        }
    }

    /// Keeps the file unless one was removed since `generation`: it may have been this one. The one not used for the
    /// longest gives way.
    func keep(_ file: any DiskFile, _ id: UInt64, ifStill generation: UInt64) {
        let (gone, count) = state.withLock { state -> ((any DiskFile)?, Int) in
            guard limit > 0, state.generation == generation else { return (nil, state.files.count) }
            var gone: (any DiskFile)?
            if state.files.count >= limit, state.files[id] == nil,
                let oldest = state.files.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                gone = oldest.value.file
                state.files[oldest.key] = nil
            }
            state.uses += 1
            state.files[id] = (file, state.uses)
            return (gone, state.files.count)
        }
        gauge.set(Int64(count))
        // Closed outside the lock, unless somebody still reads it.
        withExtendedLifetime(gone) {}
    }

    /// To be called once the file is removed, so that its space becomes free.
    func forget(_ id: UInt64) {
        let (gone, count) = state.withLock { state in
            state.generation += 1
            return (state.files.removeValue(forKey: id), state.files.count)
        }
        gauge.set(Int64(count))
        withExtendedLifetime(gone) {}
    }
}
