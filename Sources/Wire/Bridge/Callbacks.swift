import CMicrohttpd

// What the HTTP library calls, on its own threads. Global functions: closures as C callbacks can trap in @main.
// SAFETY: of all of them: `server` is the core that ServerHandle retained until the library's threads ended;
// `exchange` is the one that `requestBegan` retained, released once in `requestFinished`.

nonisolated func requestBegan(
    _ server: UnsafeMutableRawPointer?, _ request: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let server = unsafe server, let request = unsafe request else { return nil }
    let core = unsafe Unmanaged<ServerCore>.fromOpaque(server).takeUnretainedValue()
    guard let exchange = unsafe core.begin(RequestHandle(request)) else { return nil }
    return unsafe Unmanaged.passRetained(exchange).toOpaque()
}

nonisolated func bodyReceived(
    _ exchange: UnsafeMutableRawPointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int,
    _ taken: UnsafeMutablePointer<Int>?
) -> Bool {
    guard let exchange = unsafe exchange, let taken = unsafe taken else { return false }
    let owner = unsafe Unmanaged<Exchange>.fromOpaque(exchange).takeUnretainedValue()
    guard let bytes = unsafe bytes else { return false }
    let piece = unsafe UnsafeBufferPointer(start: bytes, count: count)
    let (goesOn, amount) = owner.bodyReceived(count: count) { unsafe Array(piece) }
    unsafe taken.pointee = amount
    return goesOn
}

nonisolated func bodyEnded(_ exchange: UnsafeMutableRawPointer?) -> Bool {
    guard let exchange = unsafe exchange else { return false }
    return unsafe Unmanaged<Exchange>.fromOpaque(exchange).takeUnretainedValue().bodyEnded()
}

nonisolated func answerAwaited(_ exchange: UnsafeMutableRawPointer?) -> Bool {
    guard let exchange = unsafe exchange else { return false }
    return unsafe Unmanaged<Exchange>.fromOpaque(exchange).takeUnretainedValue().answerAwaited()
}

nonisolated func answerWanted(
    _ exchange: UnsafeMutableRawPointer?, _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: Int
) -> Int64 {
    guard let exchange = unsafe exchange, let buffer = unsafe buffer else {
        return Int64(FIRN_HTTP_PRODUCED_FAULT)
    }
    let owner = unsafe Unmanaged<Exchange>.fromOpaque(exchange).takeUnretainedValue()
    switch owner.nextAnswerPiece(capacity: capacity) {
    case .piece(let piece):
        return unsafe piece.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return 0 }
            unsafe buffer.update(from: base, count: source.count)
            return Int64(source.count)
        }
    case .wait: return Int64(FIRN_HTTP_PRODUCED_NOTHING)
    case .end: return Int64(FIRN_HTTP_PRODUCED_END)
    case .fault: return Int64(FIRN_HTTP_PRODUCED_FAULT)
    }
}

nonisolated func requestFinished(_ exchange: UnsafeMutableRawPointer?, _ isComplete: Bool) {
    guard let exchange = unsafe exchange else { return }
    unsafe Unmanaged<Exchange>.fromOpaque(exchange).takeRetainedValue().finished(isComplete: isComplete)
}

nonisolated func requestRefused(
    _ server: UnsafeMutableRawPointer?, _ exchange: UnsafeMutableRawPointer?, _ status: UInt32,
    _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: Int
) -> Int {
    guard let server = unsafe server, let buffer = unsafe buffer else { return 0 }
    let core = unsafe Unmanaged<ServerCore>.fromOpaque(server).takeUnretainedValue()
    let known = unsafe exchange.map { unsafe Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
    let answer = core.refused(known, status: Int(status)).prefix(capacity)
    return unsafe answer.withUnsafeBufferPointer { source in
        guard let base = source.baseAddress else { return 0 }
        unsafe buffer.update(from: base, count: source.count)
        return source.count
    }
}

nonisolated func libraryComplained(_ server: UnsafeMutableRawPointer?, _ message: UnsafePointer<CChar>?) {
    guard let server = unsafe server, let message = unsafe message else { return }
    unsafe Unmanaged<ServerCore>.fromOpaque(server).takeUnretainedValue().complained(String(cString: message))
}
