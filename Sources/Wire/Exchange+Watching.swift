import Scheduling
import Synchronization

/// The watcher's side.
extension Exchange {
    /// Looks at the socket, which the library does not while the request is suspended, and at the clock.
    func watch(nowNanoseconds: Int64) {
        // Most requests are over before anybody could miss their client, and each look asks the system.
        guard nowNanoseconds - startNanoseconds >= Int64(limits.watchMilliseconds) * 1_000_000 else { return }
        // A deadline passes while the handler waits for the client and looks at nothing.
        _ = cancellation.isCancelled
        if isFailedForLong(nowNanoseconds) { return abort() }
        let (isGone, isAnswered) = state.withLock { state -> (Bool, Bool) in
            guard let handle = state.handle else { return (false, state.isAnswered) }
            guard state.isSuspended else {
                cutIfIncomplete(handle, &state)
                // With a full socket the library waits to write, and does not hear of a reset.
                return (state.isAnswered && handle.peerState == .gone, state.isAnswered)
            }
            switch handle.peerState {
            case .present: return (false, state.isAnswered)
            case .sendsNoMore: return (hasLeft(handle, &state, nowNanoseconds), state.isAnswered)
            case .gone: return (true, state.isAnswered)
            }
        }
        if isGone { cancellation.cancel(SchedulingError(.cancelled, "the client closed the connection")) }
        let seconds = (nowNanoseconds - startNanoseconds) / 1_000_000_000
        let limit = isAnswered ? limits.totalSeconds : limits.answerSeconds
        if seconds >= limit {
            cancellation.cancel(
                SchedulingError(.deadlineExceeded, "the request ran past its deadline", ["seconds": limit]))
            if seconds >= limit + limits.drainSeconds { abort() }
        }
    }

    /// A client that does not read what comes before a failure does not hear of it either.
    private func isFailedForLong(_ now: Int64) -> Bool {
        state.withLock { state in
            guard state.hasOutputFailed, !state.isOver else { return false }
            let since = state.failedNanoseconds ?? now
            state.failedNanoseconds = since
            return now - since >= Int64(limits.failedSeconds) * 1_000_000_000
        }
    }

    /// A client that closed its side may have left or may wait for the answer; only sending tells. Before the answer, and
    /// between two chunks of one, a probe is sent, and one that has left shows as gone at the next look. Where nothing
    /// can be sent, the client is taken for gone when nothing of its answer comes for a while.
    private func hasLeft(_ handle: RequestHandle, _ state: inout State, _ now: Int64) -> Bool {
        // While the body is still coming in, a half-closed socket is a client that has sent everything.
        guard state.isBodyEnded else { return false }
        let since = state.halfClosedNanoseconds ?? now
        state.halfClosedNanoseconds = since
        let isLate = state.isAnswered && now - since > Int64(limits.halfClosedSeconds) * 1_000_000_000
        guard !isLate, !state.wasProbed, now - since >= Int64(limits.probeMilliseconds) * 1_000_000 else {
            return isLate
        }
        state.wasProbed = true
        if state.isAnswered {
            if state.isChunked { handle.probeBetweenChunks() }
            return false
        }
        return !handle.probe()
    }

    /// The library misses a FIN that arrives together with data. A body that can never be complete would wait for
    /// the idle timeout; two looks in a row make sure that the library had its chance.
    private func cutIfIncomplete(_ handle: RequestHandle, _ state: inout State) {
        guard !state.isBodyEnded, handle.isAtEnd else {
            state.wasAtEnd = false
            return
        }
        if state.wasAtEnd { handle.endReading() }
        state.wasAtEnd = true
    }

    /// Ends the transfer, whatever its state.
    func abort() {
        cancellation.cancel(SchedulingError(.cancelled, "the server ended the request"))
        let (reader, writer) = state.withLock { state in
            state.isAborted = true
            state.handle?.cut()
            resume(&state)
            return (state.bodyReader.take(), state.outputWriter.take())
        }
        reader?.resume()
        writer?.resume()
    }
}
