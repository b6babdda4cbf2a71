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
    let load: IngestLoad
    let progress: IngestProgress
    /// How long one batch may wait altogether.
    let patienceSeconds: Double

    /// Longer pauses are not believed.
    private static let longestPauseSeconds = 60.0

    private enum Outcome {
        case kept(IngestAnswer)
        /// Worth another attempt after a pause; the server's words in case there is none.
        case busy(pauseSeconds: Double, CommandError)
    }

    /// - Errors: the first failure; where it is the server's, batches under way are given up.
    ///
    /// `file` names what the reader reads.
    func send(
        _ reader: sending any EventReader, file: String, _ limits: BatchLimits, concurrency: Int
    ) async throws {
        precondition(concurrency <= IngestLoad.laneCount)
        // Reading and parsing block, so they have a thread; the lock passes the reader from batch to batch.
        let shared = SharedReader(reader)
        let pool = IOPool(name: "ingest-reader", threads: 1)
        defer { pool.stop() }
        try await withThrowingTaskGroup(of: Int.self) { group in
            var busyLanes: Set<Int> = []
            var sourceBytes: Int64 = 0
            while let batch = try await nextBatch(of: shared, limits, on: pool, besides: &group) {
                let place = load.next()
                while busyLanes.count == concurrency || busyLanes.contains(place.lane) {
                    if let lane = try await group.next() { busyLanes.remove(lane) }
                }
                let bytes = batch.sourceBytes - sourceBytes
                sourceBytes = batch.sourceBytes
                group.addTask {
                    let answer = try await send(batch, of: file, at: place)
                    progress.accepted(answer, of: batch, file: file, bytes: bytes)
                    return place.lane
                }
                busyLanes.insert(place.lane)
            }
            try await group.waitForAll()
        }
    }

    /// Batches under way when the reader fails are kept and counted first: what the load says it sent is then true.
    private func nextBatch(
        of reader: SharedReader, _ limits: BatchLimits, on pool: IOPool,
        besides sending: inout ThrowingTaskGroup<Int, any Error>
    ) async throws -> EventBatch? {
        do { return try await pool.run { try reader.nextBatch(limits) } } catch {
            try await sending.waitForAll()
            throw error
        }
    }

    /// Until the batch is kept: one whose fate is unknown is sent again under its number, and kept once.
    ///
    /// - Errors: `CLI-201` with the place in the source, `CLI-301`, `CLI-302`.
    private func send(
        _ batch: EventBatch, of file: String, at place: IngestLoad.Place
    ) async throws -> IngestAnswer {
        var waited = 0.0
        while true {
            let pause: Double
            do {
                switch try await attempt(batch, of: file, at: place, isFirst: waited == 0) {
                case .kept(let answer): return answer
                case .busy(let asked, let refusal):
                    guard waited < patienceSeconds else { throw Self.stillBusy(refusal, waited) }
                    pause = min(asked, Self.longestPauseSeconds)
                }
            } catch let error as CommandError where error.code == .notReached && progress.accepted > 0 {
                // It was there before: it may be starting again.
                pause = 1
                guard waited < patienceSeconds else { throw error }
            } catch let error as HTTPClientError where error.kind == .outcomeUnknown {
                pause = 0.2
                guard waited < patienceSeconds else { throw error }
            }
            waited += pause
            progress.retried()
            try await Task.sleep(for: .seconds(pause))
        }
    }

    private static func stillBusy(_ refusal: CommandError, _ waited: Double) -> CommandError {
        CommandError(
            .stillBusy, refusal.summary, context: refusal.context + [("waited seconds", "\(Int(waited))")],
            hint: refusal.hint)
    }

    private func attempt(
        _ batch: EventBatch, of file: String, at place: IngestLoad.Place, isFirst: Bool
    ) async throws -> Outcome {
        let answer = try await server.send(
            "POST", "/ingest/\(FirnServer.segment(stream))", body: batch.body, contentType: batch.contentType,
            deadlineSeconds: 120,
            more: [("firn-producer", place.producer), ("firn-sequence", "\(place.number)")])
        let text = try await answer.collect(limit: 1 << 20)
        let isBusy = [429, 502, 503, 504].contains(answer.status)
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(text) } catch {
            // A proxy's words are its own.
            guard !isBusy else { return busy(answer, FirnServer.refusal([:], status: answer.status)) }
            throw CommandError(
                .foreignAnswer, "the answer is not one of a Firn server", ["status": answer.status],
                hint: "check --url")
        }
        guard value["success"]?.boolean == true else {
            let refusal = FirnServer.refusal(value, status: answer.status)
            if isBusy, !IngestAnswer.isFinal(value) { return busy(answer, refusal) }
            if let fault = batch.jsonFault(in: file) { throw fault }
            let last = batch.firstEvent + batch.eventCount - 1
            throw CommandError(
                .refused, refusal.message, ["events": "\(batch.firstEvent) to \(last)"])
        }
        let isRepeat = answer.header("idempotent-replayed") == "true"
        if isRepeat, let last = answer.header("firn-last-sequence").flatMap({ Int64($0) }) {
            load.noteKept(lane: place.lane, upTo: last)
        }
        return .kept(try IngestAnswer(value["result"], sent: batch.eventCount, wasKept: isRepeat && isFirst))
    }

    private func busy(_ answer: HTTPClientResponse, _ refusal: CommandError) -> Outcome {
        let asked = answer.header("retry-after").flatMap { Double($0) } ?? 1
        return .busy(pauseSeconds: max(0.05, asked), refusal)
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
