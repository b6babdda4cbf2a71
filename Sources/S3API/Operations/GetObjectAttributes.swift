import Blobs
import Buckets
import Effects
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
        let (info, metadata, _) = try store.objectFacts(path, key: try EncryptionHeaders.key(request))
        let parts = PartList(metadata)
        let page = try partsPage()
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
                if wanted.contains("ObjectParts"), let parts { write(parts, page, &xml) }
                if wanted.contains("StorageClass") { xml.text("StorageClass", StorageClass.label(metadata)) }
                if wanted.contains("ObjectSize") { xml.text("ObjectSize", "\(info.size)") }
            }
        }
        response.headers["last-modified"] = HTTPDate.text(info.modified)
        return response
    }

    /// Which parts are wanted: those behind a number, so many at most. - Errors: `S3-101`.
    private func partsPage() throws(S3Error) -> (after: Int, limit: Int) {
        func number(_ name: String, default fallback: Int) throws(S3Error) -> Int {
            guard let text = request.headers[name] else { return fallback }
            guard let number = Int(text), number >= 0 else {
                throw S3Error(.invalidArgument, "a number is out of range", ["name": name, "value": text])
            }
            return number
        }
        return (
            try number("x-amz-part-number-marker", default: 0),
            min(1000, try number("x-amz-max-parts", default: 1000))
        )
    }

    private func write(_ parts: PartList, _ page: (after: Int, limit: Int), _ xml: inout XMLWriter) {
        let first = min(page.after, parts.count)
        let last = min(first + page.limit, parts.count)
        xml.element("ObjectParts") { xml in
            xml.text("PartsCount", "\(parts.count)")
            xml.text("PartNumberMarker", "\(page.after)")
            xml.text("NextPartNumberMarker", "\(last)")
            xml.text("MaxParts", "\(page.limit)")
            xml.text("IsTruncated", last < parts.count ? "true" : "false")
            for index in first..<last {
                guard let range = parts.sizes.range(of: index + 1) else { continue }
                xml.element("Part") { xml in
                    xml.text("PartNumber", "\(index + 1)")
                    xml.text("Size", "\(range.count)")
                    if let checksum = parts.checksum(of: index + 1) {
                        xml.text(checksum.kind.element, checksum.value)
                    }
                }
            }
        }
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
