package import HTTPClient

/// One whole answer of a store.
package struct S3Answer: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of a header in any case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }
}

/// Carries one signed request to a store and its answer back, once.
///
/// - Errors: `HTTPClientError`; one of kind `outcomeUnknown` when the request may have been carried out.
package protocol S3Transport: Sendable {
    func send(_ request: HTTPClientRequest, answerLimit: Int) async throws -> S3Answer
}

/// The network.
package struct HTTPTransport: S3Transport {
    private let client: HTTPClient

    package init(_ client: HTTPClient) { self.client = client }

    package func send(_ request: HTTPClientRequest, answerLimit: Int) async throws -> S3Answer {
        let response = try await client.send(request)
        let body = try await response.collect(limit: answerLimit)
        return S3Answer(status: response.status, headers: response.headers, body: body)
    }
}
