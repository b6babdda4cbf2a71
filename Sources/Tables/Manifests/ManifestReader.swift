import Columnar
import FileFormats
package import Iceberg
import Scheduling

/// Reads the entries of a manifest, whatever format version and writer it came from: fields are found by their ids.
package struct ManifestReader: Sendable {
    private let metadata: TableMetadata
    private let manifest: ManifestFile

    package init(metadata: TableMetadata, manifest: ManifestFile) {
        self.metadata = metadata
        self.manifest = manifest
    }

    /// The first row id behind those of the file.
    private static func rowID(after file: DataFile) throws(FileFormatsError) -> Int64? {
        guard let first = file.firstRowID else { return nil }
        let (next, isTooLarge) = first.addingReportingOverflow(file.recordCount)
        if isTooLarge { throw FileFormatsError(.corruptFile, "row ids become too large", ["first": first]) }
        return next
    }

    /// All entries, deleted ones too, with what they inherit from the manifest filled in.
    ///
    /// - Errors: `TAB-102` with the cause.
    package func entries(_ bytes: [UInt8]) throws(TablesError) -> [ManifestEntry] {
        do { return try decode(bytes) { _ in } } catch { throw unreadable(error) }
    }

    /// As the other; `reserve` hears how many bytes the manifest unfolds to before it does, and refuses by throwing.
    ///
    /// - Errors: `TAB-102` with the cause; `SCH-202` as `reserve` throws it.
    package func entries(
        _ bytes: [UInt8], reserve: (_ bytes: Int) throws -> Void
    ) throws -> [ManifestEntry] {
        do {
            return try decode(bytes, reserve)
        } catch let error as SchedulingError {
            throw error
        } catch { throw unreadable(error) }
    }

    private func unreadable(_ cause: any Error) -> TablesError {
        TablesError(.manifestUnreadable, "a manifest cannot be read", ["path": manifest.path], cause: cause)
    }

    private func decode(
        _ bytes: [UInt8], _ reserve: (_ bytes: Int) throws -> Void
    ) throws -> [ManifestEntry] {
        let reader = try AvroReader(bytes)
        let specID = reader.text("partition-spec-id").flatMap { Int($0) } ?? manifest.specID
        guard let spec = metadata.spec(withID: specID) else {
            throw IcebergError(.unknownPartitionSpec, "the table has no such spec", ["spec-id": specID])
        }
        guard case .record(_, let fields) = reader.schema else {
            throw FileFormatsError(.corruptFile, "a manifest holds no records")
        }
        var decoder = EntryDecoder(spec: spec, types: metadata.partitionTypes(of: spec))
        var entries: [ManifestEntry] = []
        var nextRowID = manifest.firstRowID
        try reader.forEachRecord(reserve: reserve) { cursor in
            var entry = try decoder.entry(&cursor, fields)
            entry.inherit(from: manifest)
            if entry.isLive, entry.file.content == .data, entry.file.firstRowID == nil {
                entry.file.firstRowID = nextRowID
                nextRowID = try Self.rowID(after: entry.file)
            }
            entries.append(entry)
        }
        return entries
    }
}

/// Decodes manifest entries by the field ids in the writer's schema.
private struct EntryDecoder {
    let spec: PartitionSpec
    let types: [DataType?]

    mutating func entry(
        _ cursor: inout AvroCursor, _ fields: [AvroField]
    ) throws(FileFormatsError) -> ManifestEntry {
        var entry = ManifestEntry(
            .existing, DataFile(path: "", specID: spec.specID, partition: [], recordCount: 0, fileSize: 0))
        for field in fields {
            let schema = try cursor.resolve(field.schema)
            if schema == .null { continue }
            switch field.fieldID {
            case 0:
                guard let status = ManifestEntry.Status(rawValue: Int(try cursor.int())) else {
                    throw FileFormatsError(.corruptFile, "a manifest entry has a status nobody knows")
                }
                entry.status = status
            case 1: entry.snapshotID = try cursor.long()
            case 3: entry.sequenceNumber = try cursor.long()
            case 4: entry.fileSequenceNumber = try cursor.long()
            case 2:
                guard case .record(_, let inner) = schema else { throw wrongShape("data_file") }
                entry.file = try file(&cursor, inner)
            default: try cursor.skip(schema)
            }
        }
        if entry.file.path.isEmpty { throw wrongShape("file_path") }
        return entry
    }

    private func wrongShape(_ name: String) -> FileFormatsError {
        FileFormatsError(
            .corruptFile, "a manifest entry lacks a field or has it in another shape", ["field": name])
    }

