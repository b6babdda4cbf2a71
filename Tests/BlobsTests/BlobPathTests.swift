import Blobs
import Testing

@Suite("BlobPath")
struct BlobPathTests {
    @Test("a URI splits at the first slash and keeps the key as written")
    func parses() throws {
        let path = try #require(BlobPath(uri: "s3://lake/a%2Fb/../c"))
        #expect(path.bucket == "lake" && path.key == "a%2Fb/../c")
        #expect(path.uri == "s3://lake/a%2Fb/../c")
    }

    @Test("other texts are refused", arguments: ["", "lake/a", "file:///a", "s3:///a"])
    func refuses(uri: String) { #expect(BlobPath(uri: uri) == nil) }
}
