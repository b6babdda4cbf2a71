import S3API
import Testing
import Wire

extension S3ServiceTests {
    @Test("a lifecycle rule tells when it deletes an object, and is refused when it is none")
    func lifecycle() async throws {
        func rules(_ text: String) -> String { "<LifecycleConfiguration>\(text)</LifecycleConfiguration>" }
        func rule(_ id: String, _ days: Int) -> String {
            """
            <Rule><ID>\(id)</ID><Status>Enabled</Status><Filter><Prefix>logs/</Prefix></Filter>\
            <Expiration><Days>\(days)</Days></Expiration></Rule>
            """
        }
        for body in [rule("a", 0), rule("a", 1) + rule("a", 2), rule(String(repeating: "x", count: 256), 1)] {
            #expect(try await send("PUT", "/lake?lifecycle", body: rules(body)).code == "InvalidArgument")
        }
        let noon = rule("a", 1).replacing("<Days>1</Days>", with: "<Date>2030-01-01T12:00:00Z</Date>")
        #expect(try await send("PUT", "/lake?lifecycle", body: rules(noon)).code == "InvalidArgument")
        let marker = rule("a", 1).replacing(
            "<Days>1</Days>", with: "<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>")
        #expect(try await send("PUT", "/lake?lifecycle", body: rules(marker)).code == "NotImplemented")
        let both = rules(rule("later", 5) + rule("at once", 1))
        #expect(try await send("PUT", "/lake?lifecycle", body: both).status == 200)
        for (method, target) in [("PUT", "/lake/logs/a"), ("GET", "/lake/logs/a"), ("HEAD", "/lake/logs/a")] {
            let header = try #require(try await send(method, target).headers["x-amz-expiration"])
            #expect(header.hasSuffix("rule-id=\"at%20once\""), "\(header)")
        }
        #expect(try await send("PUT", "/lake/other").headers["x-amz-expiration"] == nil)
    }
}