    private func file(_ cursor: inout AvroCursor, _ fields: [AvroField]) throws(FileFormatsError) -> DataFile
    {
        var file = DataFile(
            path: "", specID: spec.specID, partition: types.map { _ in .null }, recordCount: -1, fileSize: -1)
        for field in fields {
            let schema = try cursor.resolve(field.schema)
            if schema == .null { continue }
            if try basics(field, schema, &cursor, &file) { continue }
            if try metrics(field, schema, &cursor, &file) { continue }
            try cursor.skip(schema)
        }
        guard file.recordCount >= 0, file.fileSize >= 0 else {
            throw wrongShape("record_count, file_size_in_bytes")
        }
        return file
    }

    private func basics(
        _ field: AvroField, _ schema: AvroSchema, _ cursor: inout AvroCursor, _ file: inout DataFile
    ) throws(FileFormatsError) -> Bool {
        switch (field.fieldID, schema) {
        case (134, .int):
            guard let content = DataFile.Content(rawValue: Int(try cursor.int())) else {
                throw wrongShape("content")
            }
            file.content = content
        case (100, .string): file.path = try cursor.string()
        case (101, .string): file.format = try cursor.string().uppercased()
        case (102, .record(_, let parts)): file.partition = try partition(&cursor, parts)
        case (103, .long): file.recordCount = try cursor.long()
        case (104, .long): file.fileSize = try cursor.long()
        case (131, .bytes): file.keyMetadata = try cursor.lengthPrefixed()
        case (140, .int): file.sortOrderID = Int(try cursor.int())
        case (142, .long): file.firstRowID = try cursor.rowID()
        case (143, .string): file.referencedDataFile = try cursor.string()
        case (144, .long): file.contentOffset = try cursor.long()
        case (145, .long): file.contentSize = try cursor.long()
        default: return false
        }
        return true
    }

    private func metrics(
        _ field: AvroField, _ schema: AvroSchema, _ cursor: inout AvroCursor, _ file: inout DataFile
    ) throws(FileFormatsError) -> Bool {
        guard case .array(let element, _, _) = schema else { return false }
        switch field.fieldID {
        case 108: file.columnSizes = try counts(&cursor, element)
        case 109: file.valueCounts = try counts(&cursor, element)
        case 110: file.nullCounts = try counts(&cursor, element)
        case 137: file.nanCounts = try counts(&cursor, element)
        case 125: file.lowerBounds = try bounds(&cursor, element)
        case 128: file.upperBounds = try bounds(&cursor, element)
        case 132: file.splitOffsets = try numbers(&cursor, element)
        case 135: file.equalityIDs = try numbers(&cursor, element).map { Int(truncatingIfNeeded: $0) }
        default: return false
        }
        return true
    }

    private func partition(
        _ cursor: inout AvroCursor, _ parts: [AvroField]
    ) throws(FileFormatsError) -> [Scalar] {
        var values = types.map { _ in Scalar.null }
        for (position, part) in parts.enumerated() {
            // Old files have no ids here; their order is the spec's.
            let index = part.fieldID.map { id in spec.fields.firstIndex { $0.fieldID == id } }
            guard let index = index ?? (position < types.count ? position : nil) else {
                try cursor.skip(part.schema)
                continue
            }
            if let type = types[index] {
                values[index] = try cursor.scalar(part.schema, type)
            } else {
                values[index] = try cursor.orphan(part.schema)
            }
        }
        return values
    }

    private func counts(
        _ cursor: inout AvroCursor, _ element: AvroSchema
    ) throws(FileFormatsError) -> [Int: Int64] {
        guard case .record(_, let fields) = element, fields.count == 2, case .int = fields[0].schema,
            case .long = fields[1].schema
        else { throw wrongShape("counts") }
        var result: [Int: Int64] = [:]
        try cursor.forEachElement { (cursor) throws(FileFormatsError) in
            let key = Int(try cursor.int())
            result[key] = try cursor.long()
        }
        return result
    }

    private func bounds(
        _ cursor: inout AvroCursor, _ element: AvroSchema
    ) throws(FileFormatsError) -> [Int: [UInt8]] {
        guard case .record(_, let fields) = element, fields.count == 2, case .int = fields[0].schema,
            case .bytes = fields[1].schema
        else { throw wrongShape("bounds") }
        var result: [Int: [UInt8]] = [:]
        try cursor.forEachElement { (cursor) throws(FileFormatsError) in
            let key = Int(try cursor.int())
            result[key] = try cursor.lengthPrefixed()
        }
        return result
    }

    private func numbers(_ cursor: inout AvroCursor, _ element: AvroSchema) throws(FileFormatsError)
        -> [Int64]
    {
        guard element == .long || element == .int else { throw wrongShape("offsets or ids") }
        var result: [Int64] = []
        try cursor.forEachElement { (cursor) throws(FileFormatsError) in result.append(try cursor.long()) }
        return result
    }
}

extension AvroCursor {
    /// Row ids are counted from zero; nothing that computes with one looks again.
    mutating func rowID() throws(FileFormatsError) -> Int64 {
        let id = try long()
        guard id >= 0 else { throw FileFormatsError(.corruptFile, "a row id is negative", ["found": id]) }
        return id
    }
}
