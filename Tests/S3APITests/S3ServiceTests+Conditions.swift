import Effects
import S3API
import Testing
import Wire

extension S3ServiceTests {
    private static let old = "Thu, 01 Jan 2015 00:00:00 GMT"

    @Test("a delete with a condition that does not hold changes nothing, and one of nothing succeeds")
    func conditionalDelete() async throws {
        let etag = try #require(try await send("PUT", "/lake/k", body: "abc").headers["etag"])
        let modified = try #require(try await send("HEAD", "/lake/k").headers["last-modified"])
        let wrong = [
            ("if-match", "\"x\""), ("x-amz-if-match-size", "4"),
            ("x-amz-if-match-last-modified-time", Self.old),
        ]
        for header in wrong {
            #expect(try await send("DELETE", "/lake/k", [header]).code == "PreconditionFailed", "\(header)")
        }
        #expect(try await send("DELETE", "/lake/k", [("x-amz-if-match-size", "x")]).code == "InvalidArgument")
        #expect(try await send("GET", "/lake/k").text == "abc")
        let right = [
            ("if-match", etag), ("x-amz-if-match-size", "3"), ("x-amz-if-match-last-modified-time", modified),
        ]
        #expect(try await send("DELETE", "/lake/k", right).status == 204)
        #expect(try await send("GET", "/lake/k").code == "NoSuchKey")
        for header in wrong {
            #expect(try await send("DELETE", "/lake/k", [header]).status == 204, "\(header)")
        }
        _ = try await send("PUT", "/lake/k", body: "abc")
        #expect(try await send("DELETE", "/lake/k", [("if-match", "*")]).status == 204)
        #expect(try await send("GET", "/lake/k").code == "NoSuchKey")
    }

    @Test("each of several deletes has conditions of its own")
    func conditionalDeletes() async throws {
        var etags: [String] = []
        for key in ["a", "b", "c", "d"] {
            etags.append(try #require(try await send("PUT", "/lake/\(key)", body: key).headers["etag"]))
        }
        let quoted = etags[0].split(separator: "\"").joined()
        let answer = try await send(
            "POST", "/lake?delete",
            body: """
                <Delete><Object><Key>a</Key><ETag>&quot;\(quoted)&quot;</ETag></Object>\
                <Object><Key>b</Key><ETag>x</ETag></Object>\
                <Object><Key>c</Key><Size>7</Size></Object>\
                <Object><Key>d</Key><LastModifiedTime>\(Self.old)</LastModifiedTime></Object>\
                <Object><Key>none</Key><ETag>x</ETag></Object></Delete>
                """)
        #expect(answer.text.contains("<Deleted><Key>a</Key></Deleted><Deleted><Key>none</Key></Deleted>"))
        for key in ["b", "c", "d"] {
            let refused = "<Error><Key>\(key)</Key><Code>PreconditionFailed</Code>"
            #expect(answer.text.contains(refused), "\(answer.text)")
            #expect(try await send("GET", "/lake/\(key)").status == 200)
        }
        #expect(try await send("GET", "/lake/a").code == "NoSuchKey")
    }
}
