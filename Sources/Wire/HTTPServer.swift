import Effects
import Foundation
import Synchronization

/// An HTTP/1.1 server: bytes move on the library's threads, handlers run as tasks on Swift's pool.
///
/// - Threads: any.
/// - Errors: `start` throws `WIR-401` when the address is in use, `WIR-402`.
package final class HTTPServer: Sendable {
    private let address: String
    private let port: Int
    private let core: ServerCore
    private let clock: any Clock
    private let handle = Mutex<ServerHandle?>(nil)
    private let isStopped = Atomic<Bool>(false)

    /// - `name` labels the metrics.
    /// - `handler` answers everything, also its own faults.
    package init(
        name: String, address: String, port: Int, limits: HTTPLimits = HTTPLimits(),
        effects: ServerEffects = ServerEffects(),
        hooks: ServerHooks = ServerHooks(),
        handler: @escaping @Sendable (Request) async -> Response
    ) {
        self.address = address
        self.port = port
        clock = effects.clock
        core = ServerCore(name: name, limits: limits, effects: effects, hooks: hooks, handler: handler)
    }

    /// True when only this machine can reach the address.
    package static func isLoopback(_ address: String) -> Bool { ServerHandle.isLoopback(address) }

    /// Sets or exchanges the certificate of every server of this process that uses TLS: a PEM chain, leaf first, and its
    /// key. Connections that exist keep theirs.
    ///
    /// - Errors: `WIR-405`; the certificate before stays.
    package static func useCertificate(chain: [UInt8], key: [UInt8]) throws(WireError) {
        try ServerHandle.useCertificate(chain: chain, key: key)
    }

    /// Makes sure that servers can listen on these addresses, all at once; 0 is always free.
    ///
    /// - Errors: as `start`.
    package static func requireFree(_ addresses: [(host: String, port: Int)]) throws(WireError) {
        try ServerHandle.requireFree(addresses)
    }

    /// Listens and serves; answers the port, which differs from the one asked for when that was 0.
    package func start() throws(WireError) -> Int {
        let made = try ServerHandle(address: address, port: port, limits: core.limits, core: core)
        handle.withLock { handle in
            precondition(handle == nil, "a server is started once")
            handle = made
        }
        let watcher = Thread { [core, weak self] in
            var round = 0
            while let self, !self.isStopped.load(ordering: .acquiring) {
                pause(milliseconds: Int32(core.limits.watchMilliseconds))
                core.watch(connectionCount: made.connectionCount)
                round += 1
                if round.isMultiple(of: 20) { made.sweep(headSeconds: core.limits.headSeconds) }
            }
        }
        watcher.name = "http-watcher"
        watcher.start()
        return made.port
    }

    /// Refuses new requests from now on with 503, but for probes; those that run go on.
    package func startDraining() { core.startDraining() }

    /// Refuses new requests, lets running ones end for a bounded time, cancels the rest with `SCH-302` shortly before
    /// its end, then cuts what is left. Until then connections are
    /// taken, so that a load balancer can still ask.
    package func stop() async {
        guard let made = handle.withLock({ $0.take() }) else { return }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let stopper = Thread { [self] in
                drain(made)
                isStopped.store(true, ordering: .releasing)
                made.stop()
                continuation.resume()
            }
            stopper.name = "http-stopper"
            stopper.start()
        }
    }

    private func drain(_ made: ServerHandle) {
        core.startDraining()
        let drain = Double(core.limits.drainSeconds)
        // Whoever still runs near the end is told to stop, so that its client hears why instead of nothing.
        let lastWords = Double(core.limits.lastWordsSeconds)
        waitUntil(seconds: drain - min(lastWords, drain / 2)) { core.isIdle }
        core.cancelAll()
        waitUntil(seconds: lastWords) { core.isIdle }
        made.quiesce()
        core.abortAll()
        // Aborting resumes what was suspended; the library must see that before it may stop.
        waitUntil(seconds: 5) { core.isReleased }
    }

    private func waitUntil(seconds: Double, _ condition: () -> Bool) {
        let end = clock.monotonicNanoseconds + Int64(seconds * 1_000_000_000)
        while !condition(), clock.monotonicNanoseconds < end { pause(milliseconds: 5) }
    }
}
