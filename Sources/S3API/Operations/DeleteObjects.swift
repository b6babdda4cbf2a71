import Blobs
import Buckets
import Effects
import Identity
import Wire
import XMLText

extension S3Call {
    private static let deletedKeys = 1000

    /// Also when there is none, whatever the condition.
    func deleteObject() async throws -> Response {
        let path = try object(for: .storageWrite)
        let condition = try DeleteCondition(
            etag: request.headers["if-match"], modified: request.headers["x-amz-if-match-last-modified-time"],
            size: request.headers["x-amz-if-match-size"])
        for case let fault? in try await store.delete([(path.key, condition)], in: path.bucket) {
            throw fault
        }
        return Response(status: 204)
    }

    /// Up to a thousand keys; each is answered for itself, and those that may be deleted go together.
    func deleteObjects() async throws -> Response {
        try principal.requireSomewhere(.storageWrite)
        let document = try XMLElement(s3: try await body().collect(limit: 4 << 20))
        let objects = document.children("Object")
        guard document.name == "Delete", (1...Self.deletedKeys).contains(objects.count) else {
            throw S3Error(
                .malformedXML, "Delete holds between 1 and 1,000 of Object", ["count": objects.count])
        }
        var result = DeleteResult()
        var wanted: [(key: String, condition: DeleteCondition)] = []
        for object in objects {
            guard let key = object["Key"], !key.isEmpty else {
                throw S3Error(.malformedXML, "an Object has no Key")
            }
            do {
                try principal.require(.storageWrite, on: .object(bucket, key))
                guard object["VersionId"].map({ $0 == "null" }) ?? true else {
                    throw S3Error(.notImplemented, "objects have no versions", ["key": key])
                }
                wanted.append((key, try DeleteCondition(of: object)))
            } catch {
                result.failed.append((key, S3Failure(error)))
            }
        }
        for (fault, object) in zip(try await store.delete(wanted, in: bucket), wanted) {
            if let fault {
                result.failed.append((object.key, S3Failure(fault)))
            } else {
                result.deleted.append(object.key)
            }
        }
        let isQuiet = document["Quiet"] == "true"
        return xml { result.write(to: &$0, isQuiet: isQuiet) }
    }
}

extension DeleteCondition {
    /// Of one `Object` in a list of what is to be deleted. - Errors: `S3-101`.
    init(of object: XMLElement) throws(S3Error) {
        try self.init(etag: object["ETag"], modified: object["LastModifiedTime"], size: object["Size"])
    }

    /// As clients write them. - Errors: `S3-101`.
    init(etag: String?, modified: String?, size: String?) throws(S3Error) {
        self.init(etag: etag.map { ETag.plain($0) })
        if let modified {
            guard let instant = HTTPDate.parse(modified) ?? Instant(rfc3339: modified) else {
                throw S3Error(.invalidArgument, "this is no time", ["value": modified])
            }
            self.modified = instant
        }
        if let size {
            guard let bytes = Int64(size) else {
                throw S3Error(.invalidArgument, "this is no size", ["value": size])
            }
            self.size = bytes
        }
    }
}
