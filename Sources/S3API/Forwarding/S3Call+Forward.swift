import Blobs
import Buckets
import HTTPClient
import Identity
import JSONText
import Octets
import S3Client
import Signing
import Telemetry
import Wire
import XMLText

/// Operations on objects that lie in an external store: allowed or refused here, done there.
///
///     PUT /lake/web/x  →  PUT /OUTER/PREFIX/lake/web/x
///
/// What the store answers goes back as it is, but for keys and names of buckets, which lose what was put in front.
extension S3Call {
    func forward(_ operation: S3Operation, over passage: S3Passage) async throws -> Response {
        _ = try buckets.bucketInfo(bucket)
        if let key = target.key { try ForwardedKey.check(key) }
        switch operation {
        case .getObject, .headObject, .getObjectAttributes:
            return try await passOn(operation, key: try object(for: .storageRead).key, over: passage)
        case .listParts:
            return try await passOn(operation, key: try object(for: .storageRead).key, over: passage)
        case .putObject, .uploadPart:
            return try await upload(operation, key: try object(for: .storageWrite).key, over: passage)
        case .deleteObject, .createMultipartUpload, .completeMultipartUpload, .abortMultipartUpload,
            .copyObject,
            .uploadPartCopy:
            return try await passOn(operation, key: try object(for: .storageWrite).key, over: passage)
        case .listObjects, .listObjectsV2, .listMultipartUploads:
            try principal.require(.storageRead, on: .object(bucket, target["prefix"] ?? ""))
            return try await passOn(operation, key: nil, over: passage)
        case .deleteObjects: return try await deleteForwarded(over: passage)
        default: preconditionFailure("\(operation) is about no object")
        }
    }

    private func passOn(
        _ operation: S3Operation, key: String?, over passage: S3Passage
    ) async throws -> Response {
        var call = S3Passage.Call(
            method: request.method, bucket: bucket, key: key, query: forwardedQuery(passage),
            headers: try forwardedHeaders(passage), payloadHash: "")
        let body =
            request.method == "POST"
            ? try await body(hasChecksums: operation != .completeMultipartUpload).collect(limit: 4 << 20) : []
        if request.method == "POST" || request.method == "PUT" { call.body = body }
        call.payloadHash = Hex.encode(SHA256.hash(body))
        return try await answer(try await send(call, over: passage), passage)
    }

    /// A client that leaves takes its request to the store with it.
    func send(_ call: S3Passage.Call, over passage: S3Passage) async throws -> HTTPClientResponse {
        try await request.cancellation.cancelling { try await passage.send(call) }
    }

    /// The last bytes leave only when everything the client said of the body has been found true.
    private func upload(
        _ operation: S3Operation, key: String, over passage: S3Passage
    ) async throws -> Response {
        let body = try sizedBody()
        let isChunked = authorization?.payloadHash.hasPrefix("STREAMING-") ?? false
        guard let length = S3Body.length(of: request, isChunked: isChunked) else {
            throw S3Error(.missingContentLength, "the length of the body must be given")
        }
        var call = S3Passage.Call(
            method: "PUT", bucket: bucket, key: key, query: forwardedQuery(passage),
            headers: try forwardedHeaders(passage), payloadHash: SigV4Authorization.unsignedPayload)
        if let hash = authorization?.payloadHash, hash.utf8.count == 64 { call.payloadHash = hash }
        guard length > 0 else {
            try await checkEmpty(body)
            call.body = []
            return try await answer(try await send(call, over: passage), passage)
        }
        let stream = HTTPBodyStream(length: length)
        call.stream = stream
        let sent = call
        async let response = send(sent, over: passage)
        do {
            try await write(body, to: stream)
        } catch let error as HTTPClientError {
            // What the store refuses, or what became of the connection, says more; a success before the end is none.
            let early = try await response
            guard early.status >= 300 else { throw error }
            return try await answer(early, passage)
        } catch {
            stream.fail()
            _ = try? await response
            throw error
        }
        return try await answer(try await response, passage)
    }

