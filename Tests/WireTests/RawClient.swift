import Glibc
import Scheduling
import Synchronization

/// A TCP client that sends exactly the bytes a test gives it. Loopback only, with a deadline a read.
///
/// Blocks threads of its own, never Swift's pool: there the server's handlers run.
final class RawClient: Sendable {
    private static let pool = IOPool(name: "test-client", threads: 8)
    private let socket: Mutex<BlockingSocket>
    private let descriptor: Int32

    init(port: Int) async throws {
        descriptor = try await Self.pool.run { try BlockingSocket.connect(port: port) }
        socket = Mutex(BlockingSocket(descriptor))
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        try await Self.pool.run { [self] in try socket.withLock { try $0.send(bytes) } }
    }

    /// Without the lock: whoever reads has it, for as long as nothing comes.
    func shutdownWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    func receive(hasBody: Bool = true) async throws -> HTTPAnswer {
        try await Self.pool.run { [self] in try socket.withLock { try $0.receive(hasBody: hasBody) } }
    }

    func isClosed() async throws -> Bool {
        try await Self.pool.run { [self] in try socket.withLock { try $0.isClosed() } }
    }
}

struct ClientError: Error, CustomStringConvertible {
    let description: String
}

struct HTTPAnswer {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// One socket with what was read ahead.
struct BlockingSocket: ~Copyable {
    private let fd: Int32
    private var buffered: [UInt8] = []

    init(_ fd: Int32) { self.fd = fd }

    static func connect(port: Int) throws -> Int32 {
        let fd = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        // SAFETY: sockaddr_in is a sockaddr for connect; the size is the struct's own.
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            Glibc.close(fd)
            throw ClientError(description: "connect failed: \(errno)")
        }
        var timeout = timeval(tv_sec: 120, tv_usec: 0)
        unsafe setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        return fd
    }

    deinit { Glibc.close(fd) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            // SAFETY: the pointer is used inside the call only.
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw ClientError(description: "send failed: \(errno)") }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads one answer; chunked ones are put together. `hasBody` is false for answers to HEAD.
    mutating func receive(hasBody: Bool) throws -> HTTPAnswer {
        let head = String(decoding: try readUntil("\r\n\r\n"), as: UTF8.self)
        var lines = head.split(separator: "\r\n").map(String.init)
        guard let words = lines.first?.split(separator: " "), words.count > 1, let status = Int(words[1])
        else {
            throw ClientError(description: "no status line in \(head.debugDescription)")
        }
        lines.removeFirst()
        var headers: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        var body: [UInt8] = []
        if !hasBody || status == 204 || status == 100 {
            return HTTPAnswer(status: status, headers: headers, body: [])
        }
        if headers["transfer-encoding"] == "chunked" {
            while true {
                let sizeLine = String(decoding: try readUntil("\r\n").dropLast(2), as: UTF8.self)
                guard let size = Int(sizeLine, radix: 16) else {
                    throw ClientError(description: "no chunk size: \(sizeLine)")
                }
                body += try read(count: size)
                _ = try read(count: 2)
                if size == 0 { break }
            }
        } else {
            body = try read(count: Int(headers["content-length"] ?? "0") ?? 0)
        }
        return HTTPAnswer(status: status, headers: headers, body: body)
    }

    /// True when the server closes without sending more.
    mutating func isClosed() throws -> Bool {
        if !buffered.isEmpty { return false }
        return try !fill()
    }

    private mutating func readUntil(_ mark: String) throws -> [UInt8] {
        let mark = Array(mark.utf8)
        while true {
            if let range = buffered.firstRange(of: mark) {
                let result = Array(buffered[..<range.upperBound])
                buffered.removeFirst(range.upperBound)
                return result
            }
            guard try fill() else { throw ClientError(description: "closed after \(buffered.count) bytes") }
        }
    }

    private mutating func read(count: Int) throws -> [UInt8] {
        while buffered.count < count {
            guard try fill() else { throw ClientError(description: "closed after \(buffered.count) bytes") }
        }
        defer { buffered.removeFirst(count) }
        return Array(buffered[..<count])
    }

    private mutating func fill() throws -> Bool {
        var block = [UInt8](repeating: 0, count: 65_536)
        // SAFETY: the buffer is used inside the call only.
        let count = unsafe block.withUnsafeMutableBytes { unsafe recv(fd, $0.baseAddress, $0.count, 0) }
        if count < 0, errno == ECONNRESET { return false }
        guard count >= 0 else { throw ClientError(description: "receive failed: \(errno)") }
        buffered += block[..<count]
        return count > 0
    }
}
