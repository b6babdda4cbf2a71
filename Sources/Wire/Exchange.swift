import Scheduling
import Synchronization
import Telemetry

/// One request and its answer, between the HTTP library's thread and the handler's task.
///
///     library thread                                task
///     bodyReceived, bodyEnded, answerAwaited  ──▶  nextBodyPiece
///     nextAnswerPiece                         ◀──  answer, write, endAnswer
///
/// - Threads: the left side runs on one library thread at a time, the right side in one task at a time.
/// - Invariant: the library is asked to suspend and resume under the lock, so that a resume never comes before its
///   suspend; continuations and cancellation run outside it.
final class Exchange: Sendable {
    struct State {
        /// Nil once the library is done with the request.
        var handle: RequestHandle?
        var isSuspended = false
        /// Everything else ends as soon as the library asks.
        var isAborted = false

        /// Starts the handler, if that waits for the whole body.
        var start: (@Sendable () -> Void)?
        var body = ByteQueue()
        var isBodyEnded = false
        var discarded = 0
        var bodyReader: CheckedContinuation<Void, Never>?

        var response: Response?
        var isAnswered = false
        var output = ByteQueue()
        var isOutputEnded = false
        var hasOutputFailed = false
        /// Since when a failed answer waits for its client to take the rest.
        var failedNanoseconds: Int64?
        var outputWriter: CheckedContinuation<Void, Never>?
        var isTaskDone = false
        /// The last look found the request's body cut off.
        var wasAtEnd = false
        /// Since when the client has closed its side.
        var halfClosedNanoseconds: Int64?
        var wasProbed = false
        /// The answer goes out in chunks.
        var isChunked = false

        var isOver: Bool { handle == nil || isAborted }
    }

    enum AnswerPiece { case piece(ArraySlice<UInt8>), wait, end, fault }

    let requestID: RequestID
    let cancellation = CancellationToken()
    /// When the request's head was complete.
    let startNanoseconds: Int64
    let state: Mutex<State>
    let limits: HTTPLimits
    private let budget: BodyBudget
    /// What this request's collected body takes of the budget.
    private let collected = Atomic<Int>(0)
    private let complain: @Sendable (String) -> Void
    /// Called once, when both sides are done.
    private let retire: @Sendable (Exchange) -> Void

    init(
        handle: RequestHandle, requestID: RequestID, limits: HTTPLimits, budget: BodyBudget,
        startNanoseconds: Int64,
        complain: @escaping @Sendable (String) -> Void, retire: @escaping @Sendable (Exchange) -> Void
    ) {
        state = Mutex(State(handle: handle))
        self.requestID = requestID
        self.limits = limits
        self.budget = budget
        self.startNanoseconds = startNanoseconds
        self.complain = complain
        self.retire = retire
    }
}

// The library's side.
extension Exchange {
    /// Answers inside `begin`, before the body is read. No task will run for this request.
    func refuse(_ response: Response) {
        let handle = state.withLock { state in
            state.isAnswered = true
            state.isTaskDone = true
            return state.handle
        }
        _ = handle?.send(response, log: complain)
    }

    /// True once the library holds nothing of this request.
    var isReleased: Bool { state.withLock { $0.handle == nil } }

    /// Takes all of a piece or none of it; `copy` is called only when it is wanted.
    func bodyReceived(count: Int, copy: () -> [UInt8]) -> (goesOn: Bool, taken: Int) {
        var reader: CheckedContinuation<Void, Never>?
        let result = state.withLock { state -> (Bool, Int) in
            if state.isAborted { return (false, 0) }
            if state.isAnswered {
                state.discarded += count
                return (state.discarded <= limits.discardedBytes, count)
            }
            if state.body.byteCount >= limits.bodyQueueBytes {
                suspend(&state)
                return (true, 0)
            }
            state.body.push(copy())
            if state.body.byteCount >= limits.bodyBatchBytes { reader = state.bodyReader.take() }
            return (true, count)
        }
        reader?.resume()
        return result
    }

    /// The handler will be started by `bodyEnded`, on the library's thread; never, if the request ends before.
    func startWhenComplete(_ start: @escaping @Sendable () -> Void) {
        state.withLock { $0.start = start }
    }

    /// The request is complete: starts a handler that waited for that, and sends the answer if it is there by now.
    func bodyEnded() -> Bool {
        let (reader, start) = state.withLock { state in
            state.isBodyEnded = true
            return (state.bodyReader.take(), state.start.take())
        }
        reader?.resume()
        start?()
        return answer(isAwaited: false)
    }

    /// Sends the answer if there is one, else waits for it.
    func answerAwaited() -> Bool { answer(isAwaited: true) }

    private func answer(isAwaited: Bool) -> Bool {
        var ready: (RequestHandle, Response)?
        let goesOn = state.withLock { state in
            if state.isAborted { return false }
            if let handle = state.handle, let response = state.response.take() {
                ready = (handle, response)
            } else if isAwaited, !state.isAnswered {
                suspend(&state)
            }
            return true
        }
        guard let (handle, response) = ready else { return goesOn }
        return handle.send(response, log: complain)
    }

