import Iceberg
import Octets
import XMLText

/// What a request to storage would do with a table's files. What is not known here is not signed.
///
/// Source: Amazon S3 API Reference; the operations are those that readers and writers of tables use.
struct StorageAction {
    let isWrite: Bool
    /// Whether the request's meaning lies in its body, which then is signed with it.
    let needsBody: Bool

    private static let readParameters: Set<String> = [
        "x-id", "partNumber", "response-content-type", "response-content-language", "response-expires",
        "response-cache-control", "response-content-disposition", "response-content-encoding",
    ]
    private static let listParameters: Set<String> = [
        "list-type", "prefix", "delimiter", "max-keys", "start-after", "continuation-token", "encoding-type",
        "fetch-owner", "marker", "x-id",
    ]
    private static let keysAtMost = 1000

    /// - Errors: `CTA-106` for another table's files, files of no table, and requests nobody knows; `CTA-102` for a body
    ///   that is missing or no list of keys.
    init(
        method: String, _ address: StorageAddress, copySource: String?, body: String?,
        in location: TableLocation
    ) throws(CatalogAPIError) {
        func refused(_ summary: String) -> CatalogAPIError {
            CatalogAPIError(
                .signingRefused, summary,
                ["method": method, "bucket": address.bucket, "key": address.key, "location": location])
        }
        guard address.bucket == location.bucket else { throw refused("the bucket is not the table's") }
        let names = Set(address.query.keys)
        if address.key.isEmpty {
            guard copySource == nil else { throw refused("a request to the bucket copies nothing") }
            switch (method, names) {
            case ("GET", _) where names.isSubset(of: Self.listParameters):
                guard let prefix = address.query["prefix"], Self.isInside(prefix, location) else {
                    throw refused("a listing needs a prefix inside the table's location")
                }
                (isWrite, needsBody) = (false, false)
            case ("POST", ["delete"]), ("POST", ["delete", "x-id"]):
                (isWrite, needsBody) = (true, true)
                try Self.checkKeys(body, location, refused)
            default: throw refused("this request to a bucket is not signed")
            }
            return
        }
        guard location.contains("s3://\(address.bucket)/\(address.key)") else {
            throw refused("the object lies outside the table's location")
        }
        if let copySource, !Self.isInside(copySource: copySource, location) {
            throw refused("what is copied lies outside the table's location")
        }
        needsBody = false
        switch (method, names.subtracting(["x-id"])) {
        case ("GET", let rest), ("HEAD", let rest):
            if copySource == nil, rest.isSubset(of: Self.readParameters) {
                isWrite = false
            } else if method == "GET", rest.isSubset(of: ["uploadId", "max-parts", "part-number-marker"]) {
                // Only writers have uploads.
                isWrite = true
            } else {
                throw refused("this way to read an object is not signed")
            }
        case ("PUT", []), ("PUT", ["partNumber", "uploadId"]), ("POST", ["uploads"]), ("POST", ["uploadId"]),
            ("DELETE", []), ("DELETE", ["uploadId"]):
            isWrite = true
        default: throw refused("this request to an object is not signed")
        }
    }

    private static func isInside(_ prefix: String, _ location: TableLocation) -> Bool {
        let folder = location.key + "/"
        return prefix.utf8.elementsEqual(folder.utf8)
            || location.contains("s3://\(location.bucket)/\(prefix)")
    }

    /// `/lake/web/a%20b`, with or without the slash; versions are not there to be named.
    private static func isInside(copySource: String, _ location: TableLocation) -> Bool {
        guard !copySource.contains("?"), let plain = PercentEncoding.decode(copySource) else { return false }
        let path = plain.hasPrefix("/") ? plain.dropFirst() : plain[...]
        guard path.hasPrefix(location.bucket + "/") else { return false }
        return location.contains("s3://" + path)
    }

    private static func checkKeys(
        _ body: String?, _ location: TableLocation, _ refused: (String) -> CatalogAPIError
    ) throws(CatalogAPIError) {
        guard let body else {
            throw CatalogAPIError(
                .malformedBody, "which objects are deleted is in the body, which is needed to sign",
                ["member": "body"])
        }
        let document: XMLElement
        do { document = try XMLElement(parsing: Array(body.utf8)) } catch {
            throw CatalogAPIError(
                .malformedBody, "the body to sign is no XML: \(error.summary)", ["member": "body"])
        }
        let objects = document.children("Object").map { $0.children("Key") }
        guard document.name == "Delete", (1...keysAtMost).contains(objects.count),
            objects.allSatisfy({ $0.count == 1 })
        else {
            throw CatalogAPIError(
                .malformedBody, "the body to sign holds between 1 and 1,000 of Object, each with one Key",
                ["member": "body"])
        }
        for key in objects.map({ $0[0].text }) where !location.contains("s3://\(location.bucket)/\(key)") {
            throw refused("one of the objects lies outside the table's location")
        }
    }
}
