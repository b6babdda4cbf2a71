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
        /// The stored bytes do not match their checksum.
        case corrupt = "BLB-201"
        /// The disk is full.
        case noSpace = "BLB-301"
        /// The store does not answer, or the disk reports an error.
        case unavailable = "BLB-302"

        package var kind: FaultKind {
            switch self {
            case .notFound, .bucketNotFound: .notFound
            case .conditionFailed: .conflict
            case .rangeInvalid, .invalidName: .invalidRequest
            case .corrupt: .corruptData
            case .noSpace, .unavailable: .unavailable
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let cause: (any Error)?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.cause = cause
    }
}
