package import Buckets
package import Effects
import Identity
import JSONText
package import Scheduling
import Signing
package import Telemetry
package import Wire

/// Answers the S3 protocol over a store: authenticates, finds the operation, renders faults.
///
/// - Source: Amazon S3 API Reference; the operations are those of the hosted product's table, everything else is
///   answered with 501 `NotImplemented`.
package struct S3Service: Sendable {
    let buckets: any BucketDirectory
    let objects: S3Objects
    /// Hashes bodies.
    let pool: IOPool
    /// Counts what bodies hold on their way.
    let ledger: MemoryLedger
    let credentials: any S3Credentials
    /// Others may need a bucket; this refuses then.
    let deleteBucket: @Sendable (String) async throws -> Void
    let clock: any Clock
    let log: Log
    private let signingKeys = SigningKeys()

    package init(
        buckets: any BucketDirectory, objects: S3Objects, pool: IOPool, ledger: MemoryLedger,
        credentials: any S3Credentials, deleteBucket: @escaping @Sendable (String) async throws -> Void,
        clock: any Clock = LiveClock(),
        log: Log = .silent
    ) {
        self.buckets = buckets
        self.objects = objects
        self.pool = pool
        self.ledger = ledger
        self.credentials = credentials
        self.deleteBucket = deleteBucket
        self.clock = clock
        self.log = log
    }

    /// Never throws: a fault becomes an error body.
    package func answer(_ request: Request) async -> Response {
        var response: Response
        var route = "s3"
        do {
            let target = try S3Target(request)
            let operation = try S3Operation(request, target)
            route = "s3:" + operation.rawValue
            if operation == .preflight {
                response = try CORSAnswer(rules: corsRules(target)).preflight(request)
            } else {
                let call = try await authenticate(request, target, operation)
                try EncryptionHeaders.check(request, target, operation)
                try UnsupportedHeaders.check(request)
                response = try await call.perform(operation)
            }
        } catch {
            let failure = S3Failure(error)
            response = failure.response(to: request)
            log.log(
                failure.status >= 500 && failure.status != 501 ? .error : .debug, "an S3 request failed",
                [
                    "method": .string(request.method), "path": .string(request.path),
                    "status": .integer(Int64(failure.status)), "reason": .string("\(error)"),
                ])
        }
        if request.headers["origin"] != nil, route != "s3:preflight", let target = try? S3Target(request) {
            CORSAnswer(rules: corsRules(target)).add(to: &response, of: request)
        }
        response.headers["x-amz-request-id"] = request.id.description
        response.route = route
        return response
    }

    /// None for a bucket that is not there: a preflight tells nobody what exists.
    private func corsRules(_ target: S3Target) -> [CORSRule] {
        do { return try target.bucket.map { try buckets.settings(ofBucket: $0).cors } ?? [] } catch {
            return []
        }
    }

    /// The body for a request that the HTTP layer refuses.
    package static func refusal(_ error: any Error, _ request: Request) -> Response {
        var response = S3Failure(error).response(to: request)
        response.headers["x-amz-request-id"] = request.id.description
        return response
    }

    /// - Errors: `SigningError`, `IDN-101` for an unknown key.
    private func authenticate(
        _ request: Request, _ target: S3Target, _ operation: S3Operation
    ) async throws -> S3Call {
        if let anonymous = anonymousCall(request, target, operation) { return anonymous }
        let signed = Self.signed(request)
        let authorization = try SigV4Authorization(reading: signed)
        let known = try await credentials.secret(
            forAccessKey: authorization.accessKey, sessionToken: authorization.sessionToken, now: clock.now)
        guard let (secret, principal) = known else {
            throw IdentityError(
                .unauthenticated, "no such access key", ["access key": authorization.accessKey])
        }
        let chunks = try authorization.verify(signed, secret: secret, now: clock.now, keys: signingKeys)
        try principal.require(action: operation.action)
        return S3Call(
            service: self, request: request, target: target, principal: principal,
            authorization: authorization,
            chunks: chunks)
    }
}

extension S3Service {
    private static func signed(_ request: Request) -> SigV4Request {
        SigV4Request(
            method: request.method, rawPath: request.path, rawQuery: request.target.query ?? "",
            headers: request.headers.entries)
    }

