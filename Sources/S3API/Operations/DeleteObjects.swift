import Blobs
import Buckets
import Identity
import Wire
import XMLText

extension S3Call {
    private static let deletedKeys = 1000

    /// Also when there is none.
    func deleteObject() async throws -> Response {
        let path = try object(for: .storageWrite)
        _ = try store.bucketInfo(path.bucket)
        try await store.delete([path])
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
        for object in objects {
            guard let key = object["Key"], !key.isEmpty else {
                throw S3Error(.malformedXML, "an Object has no Key")
            }
            do {
                try principal.require(.storageWrite, on: .object(bucket, key))
                guard object["VersionId"].map({ $0 == "null" }) ?? true else {
                    throw S3Error(.notImplemented, "objects have no versions", ["key": key])
                }
                guard !(try store.isLocked(BlobPath(bucket: bucket, key: key))) else {
                    throw BucketsError(
                        .objectLocked, "a lock of the bucket keeps the object as it is", ["key": key])
                }
                result.deleted.append(key)
            } catch {
                result.failed.append((key, S3Failure(error)))
            }
        }
        try await store.delete(result.deleted.map { BlobPath(bucket: bucket, key: $0) })
        let isQuiet = document["Quiet"] == "true"
        return xml { result.write(to: &$0, isQuiet: isQuiet) }
    }
}
