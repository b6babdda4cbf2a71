package import Blobs
import Effects
import Octets
import Signing

/// Objects in any store that speaks S3 and decides conditional writes.
///
///     s3://lake/web/x  →  PREFIX lake/web/x  in the bucket of `address`
///
/// A write that got no answer is tried again, and looked up where trying again cannot tell: each write has a mark of its
/// own in the object's metadata, so a condition that our own lost write has made false is not taken for somebody else's.
/// What cannot be found out fails with `BLB-303`.
///
/// A reader stays with the version it opened: when that is no longer there, reading fails with `BLB-106`.
///
/// - Errors: `BlobsError`.
/// - Threads: any; nothing blocks.
package final class S3BlobStore: BlobStore {
    /// The header that names the write an object came from; kept by the store with the object.
    static let markHeader = "x-amz-meta-firn-write"

    let caller: S3Caller
    var address: S3Address { caller.address }
    var limits: S3Limits { caller.limits }

    package init(
        address: S3Address, keys: any S3KeySource, transport: any S3Transport, limits: S3Limits = S3Limits(),
        effects: S3Effects
    ) {
        caller = S3Caller(
            address: address, keys: keys, transport: transport, limits: limits, effects: effects)
    }

    /// The store's own key of an object. - Errors: `BLB-105`.
    func key(_ path: BlobPath) throws(BlobsError) -> String {
        _ = try ObjectKey(checking: path.key)
        let key = prefix(ofBucket: path.bucket) + path.key
        guard key.utf8.count <= ObjectKey.byteLimit else {
            throw BlobsError(
                .invalidName, "the key is too long for the store behind",
                ["path": path, "bytes": key.utf8.count, "most": ObjectKey.byteLimit])
        }
        return key
    }

    func prefix(ofBucket bucket: String) -> String { address.prefix + bucket + "/" }

    package func head(_ path: BlobPath) async throws -> BlobInfo { try await headObject(path).info }

    package func open(_ path: BlobPath) async throws -> any BlobReader {
        S3BlobReader(store: self, path: path, key: try key(path), info: try await head(path))
    }

    /// What the store says of an object: also which write it came from, when it was one of ours.
    func headObject(_ path: BlobPath) async throws -> (info: BlobInfo, mark: String?) {
        let request = S3Request(
            operation: "HeadObject", method: "HEAD", key: try key(path), answerLimit: limits.answerBytes)
        let answer = try await call(request).answer
        guard answer.status == 200 else { throw fault(answer, request) }
        guard let size = answer.header("content-length").flatMap({ Int64($0) }), size >= 0,
            let etag = answer.header("etag"), let modified = answer.header("last-modified"),
            let time = HTTPDate.parse(modified)
        else { throw malformed(request, "an object's size, etag or time is missing") }
        return (BlobInfo(size: size, etag: S3Text.etag(etag), modified: time), answer.header(Self.markHeader))
    }

    /// - Errors: `BLB-302`: what could not be answered at all; see `S3Caller`.
    func call(_ request: S3Request) async throws -> S3Reply {
        do {
            return try await caller.call(request)
        } catch let error as S3NoReply {
            throw error.fault
        }
    }

    func fault(_ answer: S3Answer, _ request: S3Request) -> BlobsError {
        S3Failure.fault(answer, request, bucket: address.bucket)
    }

    func malformed(_ request: S3Request, _ what: String) -> BlobsError {
        BlobsError(
            .unavailable, "the store's answer is not one of S3: \(what)",
            ["operation": request.operation, "key": request.key ?? "", "host": address.host])
    }
}

/// Texts of the S3 protocol.
enum S3Text {
    /// Without the quotes in which etags stand on the wire.
    static func etag(_ text: String) -> String {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
            ? String(text.dropFirst().dropLast()) : text
    }

    static func quoted(_ etag: String) -> String { "\"\(etag)\"" }

    /// The form of the `x-amz-checksum-crc32c` header.
    static func checksum(_ value: UInt32) -> String {
        Base64.encode((0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) })
    }
}
