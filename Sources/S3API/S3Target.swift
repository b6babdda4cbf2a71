import Buckets
import Octets
import Wire

/// Which bucket and key a request names, in path style or virtual-host style, and the members of its query.
///
///     GET /lake/a%2Fb?partNumber=1        Host: 127.0.0.1:9000
///     GET /a%2Fb?partNumber=1             Host: lake.s3.example.org
struct S3Target {
    /// Nil for the service itself.
    var bucket: String?
    /// Nil for the bucket itself.
    var key: String?
    private(set) var query: [(name: String, value: String)]

    /// - Errors: `S3-102` for a path or query that is not percent-encoded UTF-8.
    init(_ request: Request) throws(S3Error) {
        query = []
        for item in request.target.queryItems {
            query.append(
                (try Self.decoded(item.name), try Self.decoded(item.value, plusIsSpace: true)))
        }
        // Only one slash stands between host and key: keys may begin with slashes.
        var path = request.path.hasPrefix("/") ? request.path.dropFirst() : request.path[...]
        if let host = request.headers["host"], let bucket = Self.bucket(ofHost: host) {
            self.bucket = bucket
        } else {
            let end = path.utf8.firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
            guard end > path.startIndex else { return }
            bucket = try Self.decoded(path[..<end])
            path = end < path.endIndex ? path[path.utf8.index(after: end)...] : path[path.endIndex...]
        }
        if !path.isEmpty { key = try Self.decoded(path) }
    }

    /// The labels in front of a label `s3`: `lake.s3.localhost:9000` gives `lake`.
    static func bucket(ofHost host: String) -> String? {
        let name = host.split(separator: ":", omittingEmptySubsequences: false).first ?? ""
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard let index = labels.firstIndex(of: "s3"), index == 1 else { return nil }
        let bucket = String(labels[0])
        return BucketName.isValid(bucket) ? bucket : nil
    }

    func has(_ name: String) -> Bool { query.contains { $0.name == name } }
    subscript(name: String) -> String? { query.first { $0.name == name }?.value }

    private static func decoded(
        _ text: some StringProtocol, plusIsSpace: Bool = false
    ) throws(S3Error) -> String {
        guard let plain = PercentEncoding.decode(text, plusIsSpace: plusIsSpace)
        else {
            throw S3Error(
                .invalidURI, "a part of the address is not percent-encoded UTF-8", ["part": String(text)])
        }
        return plain
    }
}