    func nextAnswerPiece(capacity: Int) -> AnswerPiece {
        var writer: CheckedContinuation<Void, Never>?
        let answer = state.withLock { state -> AnswerPiece in
            if state.isAborted { return fault(&state) }
            let piece = state.output.peek(capacity: capacity)
            if piece.isEmpty {
                if state.isOutputEnded { return state.hasOutputFailed ? fault(&state) : .end }
                suspend(&state)
                return .wait
            }
            state.output.advance(by: piece.count)
            state.halfClosedNanoseconds = nil
            state.failedNanoseconds = nil
            state.wasProbed = false
            if state.output.byteCount <= limits.answerQueueBytes / 2 { writer = state.outputWriter.take() }
            return .piece(piece)
        }
        writer?.resume()
        return answer
    }

    /// The library would close the connection only at its thread's next event.
    private func fault(_ state: inout State) -> AnswerPiece {
        state.handle?.cut()
        return .fault
    }

    /// The last call of the library.
    func finished(isComplete: Bool) {
        let (reader, writer, isLast) = state.withLock { state in
            state.handle = nil
            state.output.removeAll()
            // A handler that never started has nothing to end.
            if state.start.take() != nil { state.isTaskDone = true }
            let waiting = (state.bodyReader.take(), state.outputWriter.take(), state.isTaskDone)
            state.response = nil
            return waiting
        }
        reader?.resume()
        writer?.resume()
        // After a complete answer nobody works for this request any more, and cancelling twice changes nothing.
        if !isComplete {
            cancellation.cancel(SchedulingError(.cancelled, "the client closed the connection"))
        }
        if isLast { end() }
    }

    private func suspend(_ state: inout State) {
        guard !state.isSuspended, let handle = state.handle else { return }
        state.isSuspended = true
        handle.suspend()
    }
}

// The handler's side.
extension Exchange {
    /// - Errors: `WIR-301`.
    func nextBodyPiece() async throws -> [UInt8]? {
        while true {
            enum Step { case piece([UInt8]), end, gone, wait }
            let step = state.withLock { state -> Step in
                if let piece = state.body.pop() {
                    if state.body.byteCount < limits.bodyQueueBytes / 2, !state.isBodyEnded { resume(&state) }
                    return .piece(piece)
                }
                if state.isBodyEnded { return .end }
                return state.isOver ? .gone : .wait
            }
            switch step {
            case .piece(let piece): return piece
            case .end: return nil
            case .gone: throw WireError(.clientGone, "the client left before its request was complete")
            case .wait: await waitForBody()
            }
        }
    }

    /// Takes memory for a body that is collected whole; given back when the request is over.
    ///
    /// - Errors: `WIR-202`.
    func reserve(_ bytes: Int) throws(WireError) {
        try budget.take(bytes)
        collected.add(bytes, ordering: .relaxed)
    }

    private func waitForBody() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isReady = state.withLock { state in
                precondition(state.bodyReader == nil, "a request body has one reader at a time")
                let isEnough = state.body.byteCount >= limits.bodyBatchBytes
                if isEnough || state.isBodyEnded || state.isOver { return true }
                state.bodyReader = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
    }

    /// The answer's head, and its body unless that is streamed. What is left of the request's body is discarded.
    func answer(_ response: Response) {
        state.withLock { state in
            precondition(!state.isAnswered, "a request is answered once")
            state.isAnswered = true
            if case .stream(nil, _) = response.body { state.isChunked = true }
            state.body.removeAll()
            guard state.handle != nil else { return }
            state.response = response
            resume(&state)
        }
    }

    /// Waits while the client reads slower than the handler writes, but not for one whose request was cancelled.
    ///
    /// - Errors: `WIR-301`, and why the request was cancelled.
    func write(_ piece: [UInt8]) async throws {
        let isFull = try state.withLock { state throws(WireError) in
            if state.isOver { throw Self.clientGone }
            state.output.push(piece)
            resume(&state)
            return state.output.byteCount >= limits.answerQueueBytes
        }
        guard isFull else { return }
        let handler = cancellation.onCancel { [self] in
            state.withLock { $0.outputWriter.take() }?.resume()
        }
        defer { cancellation.removeHandler(handler) }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isReady = state.withLock { state in
                precondition(state.outputWriter == nil, "a response body has one writer at a time")
                let hasRoom = state.output.byteCount < limits.answerQueueBytes
                if hasRoom || state.isOver || cancellation.isCancelled { return true }
                state.outputWriter = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
        if state.withLock({ $0.isOver }) { throw Self.clientGone }
        try cancellation.check()
    }

    private static let clientGone = WireError(.clientGone, "the client left before the answer was complete")

    /// Ends a streamed body; a failed one ends in an aborted transfer.
    func endAnswer(hasFailed: Bool) {
        state.withLock { state in
            state.isOutputEnded = true
            state.hasOutputFailed = hasFailed
            resume(&state)
        }
    }

    /// The task's last call.
    func taskDone() {
        let isLast = state.withLock { state in
            state.isTaskDone = true
            return state.handle == nil
        }
        if isLast { end() }
    }

    func resume(_ state: inout State) {
        guard state.isSuspended, let handle = state.handle else { return }
        state.isSuspended = false
        handle.resume()
    }
}

extension Exchange {
    /// Runs once, when both sides are done.
    private func end() {
        budget.give(collected.load(ordering: .relaxed))
        retire(self)
    }
}
