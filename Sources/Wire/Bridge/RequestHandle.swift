import CMicrohttpd

/// A request inside the HTTP library. Valid until the library says the request is finished; `Exchange` sees to that.
struct RequestHandle: Sendable {
    /// The pointer's bits: a pointer is not Sendable, and this one travels under the exchange's lock.
    private let bits: UInt

    init(_ pointer: OpaquePointer) { bits = UInt(bitPattern: pointer) }

    // SAFETY: made from a pointer in init, so it is not null.
    private var pointer: OpaquePointer { unsafe OpaquePointer(bitPattern: bits).unsafelyUnwrapped }

    enum PeerState { case present, sendsNoMore, gone }

    // SAFETY of all calls below: the library keeps the request alive until `finished`, after which the exchange
    // holds no handle any more.
    func suspend() { unsafe firn_http_suspend(pointer) }
    func resume() { unsafe firn_http_resume(pointer) }
    func endReading() { unsafe firn_http_end_reading(pointer) }

    /// False when this connection has no way to ask.
    func probe() -> Bool { unsafe firn_http_probe(pointer) }

    /// To be asked only while the request is suspended for want of its next chunk.
    func probeBetweenChunks() { unsafe firn_http_probe_between_chunks(pointer) }

    func cut() { unsafe firn_http_cut(pointer) }

    /// Everything the peer sent is read, and there will be no more.
    var isAtEnd: Bool { unsafe firn_http_is_at_end(pointer) }

    var peerState: PeerState {
        switch unsafe firn_http_peer_state(pointer) {
        case 0: .present
        case 1: .sendsNoMore
        default: .gone
        }
    }

    var method: String { unsafe String(cString: firn_http_method(pointer)) }
    var version: String { unsafe String(cString: firn_http_version(pointer)) }
    var rawTarget: String { unsafe String(cString: firn_http_target(pointer)) }

    var peer: String {
        // SAFETY: the call ends the text it writes, also an empty one, inside the buffer.
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            unsafe firn_http_peer(pointer, text.baseAddress, text.count)
            return unsafe text.baseAddress.map { unsafe String(cString: $0) } ?? ""
        }
    }

    var headers: HTTPHeaders {
        var list: [(name: String, value: String)] = []
        unsafe withUnsafeMutablePointer(to: &list) { list in
            unsafe firn_http_each_header(pointer, list, collectHeader)
        }
        return HTTPHeaders(list)
    }

    /// Hands the answer to the library. False when the library refuses it.
    func send(_ response: Response, log: (String) -> Void) -> Bool {
        guard let made = unsafe makeBody(response.body) else { return false }
        for (name, value) in response.headers.entries
        where unsafe !firn_http_response_header(made, name, value) {
            log("a response header has characters that headers may not have: \(name)")
        }
        return unsafe firn_http_respond(pointer, UInt32(clamping: response.status), made)
    }

    private func makeBody(_ body: Response.Body) -> OpaquePointer? {
        switch body {
        case .bytes(let bytes):
            unsafe bytes.withUnsafeBufferPointer { unsafe firn_http_response_bytes($0.baseAddress, $0.count) }
        case .stream(let length, _):
            unsafe firn_http_response_stream(pointer, length ?? -1)
        case .absent(let length):
            unsafe firn_http_response_stream(pointer, length)
        case .file(let descriptor, let offset, let length):
            unsafe descriptor.take().flatMap {
                unsafe firn_http_response_file($0, UInt64(offset), UInt64(length))
            }
        }
    }
}

// SAFETY: `context` is the list that `headers` passed, on the same stack.
private nonisolated func collectHeader(
    _ context: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?, _ value: UnsafePointer<CChar>?
) {
    guard let context = unsafe context, let name = unsafe name, let value = unsafe value else { return }
    unsafe context.assumingMemoryBound(to: [(name: String, value: String)].self).pointee.append(
        (name: String(cString: name), value: String(cString: value)))
}
