package import Blobs
import Octets
import Signing
import XMLText

extension S3BlobStore {
    /// A thousand keys a request. Deleting twice is deleting once.
    package func delete(_ paths: [BlobPath]) async throws {
        let keys = try paths.map { try key($0) }
        var group: [String] = []
        for key in keys {
            guard keys.count > 1, Self.isWritableInXML(key) else {
                try await delete(key)
                continue
            }
            group.append(key)
            if group.count == Self.keysAtOnce {
                try await delete(group)
                group = []
            }
        }
        if !group.isEmpty { try await delete(group) }
    }

    private static let keysAtOnce = 1000

    /// XML has no way to write some characters, and rewrites others: such a key can be named in an address alone.
    package static func isWritableInXML(_ key: String) -> Bool {
        key.unicodeScalars.allSatisfy { scalar in
            scalar.value >= 0x20 && scalar.value != 0xFFFE && scalar.value != 0xFFFF
        }
    }

    private func delete(_ key: String) async throws {
        let request = S3Request(
            operation: "DeleteObject", method: "DELETE", key: key, answerLimit: limits.answerBytes)
        let answer = try await call(request).answer
        let isGone = answer.status == 404 && S3Failure.code(of: answer) != "NoSuchBucket"
        guard [200, 204].contains(answer.status) || isGone else { throw fault(answer, request) }
    }

    private func delete(_ keys: [String]) async throws {
        var xml = "<Delete><Quiet>true</Quiet>"
        for key in keys { xml += "<Object><Key>\(Self.escaped(key))</Key></Object>" }
        xml += "</Delete>"
        let body = Array(xml.utf8)
        let request = S3Request(
            operation: "DeleteObjects", method: "POST", query: [("delete", nil)],
            headers: [
                ("content-type", "application/xml"), ("content-md5", Base64.encode(MD5.hash(body))),
            ], body: body, mayFailLate: true, answerLimit: limits.answerBytes)
        let answer = try await call(request).answer
        guard answer.status == 200 else { throw fault(answer, request) }
        let failed = try document(answer, request).children("Error").filter { $0["Code"] != "NoSuchKey" }
        guard let first = failed.first else { return }
        let code: BlobsError.Code = first["Code"] == "AccessDenied" ? .refused : .unavailable
        throw BlobsError(
            code, "the store did not delete some objects",
            [
                "count": failed.count, "key": first["Key"] ?? "", "code": first["Code"] ?? "",
                "message": first["Message"] ?? "",
            ])
    }

    private static func escaped(_ key: String) -> String {
        key.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
