import Synchronization

/// One request and its answer, between curl's thread and the task that waits.
///
/// - Threads: `received…` and `finished` on curl's thread; everything else in one task.
final class Transfer: Sendable {
    private struct State {
        var status = 0
        var headers: [(name: String, value: String)] = []
        var isHeadDone = false
        var pieces: [[UInt8]] = []
        var waitingBytes = 0
        var isPaused = false
        var outcome: Result<Void, HTTPClientError>?
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// Bytes of an answer that wait for its reader before curl is paused.
    static let waitingLimit = 1 << 20

    let request: HTTPClientRequest
    private let state = Mutex(State())
    private let wake: @Sendable (Transfer, CurlThread.Command) -> Void

    init(_ request: HTTPClientRequest, wake: @escaping @Sendable (Transfer, CurlThread.Command) -> Void) {
        self.request = request
        self.wake = wake
    }

    func cancel() { wake(self, .cancel) }
    func resume() { wake(self, .resume) }

    var isFinished: Bool { state.withLock { $0.outcome != nil } }

    /// - Errors: `HTTPClientError` when the request ended before its head.
    func head() async throws -> HTTPClientResponse {
        while true {
            let ready = try state.withLock { state throws(HTTPClientError) -> HTTPClientResponse? in
                if state.isHeadDone {
                    return HTTPClientResponse(status: state.status, headers: state.headers, transfer: self)
                }
                if case .failure(let error) = state.outcome { throw error }
                if state.outcome != nil { throw HTTPClientError(.interrupted, "the answer has no head") }
                return nil
            }
            if let ready { return ready }
            await wait { $0.isHeadDone || $0.outcome != nil }
        }
    }

    func nextPiece() async throws -> [UInt8]? {
        enum Step { case piece([UInt8], resumes: Bool), end, wait }
        while true {
            let step = try state.withLock { state throws(HTTPClientError) -> Step in
                if !state.pieces.isEmpty {
                    let piece = state.pieces.removeFirst()
                    state.waitingBytes -= piece.count
                    let resumes = state.isPaused && state.waitingBytes < Self.waitingLimit / 2
                    if resumes { state.isPaused = false }
                    return .piece(piece, resumes: resumes)
                }
                switch state.outcome {
                case .failure(let error): throw error
                case .success: return .end
                case nil: return .wait
                }
            }
            switch step {
            case .piece(let piece, let resumes):
                if resumes { wake(self, .resume) }
                return piece
            case .end: return nil
            case .wait: await wait { !$0.pieces.isEmpty || $0.outcome != nil }
            }
        }
    }

    /// Pieces that were read and are to be read again.
    func putBack(_ pieces: [[UInt8]]) {
        state.withLock { state in
            state.pieces.insert(contentsOf: pieces, at: 0)
            state.waitingBytes += pieces.reduce(0) { $0 + $1.count }
        }
    }

    private func wait(until isReady: @escaping @Sendable (borrowing State) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if isReady(state) { return true }
                    precondition(state.waiter == nil, "a transfer has one reader")
                    state.waiter = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            cancel()
        }
    }

    func receivedHeader(_ line: String) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if line.hasPrefix("HTTP/") {
                state.headers = []
                state.status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            } else if let colon = line.firstIndex(of: ":") {
                let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
                state.headers.append((String(line[..<colon]), String(value)))
            } else if line.isEmpty, state.status >= 200 {
                state.isHeadDone = true
                return state.waiter.take()
            }
            return nil
        }
        waiter?.resume()
    }

    /// False when the reader has enough for now; the piece comes again after a resume.
    func received(count: Int, copy: () -> [UInt8]) -> Bool {
        let (isTaken, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard state.waitingBytes < Self.waitingLimit else {
                state.isPaused = true
                return (false, nil)
            }
            state.pieces.append(copy())
            state.waitingBytes += count
            return (true, state.waiter.take())
        }
        waiter?.resume()
        return isTaken
    }

    func finished(_ outcome: Result<Void, HTTPClientError>) {
        let waiter = state.withLock { state in
            if state.outcome == nil { state.outcome = outcome }
            return state.waiter.take()
        }
        request.stream?.close()
        waiter?.resume()
    }
}
