import Testing

@testable import S3API

@Suite("ForwardedKey")
struct ForwardedKeyTests {
    @Test("a key is what it says", arguments: ["a", "a/b", "a//b", ".a/b.", "...", "a/..b", "/"])
    func takes(key: String) throws { try ForwardedKey.check(key) }

    @Test(
        "a key that an address would make another is refused",
        arguments: [".", "..", "a/../b", "a/.", "./a", "/.."])
    func refuses(key: String) {
        let error = #expect(throws: S3Error.self) { try ForwardedKey.check(key) }
        #expect(error?.code == .invalidArgument)
    }
}