    /// Refuses, before its body comes, a request that will certainly be refused: nobody has signed it, or it asks for what
    /// is not done. Nil for all others.
    package func refuse(_ request: Request) -> Response? {
        do {
            let target = try S3Target(request)
            let operation = try S3Operation(request, target)
            guard operation != .preflight, anonymousCall(request, target, operation) == nil else {
                return nil
            }
            _ = try SigV4Authorization(reading: Self.signed(request))
            try EncryptionHeaders.check(request, target, operation)
            try UnsupportedHeaders.check(request)
            return nil
        } catch {
            var response = Self.refusal(error, request)
            response.route = "s3"
            return response
        }
    }

    /// Objects of public buckets may be read, and nothing else done, without a signature.
    private func anonymousCall(
        _ request: Request, _ target: S3Target, _ operation: S3Operation
    ) -> S3Call? {
        guard [.getObject, .headObject].contains(operation), let bucket = target.bucket,
            request.headers["authorization"] == nil, target["X-Amz-Algorithm"] == nil,
            !target.query.contains(where: { $0.name.hasPrefix("response-") })
        else { return nil }
        guard let settings = try? buckets.settings(ofBucket: bucket), settings.isPublic else { return nil }
        let principal = Principal(tokenID: "anonymous", scopes: [Scope(.storageRead, [.bucket: bucket])])
        return S3Call(
            service: self, request: request, target: target, principal: principal, authorization: nil,
            chunks: nil)
    }
}

/// One authenticated request. Each operation is an extension in a file of its own.
struct S3Call: Sendable {
    let service: S3Service
    let request: Request
    let target: S3Target
    let principal: Principal
    /// Nil for anonymous requests.
    let authorization: SigV4Authorization?
    let chunks: SigV4ChunkSigner?

    var buckets: any BucketDirectory { service.buckets }

    /// The objects of this node; requests for those of another store have been passed on before.
    var store: BucketStore {
        guard case .own(let store) = service.objects else {
            preconditionFailure("objects of an external store are not served from here")
        }
        return store
    }

    /// Without `hasChecksums` the headers of checksums are about something else: the object that parts become.
    func body(hasChecksums: Bool = true) throws(S3Error) -> S3Body {
        try S3Body(
            request, authorization, chunks, hasChecksums: hasChecksums, pool: service.pool,
            ledger: service.ledger)
    }

    func perform(_ operation: S3Operation) async throws -> Response {
        if case .external(let passage) = service.objects, operation.isOfObjects {
            return try await forward(operation, over: passage)
        }
        return try await performHere(operation)
    }

    private func performHere(_ operation: S3Operation) async throws -> Response {
        switch operation {
        case .listBuckets: try listBuckets()
        case .createBucket: try await createBucket()
        case .headBucket: try headBucket()
        case .deleteBucket: try await deleteBucket()
        case .getBucketLocation: try getBucketLocation()
        case .getBucketVersioning: try getBucketVersioning()
        case .getBucketEncryption: try getBucketEncryption()
        case .putBucketEncryption: try await putBucketEncryption()
        case .deleteBucketEncryption: try await deleteBucketEncryption()
        case .getBucketCORS: try getBucketCORS()
        case .putBucketCORS: try await putBucketSetting(.cors)
        case .deleteBucketCORS: try await deleteBucketSetting(.cors)
        case .getBucketLifecycle: try getBucketLifecycle()
        case .putBucketLifecycle: try await putBucketSetting(.lifecycle)
        case .deleteBucketLifecycle: try await deleteBucketSetting(.lifecycle)
        case .getObjectAttributes: try getObjectAttributes()
        case .preflight: preconditionFailure("a preflight is answered before anybody is authenticated")
        case .listObjects: try listObjects()
        case .listObjectsV2: try listObjectsV2()
        case .listMultipartUploads: try listMultipartUploads()
        case .deleteObjects: try await deleteObjects()
        case .getObject: try await getObject()
        case .headObject: try headObject()
        case .putObject: try await putObject()
        case .copyObject: try await copyObject()
        case .deleteObject: try await deleteObject()
        case .createMultipartUpload: try await createMultipartUpload()
        case .uploadPart: try await uploadPart()
        case .uploadPartCopy: try await uploadPartCopy()
        case .completeMultipartUpload: try await completeMultipartUpload()
        case .abortMultipartUpload: try await abortMultipartUpload()
        case .listParts: try listParts()
        }
    }
}
