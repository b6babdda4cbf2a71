/// The bounds of one HTTP server.
package struct HTTPLimits: Sendable {
    /// Threads that move bytes; handlers run elsewhere.
    package var threads = 2
    package var connections = 4096
    package var connectionsPerClient = 2048
    /// Handlers of requests with at most this much of a body start on the server's threads, once the body is there, and stay
    /// until they first wait: an answer that waits for nothing needs no other thread. Only for handlers that never compute
    /// for long. Nil: every handler starts on Swift's pool, at the request's head.
    package var promptBodyBytes: Int64?
    /// A connection on which nothing moves is closed.
    package var idleSeconds = 75
    /// A client gets this long for a request's head, counted from the end of the request before it.
    package var headSeconds = 120
    /// From the head of a request to the head of its answer, reading its body included.
    package var answerSeconds = 15 * 60
    /// From the head of a request to the end of its answer.
    package var totalSeconds = 6 * 60 * 60
    /// With the certificate that `HTTPServer.useCertificate` set.
    package var usesTLS = false
    /// Request heads longer than about half of this get 431.
    package var connectionMemoryBytes = 64 * 1024
    /// Pieces of a request's body that wait for its handler.
    package var bodyQueueBytes = 256 * 1024
    /// A handler that waits for more of a body is woken when so much is there, or the body's end: waking one costs as much as
    /// receiving some kilobytes. At most half of `bodyQueueBytes`.
    package var bodyBatchBytes = 1
    /// What all bodies that are collected whole take together; beyond it clients get 429.
    package var collectedBytes = 256 * 1024 * 1024
    /// Pieces of an answer that wait for the client.
    package var answerQueueBytes = 1024 * 1024
    /// How much of a body nobody wants is read before the connection is cut.
    package var discardedBytes = 32 * 1024 * 1024
    /// How often the sockets of requests are asked whether their client is still there; younger requests are not.
    package var watchMilliseconds = 20
    /// A client that closed its side is asked after this whether it is still there.
    package var probeMilliseconds = 20
    /// How long an answer may wait for its next piece once its client has closed its side: it may only be listening, or be
    /// gone.
    package var halfClosedSeconds = 5
    /// How long a failed answer waits for its client to take what is there, before the transfer is cut.
    package var failedSeconds = 5
    /// How long a stop waits for the requests that run.
    package var drainSeconds = 20
    /// Of the time for draining, what cancelled requests have to answer: every operator looks at its token far more often.
    package var lastWordsSeconds = 2

    package init() {}
}
