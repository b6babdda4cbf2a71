import Columnar
import Effects
import Faults
import Synchronization

@testable import Pipelines

/// A sink in memory that shows its rows when the commit's transaction is durable, and can be stopped at every step.
final class MemorySink: SinkTable {
    enum Stop: CaseIterable {
        case never, atOpen, atWrite, atReject, beforeCommit, insideCommit, afterCommit, answerLost
    }

    struct Stopped: Error {}
    struct LostAnswer: Fault {
        enum Code: String, FaultCode {
            case lost = "TST-1"
            var kind: FaultKind { .outcomeUnknown }
        }
        let code = Code.lost
        let summary = "the answer is lost"
        let context: [(name: String, value: String)] = []
    }

    struct DiskFull: Fault {
        enum Code: String, FaultCode {
            case full = "TST-2"
            var kind: FaultKind { .exhausted }
        }
        let code = Code.full
        let summary = "the disk is full"
        let context: [(name: String, value: String)] = []
    }

    private struct State {
        var isFull = false
        var abandonedCount = 0
        var rows: [[Scalar]] = []
        var rejects: [RejectedEvent] = []
        var stop = Stop.never
        /// The stop comes after so many calls.
        var callsLeft = 0
        var summaries: [[String: String]] = []
    }
    private let state = Mutex(State())
    func stop(at stop: Stop, afterCalls calls: Int = 0) {
        state.withLock {
            $0.stop = stop
            $0.callsLeft = calls
        }
    }

    /// The next commit fails before it begins.
    func fillDisk() { state.withLock { $0.isFull = true } }

    fileprivate func passDisk() throws {
        let isFull = state.withLock { state in
            defer { state.isFull = false }
            return state.isFull
        }
        if isFull { throw DiskFull() }
    }

    fileprivate func noteAbandoned() { state.withLock { $0.abandonedCount += 1 } }

    var abandonedCount: Int { state.withLock { $0.abandonedCount } }
    var rows: [[Scalar]] { state.withLock { $0.rows } }
    var rejects: [RejectedEvent] { state.withLock { $0.rejects } }
    var summaries: [[String: String]] { state.withLock { $0.summaries } }

    fileprivate func isDue(_ place: Stop) -> Bool {
        state.withLock { state in
            guard state.stop == place else { return false }
            if state.callsLeft > 0 {
                state.callsLeft -= 1
                return false
            }
            state.stop = .never
            return true
        }
    }

    fileprivate func pass(_ place: Stop) throws { if isDue(place) { throw Stopped() } }

    func open(for progress: PipelineProgress) async throws -> any SinkFiles {
        try pass(.atOpen)
        return Files(sink: self)
    }

    private func show(_ rows: [[Scalar]], _ rejects: [RejectedEvent], _ summary: [String: String]) {
        state.withLock {
            $0.rows += rows
            $0.rejects += rejects
            $0.summaries.append(summary)
        }
    }

    private final class Files: SinkFiles {
        private struct Written {
            var rows: [[Scalar]] = []
            var rejects: [RejectedEvent] = []
        }
        private let sink: MemorySink
        private let written = Mutex(Written())

        init(sink: MemorySink) { self.sink = sink }

        func write(_ batch: Batch) async throws {
            try sink.pass(.atWrite)
            written.withLock { $0.rows += batch.rows }
        }

        func reject(_ events: [RejectedEvent]) async throws {
            try sink.pass(.atReject)
            written.withLock { $0.rejects += events }
        }

        var writtenBytes: Int { get async { written.withLock { $0.rows.count * 10 } } }

        func close(for commit: SinkCommit) async throws -> ClosedFiles {
            try sink.passDisk()
            try sink.pass(.beforeCommit)
            let isInside = sink.isDue(.insideCommit)
            let (sink, written) = (self.sink, written.withLock { $0 })
            return ClosedFiles(
                tableUUID: "table-1", alongside: { _ in if isInside { throw Stopped() } },
                whenLanded: {
                    sink.show(written.rows, written.rejects, SinkCommit.summary(of: [commit]))
                    try sink.pass(.afterCommit)
                    if sink.isDue(.answerLost) { throw LostAnswer() }
                })
        }

        func abandon() async { sink.noteAbandoned() }
    }
}

/// Keeps rows where `id % 10 != 0`, fails on `id % 10 == 7`, passes the rest.
struct TestTransform: RowTransform {
    let output = Schema([Field("id", .long)])
    let unfolds = false

    func apply(_ batch: Batch) throws -> TransformedRows {
        var sources: [Int32] = []
        var rejected: [RejectedRow] = []
        for (index, row) in batch.rows.enumerated() {
            guard case .long(let id) = row[0] else { continue }
            switch id % 10 {
            case 0: continue
            case 7: rejected.append(RejectedRow(row: index, code: "seven", message: "id is \(id)"))
            default: sources.append(Int32(index))
            }
        }
        return TransformedRows(
            inputCount: batch.rowCount, columns: [batch.columns[0].gather(sources)], sources: sources,
            rejected: rejected)
    }
}
