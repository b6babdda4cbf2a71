import Blobs
import Faults
import HTTPClient
import XMLText

/// What an answer, or the lack of one, means for the call that waits for it.
///
/// - Source: "Error responses" and "Best practices design patterns: optimizing performance", Amazon S3 documentation.
enum S3Verdict: Sendable {
    /// Whatever it says, another try would say the same.
    case settled(S3Answer)
    case retry(Reason)
    /// Other keys may be taken.
    case keysRefused(S3Answer)

    struct Reason: Sendable {
        /// For metrics: `timeout`, `connection`, `status_503` …
        var label: String
        var summary: String
        /// The request may have been carried out all the same.
        var mayHaveHappened: Bool
        /// What the store asks for.
        var pauseSeconds: Double?
    }

    init(_ answer: S3Answer, of request: S3Request) {
        let code = S3Failure.code(of: answer, mayFailLate: request.mayFailLate)
        func retry(_ mayHaveHappened: Bool) -> S3Verdict {
            .retry(
                Reason(
                    label: "status_\(answer.status)",
                    summary: "status \(answer.status)" + (code.isEmpty ? "" : " \(code)"),
                    mayHaveHappened: mayHaveHappened,
                    pauseSeconds: answer.header("retry-after").flatMap { Double($0) }))
        }
        switch (answer.status, code) {
        // The store looked at the request and did nothing.
        case (429, _), (409, "ConditionalRequestConflict"), (409, "OperationAborted"),
            (503, "SlowDown"), (400, "RequestTimeout"), (408, _):
            self = retry(false)
        case (500, _), (502, _), (503, _), (504, _), (520...530, _): self = retry(true)
        // Some operations send their status before they know how they will end.
        case (200, "InternalError"), (200, "SlowDown"): self = retry(true)
        case _ where S3Failure.refusesKeys(answer, of: request.method): self = .keysRefused(answer)
        default: self = .settled(answer)
        }
    }

    /// Nil for what no other try would mend.
    init?(_ error: HTTPClientError) {
        let label: String
        switch error.code {
        case .notConnected: label = "not_connected"
        case .tlsFailed: label = "tls"
        case .timedOut: label = "timeout"
        case .interrupted: label = "connection"
        case .invalidURL, .answerTooLarge, .certificateRefused, .cancelled: return nil
        }
        let reason = error.context.first { $0.name == "reason" }?.value ?? error.summary
        self = .retry(
            Reason(
                label: label, summary: reason, mayHaveHappened: error.kind == .outcomeUnknown,
                pauseSeconds: nil))
    }
}

/// The error body of a store's answer.
enum S3Failure {
    /// Amazon's name of the error; empty without one. Behind status 200 there is one only where the operation may fail
    /// late: anywhere else the body is an object's, whatever it looks like.
    static func code(of answer: S3Answer, mayFailLate: Bool = false) -> String {
        guard answer.status >= 300 || mayFailLate else { return "" }
        return document(of: answer)?["Code"] ?? ""
    }

    /// Other keys may be taken. An answer to HEAD has no body to say which refusal it is.
    static func refusesKeys(_ answer: S3Answer, of method: String) -> Bool {
        if method == "HEAD" { return [400, 403].contains(answer.status) }
        return ["ExpiredToken", "InvalidAccessKeyId", "TokenRefreshRequired"].contains(code(of: answer))
    }

    /// Errors are short: a body that is longer is an object, or a listing.
    static let byteLimit = 16 << 10

    private static func document(of answer: S3Answer) -> XMLElement? {
        guard !answer.body.isEmpty, answer.body.count <= byteLimit else { return nil }
        // A body that is no XML is one of something between the store and us.
        guard let root = try? XMLElement(parsing: answer.body), root.name == "Error" else { return nil }
        return root
    }

    /// The fault for an answer that is no success and means nothing special to its operation.
    static func fault(_ answer: S3Answer, _ request: S3Request, bucket: String) -> BlobsError {
        let document = document(of: answer)
        let code = document?["Code"] ?? ""
        let context: KeyValuePairs<String, any Sendable> = [
            "operation": request.operation, "key": request.key ?? "", "status": answer.status, "code": code,
            "message": document?["Message"] ?? "",
        ]
        switch (answer.status, code) {
        case (404, "NoSuchBucket"):
            return BlobsError(
                .refused, "the store has no such bucket", ["bucket": bucket],
                hint: "make it, or name another with --store")
        case (400, "KeyTooLongError"), (_, "InvalidObjectName"):
            return BlobsError(.invalidName, "the store does not take the key", context)
        case (404, "NoSuchUpload"):
            return BlobsError(
                .uploadGone, "the store has let go of an upload before it was complete", context)
        case (404, _): return BlobsError(.notFound, "no such object", context)
        case (412, _): return BlobsError(.conditionFailed, "the condition does not hold", context)
        case (416, _): return BlobsError(.rangeInvalid, "the range reaches outside the object", context)
        case (507, _), (_, "QuotaExceeded"), (_, "XMinioStorageFull"):
            return BlobsError(.noSpace, "the store is full", context)
        case (401, _), (403, _), (301, _), (307, _), (400, "AuthorizationHeaderMalformed"):
            return BlobsError(.refused, "the store refuses the request", context, hint: hint(code))
        default: return BlobsError(.unavailable, "the store does not do what it was asked", context)
        }
    }

    private static func hint(_ code: String) -> String {
        switch code {
        case "RequestTimeTooSkewed": "set this machine's clock"
        case "SignatureDoesNotMatch", "InvalidAccessKeyId": "check the store's access key and secret"
        case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed":
            "check the endpoint and region in the store's address"
        default: "the store's keys must allow reading, writing, deleting and listing below its prefix"
        }
    }
}
