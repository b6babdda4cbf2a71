import Effects
import Faults
import HTTPClient
import JSONText
import Scheduling
import Synchronization

/// Sends batches, several at a time, and waits for a server that is busy.
struct EventSender: Sendable {
    let server: FirnServer
    let stream: String
    let progress: IngestProgress
    /// How long one batch may wait altogether.
    let patienceSeconds: Double

    /// Longer pauses are not believed.
    private static let longestPauseSeconds = 60.0

    /// - Errors: the first failure; batches under way are then given up.
    ///
    /// `source` names what the reader reads, the same for the same bytes cut in the same way.
    func send(
        _ reader: sending any EventReader, source: String, _ limits: BatchLimits, concurrency: Int
    ) async throws {
        // Reading and parsing block, so they have a thread; the lock passes the reader from batch to batch.
        let shared = SharedReader(reader)
        let pool = IOPool(name: "ingest-reader", threads: 1)
        defer { pool.stop() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var underWay = 0
            var sourceBytes: Int64 = 0
            while let batch = try await pool.run({ try shared.nextBatch(limits) }) {
                if underWay == concurrency {
                    try await group.next()
                    underWay -= 1
                }
                let bytes = batch.sourceBytes - sourceBytes
                sourceBytes = batch.sourceBytes
                group.addTask {
                    try await send(batch, key: batch.key(of: source))
                    progress.accepted(events: batch.eventCount, bytes: bytes)
                }
                underWay += 1
            }
            try await group.waitForAll()
        }
    }

    /// Each request has a key, so that one whose fate is unknown is sent again: the server keeps it once.
    ///
    /// - Errors: `CLI-201` with the place in the source, `CLI-301`, `CLI-302`.
    private func send(_ batch: EventBatch, key: String) async throws {
        var waited = 0.0
        while true {
            let pause: Double
            do {
                guard let asked = try await attempt(batch, key: key) else { return }
                pause = min(asked, Self.longestPauseSeconds)
            } catch let error as CommandError where error.code == .notReached && progress.accepted > 0 {
                // It was there before: it may be starting again.
                pause = 1
                guard waited < patienceSeconds else { throw error }
            } catch let error as HTTPClientError where error.kind == .outcomeUnknown {
                pause = 0.2
                guard waited < patienceSeconds else { throw error }
            }
            guard waited < patienceSeconds else {
                throw CommandError(
                    .stillBusy, "the server does not take the events", ["waited seconds": Int(waited)],
                    hint: "its pipelines may be behind; `firn pipeline stats` tells")
            }
            waited += pause
            progress.retried()
            try await Task.sleep(for: .seconds(pause))
        }
    }

    /// Nil when the batch is acknowledged, else how long to wait before the next attempt.
    private func attempt(_ batch: EventBatch, key: String) async throws -> Double? {
        let answer = try await server.send(
            "POST", "/ingest/\(FirnServer.segment(stream))", body: batch.body, contentType: batch.contentType,
            deadlineSeconds: 120, more: [("idempotency-key", key)])
        let text = try await answer.collect(limit: 1 << 20)
        if [429, 503, 504].contains(answer.status) {
            return max(0.05, answer.header("retry-after").flatMap { Double($0) } ?? 1)
        }
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(text) } catch {
            throw CommandError(
                .foreignAnswer, "the answer is not one of a Firn server", ["status": answer.status],
                hint: "check --url")
        }
        guard value["success"]?.boolean == true else {
            let refusal = FirnServer.refusal(value, status: answer.status)
            let last = batch.firstEvent + batch.eventCount - 1
            throw CommandError(
                .refused, refusal.message, ["events": "\(batch.firstEvent) to \(last)"])
        }
        guard value["result"]?["committed"]?.integer == Int64(batch.eventCount) else {
            throw CommandError(
                .foreignAnswer, "the server counted other events than were sent",
                ["sent": batch.eventCount, "committed": value["result"]?["committed"]?.integer ?? -1])
        }
        return nil
    }
}

/// A reader that one thread at a time may use.
private final class SharedReader: Sendable {
    private let reader: Mutex<any EventReader>

    init(_ reader: sending any EventReader) { self.reader = Mutex(reader) }

    func nextBatch(_ limits: BatchLimits) throws -> EventBatch? {
        try reader.withLock { try $0.nextBatch(limits) }
    }
}
