import Buckets
import Octets
import Signing
import Wire

/// What a request says of encryption, and what its answer does.
///
/// A customer's key never goes into a message: those end in logs.
///
/// - Source: "Using server-side encryption with customer-provided keys (SSE-C)" and "… with Amazon S3 managed keys
///   (SSE-S3)", Amazon S3 User Guide.
enum EncryptionHeaders {
    static let store = "x-amz-server-side-encryption"
    private static let customer = "x-amz-server-side-encryption-customer-"
    private static let source = "x-amz-copy-source-server-side-encryption-customer-"
    private static let algorithm = "AES256"
    private static let kmsNames: Set<String> = [
        "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-context",
    ]
    private static let kmsBucketKey = "x-amz-server-side-encryption-bucket-key-enabled"

    /// Whether the request brings a key of a customer's, for whatever it reads or writes.
    static func bringsKey(_ request: Request) -> Bool {
        request.headers.entries.contains { entry in
            let name = entry.name.lowercased()
            return name.hasPrefix(customer) || name.hasPrefix(source)
        }
    }

    /// - Errors: `S3-101` for what does not go together, or not with the operation; `S3-301` for SSE-KMS and unknown headers.
    static func check(
        _ request: Request, _ target: S3Target, _ operation: S3Operation
    ) throws(S3Error) {
        // Some signers of links move headers into the query. Not to see them there would keep an object unencrypted.
        let moved = target.query.first { item in
            let name = item.name.lowercased()
            return name.hasPrefix(store) || name.hasPrefix("x-amz-copy-source-server-side-encryption")
        }
        if let moved {
            throw S3Error(
                .notImplemented, "encryption is asked for by headers, not in the query", ["name": moved.name])
        }
        let names = request.headers.entries.map { $0.name.lowercased() }
        let kms = names.first { kmsNames.contains($0) }
        if let asked = request.headers[store] {
            guard [.putObject, .copyObject, .createMultipartUpload].contains(operation) else {
                throw S3Error(.invalidArgument, "the header is not for this operation", ["header": store])
            }
            guard [algorithm, "aws:kms", "aws:kms:dsse"].contains(asked) else {
                throw S3Error(
                    .invalidArgument, "no such encryption", ["header": store, "value": asked],
                    hint: "use AES256")
            }
            guard !names.contains(where: { $0.hasPrefix(customer) }), asked != algorithm || kms == nil else {
                throw S3Error(.invalidArgument, "a request asks for one kind of encryption")
            }
            guard asked == algorithm else {
                throw S3Error(.notImplemented, "keys of a KMS are not implemented", ["header": store])
            }
        } else if let kms, names.contains(where: { $0.hasPrefix(customer) }) {
            throw S3Error(.invalidArgument, "a request asks for one kind of encryption", ["header": kms])
        }
        let parts = ["algorithm", "key", "key-md5"]
        let unknown = names.first { name in
            for prefix in [customer, source] where name.hasPrefix(prefix) {
                return !parts.contains(String(name.dropFirst(prefix.count)))
            }
            return name.hasPrefix(store + "-") && name != kmsBucketKey
                || name.hasPrefix("x-amz-copy-source-server-side-encryption")
        }
        if let unknown {
            throw S3Error(.notImplemented, "a header asks for what is not implemented", ["header": unknown])
        }
        if request.headers[kmsBucketKey]?.lowercased() == "true" {
            throw S3Error(.notImplemented, "keys of a KMS are not implemented", ["header": kmsBucketKey])
        }
    }

    /// The key of the object that is read or written. - Errors: `S3-101`.
    static func key(_ request: Request) throws(S3Error) -> CustomerKey? { try key(request, customer) }

    /// The key of the object that is copied. - Errors: `S3-101`.
    static func sourceKey(_ request: Request) throws(S3Error) -> CustomerKey? { try key(request, source) }

    private static func key(_ request: Request, _ prefix: String) throws(S3Error) -> CustomerKey? {
        let (kind, key, md5) = (
            request.headers[prefix + "algorithm"], request.headers[prefix + "key"],
            request.headers[prefix + "key-md5"]
        )
        guard kind != nil || key != nil || md5 != nil else { return nil }
        guard let kind else {
            throw S3Error(
                .invalidArgument, "a customer's key comes with its algorithm",
                ["missing": prefix + "algorithm"])
        }
        guard kind == algorithm else {
            throw S3Error(
                .invalidArgument, "no such algorithm for a customer's key", ["header": prefix + "algorithm"],
                hint: "use AES256")
        }
        guard let bytes = key.flatMap({ Base64.decode($0) }), let made = CustomerKey(bytes) else {
            throw S3Error(
                .invalidArgument, "a customer's key has 32 bytes, in Base64", ["header": prefix + "key"])
        }
        guard let md5 else {
            throw S3Error(
                .invalidArgument, "a customer's key comes with its MD5", ["missing": prefix + "key-MD5"])
        }
        guard Base64.decode(md5) == made.md5 else {
            throw S3Error(
                .invalidArgument, "the MD5 is not that of the customer's key", ["header": prefix + "key-MD5"])
        }
        return made
    }

    /// How what the request writes is to be encrypted. - Errors: `S3-101`.
    static func wanted(_ request: Request) throws(S3Error) -> WriteEncryption {
        if let key = try key(request) { return .customer(key) }
        return request.headers[store] == nil ? .ofBucket : .store
    }

    /// Tells how the object is encrypted.
    static func add(_ kind: EncryptionKind?, of request: Request, to headers: inout HTTPHeaders)
        throws(S3Error)
    {
        switch kind {
        case .store: headers[store] = algorithm
        case .customer:
            guard let key = try key(request) else { return }
            headers[customer + "algorithm"] = algorithm
            headers[customer + "key-MD5"] = Base64.encode(key.md5)
        case nil: break
        }
    }
}

extension WriteEncryption {
    var isAskedFor: Bool {
        switch self {
        case .ofBucket: false
        case .store, .customer: true
        }
    }
}
