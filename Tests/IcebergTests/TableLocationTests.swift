import Iceberg
import Testing

@Suite("TableLocation")
struct TableLocationTests {
    @Test(
        "what lies inside is inside, what only starts alike is not",
        arguments: [
            ("s3://lake/web/clicks/data/0.parquet", true), ("s3a://lake/web/clicks/metadata/a.avro", true),
            ("s3://lake/web/clicks//x", true), ("s3://lake/web/clicks2/data/0.parquet", false),
            ("s3://lake/web/clicks", false), ("s3://lake/web/clicks/", false),
            ("s3://other/web/clicks/x", false),
            ("s3://lake/web/clicks/../other/x", false), ("s3://lake/web/clicks/%2e%2E/x", false),
            ("s3://lake/web/clicks/x/%2e", false), ("s3://lake/web/clicks/.%2E", false),
            ("s3://lake/web/clicks/.../x", true), ("s3://lake/web/clicks/%2e%2e%2e", true),
            ("s3://lake/web/clicks/.a/b.", true), ("s3://lake/web/clicks/%2", true),
            ("s3://lak/web/clicks/x", false), ("s3://", false), ("s3://lake", false),
            ("s3://lake/web/clicks/./x", false), ("s3://lake/web/clicks/a\u{0}b", false),
            ("file:///web/clicks/x", false),
            ("/web/clicks/x", false), ("", false), ("s3://lake@evil/web/clicks/x", false),
        ])
    func contains(path: String, isInside: Bool) throws {
        #expect(try TableLocation("s3://lake/web/clicks").contains(path) == isInside)
    }

    @Test("bytes decide, not characters that look alike")
    func comparesBytes() throws {
        let location = try TableLocation("s3://lake/caf\u{E9}")
        #expect(!location.contains("s3://lake/cafe\u{301}/x"))
        #expect(location.contains("s3://lake/caf\u{E9}/x"))
    }

    @Test("slashes at the end are no part of it, whatever letter they follow")
    func endsWithoutSlash() throws {
        #expect(try TableLocation("s3://lake/a\u{600}//").uri.utf8.elementsEqual("s3://lake/a\u{600}".utf8))
        #expect(try TableLocation("s3://lake/a/\u{338}b/").key.utf8.elementsEqual("a/\u{338}b".utf8))
    }

    @Test("locations overlap when one is the other or lies in it")
    func overlaps() throws {
        let location = try TableLocation("s3://lake/web/clicks/")
        #expect(location.overlaps(try TableLocation("s3a://lake/web/clicks")))
        #expect(location.overlaps(try TableLocation("s3://lake/web")))
        #expect(location.overlaps(try TableLocation("s3://lake/web/clicks/inner")))
        #expect(!location.overlaps(try TableLocation("s3://lake/web/clicks2")))
        #expect(!location.overlaps(try TableLocation("s3://lake2/web/clicks")))
    }

    @Test(
        "locations nobody should own are refused",
        arguments: [
            "", "lake/web", "file:///tmp/t", "s3://", "s3:///x", "s3://lake", "s3://lake/",
            "s3://lake/a/../b", "s3://lake/..",
            "s3://lake/a/%2E./b", "s3://lake/a\nb",
        ])
    func refuses(text: String) { #expect(throws: IcebergError.self) { try TableLocation(text) } }
}
