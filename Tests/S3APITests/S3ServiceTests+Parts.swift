import Effects
import Octets
import S3API
import Signing
import Testing
import Wire

extension S3ServiceTests {
    /// An upload of two parts, the second a copy; answers the answer to its completion.
    private func upload(_ key: String, _ headers: [(name: String, value: String)]) async throws -> Answer {
        let first = String(repeating: "a", count: 5 << 20)
        let started = try await send("POST", "/lake/\(key)?uploads", headers)
        let id = try #require(XMLText.first("UploadId", in: started.text))
        let sum = Base64.encode(SHA256.hash(first))
        let one = try await send(
            "PUT", "/lake/\(key)?partNumber=1&uploadId=\(id)", [("x-amz-checksum-sha256", sum)], body: first)
        _ = try await send("PUT", "/lake/source", body: "0123456789")
        let two = try await send(
            "PUT", "/lake/\(key)?partNumber=2&uploadId=\(id)",
            [("x-amz-copy-source", "/lake/source"), ("x-amz-copy-source-range", "bytes=2-5")])
        let copied = try #require(XMLText.first("ETag", in: two.text))
        let list = """
            <Part><PartNumber>1</PartNumber><ETag>\(try #require(one.headers["etag"]))</ETag></Part>\
            <Part><PartNumber>2</PartNumber><ETag>\(copied)</ETag></Part>
            """
        return try await send(
            "POST", "/lake/\(key)?uploadId=\(id)",
            body: "<CompleteMultipartUpload>\(list)</CompleteMultipartUpload>")
    }

    @Test("an object's parts are told with their sizes and checksums, also of one that was copied")
    func attributes() async throws {
        let done = try await upload("m", [("x-amz-checksum-algorithm", "SHA256")])
        let whole = try #require(XMLText.first("ChecksumSHA256", in: done.text), "\(done.text)")
        #expect(whole.hasSuffix("-2"))
        let copied = Base64.encode(SHA256.hash("2345"))
        let asked = [("x-amz-object-attributes", "Checksum,ObjectParts")]
        let all = try await send("GET", "/lake/m?attributes", asked).text
        #expect(all.contains("<ChecksumSHA256>\(whole)</ChecksumSHA256>"))
        #expect(all.contains("<PartsCount>2</PartsCount>") && all.contains("<Size>5242880</Size>"))
        #expect(
            all.contains(
                "<PartNumber>2</PartNumber><Size>4</Size><ChecksumSHA256>\(copied)</ChecksumSHA256></Part>"))
        let page = try await send("GET", "/lake/m?attributes", asked + [("x-amz-max-parts", "1")]).text
        #expect(page.contains("<IsTruncated>true</IsTruncated>"))
        #expect(page.contains("<NextPartNumberMarker>1</NextPartNumberMarker>"))
        #expect(!page.contains("<PartNumber>2</PartNumber>"))
        let rest = try await send("GET", "/lake/m?attributes", asked + [("x-amz-part-number-marker", "1")])
            .text
        #expect(
            rest.contains("<IsTruncated>false</IsTruncated>") && !rest.contains("<PartNumber>1</PartNumber>"))
        #expect(
            try await send("GET", "/lake/m?attributes", asked + [("x-amz-max-parts", "-1")]).code
                == "InvalidArgument")
        let part = try await send("GET", "/lake/m?partNumber=2", [("x-amz-checksum-mode", "ENABLED")])
        #expect(part.text == "2345" && part.headers["x-amz-checksum-sha256"] == copied)
        #expect(part.headers["x-amz-checksum-type"] == "COMPOSITE")
    }

    @Test("parts without checksums are told by their sizes")
    func plainParts() async throws {
        #expect(try await upload("m", []).status == 200)
        let all = try await send("GET", "/lake/m?attributes", [("x-amz-object-attributes", "ObjectParts")])
            .text
        #expect(all.contains("<Part><PartNumber>2</PartNumber><Size>4</Size></Part>"), "\(all)")
    }

    @Test("the checksum that comes with the list of parts is the object's")
    func completeChecksum() async throws {
        let sum = Base64.encode(SHA256.hash("part"))
        let whole = Base64.encode(SHA256.hash(SHA256.hash("part"))) + "-1"
        for (said, code) in [(Base64.encode(SHA256.hash("other")) + "-1", "BadDigest"), (whole, nil)] {
            let started = try await send("POST", "/lake/w?uploads", [("x-amz-checksum-algorithm", "SHA256")])
            let id = try #require(XMLText.first("UploadId", in: started.text))
            let part = try await send(
                "PUT", "/lake/w?partNumber=1&uploadId=\(id)", [("x-amz-checksum-sha256", sum)], body: "part")
            let etag = try #require(part.headers["etag"])
            let done = try await send(
                "POST", "/lake/w?uploadId=\(id)", [("x-amz-checksum-sha256", said)],
                body: """
                    <CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\(etag)</ETag></Part>\
                    </CompleteMultipartUpload>
                    """)
            #expect(done.code == code, "\(done.text)")
        }
    }
}
