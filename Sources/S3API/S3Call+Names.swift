import Blobs
import Effects
import Identity
import Wire

/// What several operations ask of their request.
extension S3Call {
    /// The bucket of an operation on a bucket; `S3Operation` has made sure there is one.
    var bucket: String {
        guard let bucket = target.bucket else { preconditionFailure("an operation on a bucket names it") }
        return bucket
    }

    /// The object, when the principal may do this to it. Checked before anything is looked up: nobody learns what
    /// exists by asking.
    ///
    /// - Errors: `IDN-102`.
    func object(for permission: Permission) throws -> BlobPath {
        guard let key = target.key else { preconditionFailure("an operation on an object names it") }
        try principal.require(permission, on: .object(bucket, key))
        return BlobPath(bucket: bucket, key: key)
    }

    /// - Errors: `S3-101` unless the query has this number, within `range`.
    func number(_ name: String, in range: ClosedRange<Int>, default fallback: Int?) throws(S3Error) -> Int {
        guard let text = target[name], !text.isEmpty || fallback == nil else {
            guard let fallback else { throw S3Error(.invalidArgument, "a number is missing", ["name": name]) }
            return fallback
        }
        guard let number = Int(text), range.contains(number) else {
            throw S3Error(.invalidArgument, "a number is out of range", ["name": name, "value": text])
        }
        return number
    }

    /// A data directory is one account, and everything in it everybody's who may ask: the owner is who asks.
    func writeOwner(_ xml: inout XMLWriter, as roles: [String]) {
        for role in roles {
            xml.element(role) { xml in
                xml.text("ID", principal.tokenID)
                xml.text("DisplayName", principal.tokenID)
            }
        }
    }

    func xml(_ write: (inout XMLWriter) throws -> Void) rethrows -> Response {
        var writer = XMLWriter()
        try write(&writer)
        return Response(
            status: 200, headers: ["content-type": "application/xml"], body: .bytes(writer.document))
    }
}

/// Times as S3 writes them.
enum S3Time {
    /// `2026-01-31T12:34:56.789Z`
    static func iso(_ instant: Instant) -> String {
        String(decoding: instant.rfc3339.utf8.prefix(23), as: UTF8.self) + "Z"
    }
}
