import Catalogs
import Iceberg
import JSONText
import Octets
import Signing
import Wire

/// The answers that carry a table's metadata.
struct TableAnswer {
    /// Which snapshots the client wants to see.
    enum Snapshots: String {
        case all
        /// Only those that a branch or tag names.
        case refs
    }

    var metadata: TableMetadata
    /// Nil for a table that is only staged.
    var metadataLocation: String?
    var snapshots = Snapshots.all
    /// How the client reaches the table's files, but for keys; nil for answers that do not say.
    var config: [String: String]?
    /// Of an answer with keys: tells it from one with older keys.
    var keyMark: String?
    /// The JSON of `metadata` where it is there already.
    var text: [UInt8]?

    /// Tells apart answers that differ in anything.
    ///
    /// Where the metadata lies tells versions apart, all of it: files of other folders have the same names. What stands
    /// there may be written anew before it is registered again, hence the table and the time. What else is told changes
    /// with what the client asks for, the table's name and the server's settings.
    ///
    /// *Cost*: one hash of some 500 bytes; the metadata itself is not looked at. *Source*: RFC 9110, 8.8.1.
    var etag: String? {
        guard let metadataLocation else { return nil }
        var parts = [metadataLocation, "\(metadata.uuid)", "\(metadata.lastUpdatedMilliseconds)"]
        for (name, value) in (config ?? [:]).sorted(by: { $0.key < $1.key }) { parts += [name, value] }
        return Hex.encode(SHA256.hash(parts.joined(separator: "\0")).prefix(16))
            + (snapshots == .all ? "" : "#refs") + (keyMark.map { "#" + $0 } ?? "")
    }

    /// `{"metadata-location": …, "metadata": …}` and, for loads, `config` and `storage-credentials`.
    func response(credentials: StorageCredentials? = nil, isSigned: Bool = false) -> Response {
        var body = JSONObject()
        body["metadata-location"] = metadataLocation.map { .string($0) }
        if text == nil || snapshots != .all { body["metadata"] = shown.json }
        // Older clients look for keys into `config` only.
        if let config = credentials?.config ?? config { body["config"] = JSONValue(properties: config) }
        if let credentials { body["storage-credentials"] = credentials.json }
        if isSigned { body["remote-signing-config"] = ["properties": [:], "headers": [:]] }
        var bytes = JSONValue.object(body).serialized()
        if let text, snapshots == .all {
            // Behind the last member: the object has at least the location, since a text has a file.
            bytes.removeLast()
            bytes.append(contentsOf: ",\"metadata\":".utf8)
            bytes.append(contentsOf: text)
            bytes.append(UInt8(ascii: "}"))
        }
        var headers: HTTPHeaders = ["content-type": "application/json"]
        headers["etag"] = etag.map { ETag.quoted($0) }
        return Response(status: 200, headers: headers, body: .bytes(bytes))
    }

    private var shown: TableMetadata {
        guard snapshots == .refs else { return metadata }
        var metadata = metadata
        let named = Set(metadata.refs.values.map(\.snapshotID))
        metadata.snapshots.removeAll { !named.contains($0.snapshotID) }
        return metadata
    }
}
