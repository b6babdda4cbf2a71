package import FileFormats
package import Iceberg

/// Reads and writes manifest lists: what a snapshot consists of.
package enum ManifestListFile {
    /// No object is larger, in any store.
    private static let manifestBytesMost: Int64 = 1 << 50

    /// - Errors: `TAB-102` with the cause.
    package static func read(_ bytes: [UInt8], path: String) throws(TablesError) -> [ManifestFile] {
        do {
            let reader = try AvroReader(bytes)
            guard case .record(_, let fields) = reader.schema else {
                throw FileFormatsError(.corruptFile, "a manifest list holds no records")
            }
            var manifests: [ManifestFile] = []
            try reader.forEachRecord { cursor in manifests.append(try manifest(&cursor, fields)) }
            return manifests
        } catch {
            throw TablesError(
                .manifestUnreadable, "a manifest list cannot be read", ["path": path], cause: error)
        }
    }

    private static func manifest(
        _ cursor: inout AvroCursor, _ fields: [AvroField]
    ) throws(FileFormatsError) -> ManifestFile {
        var manifest = ManifestFile(path: "", length: -1, specID: 0, addedSnapshotID: 0)
        var files: [Int: Int64] = [:]
        for field in fields {
            let schema = try cursor.resolve(field.schema)
            if schema == .null { continue }
            switch (field.fieldID, schema) {
            case (500, .string): manifest.path = try cursor.string()
            case (501, .long):
                let length = try cursor.long()
                guard length <= manifestBytesMost else {
                    throw FileFormatsError(
                        .corruptFile, "a manifest cannot have this length", ["bytes": length])
                }
                // Lists have been written that did not know it.
                manifest.length = max(-1, length)
            case (502, .int): manifest.specID = Int(try cursor.int())
            case (517, .int):
                guard let content = ManifestFile.Content(rawValue: Int(try cursor.int())) else {
                    throw FileFormatsError(.corruptFile, "a manifest has content nobody knows")
                }
                manifest.content = content
            case (515, .long): manifest.sequenceNumber = try cursor.long()
            case (516, .long): manifest.minimumSequenceNumber = try cursor.long()
            case (503, .long): manifest.addedSnapshotID = try cursor.long()
            case (let id?, .int) where (504...506).contains(id): files[id] = Int64(try cursor.int())
            case (let id?, .long) where (504...506).contains(id) || (512...514).contains(id):
                files[id] = try cursor.long()
            case (507, .array(.record(_, let parts), _, _)):
                manifest.partitions = try summaries(&cursor, parts)
            case (519, .bytes): manifest.keyMetadata = try cursor.lengthPrefixed()
            case (520, .long): manifest.firstRowID = try cursor.rowID()
            default: try cursor.skip(schema)
            }
        }
        if manifest.path.isEmpty { throw FileFormatsError(.corruptFile, "a manifest list names no manifest") }
        manifest.files = counts(files, 504, 505, 506)
        manifest.rows = counts(files, 512, 513, 514)
        return manifest
    }

    private static func counts(_ all: [Int: Int64], _ added: Int, _ existing: Int, _ deleted: Int)
        -> ManifestFile.Counts?
    {
        guard let added = all[added], let existing = all[existing], let deleted = all[deleted] else {
            return nil
        }
        return ManifestFile.Counts(added: added, existing: existing, deleted: deleted)
    }

    private static func summaries(
        _ cursor: inout AvroCursor, _ parts: [AvroField]
    ) throws(FileFormatsError) -> [PartitionSummary] {
        var result: [PartitionSummary] = []
        try cursor.forEachElement { (cursor) throws(FileFormatsError) in
            var summary = PartitionSummary(containsNull: true)
            for part in parts {
                let schema = try cursor.resolve(part.schema)
                switch (part.fieldID, schema) {
                case (509, .boolean): summary.containsNull = try cursor.boolean()
                case (518, .boolean): summary.containsNaN = try cursor.boolean()
                case (510, .bytes): summary.lowerBound = try cursor.lengthPrefixed()
                case (511, .bytes): summary.upperBound = try cursor.lengthPrefixed()
                default: try cursor.skip(schema)
                }
            }
            result.append(summary)
        }
        return result
    }

    /// The bytes of the list of `snapshot`. `sync`: 16 random bytes.
    package static func write(
        _ manifests: [ManifestFile], of snapshot: Snapshot, formatVersion: Int, sync: [UInt8]
    ) throws(FileFormatsError) -> [UInt8] {
        var avro = AvroWriter(
            schema: ManifestSchemas.list(formatVersion: formatVersion),
            metadata: [
                (name: "snapshot-id", value: "\(snapshot.snapshotID)"),
                (name: "parent-snapshot-id", value: snapshot.parentID.map { "\($0)" } ?? "null"),
                (name: "sequence-number", value: "\(snapshot.sequenceNumber)"),
                (name: "format-version", value: "\(formatVersion)"),
            ], compression: .deflate, sync: sync)
        for manifest in manifests {
            try avro.append { encoder in encoder.manifest(manifest, formatVersion: formatVersion) }
        }
        return try avro.finish()
    }
}

extension AvroEncoder {
    fileprivate mutating func manifest(_ manifest: ManifestFile, formatVersion: Int) {
        string(manifest.path)
        long(manifest.length)
        long(Int64(manifest.specID))
        long(Int64(manifest.content.rawValue))
        long(manifest.sequenceNumber)
        long(manifest.minimumSequenceNumber)
        long(manifest.addedSnapshotID)
        for counts in [manifest.files ?? .init(), manifest.rows ?? .init()] {
            long(counts.added)
            long(counts.existing)
            long(counts.deleted)
        }
        optional(manifest.partitions) { encoder, partitions in
            encoder.array(partitions) { encoder, summary in
                encoder.boolean(summary.containsNull)
                encoder.optional(summary.containsNaN) { $0.boolean($1) }
                encoder.optional(summary.lowerBound) { $0.bytesValue($1) }
                encoder.optional(summary.upperBound) { $0.bytesValue($1) }
            }
        }
        optional(manifest.keyMetadata) { $0.bytesValue($1) }
        if formatVersion > 2 { optional(manifest.firstRowID) { $0.long($1) } }
    }
}
