package import Effects
import JSONText
import Metastore
import Scheduling
import Synchronization
import Telemetry

/// Opening logs, opening them again, and taking their directories away.
extension StreamRegistry {
    func path(of id: UniqueID) -> String { "\(directory)/\(id.hexDigits)" }

    /// The log with every reader that the Metastore knows registered, also of pipelines that do not run: what they
    /// have not landed is never trimmed, whoever opens the log.
    func openLog(_ stream: StreamDefinition) async -> Result<StreamLog, StreamsError> {
        let id = stream.id
        var environment = self.environment
        environment.streamName = stream.name
        do {
            let readers = try await metastore.read { try StreamRows.readers(of: id, $0) }
            let log = try await StreamLog.open(
                directory: path(of: id), streamID: id,
                landedRecord: readers.map(\.landed.record).max() ?? 0, limits: limits,
                environment: environment)
            hold(log, for: readers)
            return .success(log)
        } catch let error as StreamsError {
            return .failure(error)
        } catch {
            return .failure(
                StreamsError(.inputOutputFailed, "the stream's log cannot be opened", cause: error))
        }
    }

    /// A reader whose place the log does not have is reported here, and again by its pipeline when it starts.
    private func hold(_ log: StreamLog, for readers: [(consumer: String, landed: LogOffset)]) {
        for reader in readers {
            do {
                _ = try log.register(consumer: reader.consumer, landed: reader.landed)
            } catch {
                environment.log.error(
                    "a pipeline cannot hold its stream's log",
                    ["consumer": .string(reader.consumer), "error": .string("\(error)")])
            }
        }
    }

    /// The record is durable when this returns. A poisoned log is opened again meanwhile, at most once in a while: the
    /// producer is told to come back.
    ///
    /// - Errors: as `StreamLog.append`, and `rateExceeded`.
    @discardableResult
    package func append(
        _ append: LogAppend, checksum: UInt32? = nil, to id: UniqueID
    ) async throws -> LogReceipt {
        let stream = try stream(id)
        let log = try stream.log.get()
        guard stream.definition.limits.hasRate else {
            return try await self.append(append, checksum, log, stream.definition)
        }
        try take(append, stream.definition)
        do {
            let receipt = try await self.append(append, checksum, log, stream.definition)
            if receipt.isRepeat { giveBack(append, stream.definition) }
            return receipt
        } catch {
            // What may have been kept stays counted.
            if (error as? StreamsError)?.code != .outcomeUnknown { giveBack(append, stream.definition) }
            throw error
        }
    }

    private func append(
        _ append: LogAppend, _ checksum: UInt32?, _ log: StreamLog, _ stream: StreamDefinition
    ) async throws -> LogReceipt {
        let id = stream.id
        do {
            return try await log.append(
                append, checksum: checksum, backlogBytes: stream.limits[.backlogBytes].map { Int($0) })
        } catch let error as StreamsError where error.code == .backlogFull {
            if let own = stream.limits[.backlogBytes], own < limits.backlogBytes {
                noteLimited(.backlogBytes, id)
            }
            throw error
        } catch let error as StreamsError where error.code == .poisoned {
            if isReopeningDue(id) { reopenInBackground(log) }
            throw error
        }
    }

    /// A request's body was larger than the stream takes.
    package func noteLimitedRequest(_ stream: UniqueID) { noteLimited(.requestBytes, stream) }

    private func take(_ append: LogAppend, _ stream: StreamDefinition) throws(StreamsError) {
        let now = environment.clock.monotonicNanoseconds
        let taken = state.withLock { state in
            Result { () throws(StreamRate.Refusal) in
                try state.rates[stream.id, default: StreamRate()].take(
                    events: append.eventCount, bytes: append.body.count, stream.limits, at: now)
            }
        }
        do throws(StreamRate.Refusal) { try taken.get() } catch {
            noteLimited(error.name, stream.id)
            throw StreamsError(
                .rateExceeded, "the stream takes no more for now",
                ["limit": error.name.rawValue, "value": error.limit],
                hint: "wait as Retry-After says; the stream's limits are set with `firn stream update`",
                retryAfterSeconds: error.waitSeconds)
        }
    }

    private func giveBack(_ append: LogAppend, _ stream: StreamDefinition) {
        state.withLock { state in
            state.rates[stream.id]?.giveBack(
                events: append.eventCount, bytes: append.body.count, stream.limits)
        }
    }

    /// A request was refused by a limit that is the stream's own.
    private func noteLimited(_ limit: StreamLimits.Name, _ stream: UniqueID) {
        environment.metrics.counter(
            "firn_stream_limited_total", ["stream": stream.hexDigits, "limit": limit.rawValue],
            help: "Requests refused by a limit of the stream's own"
        ).add(1)
    }

    /// Verifying reads the whole log: no producer's request waits for it.
    private func reopenInBackground(_ log: StreamLog) {
        let journal = environment.log
        let stream = log.streamID.hexDigits
        journal.warning("opening a poisoned log again", ["stream": .string(stream)])
        environment.pool.submit(
            {
                do throws(StreamsError) {
                    try log.reopenBlocking()
                } catch {
                    journal.error(
                        "a poisoned log stays closed",
                        ["stream": .string(stream), "error": .string("\(error)")])
                }
            },
            refused: { refusal in
                journal.warning(
                    "a poisoned log is opened later",
                    ["stream": .string(stream), "error": .string("\(refusal)")])
            })
    }

    private static let reopenPauseNanoseconds: Int64 = 5_000_000_000

    private func isReopeningDue(_ id: UniqueID) -> Bool {
        let now = environment.clock.monotonicNanoseconds
        return state.withLock { state in
            if let last = state.reopenedAt[id], now - last < Self.reopenPauseNanoseconds { return false }
            state.reopenedAt[id] = now
            return true
        }
    }

    /// Directories that a crash, or a file that could not be removed, left behind when their streams were deleted.
    func removeDeletedDirectories() async throws {
        let deleted = try await metastore.read { [node] in try StreamRows.deleted(ofNode: node, $0) }
        for id in deleted { await removeDirectory(of: id) }
    }

    /// What cannot be removed now is tried again at the next start: the stream is gone either way.
    func removeDirectory(of id: UniqueID) async {
        let files = environment.files
        let path = path(of: id)
        do {
            try await environment.pool.run { try files.removeDirectory(path) }
            try await metastore.write { try StreamRows.forgetDeleted(id, $0) }
        } catch {
            environment.log.error(
                "a deleted stream's files are still there",
                ["path": .string(path), "error": .string("\(error)")])
        }
    }
}
