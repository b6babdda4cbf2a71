import Buckets
import Identity
import Wire

extension S3Call {
    /// Only buckets the principal may read.
    func listBuckets() throws -> Response {
        try principal.requireSomewhere(.storageRead)
        let prefix = target["prefix"] ?? request.headers["cf-prefix"] ?? ""
        let after =
            target["continuation-token"] ?? request.headers["cf-continuation-token"] ?? target["start-after"]
            ?? request.headers["cf-start-after"] ?? ""
        let limit = try number(
            "max-buckets", in: 1...10_000, default: try number("max-keys", in: 1...10_000, default: 10_000))
        let all = buckets.listBuckets().filter {
            principal.allows(.storageRead, on: .bucket($0.name)) && $0.name.hasPrefix(prefix)
                && $0.name > after
        }
        let shown = all.prefix(limit)
        return xml { xml in
            xml.element("ListAllMyBucketsResult", namespace: XMLWriter.s3Namespace) { xml in
                writeOwner(&xml, as: ["Owner"])
                xml.element("Buckets") { xml in
                    for bucket in shown {
                        xml.element("Bucket") { xml in
                            xml.text("Name", bucket.name)
                            xml.text("CreationDate", S3Time.iso(bucket.created))
                        }
                    }
                }
                if !prefix.isEmpty { xml.text("Prefix", prefix) }
                if shown.count < all.count, let last = shown.last {
                    xml.text("ContinuationToken", last.name)
                }
            }
        }
    }

    /// A location in the body is read over: there is one.
    func createBucket() async throws -> Response {
        try principal.require(.storageWrite, on: .bucket(bucket))
        _ = try await body().collect(limit: 64 << 10)
        _ = try await buckets.createBucket(bucket)
        return Response(status: 200, headers: ["location": "/\(bucket)"])
    }

    func headBucket() throws -> Response {
        try principal.require(.storageRead, on: .bucket(bucket))
        _ = try buckets.bucketInfo(bucket)
        return Response(status: 200, headers: ["x-amz-bucket-region": "auto"])
    }

    func deleteBucket() async throws -> Response {
        try principal.require(.storageWrite, on: .bucket(bucket))
        try await service.deleteBucket(bucket)
        return Response(status: 204)
    }

    func getBucketLocation() throws -> Response {
        try principal.require(.storageRead, on: .bucket(bucket))
        _ = try buckets.bucketInfo(bucket)
        return xml { xml in
            xml.element("LocationConstraint", namespace: XMLWriter.s3Namespace) { $0.content("auto") }
        }
    }

    /// Always "never enabled": objects have one version.
    func getBucketVersioning() throws -> Response {
        try principal.require(.storageRead, on: .bucket(bucket))
        _ = try buckets.bucketInfo(bucket)
        return xml { xml in
            xml.element("VersioningConfiguration", namespace: XMLWriter.s3Namespace) { _ in }
        }
    }
}
