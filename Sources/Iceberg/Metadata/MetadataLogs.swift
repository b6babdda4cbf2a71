package import JSONText

/// When a snapshot became the current one.
package struct SnapshotLogEntry: Sendable, Hashable {
    package var snapshotID: Int64
    package var timestampMilliseconds: Int64

    package init(snapshotID: Int64, timestampMilliseconds: Int64) {
        self.snapshotID = snapshotID
        self.timestampMilliseconds = timestampMilliseconds
    }

    init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "snapshot log entry")
        snapshotID = try members.long("snapshot-id")
        timestampMilliseconds = try members.long("timestamp-ms")
    }

    var json: JSONValue {
        ["snapshot-id": JSONValue(snapshotID), "timestamp-ms": JSONValue(timestampMilliseconds)]
    }

    /// The text of `json`; a table has as many entries as commits.
    func append(to text: inout [UInt8]) {
        text.append(contentsOf: #"{"snapshot-id":"#.utf8)
        text.append(contentsOf: String(snapshotID).utf8)
        text.append(contentsOf: #","timestamp-ms":"#.utf8)
        text.append(contentsOf: String(timestampMilliseconds).utf8)
        text.append(UInt8(ascii: "}"))
    }
}

/// An earlier metadata file of the table and when it was written.
package struct MetadataLogEntry: Sendable, Hashable {
    package var metadataFile: String
    package var timestampMilliseconds: Int64

    package init(metadataFile: String, timestampMilliseconds: Int64) {
        self.metadataFile = metadataFile
        self.timestampMilliseconds = timestampMilliseconds
    }

    init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "metadata log entry")
        metadataFile = try members.string("metadata-file")
        timestampMilliseconds = try members.long("timestamp-ms")
    }

    var json: JSONValue {
        ["metadata-file": .string(metadataFile), "timestamp-ms": JSONValue(timestampMilliseconds)]
    }
}

/// A statistics file of a snapshot. Firn carries it and reads only what it needs to keep or drop it.
package struct StatisticsFile: Sendable, Hashable {
    package var snapshotID: Int64
    package var path: String
    package var json: JSONValue

    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "statistics file")
        snapshotID = try members.long("snapshot-id")
        path = try members.string("statistics-path")
        _ = try members.long("file-size-in-bytes")
        self.json = json
    }

    /// One of a column's statistics that a writer brings: with all that readers ask for.
    ///
    /// Source: Iceberg REST specification, `StatisticsFile`, `BlobMetadata`.
    package init(new json: JSONValue) throws(IcebergError) {
        try self.init(json: json)
        let members = try JSONMembers(json, of: "statistics file")
        _ = try members.long("file-footer-size-in-bytes")
        for json in try members.array("blob-metadata") {
            let blob = try JSONMembers(json, of: "blob of a statistics file")
            _ = try blob.string("type")
            _ = try blob.long("snapshot-id")
            _ = try blob.long("sequence-number")
            _ = try blob.integers("fields")
            guard let properties = json["properties"], !properties.isNull else { continue }
            guard properties.object?.members.allSatisfy({ $0.value.string != nil }) == true else {
                throw IcebergError(
                    .malformed, "properties of a blob are texts", ["found": properties.description])
            }
        }
    }
}

/// A key that encrypts others. Firn carries it.
package struct EncryptionKey: Sendable, Hashable {
    package var keyID: String
    package var json: JSONValue

    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "encryption key")
        keyID = try members.string("key-id")
        _ = try members.string("encrypted-key-metadata")
        self.json = json
    }
}
