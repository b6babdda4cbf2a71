import Wire

/// The operations answered here, found from method, path and the query's markers.
enum S3Operation: String, Sendable {
    case listBuckets
    case createBucket, headBucket, deleteBucket, getBucketLocation, getBucketVersioning, getBucketEncryption,
        putBucketEncryption, deleteBucketEncryption
    case getBucketCORS, putBucketCORS, deleteBucketCORS
    case getBucketLifecycle, putBucketLifecycle, deleteBucketLifecycle
    /// What a browser asks before a page's request.
    case preflight
    case listObjects, listObjectsV2, listMultipartUploads, deleteObjects
    case getObject, getObjectAttributes, headObject, putObject, copyObject, deleteObject
    case createMultipartUpload, uploadPart, uploadPartCopy, completeMultipartUpload, abortMultipartUpload,
        listParts

    /// Members of a query that ask for another operation than the plain one.
    private static let markers: Set<String> = [
        "accelerate", "acl", "analytics", "attributes", "cors", "encryption", "intelligent-tiering",
        "inventory",
        "legal-hold", "lifecycle", "location", "logging", "metadataTable", "metrics", "notification",
        "object-lock",
        "ownershipControls", "policy", "rename", "policyStatus", "publicAccessBlock", "replication",
        "requestPayment",
        "restore",
        "retention", "select", "session", "tagging", "torrent", "uploads", "uploadId", "versioning",
        "versions",
        "versionId", "website", "delete",
    ]

    /// Whether it reads, writes or lists objects, or the uploads that become some.
    var isOfObjects: Bool {
        switch self {
        case .listObjects, .listObjectsV2, .listMultipartUploads, .deleteObjects, .getObject,
            .getObjectAttributes,
            .headObject, .putObject, .copyObject, .deleteObject, .createMultipartUpload, .uploadPart,
            .uploadPartCopy, .completeMultipartUpload, .abortMultipartUpload, .listParts:
            true
        default: false
        }
    }

    /// The name Amazon gives it, as lists of actions have it.
    var action: String {
        rawValue.prefix(1).uppercased() + rawValue.dropFirst()
    }

    /// - Errors: `S3-301` for what is not done, `S3-110` for a method S3 does not have there.
    init(_ request: Request, _ target: S3Target) throws(S3Error) {
        let found = Set(target.query.lazy.map(\.name).filter(Self.markers.contains))
        let copies = request.headers["x-amz-copy-source"] != nil
        let known: S3Operation? =
            switch (target.bucket, target.key) {
            case (nil, _): request.method == "GET" ? .listBuckets : nil
            case (_?, _) where request.method == "OPTIONS": .preflight
            case (_?, nil): Self.ofBucket(request.method, found, isV2: target["list-type"] == "2")
            case (_?, _?): Self.ofObject(request.method, found, copies: copies)
            }
        guard let known else {
            guard found.isEmpty else {
                throw S3Error(
                    .notImplemented, "this operation is not implemented",
                    ["method": request.method, "query": found.sorted().joined(separator: "&")])
            }
            guard ["GET", "HEAD", "PUT", "POST", "DELETE"].contains(request.method), request.method != "POST"
            else {
                throw S3Error(
                    .notImplemented, "this operation is not implemented", ["method": request.method])
            }
            throw S3Error(.methodNotAllowed, "the method is not allowed here", ["method": request.method])
        }
        self = known
    }

    private static func ofBucket(_ method: String, _ found: Set<String>, isV2: Bool) -> S3Operation? {
        switch (method, found) {
        case ("GET", []): isV2 ? .listObjectsV2 : .listObjects
        case ("GET", ["location"]): .getBucketLocation
        case ("GET", ["versioning"]): .getBucketVersioning
        case ("GET", ["uploads"]): .listMultipartUploads
        case ("GET", ["encryption"]): .getBucketEncryption
        case ("PUT", ["encryption"]): .putBucketEncryption
        case ("DELETE", ["encryption"]): .deleteBucketEncryption
        case ("GET", ["cors"]): .getBucketCORS
        case ("PUT", ["cors"]): .putBucketCORS
        case ("DELETE", ["cors"]): .deleteBucketCORS
        case ("GET", ["lifecycle"]): .getBucketLifecycle
        case ("PUT", ["lifecycle"]): .putBucketLifecycle
        case ("DELETE", ["lifecycle"]): .deleteBucketLifecycle
        case ("HEAD", []): .headBucket
        case ("PUT", []): .createBucket
        case ("DELETE", []): .deleteBucket
        case ("POST", ["delete"]): .deleteObjects
        default: nil
        }
    }

    private static func ofObject(_ method: String, _ found: Set<String>, copies: Bool) -> S3Operation? {
        switch (method, found) {
        case ("GET", []): .getObject
        case ("GET", ["uploadId"]): .listParts
        case ("GET", ["attributes"]): .getObjectAttributes
        case ("HEAD", []): .headObject
        case ("PUT", []): copies ? .copyObject : .putObject
        case ("PUT", ["uploadId"]): copies ? .uploadPartCopy : .uploadPart
        case ("POST", ["uploads"]): .createMultipartUpload
        case ("POST", ["uploadId"]): .completeMultipartUpload
        case ("DELETE", []): .deleteObject
        case ("DELETE", ["uploadId"]): .abortMultipartUpload
        default: nil
        }
    }
}
