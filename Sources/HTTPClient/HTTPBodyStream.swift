import Synchronization

/// The body of a request while it is made: a writer's task on one side, the transfer on the other.
///
/// - Threads: `write`, `end` and `fail` in one task; `take` on curl's thread.
package final class HTTPBodyStream: Sendable {
    private struct State {
        var pieces: [ArraySlice<UInt8>] = []
        var waitingBytes = 0
        var isEnded = false
        var hasFailed = false
        /// The transfer is over: nobody takes any more.
        var isClosed = false
        /// Curl waits for the next piece.
        var isPaused = false
        var writer: CheckedContinuation<Void, Never>?
        var resume: (@Sendable () -> Void)?
    }

    enum Taken { case taken(Int), later, broken }

    /// Bytes that wait to be sent before the writer does.
    private static let waitingLimit = 1 << 20

    /// How many bytes will be written, neither more nor fewer.
    package let length: Int64
    private let state = Mutex(State())

    package init(length: Int64) { self.length = length }

    func attach(_ resume: @escaping @Sendable () -> Void) { state.withLock { $0.resume = resume } }

    /// Returns when there is room for more. - Errors: `HTC-204` when the transfer is over.
    package func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        let resume = state.withLock { state in
            state.pieces.append(bytes[...])
            state.waitingBytes += bytes.count
            return Self.unpause(&state)
        }
        resume?()
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if state.waitingBytes < Self.waitingLimit || state.isClosed { return true }
                precondition(state.writer == nil, "a body has one writer")
                state.writer = continuation
                return false
            }
            if goesOn { continuation.resume() }
        }
        guard !state.withLock({ $0.isClosed }) else {
            throw HTTPClientError(.interrupted, "the request ended before its body")
        }
    }

    /// Everything is written.
    package func end() { finish { $0.isEnded = true } }

    /// The rest will not come: the connection is broken off, so the server cannot take what it has for the whole.
    package func fail() { finish { $0.hasFailed = true } }

    private func finish(_ change: (inout State) -> Void) {
        let resume = state.withLock { state in
            change(&state)
            return Self.unpause(&state)
        }
        resume?()
    }

    private static func unpause(_ state: inout State) -> (@Sendable () -> Void)? {
        guard state.isPaused else { return nil }
        state.isPaused = false
        return state.resume
    }

    func take(atMost capacity: Int, copy: (ArraySlice<UInt8>) -> Void) -> Taken {
        let (taken, writer) = state.withLock { state -> (Taken, CheckedContinuation<Void, Never>?) in
            if state.hasFailed { return (.broken, nil) }
            guard let first = state.pieces.first else {
                if state.isEnded { return (.taken(0), nil) }
                state.isPaused = true
                return (.later, nil)
            }
            let part = first.prefix(capacity)
            copy(part)
            if part.count == first.count {
                state.pieces.removeFirst()
            } else {
                state.pieces[0] = first.dropFirst(part.count)
            }
            state.waitingBytes -= part.count
            return (.taken(part.count), state.waitingBytes < Self.waitingLimit ? state.writer.take() : nil)
        }
        writer?.resume()
        return taken
    }

    func close() {
        let writer = state.withLock { state in
            state.isClosed = true
            state.pieces = []
            state.waitingBytes = 0
            return state.writer.take()
        }
        writer?.resume()
    }
}
