import Effects
import Synchronization

/// Counts what was accepted and draws the progress bar.
///
///     flights.csv  [████████████░░░░░░░░]  61 %  205,000 events  148,000/s  ETA 1 s
final class IngestProgress: Sendable {
    private struct State {
        var events = 0
        var rejected = 0
        var repeated = 0
        var misfits: [RejectedEvent] = []
        var requests = 0
        var retries = 0
        var bytes: Int64 = 0
        var drawnAt: Int64 = 0
        var isDrawn = false
    }

    private static let barWidth = 20
    /// More than a few tell no more.
    private static let shownMisfits = 5
    /// On a terminal the bar is drawn ten times a second, in a pipe a line comes every five seconds.
    private static let terminalNanoseconds: Int64 = 100_000_000
    private static let pipeNanoseconds: Int64 = 5_000_000_000

    private let console: Console
    private let clock: any Clock
    private let name: String
    private let totalBytes: Int64?
    private let start: Int64
    private let isQuiet: Bool
    private let state = Mutex(State())

    init(console: Console, clock: any Clock, name: String, totalBytes: Int64?, isQuiet: Bool) {
        self.console = console
        self.clock = clock
        self.name = name
        self.totalBytes = totalBytes
        self.isQuiet = isQuiet
        start = clock.monotonicNanoseconds
    }

    var accepted: Int { state.withLock { $0.events } }
    /// Events that were kept and do not fit the stream's schema.
    var rejected: Int { state.withLock { $0.rejected } }
    /// Accepted events that a run before this one had sent.
    var repeated: Int { state.withLock { $0.repeated } }
    /// The first rejected events, in the order of their places.
    var misfits: [RejectedEvent] {
        state.withLock { $0.misfits }.sorted { ($0.file, $0.event) < ($1.file, $1.event) }
    }
    var requests: Int { state.withLock { $0.requests } }
    var retries: Int { state.withLock { $0.retries } }
    var seconds: Double { max(1e-9, Double(clock.monotonicNanoseconds - start) / 1e9) }

    func retried() { state.withLock { $0.retries += 1 } }

    /// `bytes` of the sources are behind us with this batch.
    func accepted(_ answer: IngestAnswer, of batch: EventBatch, file: String, bytes: Int64) {
        let now = clock.monotonicNanoseconds
        let interval = console.isErrorTerminal ? Self.terminalNanoseconds : Self.pipeNanoseconds
        let line = state.withLock { state -> String? in
            state.events += answer.accepted
            state.rejected += answer.rejected
            if answer.wasKept { state.repeated += answer.accepted }
            for misfit in answer.misfits.prefix(Self.shownMisfits - state.misfits.count) {
                state.misfits.append(
                    RejectedEvent(file: file, event: batch.firstEvent + misfit.index, misfit: misfit))
            }
            state.requests += 1
            state.bytes += bytes
            guard !isQuiet, now - max(state.drawnAt, start) >= interval else { return nil }
            state.drawnAt = now
            state.isDrawn = true
            return text(state)
        }
        guard let line else { return }
        console.writeError(console.isErrorTerminal ? "\r\u{1B}[K\(line)" : line + "\n")
    }

    /// Takes the bar away, so that the result stands alone.
    func end() {
        let isDrawn = state.withLock { $0.isDrawn }
        if isDrawn, console.isErrorTerminal { console.writeError("\r\u{1B}[K") }
    }

    private func text(_ state: State) -> String {
        let rate = Double(state.events) / seconds
        var parts = [name]
        if let totalBytes, totalBytes > 0 {
            let share = min(1, Double(state.bytes) / Double(totalBytes))
            let filled = Int(share * Double(Self.barWidth))
            if console.isErrorTerminal {
                let rest = String(repeating: "░", count: Self.barWidth - filled)
                parts.append("[" + String(repeating: "█", count: filled) + rest + "]")
            }
            parts.append("\(Int(share * 100)) %")
        }
        parts.append(NumberText.counted(state.events, "event"))
        parts.append("\(NumberText.grouped(Int(rate)))/s")
        if let totalBytes, state.bytes > 0 {
            let left = seconds * Double(max(0, totalBytes - state.bytes)) / Double(state.bytes)
            parts.append("ETA \(NumberText.duration(seconds: left))")
        }
        return parts.joined(separator: "  ")
    }
}
