import Catalogs
import Effects
import Iceberg
import Identity
import JSONText
import Octets
import Signing
import Wire

extension CatalogAPI {
    /// `POST …/tables/{table}/sign`: signs one request to storage, for clients that have no keys.
    ///
    ///     {"region": "auto", "method": "GET", "uri": "http://127.0.0.1:9000/lake/…", "headers": {"Host": ["…"]}}
    ///
    /// What comes back are the headers to add. They are signed with keys that reach the table's files only and to read or
    /// write as the request needs, so that the S3 endpoint checks all of this once more. 200, 400, 403.
    func signRequest(_ context: CatalogContext) async throws -> Response {
        let table = try context.table()
        try context.requireRead(table)
        let body = RequestObject(try await context.body())
        let request = try StorageRequest(body, endpoint: settings.publicS3URL)
        let loaded = try await catalog.loadTable(table, in: context.warehouse)
        let location = try TableLocation(loaded.metadata.location)
        let action = try StorageAction(
            method: request.method, request.address, copySource: request.header("x-amz-copy-source"),
            body: request.body, in: location)
        if action.isWrite { try context.requireWrite(table) }
        let keys = vend(
            TemporaryCredential.Request(
                bucket: location.bucket, permission: action.isWrite ? .objectReadWrite : .objectReadOnly,
                seconds: Self.signatureSeconds, prefixes: [location.key + "/"], objects: [],
                table: TemporaryCredential.Table(
                    uuid: loaded.metadata.uuid.description, location: location.uri)),
            context.principal.tokenID)
        let signer = SigV4Signer(
            accessKey: context.principal.tokenID, secret: keys.secret, region: request.region,
            sessionToken: keys.sessionToken)
        let signed = signer.signed(
            SigV4Request(
                method: request.method, rawPath: request.address.rawPath, rawQuery: request.address.rawQuery,
                headers: request.signedHeaders),
            payloadHash: try request.payloadHash(action), now: clock.now)
        var response = Response.json([
            "uri": .string(request.uri), "headers": Self.added(signed, to: request),
        ])
        response.headers["cache-control"] = action.isWrite || action.needsBody ? "no-cache" : "private"
        return response
    }

    /// As long as a signature may be old.
    private static let signatureSeconds: Int64 = 900

    private static func added(_ signed: SigV4Request, to request: StorageRequest) -> JSONValue {
        var headers = JSONObject()
        for header in signed.headers.dropFirst(request.signedHeaders.count) {
            headers[header.name] = .array([.string(header.value)])
        }
        return .object(headers)
    }
}

/// A request to storage as a client wants it signed.
///
/// Source: Iceberg REST catalog specification, `RemoteSignRequest`.
private struct StorageRequest {
    let method: String
    let region: String
    let uri: String
    let address: StorageAddress
    let body: String?
    private let headers: [(name: String, value: String)]

    /// Made anew by the signature.
    private static let replaced: Set<String> = [
        "authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token",
    ]

    /// - Errors: `CTA-101`, `CTA-102`, `CTA-106`.
    init(_ body: RequestObject, endpoint: String) throws(CatalogAPIError) {
        method = try body.string("method").uppercased()
        region = try body.string("region")
        uri = try body.string("uri")
        self.body = try body.optionalString("body")
        let provider = try body.optionalString("provider") ?? "s3"
        guard provider.lowercased() == "s3", region.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F })
        else {
            throw CatalogAPIError(
                .malformedParameter, "only requests to S3 in a plain region are signed",
                ["provider": provider, "region": region])
        }
        address = try StorageAddress(uri, endpoint: endpoint)
        var headers: [(name: String, value: String)] = []
        for member in try RequestObject(body.required("headers"), of: "headers").object.members {
            for value in member.value.array ?? [member.value] {
                guard let text = value.string, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                    throw CatalogAPIError(
                        .malformedBody, "the values of headers are lists of plain text",
                        ["header": member.name])
                }
                headers.append((member.name.lowercased(), text))
            }
        }
        self.headers = headers
        try requireSingle("host")
        try requireSingle("x-amz-copy-source")
        guard header("host").map({ address.isHost($0) }) ?? true else {
            throw CatalogAPIError(
                .signingRefused, "the Host header names another server than the address",
                ["host": header("host") ?? "", "uri": uri])
        }
    }

    /// What is looked at here must be what storage looks at, and of two it could take the other.
    private func requireSingle(_ name: String) throws(CatalogAPIError) {
        guard headers.count(where: { $0.name == name }) > 1 else { return }
        throw CatalogAPIError(
            .signingRefused, "a request with two of this header is not signed", ["header": name])
    }

    func header(_ name: String) -> String? {
        let values = headers.filter { $0.name == name }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ",")
    }

    /// The host, and all that means something to S3. Others may change on the way.
    var signedHeaders: [(name: String, value: String)] {
        [("host", header("host") ?? address.host)]
            + headers.filter { $0.name.hasPrefix("x-amz-") && !Self.replaced.contains($0.name) }
    }

    /// - Errors: `CTA-101` for bodies whose parts only the owner of a key can sign, or another body than the one shown.
    func payloadHash(_ action: StorageAction) throws(CatalogAPIError) -> String {
        let given = header("x-amz-content-sha256")
        if action.needsBody {
            let hash = Hex.encode(SHA256.hash(body ?? ""))
            guard given.map({ $0 == hash || $0 == SigV4Authorization.unsignedPayload }) ?? true else {
                throw CatalogAPIError(.malformedParameter, "x-amz-content-sha256 is not the hash of the body")
            }
            return hash
        }
        let trailing = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        guard let given else {
            return header("x-amz-trailer") == nil ? SigV4Authorization.unsignedPayload : trailing
        }
        guard !given.hasPrefix("STREAMING-") || given == trailing else {
            throw CatalogAPIError(
                .malformedParameter, "chunks that are signed one by one cannot be signed from afar",
                ["x-amz-content-sha256": given])
        }
        return given
    }
}
