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

    @Test("a key may begin with a mark that would join the slash before it")
    func combining() throws {
        let path = try #require(BlobPath(uri: "s3a://lake/\u{301}x/y"))
        #expect(path == BlobPath(bucket: "lake", key: "\u{301}x/y"))
        #expect(BlobPath(bucket: "b", key: "\u{E9}") != BlobPath(bucket: "b", key: "e\u{301}"))
    }

    @Test("other texts are refused", arguments: ["", "lake/a", "file:///a", "s3:///a"])
    func refuses(uri: String) { #expect(BlobPath(uri: uri) == nil) }
}
