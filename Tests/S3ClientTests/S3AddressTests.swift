import Testing

@testable import S3Client

@Suite("S3Address")
struct S3AddressTests {
    @Test(
        "reads where a store is",
        arguments: [
            (
                "s3://lake/firn",
                "s3://lake/firn/?endpoint=https://s3.us-east-1.amazonaws.com&region=us-east-1&style=virtual"
            ),
            (
                "s3://lake",
                "s3://lake/?endpoint=https://s3.us-east-1.amazonaws.com&region=us-east-1&style=virtual"
            ),
            (
                "s3://a.b/x/?region=eu-west-1",
                "s3://a.b/x/?endpoint=https://s3.eu-west-1.amazonaws.com&region=eu-west-1&style=path"
            ),
            (
                "s3://lake/a/b?endpoint=http%3A%2F%2F127.0.0.1%3A9000/",
                "s3://lake/a/b/?endpoint=http://127.0.0.1:9000&region=auto&style=path"
            ),
            (
                "s3://lake?endpoint=https://h&style=virtual",
                "s3://lake/?endpoint=https://h&region=auto&style=virtual"
            ),
        ])
    func reads(text: String, whole: String) throws {
        #expect(try S3Address(parsing: text).description == whole)
    }

    @Test(
        "refuses what it cannot use",
        arguments: [
            "http://x", "s3://", "s3:///x", "s3://a b/", "s3://lake?endpoint=", "s3://lake?endpoint=h",
            "s3://lake?endpoint=http://h/path", "s3://lake?endpoint=http://u@h", "s3://lake?color=red",
            "s3://lake?style=other", "s3://lake?region=a&region=b",
        ])
    func refuses(text: String) {
        #expect(throws: S3Address.Malformed.self) { try S3Address(parsing: text) }
    }

    @Test("addresses a key in both styles")
    func paths() throws {
        var address = try S3Address(parsing: "s3://lake?endpoint=https://h")
        #expect(address.rawPath(of: "a/ü b") == "/lake/a/%C3%BC%20b" && address.host == "h")
        #expect(address.rawPath(of: nil) == "/lake")
        address.style = .virtual
        #expect(address.rawPath(of: "a/b") == "/a/b" && address.origin == "https://lake.h")
        #expect(address.rawPath(of: nil) == "/")
    }

    @Test("reads keys from a file of Amazon's form")
    func keyFile() {
        let text =
            "[other]\naws_access_key_id=x\n[default]\n# c\naws_access_key_id = A\naws_secret_access_key=S=\n"
        #expect(S3KeyFile.parse(text, profile: "default") == S3Keys(accessKey: "A", secret: "S="))
        #expect(S3KeyFile.parse(text, profile: "other") == nil)
    }
}
