import Scheduling
import Synchronization
import Telemetry

/// What the logs' disk has left, whoever takes it or gives it back: queries, objects, other programs.
extension StreamRegistry {
    /// Shows the disk to operators.
    struct SpaceMetrics: Sendable {
        let free: Gauge
        let reserve: Gauge

        init(_ registry: MetricsRegistry) {
            free = registry.gauge(
                "firn_stream_disk_free_bytes", help: "What the disk of the stream logs has left")
            reserve = registry.gauge(
                "firn_stream_disk_reserve_bytes",
                help: "What of it is kept for landing: with less free no events are taken")
        }
    }

    private static let pause = Duration.seconds(1)

    /// Measures the disk every second, until the task is cancelled.
    package func watchSpace() async {
        while true {
            await measureSpace()
            do { try await Task.sleep(for: Self.pause) } catch { return }
        }
    }

    /// Logs that are short of room trim what has landed.
    func measureSpace() async {
        let files = environment.files
        let directory = self.directory
        let volume: VolumeSpace?
        // Not while the pool stops or all its places are taken: the next second has another try.
        do { volume = try await environment.pool.run { files.volume(of: directory) } } catch { return }
        let space = volume.flatMap { LogSpace($0, asked: limits.reserveBytes) }
        spaceMetrics.free.set(Int64(volume?.freeBytes ?? 0))
        spaceMetrics.reserve.set(Int64(space?.reserveBytes ?? 0))
        let streams = state.withLock { state in
            state.space = space
            return Array(state.streams.values)
        }
        for stream in streams {
            if case .success(let log) = stream.log { log.makeRoom(space) }
        }
    }

    /// What was measured last leaves nothing for events, or the last request to a stream found no room for its own.
    package var refusesEvents: Bool {
        let (space, streams) = state.withLock { ($0.space, Array($0.streams.values)) }
        if space?.isShort == true { return true }
        return streams.contains { if case .success(let log) = $0.log { log.lacksRoom } else { false } }
    }
}
