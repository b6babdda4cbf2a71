package import Blobs
package import Effects
import XMLText

extension S3BlobStore {
    func abortUpload(key: String, id: String) async throws {
        let request = S3Request(
            operation: "AbortMultipartUpload", method: "DELETE", key: key, query: [("uploadId", id)],
            answerLimit: limits.answerBytes)
        let answer = try await call(request).answer
        // Gone already: an earlier try, or the store's own rules.
        guard [200, 204, 404].contains(answer.status) else { throw fault(answer, request) }
    }

    /// Aborts uploads below the prefix that began before `limit`: their writers are gone. Those of `kept` are somebody's
    /// promise, however old. Answers how many.
    package func abortOldUploads(before limit: Instant, except kept: [SealedBlob] = []) async throws -> Int {
        var aborted = 0
        let promised = Set(try kept.map { try S3Receipt($0).uploadID })
        var marker: (key: String, id: String)?
        // A bound on the pages of one round; what is left goes in the next.
        for _ in 0..<Self.uploadPages {
            var query: [(name: String, value: String?)] = [
                ("uploads", nil), ("prefix", address.prefix), ("encoding-type", "url"),
            ]
            if let marker { query += [("key-marker", marker.key), ("upload-id-marker", marker.id)] }
            let request = S3Request(
                operation: "ListMultipartUploads", method: "GET", query: query,
                answerLimit: limits.answerBytes)
            let answer = try await call(request).answer
            guard answer.status == 200 else { throw fault(answer, request) }
            let page = try document(answer, request)
            for upload in page.children("Upload") {
                guard let key = upload["Key"].flatMap({ S3ListPage.key($0, in: page) }),
                    let id = upload["UploadId"],
                    let begun = upload["Initiated"].flatMap({ Instant(rfc3339: $0) }),
                    begun < limit, key.utf8.starts(with: address.prefix.utf8), !promised.contains(id)
                else { continue }
                try await abortUpload(key: key, id: id)
                aborted += 1
            }
            guard page["IsTruncated"] == "true",
                let key = page["NextKeyMarker"].flatMap({ S3ListPage.key($0, in: page) })
            else { break }
            marker = (key, page["NextUploadIdMarker"] ?? "")
        }
        return aborted
    }

    private static let uploadPages = 100

    /// - Errors: `BLB-302` for a body that is no XML.
    func document(_ answer: S3Answer, _ request: S3Request) throws(BlobsError) -> XMLElement {
        do throws(XMLError) { return try XMLElement(parsing: answer.body) } catch {
            throw malformed(request, "its body is no XML document")
        }
    }
}
