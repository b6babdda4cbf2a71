import Blobs
import Buckets
import Identity
import Octets
import Wire

extension S3Call {
    /// What both versions of the listing ask for.
    private struct Listing {
        var prefix: String
        var delimiter: String?
        var limit: Int
        /// Keys are percent-encoded in the answer: XML cannot hold every character.
        var encodesKeys: Bool
    }

    private func listing() throws -> Listing {
        let prefix = target["prefix"] ?? ""
        try principal.require(.storageRead, on: .object(bucket, prefix))
        let encoding = target["encoding-type"]
        guard encoding == nil || encoding == "url" else {
            throw S3Error(.invalidArgument, "the only encoding-type is url", ["value": encoding ?? ""])
        }
        let delimiter = target["delimiter"].flatMap { $0.isEmpty ? nil : $0 }
        return Listing(
            prefix: prefix, delimiter: delimiter,
            limit: min(1000, try number("max-keys", in: 0...Int(Int32.max), default: 1000)),
            encodesKeys: encoding == "url")
    }

    func listObjectsV2() throws -> Response {
        let listing = try listing()
        var after = target["start-after"].flatMap { $0.isEmpty ? nil : $0 }
        let token = target["continuation-token"]
        if let token {
            guard let bytes = Base64.decode(token), let name = String(validating: bytes, as: UTF8.self) else {
                throw S3Error(.invalidArgument, "the continuation token is not one of ours", ["value": token])
            }
            after = name
        }
        let page = try page(listing, after: after)
        return xml { xml in
            xml.element("ListBucketResult", namespace: XMLWriter.s3Namespace) { xml in
                write(listing, &xml)
                xml.text("KeyCount", "\(page.items.count)")
                if let token { xml.text("ContinuationToken", token) }
                if let start = target["start-after"] { xml.text("StartAfter", text(start, listing)) }
                if page.isTruncated, let last = page.items.last {
                    xml.text("NextContinuationToken", Base64.encode(last.name.bytes))
                }
                write(page, listing, withOwner: target["fetch-owner"] == "true", &xml)
            }
        }
    }

    func listObjects() throws -> Response {
        let listing = try listing()
        let marker = target["marker"] ?? ""
        let page = try page(listing, after: marker.isEmpty ? nil : marker)
        return xml { xml in
            xml.element("ListBucketResult", namespace: XMLWriter.s3Namespace) { xml in
                write(listing, &xml)
                xml.text("Marker", text(marker, listing))
                if page.isTruncated, let last = page.items.last {
                    xml.text("NextMarker", text(last.name.text, listing))
                }
                write(page, listing, withOwner: true, &xml)
            }
        }
    }

    private func page(_ listing: Listing, after: String?) throws -> KeyListing<BlobInfo> {
        let page = try store.listObjects(
            bucket: bucket, prefix: listing.prefix, delimiter: listing.delimiter, after: after,
            limit: listing.limit)
        // A page of none cannot be continued.
        return listing.limit == 0 ? KeyListing(items: [], isTruncated: false) : page
    }

    private func write(_ listing: Listing, _ xml: inout XMLWriter) {
        xml.text("Name", bucket)
        xml.text("Prefix", text(listing.prefix, listing))
        if let delimiter = listing.delimiter { xml.text("Delimiter", text(delimiter, listing)) }
        xml.text("MaxKeys", "\(listing.limit)")
        if listing.encodesKeys { xml.text("EncodingType", "url") }
    }

    private func write(
        _ page: KeyListing<BlobInfo>, _ listing: Listing, withOwner: Bool, _ xml: inout XMLWriter
    ) {
        xml.text("IsTruncated", page.isTruncated ? "true" : "false")
        for item in page.items {
            switch item {
            case .key(let key, let info):
                xml.element("Contents") { xml in
                    xml.text("Key", text(key.text, listing))
                    xml.text("LastModified", S3Time.iso(info.modified))
                    xml.text("ETag", ETag.quoted(info.etag))
                    xml.text("Size", "\(info.size)")
                    if withOwner { writeOwner(&xml, as: ["Owner"]) }
                    xml.text("StorageClass", "STANDARD")
                }
            case .commonPrefix(let prefix):
                xml.element("CommonPrefixes") { $0.text("Prefix", text(prefix.text, listing)) }
            }
        }
    }

    private func text(_ key: String, _ listing: Listing) -> String {
        listing.encodesKeys ? PercentEncoding.encode(key, keepsSlashes: true) : key
    }
}
