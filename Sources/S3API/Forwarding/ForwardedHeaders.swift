import Blobs
import Buckets
import Identity
import Octets
import S3Client
import Wire

/// Which headers and members of a query go on to an external store, and which come back.
enum ForwardedHeaders {
    private static let asked: Set<String> = [
        "cache-control", "content-disposition", "content-language", "content-md5", "content-type", "expires",
        "if-match", "if-modified-since", "if-none-match", "if-unmodified-since", "range",
    ]
    /// Headers of S3 that are about this connection, or about what was signed.
    private static let own: Set<String> = [
        "x-amz-content-sha256", "x-amz-copy-source", "x-amz-date", "x-amz-decoded-content-length",
        "x-amz-sdk-checksum-algorithm", "x-amz-security-token", "x-amz-trailer", "x-amz-user-agent",
    ]
    private static let answers: Set<String> = [
        "accept-ranges", "cache-control", "content-disposition", "content-encoding", "content-language",
        "content-range", "content-type", "etag", "expires", "last-modified",
    ]

    static func isForwarded(_ name: String) -> Bool {
        asked.contains(name) || (name.hasPrefix("x-amz-") && !own.contains(name))
    }

    static func answered(_ headers: [(name: String, value: String)]) -> HTTPHeaders {
        var kept = HTTPHeaders()
        for (name, value) in headers {
            let name = name.lowercased()
            let isHop = ["x-amz-request-id", "x-amz-id-2", "x-amz-bucket-region"].contains(name)
            if answers.contains(name) || (name.hasPrefix("x-amz-") && !isHop) { kept.append(name, value) }
        }
        return kept
    }
}

extension S3Call {
    /// - Errors: `S3-101` for a copy's source that is none or has dots for a segment, `IDN-102` for one that may not be read.
    func forwardedHeaders(_ passage: S3Passage) throws -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        for (name, value) in request.headers.entries {
            let name = name.lowercased()
            if ForwardedHeaders.isForwarded(name) { headers.append((name, value)) }
            guard name == "content-encoding" else { continue }
            // The framing of this transfer is no property of the object.
            let rest = value.split(separator: ",").map { $0.drop { $0 == " " } }.filter {
                $0 != "aws-chunked"
            }
            if !rest.isEmpty { headers.append((name, rest.joined(separator: ", "))) }
        }
        if request.headers["x-amz-copy-source"] != nil {
            let source = try copySourcePath()
            _ = try buckets.bucketInfo(source.bucket)
            try ForwardedKey.check(source.key)
            headers.append(
                ("x-amz-copy-source", passage.copySource(bucket: source.bucket, key: source.key)))
        }
        return headers
    }

    /// Keys and prefixes get the bucket's in front; what only the signature needed stays here.
    func forwardedQuery(_ passage: S3Passage) -> [(name: String, value: String?)] {
        let base = passage.prefix(ofBucket: bucket)
        var query: [(name: String, value: String?)] = []
        for (name, value) in target.query {
            switch name {
            case "prefix": continue
            case "start-after", "marker", "key-marker":
                query.append((name, value.isEmpty ? value : base + value))
            case _ where name.hasPrefix("X-Amz-"): continue
            default: query.append((name, value))
            }
        }
        if target.key == nil { query.append(("prefix", base + (target["prefix"] ?? ""))) }
        return query
    }
}
