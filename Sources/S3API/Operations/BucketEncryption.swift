import Buckets
import Identity
import JSONText
import Wire
import XMLText

/// What objects of a bucket are encrypted with for which nothing is asked.
extension S3Call {
    /// - Errors: `S3-103`; `S3-301` for another algorithm than AES256.
    func putBucketEncryption() async throws -> Response {
        try principal.require(.storageWrite, on: .bucket(bucket))
        let root = try XMLElement(s3: try await body().collect(limit: 64 << 10))
            .expecting("ServerSideEncryptionConfiguration")
        let rules = root.children("Rule")
        guard rules.count == 1,
            let asked = rules[0].children("ApplyServerSideEncryptionByDefault").first?["SSEAlgorithm"]
        else { throw S3Error(.malformedXML, "the configuration has one Rule with an SSEAlgorithm") }
        // A rule may also forbid customers' keys; "NONE" forbids nothing.
        for blocked in rules[0].children("BlockedEncryptionTypes").flatMap({ $0.children("EncryptionType") })
        where blocked.text != "NONE" {
            throw S3Error(
                .notImplemented, "kinds of encryption cannot be forbidden", ["EncryptionType": blocked.text])
        }
        guard asked == "AES256" else {
            guard ["aws:kms", "aws:kms:dsse"].contains(asked) else {
                throw S3Error(.malformedXML, "no such SSEAlgorithm", ["value": asked])
            }
            throw S3Error(.notImplemented, "keys of a KMS are not implemented", ["SSEAlgorithm": asked])
        }
        try await buckets.set(.encryption, of: bucket, to: ["algorithm": "AES256"])
        return Response(status: 200)
    }

    func getBucketEncryption() throws -> Response {
        try principal.require(.storageRead, on: .bucket(bucket))
        guard try buckets.settings(ofBucket: bucket).encryptsObjects else {
            throw S3Error(.noSuchEncryption, "the bucket does not encrypt its objects")
        }
        return xml { xml in
            xml.element("ServerSideEncryptionConfiguration", namespace: XMLWriter.s3Namespace) { xml in
                xml.element("Rule") { xml in
                    xml.element("ApplyServerSideEncryptionByDefault") { $0.text("SSEAlgorithm", "AES256") }
                    xml.text("BucketKeyEnabled", "false")
                }
            }
        }
    }

    /// Objects that are there stay as they are.
    func deleteBucketEncryption() async throws -> Response {
        try principal.require(.storageWrite, on: .bucket(bucket))
        try await buckets.set(.encryption, of: bucket, to: nil)
        return Response(status: 204)
    }
}
