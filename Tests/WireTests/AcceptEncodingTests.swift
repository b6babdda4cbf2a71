import Testing
import Wire

@Suite("Codings a client takes")
struct AcceptEncodingTests {
    @Test(
        "gzip is taken where it is named, not refused, and not liked less than the plain form",
        arguments: [
            (["gzip"], true), (["gzip, deflate"], true), (["deflate, GZip;Q=0.5"], true), (["x-gzip"], true),
            (["br;q=1.0, gzip; q=0.8, *;q=0.1"], true), (["gzip;q=1.000"], true), (["br", "gzip"], true),
            (["identity;q=0.5, gzip;q=0.5"], true), (["gzip;q=0, x-gzip"], true),
            ([], false), ([""], false), (["identity"], false), (["*"], false), (["deflate, br, zstd"], false),
            (["gzip;q=0"], false), (["gzip;q=0.000, *"], false), (["identity, gzip;q=0.5"], false),
            (["gzip;q=2"], false), (["gzip;q=nan"], false), (["gzip;q="], false), (["gzipped"], false),
        ] as [([String], Bool)])
    func takesGzip(values: [String], expected: Bool) {
        let headers = HTTPHeaders(values.map { (name: "Accept-Encoding", value: $0) })
        #expect(AcceptEncoding.takesGzip(headers) == expected)
    }

    @Test("a weak tag is weakened once")
    func weakens() {
        #expect(ETag.weak("\"a\"") == "W/\"a\"" && ETag.weak("W/\"a\"") == "W/\"a\"")
    }
}
