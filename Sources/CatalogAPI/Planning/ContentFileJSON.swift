import Columnar
import Iceberg
import JSONText
import Octets
import Tables

/// Data and delete files as answers of scan planning show them.
///
/// Source: Iceberg REST catalog specification, `ContentFile`.
struct ContentFileJSON {
    private let fields: TableFieldIndex
    private let statsFields: [Int]
    /// By spec id: the types of its partition values.
    private let partitionTypes: [Int: [DataType?]]

    init(metadata: TableMetadata, statsFields: Set<Int>) {
        let fields = TableFieldIndex(metadata, ids: statsFields)
        self.fields = fields
        self.statsFields = statsFields.sorted()
        partitionTypes = metadata.specs.reduce(into: [:]) { types, spec in
            types[spec.specID] = metadata.partitionTypes(of: spec, fields)
        }
    }

    func data(_ file: DataFile) -> JSONValue {
        var object = common(file, content: "data")
        object["first-row-id"] = file.firstRowID.map { JSONValue($0) }
        guard !statsFields.isEmpty else { return .object(object) }
        object["column-sizes"] = counts(file.columnSizes)
        object["value-counts"] = counts(file.valueCounts)
        object["null-value-counts"] = counts(file.nullCounts)
        object["nan-value-counts"] = counts(file.nanCounts)
        object["lower-bounds"] = bounds(file.lowerBounds)
        object["upper-bounds"] = bounds(file.upperBounds)
        return .object(object)
    }

    func deletes(_ file: DataFile) -> JSONValue {
        let isEquality = file.content == .equalityDeletes
        var object = common(file, content: isEquality ? "equality-deletes" : "position-deletes")
        if isEquality {
            object["equality-ids"] = .array((file.equalityIDs ?? []).map { JSONValue($0) })
        } else {
            // Not in the file, but what readers of deletion vectors look for.
            object["referenced-data-file"] = file.referencedDataFile.map { .string($0) }
            object["content-offset"] = file.contentOffset.map { JSONValue($0) }
            object["content-size-in-bytes"] = file.contentSize.map { JSONValue($0) }
        }
        return .object(object)
    }

    private func common(_ file: DataFile, content: String) -> JSONObject {
        let types = OrphanedPartition.types(
            partitionTypes[file.specID] ?? [], from: CollectionOfOne(file.partition))
        var object: JSONObject = [
            "content": .string(content), "file-path": .string(file.path),
            "file-format": .string(file.format.lowercased()), "spec-id": JSONValue(file.specID),
            "partition": .array(zip(file.partition, types).map { JSONSingleValue.encode($0, $1) }),
            "file-size-in-bytes": JSONValue(file.fileSize), "record-count": JSONValue(file.recordCount),
        ]
        object["key-metadata"] = file.keyMetadata.map { .string(Hex.encode($0).uppercased()) }
        object["split-offsets"] = file.splitOffsets.map { .array($0.map { JSONValue($0) }) }
        object["sort-order-id"] = file.sortOrderID.map { JSONValue($0) }
        return object
    }

    private func counts(_ counts: [Int: Int64]?) -> JSONValue? {
        counts.map { counts in
            map(statsFields.compactMap { id in counts[id].map { (id, JSONValue($0)) } })
        }
    }

    /// A bound that does not decode is left out: it says nothing.
    private func bounds(_ bounds: [Int: [UInt8]]?) -> JSONValue? {
        bounds.map { bounds in
            map(
                statsFields.compactMap { id in
                    guard let bytes = bounds[id], let type = fields[id]?.type, !type.isNested
                    else { return nil }
                    do {
                        return (id, JSONSingleValue.encode(try SingleValue.decode(bytes, type), type))
                    } catch {
                        return nil
                    }
                })
        }
    }

    /// `{"keys": [1, 2], "values": [100, 200]}`
    private func map(_ pairs: [(id: Int, value: JSONValue)]) -> JSONValue {
        ["keys": .array(pairs.map { JSONValue($0.id) }), "values": .array(pairs.map(\.value))]
    }
}
