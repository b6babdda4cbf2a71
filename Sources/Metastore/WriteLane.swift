import Scheduling
import Telemetry

/// The one thread that writes: takes what waits and makes it durable together.
final class WriteLane: Sendable {
    private let session: any DatabaseSession
    private let thread: IOPool
    private let waiting = WaitingWrites()
    private let writesTogether: Int
    private let retry: Retry
    private let meters: MetastoreMeters

    init(
        _ session: any DatabaseSession, retry: Retry, limits: Metastore.Limits, meters: MetastoreMeters,
        thread: IOPool
    ) {
        self.session = session
        self.retry = retry
        self.meters = meters
        writesTogether = limits.writesTogether
        self.thread = thread
    }

    deinit { thread.stop() }

    /// `finish` is called once, with nil when the write is durable.
    func submit(
        _ run: @escaping @Sendable (Transaction) throws -> Void,
        finish: @escaping @Sendable ((any Error)?) -> Void
    ) {
        let number = waiting.add(run, finish: finish)
        thread.submit({ [self] in runWaiting() }, refused: { waiting.remove(number)?.finish($0) })
    }

    var isShared: Bool { session.isShared }
    var writerName: String { session.writerName }

    func hold(_ fence: Fence) async throws {
        try await thread.run { [session] in session.setFence(fence) }
    }

    func close() async throws {
        try await thread.run { [session] in try session.close() }
        thread.stop()
    }

    /// Who comes later finds its own write done.
    private func runWaiting() {
        let batch = waiting.take(writesTogether)
        if batch.count == 1 {
            runAlone(batch[0])
        } else if !batch.isEmpty {
            runTogether(batch)
        }
    }

    private func runAlone(_ write: WaitingWrite) {
        var attempt = 0
        while true {
            do {
                try session.inTransaction(write.run)
                meters.commits.add()
                return write.finish(nil)
            } catch {
                meters.rollbacks.add()
                attempt += 1
                guard let fault = error as? MetastoreError, retry.pauses(after: fault, attempt: attempt)
                else { return write.finish(error) }
                meters.retries.add()
            }
        }
    }

    /// What became of writes that were to share a commit.
    private enum Outcome {
        /// Durable, but for those with a fault, which have left nothing.
        case done([(any Error)?])
        /// All undone; only each by itself can tell whose fault it was.
        case undone
        case failed(any Error)
    }

    private func runTogether(_ batch: [WaitingWrite]) {
        var attempt = 0
        while true {
            switch tryTogether(batch) {
            case .done(let faults):
                for (write, fault) in zip(batch, faults) {
                    if fault != nil { meters.rollbacks.add() }
                    write.finish(fault)
                }
                return
            case .undone: return batch.forEach(runAlone)
            case .failed(let error):
                meters.rollbacks.add(Int64(batch.count))
                attempt += 1
                guard let fault = error as? MetastoreError, retry.pauses(after: fault, attempt: attempt)
                else { return batch.forEach { $0.finish(error) } }
                meters.retries.add()
            }
        }
    }

    private func tryTogether(_ batch: [WaitingWrite]) -> Outcome {
        do {
            try session.begin()
            var faults: [(any Error)?] = []
            for write in batch {
                faults.append(try runPart(write))
                // Some errors end the whole transaction: nothing of the others is left either.
                if !session.isInTransaction { return .undone }
            }
            try session.commit()
            meters.commits.add()
            return .done(faults)
        } catch {
            do {
                if session.isInTransaction { try session.rollback() }
            } catch let second {
                return .failed(second)
            }
            // A constraint that is looked at when all commit: only one alone can tell whose it was.
            return error.code == .constraint ? .undone : .failed(error)
        }
    }

    /// What went wrong with the write alone, which then has left nothing behind.
    ///
    /// - Errors: what concerns all: a part cannot begin or end, or the transaction must be tried again.
    private func runPart(_ write: WaitingWrite) throws(MetastoreError) -> (any Error)? {
        try session.beginPart()
        let transaction = Transaction(session)
        defer { transaction.close() }
        do {
            try write.run(transaction)
            if let fault = transaction.fault { throw fault }
            guard session.isInTransaction else {
                throw MetastoreError(.unavailable, "a transaction ended before its commit")
            }
        } catch {
            if let fault = transaction.fault, fault.mayRetry { throw fault }
            if session.isInTransaction { try session.undoPart() }
            return error
        }
        try session.endPart()
        return nil
    }
}

extension DatabaseSession {
    /// Runs `body` between BEGIN and COMMIT.
    ///
    /// - Errors: what the body throws, unless a statement failed in a way that makes another try worthwhile.
    func inTransaction<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        try begin()
        let transaction = Transaction(self)
        defer { transaction.close() }
        do {
            let result = try body(transaction)
            if let fault = transaction.fault { throw fault }
            try commit()
            return result
        } catch {
            if isInTransaction { try rollback() }
            if let fault = transaction.fault, fault.mayRetry { throw fault }
            throw error
        }
    }
}
