import Effects
import Faults
package import JSONText
import Metastore
import Streams
import Telemetry

/// How far pipelines are, for people and for `/metrics`.
extension PipelineService {
    /// A statement as it is stored, with the names that people know.
    struct StoredStatement: Sendable {
        var progress: PipelineProgress
        var pipeline: PipelineDefinition
        var sink: String
    }

    /// Those of one pipeline or of all that run on this node, from one look.
    static func statements(
        ofNode node: String, _ transaction: Transaction
    ) throws -> [StoredStatement] {
        let own = try PipelineStore.ids(ofNode: node, transaction)
        let pipelines = Dictionary(
            uniqueKeysWithValues: try PipelineStore.pipelines(transaction).map { ($0.id, $0) })
        let sinks = Dictionary(
            uniqueKeysWithValues: try PipelineStore.sinks(transaction).map { ($0.id, $0.name) })
        return try ProgressRows.all(transaction).compactMap { progress in
            guard own.contains(progress.key.pipelineID), let pipeline = pipelines[progress.key.pipelineID],
                let sink = sinks[progress.key.sinkID]
            else { return nil }
            return StoredStatement(progress: progress, pipeline: pipeline, sink: sink)
        }
    }

    /// Exact at one moment: what has landed is read first, so pending is never negative.
    package func stats(_ idOrName: String) async throws -> PipelineStats {
        let stored = try await resources.metastore.read { transaction in
            let pipeline = try PipelineStore.pipeline(idOrName, transaction)
            return try ProgressRows.all(pipeline: pipeline.id, transaction).map {
                StoredStatement(
                    progress: $0, pipeline: pipeline,
                    sink: try PipelineStore.sink($0.key.sinkID.hexDigits, transaction).name)
            }
        }
        guard !stored.isEmpty else {
            throw PipelinesError(
                .failed, "the pipeline's stream was deleted", ["pipeline": idOrName],
                hint: "change its SQL or delete it")
        }
        var looks = StreamLooks(streams: resources.streams)
        var stats = PipelineStats(statements: [])
        for statement in stored {
            let stream = try looks.open(statement.progress.key.streamID)
            stats.statements.append(try await show(statement, stream, &looks))
        }
        return stats
    }

    func show(
        _ statement: StoredStatement, _ stream: StreamRegistry.OpenStream, _ looks: inout StreamLooks
    ) async throws -> StatementStats {
        let progress = statement.progress
        let status = try looks.status(of: stream)
        var stats = StatementStats(
            progress: progress, acceptedEvents: status.acceptedEvents, stream: stream.definition.name,
            sink: statement.sink)
        let meters = resources.meters.of(progress.key)
        stats.activity = StatementActivity(progress, meters)
        guard stats.pending > 0 else { return stats }
        do {
            // Nil is the end of a log that has grown since: somebody else has landed it meanwhile.
            let received = try await looks.receivedAt(record: progress.next.record, of: stream)
            stats.activity.lagSeconds =
                received.map { max(0, (resources.clock.now.microseconds - $0.microseconds) / 1_000_000) } ?? 0
        } catch let error as StreamsError where error.code == .offsetTrimmed {
            // What it stood before has landed and gone since.
            stats.activity.lagSeconds = 0
        } catch {
            // Numbers are shown also of what cannot be read.
            resources.log.debug(
                "a stream's lag cannot be told",
                ["stream": .string(stream.definition.name), "error": .string("\(error)")])
        }
        return stats
    }

    /// One stream with its readers.
    package func streamStats(_ idOrName: String) async throws -> JSONValue {
        let stream = try resources.streams.stream(idOrName)
        let id = stream.definition.id
        let node = resources.metastore.node
        let stored = try await resources.metastore.read { try Self.statements(ofNode: node, $0) }
            .filter { $0.progress.key.streamID == id }
        let log = try stream.log.get()
        var looks = StreamLooks(streams: resources.streams)
        let status = try looks.status(of: stream)
        var readers: [JSONValue] = []
        for statement in stored {
            let stats = try await show(statement, stream, &looks)
            readers.append(
                [
                    "pipeline": .string(statement.pipeline.name), "sink": .string(statement.sink),
                    "status": .string(withRetry(statement.pipeline).status.rawValue),
                    "offset": .string(stats.next.description), "lag_events": .integer(stats.pending),
                    "lag_seconds": stats.activity.lagSeconds.map { .integer($0) } ?? .null,
                    "last_commit_at": JSONValue(statement.progress.committedAt?.rfc3339),
                ])
        }
        let totals = log.totals
        return [
            "id": .string(id.hexDigits), "name": .string(stream.definition.name),
            "events": .integer(status.acceptedEvents), "oldest": .string(status.oldest.description),
            "oldest_event": .integer(status.oldestEvent), "end": .string(status.end.description),
            "kept_bytes": JSONValue(status.byteCount), "backlog_bytes": JSONValue(status.unlandedBytes),
            "since_start": [
                "at": .string(startedAt.rfc3339), "requests": .integer(totals.requests),
                "events": .integer(totals.events), "bytes": .integer(totals.bytes),
                "refused": .integer(totals.refused), "repeated": .integer(totals.repeated),
            ],
            "failure": JSONValue(status.failure?.publicMessage), "readers": .array(readers),
        ]
    }
}

/// The streams of one look, each asked once: all statements of a stream see as many events accepted.
struct StreamLooks {
    let streams: StreamRegistry
    private var statuses: [UniqueID: LogStatus] = [:]
    private var received: [Place: Instant] = [:]

    private struct Place: Hashable {
        var stream: UniqueID
        var record: Int64
    }

    init(streams: StreamRegistry) { self.streams = streams }

    func open(_ id: UniqueID) throws -> StreamRegistry.OpenStream { try streams.stream(id.hexDigits) }

    /// - Errors: why the log is not open.
    mutating func status(of stream: StreamRegistry.OpenStream) throws -> LogStatus {
        let id = stream.definition.id
        if let known = statuses[id] { return known }
        let status = try stream.log.get().status
        statuses[id] = status
        return status
    }

    /// Readers that stand at one place read its header once.
    mutating func receivedAt(
        record: Int64, of stream: StreamRegistry.OpenStream
    ) async throws -> Instant? {
        let place = Place(stream: stream.definition.id, record: record)
        if let known = received[place] { return known }
        let instant = try await stream.log.get().receivedAt(record: record)
        received[place] = instant
        return instant
    }
}
