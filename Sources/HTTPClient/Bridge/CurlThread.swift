import CCurl
import Foundation
import Synchronization

/// The thread that runs every transfer. The only caller of libcurl.
@safe
final class CurlThread: Sendable {
    enum Command { case start, resume, cancel }

    private struct Queue {
        var commands: [(Transfer, Command)] = []
        var isStopped = false
    }

    /// A transfer and curl's part of it, from `firn_curl_start` until `done` was called or it was cancelled.
    @safe
    private struct Live {
        var transfer: Transfer
        var request: OpaquePointer
    }

    private let queue = Mutex(Queue())
    // SAFETY: the thread alone uses the loop, but for `wake`, which libcurl allows from anywhere. The thread frees it
    // after `isStopped` was set under the lock, and nothing is woken without the lock or after that.
    private nonisolated(unsafe) let loop: OpaquePointer

    init(connectionsPerHost: Int, certificateFile: String?) {
        // SAFETY: Swift passes a terminated copy of the path, or null, and the loop copies it.
        guard let loop = unsafe firn_curl_loop_new(connectionsPerHost, certificateFile) else {
            fatalError("out of memory for curl")
        }
        unsafe self.loop = loop
        let thread = Thread { [self] in run() }
        thread.name = "curl"
        thread.start()
    }

    func submit(_ transfer: Transfer, _ command: Command) {
        let isStopped = queue.withLock { queue in
            guard !queue.isStopped else { return true }
            queue.commands.append((transfer, command))
            unsafe firn_curl_loop_wake(loop)
            return false
        }
        if isStopped { transfer.finished(.failure(HTTPClientError(.cancelled, "the client is closed"))) }
    }

    /// Cancels what runs and ends the thread.
    func stop() {
        queue.withLock { queue in
            guard !queue.isStopped else { return }
            queue.isStopped = true
            unsafe firn_curl_loop_wake(loop)
        }
    }

    private func run() {
        var live: [ObjectIdentifier: Live] = [:]
        while true {
            let (commands, isStopped) = queue.withLock { queue in
                defer { queue.commands = [] }
                return (queue.commands, queue.isStopped)
            }
            for (transfer, command) in commands { perform(command, transfer, &live) }
            if isStopped { break }
            // Without a transfer there is nothing to do until somebody wakes the loop.
            unsafe firn_curl_loop_run(loop, live.isEmpty ? 60_000 : 1000)
            live = live.filter { !$0.value.transfer.isFinished }
        }
        for entry in live.values { cancel(entry) }
        unsafe firn_curl_loop_free(loop)
    }

    private func perform(_ command: Command, _ transfer: Transfer, _ live: inout [ObjectIdentifier: Live]) {
        let id = ObjectIdentifier(transfer)
        switch command {
        case .start:
            guard let request = unsafe start(transfer) else {
                return transfer.finished(
                    .failure(HTTPClientError(.interrupted, "out of memory for a request")))
            }
            live[id] = unsafe Live(transfer: transfer, request: request)
        case .resume:
            if let entry = live[id] { unsafe firn_curl_resume(entry.request) }
        case .cancel:
            if let entry = live.removeValue(forKey: id) { cancel(entry) }
        }
    }

    private func cancel(_ entry: Live) {
        unsafe firn_curl_cancel(loop, entry.request)
        entry.transfer.finished(.failure(HTTPClientError(.cancelled, "the request was cancelled")))
    }

    private func start(_ transfer: Transfer) -> OpaquePointer? {
        let request = transfer.request
        // SAFETY: `strdup` copies; the copies are freed below, after libcurl has made its own.
        let lines = unsafe request.headerLines.map { unsafe strdup($0) }
        defer { unsafe lines.forEach { unsafe free($0) } }
        let pointers = unsafe lines.map { unsafe UnsafePointer($0) }
        let body = request.body ?? []
        // SAFETY: the context is the transfer, which `live` holds until curl has called `done` or forgotten it.
        let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        var callbacks = unsafe firn_curl_callbacks(
            header: onHeader, body: onBody, source: onSource, done: onDone)
        return unsafe request.method.withCString { method in
            unsafe request.url.withCString { url in
                unsafe pointers.withUnsafeBufferPointer { headers in
                    unsafe body.withUnsafeBufferPointer { bytes in
                        var options = unsafe firn_curl_options(
                            method: method, url: url, headers: headers.baseAddress,
                            header_count: headers.count,
                            body: bytes.baseAddress, body_count: bytes.count,
                            has_body: request.body == nil ? 0 : 1,
                            stream_count: request.stream?.length ?? -1,
                            connect_milliseconds: 10_000,
                            total_milliseconds: max(1, Int(min(request.deadlineSeconds, 1e9) * 1000)),
                            stall_seconds: request.stallSeconds ?? 0)
                        return unsafe firn_curl_start(loop, &options, &callbacks, context)
                    }
                }
            }
        }
    }
}

/// The transfer behind a context pointer.
private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer {
    // SAFETY: every context is the transfer `start` passed, and is alive; see there.
    guard let context = unsafe context else { preconditionFailure("curl lost its context") }
    return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
}

private func onHeader(_ context: UnsafeMutableRawPointer?, _ line: UnsafePointer<CChar>?, _ count: Int) {
    // SAFETY: curl passes a line of `count` bytes that lives for the call.
    let bytes = unsafe UnsafeRawBufferPointer(start: line, count: count)
    unsafe transfer(context).receivedHeader(String(decoding: bytes, as: UTF8.self))
}

private func onBody(_ context: UnsafeMutableRawPointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int
{
    // SAFETY: curl passes `count` bytes that live for the call.
    unsafe transfer(context).received(count: count) {
        unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count))
    } ? count : 0
}

private func onSource(
    _ context: UnsafeMutableRawPointer?, _ bytes: UnsafeMutablePointer<UInt8>?, _ capacity: Int
) -> Int {
    guard let stream = unsafe transfer(context).request.stream else { return Int(FIRN_CURL_BROKEN.rawValue) }
    // SAFETY: curl lends room for `capacity` bytes for the call; `copy` is given no more than that.
    let room = unsafe UnsafeMutableBufferPointer(start: bytes, count: capacity)
    switch stream.take(atMost: capacity, copy: { _ = unsafe room.update(fromContentsOf: $0) }) {
    case .taken(let count): return count
    case .later: return Int(FIRN_CURL_LATER.rawValue)
    case .broken: return Int(FIRN_CURL_BROKEN.rawValue)
    }
}

private func onDone(_ context: UnsafeMutableRawPointer?, _ outcome: Int32, _ message: UnsafePointer<CChar>?) {
    // SAFETY: curl passes a terminated text that lives for the call.
    let text = unsafe message.map { unsafe String(cString: $0) } ?? ""
    let transfer = unsafe transfer(context)
    let code: HTTPClientError.Code
    switch UInt32(bitPattern: outcome) {
    case FIRN_CURL_DONE.rawValue: return transfer.finished(.success(()))
    case FIRN_CURL_BAD_URL.rawValue: code = .invalidURL
    case FIRN_CURL_NOT_CONNECTED.rawValue: code = .notConnected
    case FIRN_CURL_TIMED_OUT.rawValue: code = .timedOut
    case FIRN_CURL_TLS_FAILED.rawValue: code = .tlsFailed
    case FIRN_CURL_CERTIFICATE_REFUSED.rawValue: code = .certificateRefused
    default: code = .interrupted
    }
    transfer.finished(
        .failure(
            HTTPClientError(code, "the request got no answer", ["url": transfer.request.url, "reason": text]))
    )
}
