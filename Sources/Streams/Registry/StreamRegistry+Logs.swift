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
    /// - Errors: as `StreamLog.append`.
    @discardableResult
    package func append(
        _ append: LogAppend, checksum: UInt32? = nil, to id: UniqueID
    ) async throws -> LogReceipt {
        let log = try stream(id).log.get()
        do {
            return try await log.append(append, checksum: checksum)
        } catch let error as StreamsError where error.code == .poisoned {
            if isReopeningDue(id) { reopenInBackground(log) }
            throw error
        }
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
