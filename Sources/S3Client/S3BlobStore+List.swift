package import Blobs
import Effects
import Octets
import XMLText

extension S3BlobStore {
    package func list(
        bucket: String, prefix: String, after: String?, limit: Int
    ) async throws -> BlobListing {
        var entries: [(key: String, info: BlobInfo)] = []
        var next = after
        while true {
            let page = try await page(
                bucket: bucket, prefix: prefix, after: next, limit: min(limit - entries.count, 1000))
            entries += page.entries
            next = page.next
            guard next != nil, entries.count < limit else { break }
        }
        return BlobListing(entries: entries, next: next)
    }

    private func page(
        bucket: String, prefix: String, after: String?, limit: Int
    ) async throws -> BlobListing {
        let base = self.prefix(ofBucket: bucket)
        var query: [(name: String, value: String?)] = [
            ("list-type", "2"), ("prefix", base + prefix), ("max-keys", "\(limit)"), ("encoding-type", "url"),
        ]
        if let after { query.append(("start-after", base + after)) }
        let request = S3Request(
            operation: "ListObjectsV2", method: "GET", query: query, answerLimit: limits.answerBytes,
            expectedBytes: 1 << 20)
        let answer = try await call(request).answer
        guard answer.status == 200 else { throw fault(answer, request) }
        let page = try document(answer, request)
        var entries: [(key: String, info: BlobInfo)] = []
        var last = ObjectKey(base + (after ?? ""))
        for item in page.children("Contents") {
            guard let key = item["Key"].flatMap({ S3ListPage.key($0, in: page) }),
                key.utf8.starts(with: base.utf8),
                let size = item["Size"].flatMap({ Int64($0) }), let etag = item["ETag"],
                let modified = item["LastModified"].flatMap({ Instant(rfc3339: $0) })
            else { throw malformed(request, "an object of a listing lacks its key, size, etag or time") }
            let name = ObjectKey(key)
            // A store that lists in another order would lose objects between two pages.
            guard entries.isEmpty || last < name else {
                throw malformed(request, "its listing is not in the order of the keys' bytes")
            }
            last = name
            let rest = String(decoding: key.utf8.dropFirst(base.utf8.count), as: UTF8.self)
            entries.append((rest, BlobInfo(size: size, etag: S3Text.etag(etag), modified: modified)))
        }
        let isTruncated = page["IsTruncated"] == "true"
        guard !isTruncated || !entries.isEmpty else { throw malformed(request, "an empty page goes on") }
        return BlobListing(entries: entries, next: isTruncated ? entries.last?.key : nil)
    }
}

/// How keys are written in the pages of a listing.
enum S3ListPage {
    /// Nil for escapes that are none.
    static func key(_ text: String, in page: XMLElement) -> String? {
        // Forms write a space as a plus; a plus of the key itself is escaped.
        page["EncodingType"] == "url" ? PercentEncoding.decode(text, plusIsSpace: true) : text
    }
}
