import Catalogs
import FileFormats
import Wire

extension CatalogAPI {
    /// Shorter answers fit a packet anyway.
    static let plainBytes = 1 << 10

    /// zlib's fastest: a table's metadata repeats itself so much that its best saves little more, for several times the
    /// work.
    private static let gzipLevel = 1

    /// The answer in the form that the client takes: with gzip where it asks for that and there is something to save.
    ///
    /// To who takes gzip a tag is weak, of a short answer and of "not modified" too: the bytes then differ from those of
    /// the plain form, which has the same tag, and `If-None-Match` compares weakly (RFC 9110, sections 8.8.3.3 and 13.1.2).
    ///
    /// - Cost: nothing but a header for who does not ask.
    func folded(_ response: Response, for request: Request) async throws -> Response {
        guard [200, 304].contains(response.status) else { return response }
        var response = response
        response.headers.append("vary", "accept-encoding")
        guard AcceptEncoding.takesGzip(request.headers) else { return response }
        if let etag = response.headers["etag"] { response.headers["etag"] = ETag.weak(etag) }
        guard case .bytes(let plain) = response.body, plain.count >= Self.plainBytes else { return response }
        let level = Self.gzipLevel
        response.body = .bytes(
            try await catalog.work.run(size: plain.count) { try Codec.gzip.compress(plain, level: level) })
        response.headers["content-encoding"] = "gzip"
        return response
    }
}
