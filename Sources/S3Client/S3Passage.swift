package import Effects
package import HTTPClient
import Octets
import Signing

/// Passes requests of other clients on to a store, one to one, signed anew. Only one whose keys the store no longer
/// takes is tried again here, with others: everything else does the client that asks.
///
/// - Errors: `BLB-304` without keys; `HTTPClientError`.
package struct S3Passage: Sendable {
    /// To the store, for all clients together.
    package static let connections = 64

    /// What is asked of one bucket's objects.
    package struct Call: Sendable {
        package var method: String
        package var bucket: String
        /// Nil for the bucket itself.
        package var key: String?
        /// Plain; nil for a member without value.
        package var query: [(name: String, value: String?)]
        package var headers: [(name: String, value: String)]
        /// A body that is known as a whole, or comes piece by piece.
        package var body: [UInt8]?
        package var stream: HTTPBodyStream?
        /// Hex SHA-256 of the body, or `UNSIGNED-PAYLOAD`.
        package var payloadHash: String

        package init(
            method: String, bucket: String, key: String?, query: [(name: String, value: String?)] = [],
            headers: [(name: String, value: String)] = [], payloadHash: String
        ) {
            self.method = method
            self.bucket = bucket
            self.key = key
            self.query = query
            self.headers = headers
            self.payloadHash = payloadHash
        }
    }

    private let address: S3Address
    private let keys: any S3KeySource
    private let client: HTTPClient
    private let clock: any Clock

    package init(address: S3Address, keys: any S3KeySource, client: HTTPClient, clock: any Clock) {
        self.address = address
        self.keys = keys
        self.client = client
        self.clock = clock
    }

    /// A transfer of 5 GiB over a slow line ends in time.
    private static let deadlineSeconds = 6.0 * 3600
    /// One that stands still does not hold its connection until then.
    private static let stallSeconds = 120
    /// A copy of 5 GiB, or the joining of parts, may say nothing while it works.
    private static let workSeconds = 900

    /// A request whose body was streamed is not made again: the next ones have the new keys.
    package func send(_ call: Call) async throws -> HTTPClientResponse {
        let used = try await keys.keys()
        let response = try await send(call, with: used)
        guard [400, 403].contains(response.status) else { return response }
        let answer = S3Answer(
            status: response.status, headers: response.headers,
            body: try await response.peek(limit: S3Failure.byteLimit))
        guard S3Failure.refusesKeys(answer, of: call.method) else { return response }
        // False also when another request has just renewed them.
        _ = await keys.renew()
        let renewed = try await keys.keys()
        guard call.stream == nil, renewed != used else { return response }
        return try await send(call, with: renewed)
    }

    private func send(_ call: Call, with keys: S3Keys) async throws -> HTTPClientResponse {
        var request = S3Request(
            operation: "Passage", method: call.method,
            key: call.key.map { prefix(ofBucket: call.bucket) + $0 }, query: call.query,
            headers: call.headers, answerLimit: 0)
        request.body = call.body
        let signer = SigV4Signer(
            accessKey: keys.accessKey, secret: keys.secret, region: address.region,
            sessionToken: keys.sessionToken)
        let signed = signer.signed(
            request.unsigned(to: address), payloadHash: call.payloadHash, now: clock.now)
        let query = signed.rawQuery.isEmpty ? "" : "?\(signed.rawQuery)"
        // Else libcurl waits before it sends a body, and calls it a form.
        var wire = HTTPClientRequest(
            method: signed.method, url: address.origin + signed.rawPath + query,
            headers: signed.headers + [("user-agent", FirnVersion.product)],
            omittedHeaders: ["expect", "content-type"], body: call.body, deadlineSeconds: Self.deadlineSeconds
        )
        wire.stream = call.stream
        wire.stallSeconds =
            call.method == "GET" || call.stream != nil ? Self.stallSeconds : Self.workSeconds
        return try await client.send(wire)
    }

    /// What stands in front of each of the bucket's keys in the store.
    package func prefix(ofBucket bucket: String) -> String { address.prefix + bucket + "/" }

    /// `/BUCKET/KEY`, as the header that names a copy's source has it.
    package func copySource(bucket: String, key: String) -> String {
        "/\(address.bucket)/" + PercentEncoding.encode(prefix(ofBucket: bucket) + key, keepsSlashes: true)
    }
}
