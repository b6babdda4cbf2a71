package import Effects
package import Metastore
package import Scheduling
package import Telemetry

/// The bounds of one stream's log, in bytes.
package struct LogLimits: Sendable {
    /// A new segment begins when the current one is at least this large.
    package var segmentBytes = 64 << 20
    /// At most this much is written before a sync; one larger record still makes a group of its own.
    package var groupBytes = 8 << 20
    /// What may wait for the writer. Above it producers are told to wait.
    package var queueBytes = 64 << 20
    /// What may be accepted and not yet landed. Above it producers are told to wait.
    package var backlogBytes = 4 << 30
    /// How much of what has landed is kept, for pipelines made later.
    package var replayWindowBytes = 512 << 20
    /// How much of its volume stays free for landing; nil for a share of the volume. See `LogSpace`.
    package var reserveBytes: Int?
    /// The largest body of one record.
    package var recordBytes = 32 << 20
    /// How long a request's key is remembered.
    package var markWindowSeconds: Int64 = 86_400
    /// How many are remembered; about 150 bytes of memory each, and 56 on disk.
    package var marks = 100_000
    /// Whoever finds no room for another is told to come back when the oldest goes, but within this: it may go earlier
    /// than anybody knows now.
    package var longestRetrySeconds: Int64 = 3600

    package init() {}
}

/// What a log takes from the world.
package struct LogEnvironment: Sendable {
    package var files: any LogFiles
    package var clock: any Clock
    package var pool: IOPool
    package var metrics: MetricsRegistry
    package var log: Log
    /// Under which the log's node has the log: nothing is added, answered or trimmed without it.
    package var lease: OwnerLease
    package var planted: PlantedBugs
    /// What its metrics call the stream; nil for its id.
    package var streamName: String?
    /// After an early acknowledgement on purpose: long enough for the answer to leave the machine.
    package var plantedPauseSeconds = 0.02

    package init(
        files: any LogFiles = LiveLogFiles(), clock: any Clock = LiveClock(), pool: IOPool,
        metrics: MetricsRegistry = MetricsRegistry(), log: Log = .silent
    ) {
        self.files = files
        self.clock = clock
        self.pool = pool
        self.metrics = metrics
        self.log = log
        lease = .lasting
        planted = .fromEnvironment
    }
}
