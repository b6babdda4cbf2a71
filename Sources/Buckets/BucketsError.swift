package import Faults

/// What can go wrong with buckets, uploads and the store's own files, beyond `BlobsError`.
package struct BucketsError: Fault {
    package enum Code: String, FaultCode {
        case bucketExists = "BKT-101"
        case bucketNotEmpty = "BKT-102"
        /// The upload was never started, or is completed or aborted.
        case uploadNotFound = "BKT-103"
        /// A part named at completion is not there or has another etag, or its number is out of range.
        case partInvalid = "BKT-104"
        /// A part other than the last is smaller than 5 MiB.
        case partTooSmall = "BKT-105"
        /// The parts named at completion are not in ascending order.
        case partOrderInvalid = "BKT-107"
        /// Bucket names have 3 to 63 characters: a-z, 0-9 and inner hyphens.
        case bucketNameInvalid = "BKT-106"
        /// Too many uploads, parts or bytes wait for their completion. Complete or abort some.
        case uploadsExhausted = "BKT-108"
        /// A rule of the bucket locks the object: it can be neither overwritten nor deleted.
        case objectLocked = "BKT-109"
        /// A rule or label given for a bucket is not what it can be.
        case settingInvalid = "BKT-110"
        /// Rules for the objects of an external store are set there, not here.
        case settingUnsupported = "BKT-111"
        /// Another change of the bucket's settings came first.
        case settingRaced = "BKT-112"
        /// The object is encrypted with a key that the request does not bring.
        case keyMissing = "BKT-113"
        /// The object is encrypted with another key than the request's.
        case keyWrong = "BKT-114"
        /// The request brings a key, and the object has none of a customer's.
        case keyUnwanted = "BKT-115"
        /// The parts of an upload are encrypted with the key it began with.
        case partKeyWrong = "BKT-116"
        /// The store was opened without the key file that keys of objects are wrapped with.
        case keyFileMissing = "BKT-117"
        /// A file of the journal or a checkpoint is not what was written, and it is no torn end.
        case journalDamaged = "BKT-201"
        /// The directory was written by a newer version.
        case versionTooNew = "BKT-202"
        /// The external store's prefix belongs to another Firn.
        case storeOwned = "BKT-203"
        /// A document of Firn's in the external store is not what was written.
        case storeDocumentDamaged = "BKT-204"

        package var kind: FaultKind {
            switch self {
            case .bucketExists, .bucketNotEmpty, .settingRaced, .storeOwned: .conflict
            case .uploadNotFound: .notFound
            case .partInvalid, .partTooSmall, .partOrderInvalid, .bucketNameInvalid: .invalidRequest
            case .uploadsExhausted: .exhausted
            case .objectLocked, .keyWrong: .denied
            case .keyMissing, .keyUnwanted, .partKeyWrong: .invalidRequest
            case .settingInvalid: .invalidRequest
            case .journalDamaged, .storeDocumentDamaged: .corruptData
            case .versionTooNew, .settingUnsupported, .keyFileMissing: .unsupported
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let hint: String?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
    }
}
