package import Telemetry

/// Makes HTTP requests; every transfer runs on one thread of its own.
///
/// Retries are the caller's: only it knows whether a request may be made twice. A connection that its server closes in
/// the moment it is used again fails the request like any other that breaks.
///
/// - Threads: any. - Errors: `HTTPClientError`; an answer of any status is no error.
package final class HTTPClient: Sendable {
    private let thread: CurlThread
    private let sent: Counter
    private let failed: Counter

    /// `certificateFile` holds the certificates, in PEM, that vouch for servers' own; the system's do without it.
    package init(
        connectionsPerHost: Int = 64, certificateFile: String? = nil,
        metrics: MetricsRegistry = MetricsRegistry()
    ) {
        thread = CurlThread(connectionsPerHost: connectionsPerHost, certificateFile: certificateFile)
        sent = metrics.counter("firn_client_requests_total", help: "HTTP requests made")
        failed = metrics.counter("firn_client_failures_total", help: "HTTP requests that got no answer")
    }

    deinit { thread.stop() }

    /// Returns when the head of the answer is there. A cancelled task cancels the request.
    package func send(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        sent.add()
        let transfer = Transfer(request) { [thread] in thread.submit($0, $1) }
        request.stream?.attach { [weak transfer] in transfer?.resume() }
        thread.submit(transfer, .start)
        do {
            return try await transfer.head()
        } catch {
            failed.add()
            throw error
        }
    }
}