    /// The store keeps what it has as soon as it has all of it: the last piece waits for the end of the body, which is
    /// where its checks are, and nothing goes out behind it.
    ///
    /// - Errors: `S3-106` for more or fewer bytes than the client said; what `S3Body` finds; `HTTPClientError`.
    private func write(_ body: S3Body, to stream: HTTPBodyStream) async throws {
        var held: [UInt8] = []
        var count: Int64 = 0
        while let piece = try await body.next() {
            count += Int64(piece.count)
            guard count <= stream.length else { throw Self.otherLength }
            try await stream.write(held)
            held = piece
        }
        guard count == stream.length else { throw Self.otherLength }
        try await stream.write(held)
        stream.end()
    }

    private func checkEmpty(_ body: S3Body) async throws {
        while let piece = try await body.next() {
            guard piece.isEmpty else { throw Self.otherLength }
        }
    }

    private static let otherLength = S3Error(
        .incompleteBody, "the body has not the length that was announced")

    private func answer(_ response: HTTPClientResponse, _ passage: S3Passage) async throws -> Response {
        let isXML = response.header("content-type")?.contains("xml") ?? false
        let isObject = target.key != nil && request.method == "GET" && target["uploadId"] == nil
        guard response.status < 300 || response.status == 304 else {
            let body = try await response.collect(limit: 64 << 10)
            return try refusal(response.status, body, passage)
        }
        let headers = ForwardedHeaders.answered(response.headers)
        if request.method == "HEAD" || response.status == 304 || response.status == 204 {
            // Nothing comes; what is read to its end leaves its connection to the next.
            _ = try await response.collect(limit: 64 << 10)
            let length = response.header("content-length").flatMap { Int64($0) } ?? 0
            return Response(
                status: response.status, headers: headers,
                body: request.method == "HEAD" ? .absent(length: length) : .bytes([]))
        }
        guard isXML, !isObject || target.has("attributes") else {
            let length = response.header("content-length").flatMap { Int64($0) }
            return Response(
                status: response.status, headers: headers,
                body: .stream(length: length) { [request] writer in
                    try await request.cancellation.cancelling {
                        while let piece = try await response.next() { try await writer.write(piece) }
                    }
                })
        }
        let body = try await response.collect(limit: ForwardedDocument.byteLimit)
        guard !body.isEmpty else { return Response(status: response.status, headers: headers) }
        var xml = XMLWriter()
        xml.write(try ForwardedDocument(body, of: bucket, passage).root, namespace: XMLWriter.s3Namespace)
        return Response(status: response.status, headers: headers, body: .bytes(xml.document))
    }

    /// The store's refusal in its own words; what it says of our keys is no business of the client's.
    func refusal(_ status: Int, _ body: [UInt8], _ passage: S3Passage) throws -> Response {
        let root = body.isEmpty ? nil : try? ForwardedDocument(body, of: bucket, passage).root
        // A key that comes with the request is the client's, and so is its refusal.
        if status == 403, EncryptionHeaders.bringsKey(request) {
            throw S3Error(.keyRefused, "the store behind refuses the request and the key it brings")
        }
        guard ![401, 403].contains(status), root?["Code"] != "NoSuchBucket" else {
            service.log.error(
                "the external store refuses a request",
                ["status": .integer(Int64(status)), "code": .string(root?["Code"] ?? "")])
            throw S3Error(.storeRefused, "the store behind does not answer")
        }
        guard request.method != "HEAD", let root else { return Response(status: status) }
        var xml = XMLWriter()
        xml.element("Error") { xml in
            xml.text("Code", root["Code"] ?? "InternalError")
            xml.text("Message", root["Message"] ?? "")
            xml.text("Resource", request.path)
            xml.text("RequestId", request.id.description)
        }
        return Response(
            status: status, headers: ["content-type": "application/xml"], body: .bytes(xml.document))
    }
}
