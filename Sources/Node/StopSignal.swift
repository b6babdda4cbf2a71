import Dispatch
import Glibc

/// Waits for SIGTERM or SIGINT. A second one ends the process at once.
struct StopSignal {
    private let sources: [any DispatchSourceSignal]
    private let arrivals: AsyncStream<Int32>

    /// From here on the signals no longer end the process.
    init() {
        let (arrivals, input) = AsyncStream<Int32>.makeStream()
        self.arrivals = arrivals
        let queue = DispatchQueue(label: "firn-signals")
        sources = [SIGTERM, SIGINT].map { number in
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { input.yield(number) }
            source.resume()
            return source
        }
    }

    /// Waits for one: `SIGTERM` or `SIGINT`.
    var wait: @Sendable () async -> String {
        { [arrivals] in
            for await number in arrivals { return number == SIGINT ? "SIGINT" : "SIGTERM" }
            return "none"
        }
    }

    /// Lets the next signal end the process: somebody is impatient.
    func restore() {
        for source in sources { source.cancel() }
        for number in [SIGTERM, SIGINT] { _ = signal(number, SIG_DFL) }
    }
}
