package import Blobs
import XMLText

/// Objects whose parts are in the store and that are not complete: nobody sees them before they are.
///
/// The receipt names the upload and the etags of its parts: `u7Yx… 9e107d9d… e4d909c2…`.
extension S3BlobStore {
    /// Errors tell a lost upload from one that was completed before: the object of the latter carries the mark.
    package func publish(_ sealed: SealedBlob) async throws -> BlobInfo {
        let receipt = try S3Receipt(sealed)
        let request = completion(of: try key(sealed.path), receipt, .ifAbsent)
        let info: BlobInfo
        do {
            info = try await complete(request, sealed.path, mark: sealed.mark, size: sealed.size)
        } catch let error as BlobsError where error.code == .uploadGone {
            info = try await published(sealed)
        }
        guard info.size == sealed.size else {
            throw BlobsError(
                .corrupt, "the store made an object of another size than was sent",
                ["path": sealed.path, "sent": sealed.size, "found": info.size])
        }
        return info
    }

    private func published(_ sealed: SealedBlob) async throws -> BlobInfo {
        do {
            let found = try await headObject(sealed.path)
            if found.mark == sealed.mark { return found.info }
        } catch let error as BlobsError where error.code == .notFound {}
        throw sealed.gone
    }

    package func discard(_ sealed: SealedBlob) async throws {
        try await abortUpload(key: try key(sealed.path), id: try S3Receipt(sealed).uploadID)
    }

    /// They go by age: no other process can be told from ours by what the store lists. See `abortOldUploads`.
    package func discardSealed(except receipts: Set<String>) async throws {}

    func completion(of key: String, _ receipt: S3Receipt, _ condition: PutCondition) -> S3Request {
        var xml = "<CompleteMultipartUpload>"
        for (index, etag) in receipt.etags.enumerated() {
            xml += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\"\(etag)\"</ETag></Part>"
        }
        xml += "</CompleteMultipartUpload>"
        return S3Request(
            operation: "CompleteMultipartUpload", method: "POST", key: key,
            query: [("uploadId", receipt.uploadID)],
            headers: [("content-type", "application/xml")] + Self.headers(of: condition),
            body: Array(xml.utf8), mayFailLate: true, answerLimit: limits.answerBytes)
    }

    func complete(
        _ request: S3Request, _ path: BlobPath, mark: String, size: Int64
    ) async throws -> BlobInfo {
        let written = try await write(request, to: path, mark: mark) { answer in
            let root = try self.document(answer, request)
            guard root.name == "CompleteMultipartUploadResult", let etag = root["ETag"] else {
                throw self.fault(answer, request)
            }
            return BlobInfo(size: size, etag: S3Text.etag(etag), modified: self.time(of: answer))
        }
        // What the store has made of the parts, unless somebody has replaced it already. It is written, and stays so
        // when the look gets no answer.
        guard let found = try? await headObject(path), found.mark == mark else { return written }
        return found.info
    }
}

/// An upload and the etags of its parts, from number 1 on.
struct S3Receipt: Sendable {
    var uploadID: String
    var etags: [String]

    init(uploadID: String, etags: [String]) {
        self.uploadID = uploadID
        self.etags = etags
    }

    /// - Errors: `BLB-201`.
    init(_ sealed: SealedBlob) throws(BlobsError) {
        let words = sealed.receipt.split(separator: " ").map(String.init)
        guard words.count > 1 else {
            throw BlobsError(
                .corrupt, "what is written down of a sealed object names no upload", ["path": sealed.path])
        }
        self.init(uploadID: words[0], etags: Array(words.dropFirst()))
    }

    var text: String { ([uploadID] + etags).joined(separator: " ") }
}
