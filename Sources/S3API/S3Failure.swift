import Blobs
import Buckets
import Faults
import HTTPClient
import Identity
import Signing
import Telemetry
import Wire

/// What a client is told of a fault: Amazon's name for it, a status and a message.
///
/// - Source: "Error responses", Amazon S3 API Reference.
struct S3Failure {
    var name: String
    var status: Int
    var message: String

    init(_ error: any Error) {
        message = (error as? any Fault).map { Self.message($0) } ?? "an unexpected error"
        (name, status) =
            switch error {
            case let error as S3Error: Self.answer(error.code)
            case let error as BlobsError: Self.answer(error.code)
            case let error as BucketsError: Self.answer(error.code)
            case let error as SigningError: Self.answer(error.code)
            case let error as IdentityError: Self.answer(error)
            case let error as WireError: Self.answer(error.code)
            case is HTTPClientError: ("ServiceUnavailable", 503)
            default: Self.answer(unknown: error)
            }
    }

    private static func message(_ fault: some Fault) -> String { fault.publicMessage }

    private static func answer(_ code: S3Error.Code) -> (String, Int) {
        switch code {
        case .invalidArgument: ("InvalidArgument", 400)
        case .invalidURI: ("InvalidURI", 400)
        case .malformedXML: ("MalformedXML", 400)
        case .badDigest: ("BadDigest", 400)
        case .invalidDigest: ("InvalidDigest", 400)
        case .incompleteBody: ("IncompleteBody", 400)
        case .entityTooLarge: ("EntityTooLarge", 400)
        case .metadataTooLarge: ("MetadataTooLarge", 400)
        case .missingContentLength: ("MissingContentLength", 411)
        case .methodNotAllowed: ("MethodNotAllowed", 405)
        case .invalidRange: ("InvalidRange", 416)
        case .invalidRequest: ("InvalidRequest", 400)
        case .preconditionFailed: ("PreconditionFailed", 412)
        case .notImplemented: ("NotImplemented", 501)
        case .storeRefused: ("ServiceUnavailable", 503)
        case .invalidStorageClass: ("InvalidStorageClass", 400)
        case .invalidPartNumber: ("InvalidPartNumber", 416)
        case .noSuchCORS: ("NoSuchCORSConfiguration", 404)
        case .noSuchLifecycle: ("NoSuchLifecycleConfiguration", 404)
        case .noSuchEncryption: ("ServerSideEncryptionConfigurationNotFoundError", 404)
        case .corsForbidden: ("AccessForbidden", 403)
        case .keyRefused: ("AccessDenied", 403)
        }
    }

    private static func answer(_ code: BlobsError.Code) -> (String, Int) {
        switch code {
        case .notFound: ("NoSuchKey", 404)
        case .uploadGone: ("NoSuchUpload", 404)
        case .bucketNotFound: ("NoSuchBucket", 404)
        case .conditionFailed: ("PreconditionFailed", 412)
        case .rangeInvalid: ("InvalidRange", 416)
        case .invalidName: ("KeyTooLongError", 400)
        case .corrupt: ("InternalError", 500)
        case .versionGone: ("PreconditionFailed", 412)
        case .noSpace, .unavailable, .writeUnresolved, .refused: ("ServiceUnavailable", 503)
        case .conditionsUnsupported: ("NotImplemented", 501)
        }
    }

    private static func answer(_ code: BucketsError.Code) -> (String, Int) {
        switch code {
        case .bucketExists: ("BucketAlreadyOwnedByYou", 409)
        case .bucketNotEmpty: ("BucketNotEmpty", 409)
        case .uploadNotFound: ("NoSuchUpload", 404)
        case .partInvalid: ("InvalidPart", 400)
        case .partTooSmall: ("EntityTooSmall", 400)
        case .partOrderInvalid: ("InvalidPartOrder", 400)
        case .bucketNameInvalid: ("InvalidBucketName", 400)
        case .uploadsExhausted: ("SlowDown", 503)
        case .keyMissing, .keyUnwanted, .partKeyWrong: ("InvalidRequest", 400)
        case .keyWrong: ("AccessDenied", 403)
        case .objectLocked: ("ObjectLockedByBucketPolicy", 403)
        case .settingInvalid: ("InvalidArgument", 400)
        case .settingRaced: ("OperationAborted", 409)
        case .settingUnsupported, .keyFileMissing: ("NotImplemented", 501)
        case .journalDamaged, .versionTooNew, .storeOwned, .storeDocumentDamaged: ("InternalError", 500)
        }
    }

    private static func answer(_ code: SigningError.Code) -> (String, Int) {
        switch code {
        case .missing, .expired: ("AccessDenied", 403)
        case .malformed: ("AuthorizationHeaderMalformed", 400)
        case .mismatch: ("SignatureDoesNotMatch", 403)
        case .skewed: ("RequestTimeTooSkewed", 403)
        case .payloadMismatch: ("XAmzContentSHA256Mismatch", 400)
        case .malformedChunk: ("IncompleteBody", 400)
        case .keyInvalid, .sealBroken, .keyUnavailable: ("InternalError", 500)
        }
    }

    private static func answer(_ code: WireError.Code) -> (String, Int) {
        switch code {
        case .malformedTarget: ("InvalidURI", 400)
        case .bodyTooLarge: ("EntityTooLarge", 413)
        case .tooManyBodies: ("SlowDown", 503)
        case .headTooLarge: ("RequestHeaderSectionTooLarge", 431)
        case .targetTooLong: ("InvalidURI", 414)
        case .methodNotAllowed: ("MethodNotAllowed", 405)
        case .requestTimeout, .clientGone: ("RequestTimeout", 400)
        case .codingUnknown: ("NotImplemented", 501)
        case .versionUnknown: ("NotImplemented", 505)
        case .stopping, .cannotListen, .cannotStart: ("ServiceUnavailable", 503)
        case .cannotAnswer, .certificateUnusable: ("InternalError", 500)
        case .invalidRequest, .malformedRequest, .noRoute, .unauthenticated: ("InvalidRequest", 400)
        }
    }

    private static func answer(_ error: IdentityError) -> (String, Int) {
        switch error.kind {
        case .unauthenticated: ("InvalidAccessKeyId", 403)
        case .denied: ("AccessDenied", 403)
        default: ("InternalError", 500)
        }
    }

    /// A fault of a lower room: the kind decides.
    private static func answer(unknown error: any Error) -> (String, Int) {
        switch (error as? any Fault)?.kind {
        case .invalidRequest: ("InvalidRequest", 400)
        case .conflict: ("OperationAborted", 409)
        case .exhausted, .unavailable: ("SlowDown", 503)
        case .cancelled: ("RequestTimeout", 400)
        default: ("InternalError", 500)
        }
    }

    /// Without a body for HEAD.
    func response(to request: Request) -> Response {
        var response = Response(status: status)
        guard request.method != "HEAD" else { return response }
        var xml = XMLWriter()
        xml.element("Error") { xml in
            xml.text("Code", name)
            xml.text("Message", message)
            xml.text("Resource", request.path)
            xml.text("RequestId", request.id.description)
        }
        response.headers["content-type"] = "application/xml"
        response.body = .bytes(xml.document)
        return response
    }
}
