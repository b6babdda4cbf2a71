import Dispatch
import Effects
import Faults
import JSONText
import Scheduling
package import Telemetry
import Wire

#if canImport(Glibc)
    import Glibc
#endif

/// The composition root: settings become a running server.
///
/// - Errors: `NodeError`, and what a room says when it cannot open its part of the data directory.
package struct NodeServer: Sendable {
    private let settings: NodeSettings
    private let log: Log

    package init(settings: NodeSettings, log: Log? = nil) {
        self.settings = settings
        self.log = log ?? Log(threshold: settings.logLevel)
    }

    /// Serves until SIGTERM or SIGINT, then drains. `ready` gets the line that says where, once everything listens.
    package func run(ready: @Sendable (String) -> Void) async throws {
        let signal = StopSignal()
        let stop = Task { [wait = signal.wait] in await wait() }
        let certificateSignal = Certificate(settings)?.followSignal(log: log)
        defer { certificateSignal?.cancel() }
        // A start may wait for a lease; somebody who has enough of that must not wait for it.
        let starting = Task { try await start() }
        let interrupting = Task {
            _ = await stop.value
            starting.cancel()
        }
        let running: RunningNode
        do { running = try await starting.value } catch {
            guard starting.isCancelled else { throw error }
            return log.info("stopped before it was ready", ["reason": .string("\(error)")])
        }
        interrupting.cancel()
        ready(running.readyLine)
        log.info("ready", ["version": .string(FirnVersion.current), "addresses": running.addresses])
        guard let name = await firstOf(stop, running) else {
            // Nothing it could still write counts: its end is as good as any crash.
            throw NodeError(
                .takenOver, "another process has taken this node over",
                hint: "it was stopped for longer than its lease; what it acknowledged is with the other one")
        }
        signal.restore()
        log.info("stopping", ["signal": .string(name)])
        try await running.stop()
        log.info("stopped")
    }

    /// The signal's name; nil when another process has the node.
    private func firstOf(_ stop: Task<String, Never>, _ running: RunningNode) async -> String? {
        let (answers, send) = AsyncStream.makeStream(of: String?.self, bufferingPolicy: .bufferingOldest(1))
        let waiting = Task { send.yield(await stop.value) }
        let watching = Task { if await running.isTakenOver() { send.yield(nil) } }
        defer {
            waiting.cancel()
            watching.cancel()
        }
        for await answer in answers { return answer }
        return nil
    }

    /// Starts without waiting for a signal; the caller stops what it gets.
    package func start() async throws -> RunningNode {
        try settings.validate(isLoopback: HTTPServer.isLoopback)
        try ProcessSetup.checkLibraries()
        ProcessSetup.raiseFileLimit()
        try settings.armFaultPoint()
        try Certificate(settings)?.use()
        // Before a new data directory gets its key and its administrator: who meant another port meant another start.
        try HTTPServer.requireFree([settings.listen, settings.s3Listen].map { ($0.host, $0.port) })
        let rooms = try await NodeRooms.open(settings: settings, log: log)
        do {
            return try await RunningNode.start(rooms)
        } catch {
            // What failed is what the caller must hear; a room that does not close either is for the log.
            do { try await rooms.close() } catch {
                log.error("closing failed", ["reason": .string("\(error)")])
            }
            throw error
        }
    }
}
