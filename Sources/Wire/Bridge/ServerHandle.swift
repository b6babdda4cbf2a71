import CMicrohttpd
import Glibc
import Synchronization

/// The HTTP library's server: its threads, its listening socket, its callbacks into `ServerCore`.
///
/// - Threads: any; `stop` blocks.
final class ServerHandle: Sendable {
    // The pointer's bits; zero after `stop`. A mutex, because the watcher may look while the server stops.
    private let bits: Mutex<UInt>
    let port: Int

    /// - Errors: `WIR-401` when the address cannot be bound, `WIR-402`.
    init(address: String, port: Int, limits: HTTPLimits, core: ServerCore) throws(WireError) {
        let listener = try Self.listen(address, port)
        self.port = Int(firn_http_port(listener))
        let cLimits = firn_http_limits(
            threads: UInt32(limits.threads), connections: UInt32(limits.connections),
            connections_per_client: UInt32(limits.connectionsPerClient),
            idle_seconds: UInt32(limits.idleSeconds),
            connection_memory_bytes: limits.connectionMemoryBytes, uses_tls: limits.usesTLS)
        let callbacks = unsafe firn_http_callbacks(
            began: requestBegan, received: bodyReceived, ended: bodyEnded, awaited: answerAwaited,
            produce: answerWanted, finished: requestFinished, refused: requestRefused,
            complained: libraryComplained)
        // SAFETY: released in `stop`, after the library's threads ended.
        let context = unsafe Unmanaged.passRetained(core).toOpaque()
        guard let server = unsafe firn_http_start(listener, cLimits, callbacks, context) else {
            unsafe Unmanaged<ServerCore>.fromOpaque(context).release()
            throw WireError(
                .cannotStart, "the HTTP library did not start", ["address": address, "port": port])
        }
        bits = Mutex(UInt(bitPattern: server))
        coreBits = UInt(bitPattern: context)
    }

    private let coreBits: UInt

    /// A socket that listens. - Errors: `WIR-401`.
    private static func listen(_ address: String, _ port: Int) throws(WireError) -> Int32 {
        guard let wanted = UInt16(exactly: port) else {
            throw WireError(.cannotListen, "a port lies between 0 and 65535", ["port": port])
        }
        let listener = unsafe firn_http_listen(address, wanted)
        guard listener >= 0 else { throw listenError(address, port, code: -listener) }
        return listener
    }

    static func requireFree(_ addresses: [(host: String, port: Int)]) throws(WireError) {
        var listeners: [Int32] = []
        defer { for listener in listeners { close(listener) } }
        for (host, port) in addresses { listeners.append(try listen(host, port)) }
    }

    private static func listenError(_ address: String, _ port: Int, code: Int32) -> WireError {
        let reason = unsafe String(cString: strerror(code))
        let hint =
            code == EADDRINUSE ? "stop the other process, or choose another port (0 takes a free one)" : nil
        let summary = code == EADDRINUSE ? "the port is in use" : "cannot listen on this address"
        return WireError(
            .cannotListen, summary, ["address": address, "port": port, "reason": reason], hint: hint)
    }

    static func useCertificate(chain: [UInt8], key: [UInt8]) throws(WireError) {
        var reason = [CChar](repeating: 0, count: 256)
        // SAFETY: the pointers are used inside the call only.
        guard unsafe firn_http_tls_use(chain, chain.count, key, key.count, &reason, reason.count) else {
            let text = String(
                decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw WireError(
                .certificateUnusable, "the certificate or its key cannot be used", ["reason": text],
                hint: "both are PEM; the chain begins with the server's own certificate")
        }
    }

    static func isLoopback(_ address: String) -> Bool { unsafe firn_http_is_loopback(address) }

    // SAFETY of the calls below: the pointer is used only under the mutex and only before `stop` clears it.
    func quiesce() { unsafe withServer { unsafe firn_http_quiesce($0) } }

    func sweep(headSeconds: Int) {
        unsafe withServer { unsafe firn_http_sweep($0, Int64(headSeconds) * 1_000_000_000) }
    }

    var connectionCount: Int {
        var count = 0
        unsafe withServer { count = unsafe Int(firn_http_connection_count($0)) }
        return count
    }

    private func withServer(_ body: (OpaquePointer) -> Void) {
        bits.withLock { bits in
            if let server = unsafe OpaquePointer(bitPattern: bits) { unsafe body(server) }
        }
    }

    /// Blocks until the library's threads ended. No request may be suspended.
    func stop() {
        let taken = bits.withLock { bits in
            defer { bits = 0 }
            return bits
        }
        guard let server = unsafe OpaquePointer(bitPattern: taken) else { return }
        unsafe firn_http_stop(server)
        if let context = unsafe UnsafeMutableRawPointer(bitPattern: coreBits) {
            unsafe Unmanaged<ServerCore>.fromOpaque(context).release()
        }
    }
}
