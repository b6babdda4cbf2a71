import Blobs
import Buckets
import Identity
import Wire

extension S3Call {
    private static let attributeNames: Set<String> = [
        "ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize",
    ]

    /// Only the attributes the header asks for.
    func getObjectAttributes() throws -> Response {
        let path = try object(for: .storageRead)
        let wanted = Set(
            request.headers.all("x-amz-object-attributes").joined(separator: ",").split(separator: ",").map {
                String($0.drop { $0 == " " })
            })
        guard !wanted.isEmpty, wanted.isSubset(of: Self.attributeNames) else {
            throw S3Error(
                .invalidArgument, "x-amz-object-attributes names what is wanted",
                ["value": wanted.sorted().joined(separator: ",")],
                hint: "attributes are " + Self.attributeNames.sorted().joined(separator: ", "))
        }
        let (info, metadata) = try store.objectFacts(path)
        var response = xml { xml in
            xml.element("GetObjectAttributesResponse", namespace: XMLWriter.s3Namespace) { xml in
                if wanted.contains("ETag") { xml.text("ETag", info.etag) }
                let checksums = metadata.fields.filter { S3Checksum(header: $0.name) != nil }
                if wanted.contains("Checksum"), !checksums.isEmpty {
                    xml.element("Checksum") { xml in
                        for field in checksums {
                            guard let kind = S3Checksum(header: field.name) else { continue }
                            xml.text(kind.element, field.value)
                            xml.text("ChecksumType", S3Checksum.type(of: field.value))
                        }
                    }
                }
                if wanted.contains("ObjectParts"),
                    let parts = metadata[PartSizes.field].flatMap({ PartSizes($0) })
                {
                    xml.element("ObjectParts") { $0.text("PartsCount", "\(parts.count)") }
                }
                if wanted.contains("StorageClass") { xml.text("StorageClass", StorageClass.label(metadata)) }
                if wanted.contains("ObjectSize") { xml.text("ObjectSize", "\(info.size)") }
            }
        }
        response.headers["last-modified"] = S3Time.http(info.modified)
        return response
    }
}

/// S3's labels. One class of storage stands behind all of them.
enum StorageClass {
    static let header = "x-amz-storage-class"

    static func label(_ metadata: ObjectMetadata) -> String { metadata[header] ?? "STANDARD" }

    /// - Errors: `S3-113`.
    static func check(_ label: String) throws(S3Error) {
        guard ["STANDARD", "STANDARD_IA"].contains(label) else {
            throw S3Error(
                .invalidStorageClass, "no such storage class", ["value": label],
                hint: "use STANDARD or STANDARD_IA")
        }
    }
}
