import Blobs
import Effects
import HTTPClient
import Octets
import Signing
import Synchronization
import TestKit
import XMLText

@testable import S3Client

/// A store that speaks S3 in memory, with a network in front that loses what its seed says.
///
/// Every request's signature is verified. A request fails before its effect or after it, or comes late: its effect happens
/// when a later request has had its own.
final class SimulatedS3: S3Transport {
    struct Object: Sendable {
        var bytes: [UInt8]
        var etag: String
        var mark: String?
        var checksum: String?
        var modified: Instant
    }
    struct Upload: Sendable {
        var key: String
        var mark: String?
        var begun: Instant
        var parts: [Int: [UInt8]] = [:]
    }
    struct State: Sendable {
        var objects: [ObjectKey: Object] = [:]
        var uploads: [String: Upload] = [:]
        var generator: SeededGenerator
        var late: [HTTPClientRequest] = []
        var failures = 0
        var requests = 0
        var ordered: [Fault?] = []
        var versions = 0
    }
    enum Fault: Sendable, CaseIterable {
        case notConnected, resetBefore, resetAfter, errorBefore, errorAfter, slowDown, late
    }

    /// What `S3KeyFile` does when the file has changed: the keys it gave before are refused, the next ones hold.
    final class RotatedKeys: S3KeySource {
        private let isRenewed = Mutex(false)
        func keys() async throws -> S3Keys {
            isRenewed.withLock { $0 }
                ? SimulatedS3.keys : S3Keys(accessKey: SimulatedS3.expiredKey, secret: "secret")
        }
        func renew() async -> Bool {
            isRenewed.withLock { isRenewed in
                defer { isRenewed = true }
                return !isRenewed
            }
        }
    }

    static let expiredKey = "expired"
    static let keys = S3Keys(accessKey: "key", secret: "secret", sessionToken: "session")
    static let address = "s3://outer/base?endpoint=http://127.0.0.1:9&style=path&region=here"

    let clock: ManualClock
    /// Of a thousand requests, so many fail, in one of these ways.
    private let perMille: Int
    private let faults: [Fault]
    /// False: `If-None-Match` and `If-Match` are read over.
    private let knowsConditions: Bool
    let state: Mutex<State>

    init(
        clock: ManualClock, seed: UInt64, perMille: Int, faults: [Fault], knowsConditions: Bool
    ) {
        self.clock = clock
        self.perMille = perMille
        self.faults = faults
        self.knowsConditions = knowsConditions
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    /// The next requests fail so, in this order; nil for one that does not.
    func failNext(_ faults: Fault?...) { state.withLock { $0.ordered += faults } }
    var failureCount: Int { state.withLock { $0.failures } }
    var requestCount: Int { state.withLock { $0.requests } }
    func object(_ key: String) -> Object? { state.withLock { $0.objects[ObjectKey(key)] } }

    func send(_ request: HTTPClientRequest, answerLimit: Int) async throws -> S3Answer {
        guard try verify(request) else {
            let answer = error(400, "ExpiredToken")
            return request.method == "HEAD" ? S3Answer(status: 400) : answer
        }
        let fault = state.withLock { state -> Fault? in
            state.requests += 1
            if !state.ordered.isEmpty { return state.ordered.removeFirst() }
            guard Int(state.generator.next() % 1000) < perMille else { return nil }
            return faults[Int(state.generator.next() % UInt64(faults.count))]
        }
        guard let fault else {
            let answer = perform(request)
            performLate()
            guard answer.body.count <= answerLimit else {
                throw HTTPClientError(.answerTooLarge, "the answer is too long")
            }
            return answer
        }
        state.withLock { $0.failures += 1 }
        switch fault {
        case .notConnected: throw HTTPClientError(.notConnected, "nobody listens")
        case .resetBefore: throw HTTPClientError(.interrupted, "the connection broke")
        case .slowDown: return error(503, "SlowDown")
        case .errorBefore: return error(500, "InternalError")
        case .late:
            state.withLock { $0.late.append(request) }
            throw HTTPClientError(.timedOut, "no answer in time")
        case .resetAfter:
            _ = perform(request)
            performLate()
            throw HTTPClientError(.interrupted, "the connection broke")
        case .errorAfter:
            _ = perform(request)
            performLate()
            return error(500, "InternalError")
        }
    }

    /// What was under way arrives now.
    func performLate() {
        let late = state.withLock { state in
            defer { state.late = [] }
            return state.late
        }
        for request in late { _ = perform(request) }
    }

    /// False for keys that hold no longer.
    private func verify(_ request: HTTPClientRequest) throws -> Bool {
        let (path, query) = Self.parts(request.url)
        let signed = SigV4Request(
            method: request.method, rawPath: path, rawQuery: query, headers: request.headers)
        let authorization = try SigV4Authorization(reading: signed)
        guard authorization.accessKey != Self.expiredKey else { return false }
        _ = try authorization.verify(signed, secret: Self.keys.secret, now: clock.now)
        guard authorization.payloadHash == Hex.encode(SHA256.hash(request.body ?? [])) else {
            throw SigningError(.payloadMismatch, "the body is not the one that was signed")
        }
        return true
    }

    static func parts(_ url: String) -> (path: String, query: String) {
        let behind = url.dropFirst("http://127.0.0.1:9".count)
        let mark = behind.firstIndex(of: "?") ?? behind.endIndex
        return (String(behind[..<mark]), String(behind[mark...].dropFirst()))
    }

    func error(_ status: Int, _ code: String) -> S3Answer {
        S3Answer(
            status: status, headers: [("Content-Type", "application/xml")],
            body: Array("<Error><Code>\(code)</Code><Message>simulated</Message></Error>".utf8))
    }

    private func perform(_ request: HTTPClientRequest) -> S3Answer {
        let (path, rawQuery) = Self.parts(request.url)
        var query: [String: String] = [:]
        for item in QueryMembers.split(rawQuery) {
            query[PercentEncoding.decode(item.name) ?? ""] = PercentEncoding.decode(item.value) ?? ""
        }
        let plain = PercentEncoding.decode(path) ?? ""
        guard plain == "/outer" || plain.hasPrefix("/outer/") else { return error(404, "NoSuchBucket") }
        let key = String(decoding: Array(plain.utf8).dropFirst("/outer/".utf8.count), as: UTF8.self)
        return state.withLock { state in
            state.versions += 1
            let call = Call(
                request: request, key: key, query: query, now: clock.now, version: state.versions,
                knowsConditions: knowsConditions)
            return call.perform(&state) ?? error(501, "NotImplemented")
        }
    }
}
