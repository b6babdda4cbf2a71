import Testing

@testable import S3API

@Suite("ByteRange")
struct ByteRangeTests {
    @Test(
        "one range is cut to the object",
        arguments: [
            ("bytes=0-9", 0..<10), ("bytes=5-", 5..<100), ("bytes=-7", 93..<100), ("bytes=90-200", 90..<100),
            ("bytes=-500", 0..<100), ("bytes=99-99", 99..<100), ("bytes=0-99999999999999999999", 0..<100),
        ] as [(String, Range<Int64>)])
    func parses(header: String, range: Range<Int64>) throws {
        #expect(try ByteRange.parse(header, size: 100) == range)
    }

    @Test(
        "other forms mean the whole object",
        arguments: ["", "items=0-1", "bytes=0-1,5-6", "bytes=a-", "bytes=9-1", "bytes=-"])
    func ignores(header: String) throws { #expect(try ByteRange.parse(header, size: 100) == nil) }

    @Test(
        "a range without a byte of the object is refused",
        arguments: ["bytes=100-", "bytes=100-200", "bytes=-0"])
    func refuses(header: String) {
        #expect(throws: S3Error.self) { try ByteRange.parse(header, size: 100) }
        #expect(throws: S3Error.self) { try ByteRange.parse("bytes=-1", size: 0) }
    }
}
