import Blobs
import Buckets
import Identity
import Octets
import Wire

extension S3Call {
    private enum UploadItem {
        case upload(UploadInfo)
        case commonPrefix(String)
    }

    /// By key, then by age; with a delimiter, keys that share the part up to it show once.
    func listMultipartUploads() throws -> Response {
        let prefix = target["prefix"] ?? ""
        try principal.require(.storageRead, on: .object(bucket, prefix))
        let limit = min(1000, try number("max-uploads", in: 1...Int(Int32.max), default: 1000))
        let encodes = target["encoding-type"] == "url"
        func text(_ key: String) -> String { encodes ? PercentEncoding.encode(key, keepsSlashes: true) : key }
        let keyMarker = target["key-marker"] ?? ""
        let idMarker = keyMarker.isEmpty ? "" : target["upload-id-marker"] ?? ""
        let delimiter = target["delimiter"].flatMap { $0.isEmpty ? nil : $0 }
        let all = try store.listUploads(bucket: bucket, prefix: prefix)
        let items = page(behind(all, keyMarker, idMarker), prefix, delimiter, afterPrefix: keyMarker)
        let shown = items.prefix(limit)
        return xml { xml in
            xml.element("ListMultipartUploadsResult", namespace: XMLWriter.s3Namespace) { xml in
                xml.text("Bucket", bucket)
                xml.text("Prefix", text(prefix))
                xml.text("KeyMarker", text(keyMarker))
                xml.text("UploadIdMarker", idMarker)
                if let delimiter { xml.text("Delimiter", text(delimiter)) }
                xml.text("MaxUploads", "\(limit)")
                if encodes { xml.text("EncodingType", "url") }
                xml.text("IsTruncated", shown.count < items.count ? "true" : "false")
                if shown.count < items.count {
                    switch shown.last {
                    case .upload(let upload)?:
                        xml.text("NextKeyMarker", text(upload.key))
                        xml.text("NextUploadIdMarker", upload.id)
                    case .commonPrefix(let prefix)?: xml.text("NextKeyMarker", text(prefix))
                    case nil: break
                    }
                }
                for item in shown {
                    switch item {
                    case .upload(let upload):
                        xml.element("Upload") { xml in
                            xml.text("Key", text(upload.key))
                            xml.text("UploadId", upload.id)
                            writeOwner(&xml, as: ["Initiator", "Owner"])
                            xml.text("StorageClass", "STANDARD")
                            xml.text("Initiated", S3Time.iso(upload.started))
                        }
                    case .commonPrefix(let prefix):
                        xml.element("CommonPrefixes") { $0.text("Prefix", text(prefix)) }
                    }
                }
            }
        }
    }

    /// What comes after the last of the page before: other keys, and younger uploads of the same key.
    private func behind(_ all: [UploadInfo], _ key: String, _ id: String) -> [UploadInfo] {
        guard !key.isEmpty else { return all }
        let marker = ObjectKey(key)
        let place = all.firstIndex { ObjectKey($0.key) == marker && $0.id == id }
        return all.enumerated().filter { index, upload in
            ObjectKey(upload.key) > marker || (place.map { index > $0 } ?? false)
        }.map(\.element)
    }

    private func page(
        _ uploads: [UploadInfo], _ prefix: String, _ delimiter: String?, afterPrefix marker: String
    ) -> [UploadItem] {
        guard let delimiter else { return uploads.map { .upload($0) } }
        var items: [UploadItem] = []
        var last: ObjectKey?
        for upload in uploads {
            // Bytes: what is one character may begin inside the prefix and end behind it.
            let key = Array(upload.key.utf8)
            guard let end = key[prefix.utf8.count...].firstRange(of: Array(delimiter.utf8))?.upperBound else {
                items.append(.upload(upload))
                continue
            }
            let common = ObjectKey(bytes: Array(key[..<end]))
            guard common != last, common != ObjectKey(marker) else { continue }
            last = common
            items.append(.commonPrefix(common.text))
        }
        return items
    }
}
