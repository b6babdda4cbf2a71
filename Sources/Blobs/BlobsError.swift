package import Faults

/// Why an object could not be read or changed.
package struct BlobsError: Fault {
    package enum Code: String, FaultCode {
        case notFound = "BLB-101"
        case bucketNotFound = "BLB-102"
        /// `ifAbsent` or `ifMatch` did not hold.
        case conditionFailed = "BLB-103"
        case rangeInvalid = "BLB-104"
        /// The bucket or key name breaks the rules.
        case invalidName = "BLB-105"
        /// The version that was opened is no longer there: the object was replaced while it was read.
        case versionGone = "BLB-106"
        /// The store has let go of bytes that were to become an object.
        case uploadGone = "BLB-107"
        /// The stored bytes do not match their checksum.
        case corrupt = "BLB-201"
        /// The disk is full.
        case noSpace = "BLB-301"
        /// The store does not answer, or the disk reports an error.
        case unavailable = "BLB-302"
        /// The external store gave no answer, and does not show whether the object was written. It may still appear.
        case writeUnresolved = "BLB-303"
        /// The external store refuses: its bucket, the keys for it, or the clock are not right.
        case refused = "BLB-304"
        /// The external store does not decide conditional writes.
        case conditionsUnsupported = "BLB-305"

        package var kind: FaultKind {
            switch self {
            case .notFound, .bucketNotFound: .notFound
            case .conditionFailed, .versionGone: .conflict
            case .rangeInvalid, .invalidName: .invalidRequest
            case .corrupt: .corruptData
            case .noSpace, .unavailable, .writeUnresolved, .refused, .uploadGone: .unavailable
            case .conditionsUnsupported: .unsupported
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let cause: (any Error)?
    package let hint: String?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        cause: (any Error)? = nil, hint: String? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.cause = cause
        self.hint = hint
    }
}
