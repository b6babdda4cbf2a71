package import JSONText

/// How rows are spread over partitions.
package struct PartitionSpec: Sendable, Hashable {
    /// Ids of partition fields start here, above those of any usual table's columns.
    package static let firstFieldID = 1000

    package var specID: Int
    package var fields: [PartitionField]
    package var extras = JSONObject()

    package init(specID: Int = 0, fields: [PartitionField] = []) {
        self.specID = specID
        self.fields = fields
    }

    package static let unpartitioned = PartitionSpec()
    package var isUnpartitioned: Bool { fields.allSatisfy { $0.transform == .void } }
    package var highestFieldID: Int { fields.map(\.fieldID).max() ?? Self.firstFieldID - 1 }

    /// Puts rows into the same partitions under the same names; ids may differ.
    package func isEquivalent(to other: PartitionSpec) -> Bool {
        fields.count == other.fields.count
            && zip(fields, other.fields).allSatisfy {
                $0.sourceID == $1.sourceID && $0.transform == $1.transform && $0.name == $1.name
            }
    }
}

/// One value of a partition: a column through a transform.
package struct PartitionField: Sendable, Hashable {
    package var sourceID: Int
    /// Zero until a table assigns one.
    package var fieldID: Int
    package var name: String
    package var transform: Transform
    package var extras = JSONObject()

    package init(sourceID: Int, fieldID: Int = 0, name: String, transform: Transform) {
        self.sourceID = sourceID
        self.fieldID = fieldID
        self.name = name
        self.transform = transform
    }
}

extension PartitionSpec {
    /// `{"spec-id": 0, "fields": [{"source-id": 4, "field-id": 1000, "name": "ts_day", "transform": "day"}]}`
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "partition spec")
        self.init(
            specID: try members.optionalInteger("spec-id") ?? 0,
            fields: try members.array("fields").mapped { (field) throws(IcebergError) in
                try PartitionField(json: field)
            })
        extras = members.rest(beyond: ["spec-id", "fields"])
    }

    package var json: JSONValue {
        var object = JSONObject()
        object["spec-id"] = JSONValue(specID)
        object["fields"] = .array(fields.map(\.json))
        object.merge(extras)
        return .object(object)
    }
}

extension PartitionField {
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "partition field")
        var transform = Transform(try members.string("transform"))
        var sourceID = try members.optionalInteger("source-id")
        var rest = members.rest(beyond: ["source-id", "field-id", "name", "transform"])
        // Version 3 writes transforms of several columns with `source-ids`; one of them is as good as `source-id`.
        if sourceID == nil, let several = try members.optionalIntegers("source-ids"),
            let first = several.first
        {
            sourceID = first
            if several.count > 1 {
                transform = .unknown(transform.description)
            } else {
                rest["source-ids"] = nil
            }
        }
        guard let sourceID else {
            throw IcebergError(.malformed, "a partition field needs a source-id", ["found": json.description])
        }
        let fieldID = try members.optionalInteger("field-id") ?? 0
        guard fieldID >= 0 else {
            throw IcebergError(
                .malformed, "the field-id of a partition field is not below zero", ["field-id": fieldID])
        }
        self.init(
            sourceID: sourceID, fieldID: fieldID, name: try members.string("name"), transform: transform)
        extras = rest
    }

    package var json: JSONValue {
        var object = JSONObject()
        if extras["source-ids"] == nil { object["source-id"] = JSONValue(sourceID) }
        if fieldID > 0 { object["field-id"] = JSONValue(fieldID) }
        object["name"] = .string(name)
        object["transform"] = .string(transform.description)
        object.merge(extras)
        return .object(object)
    }
}

extension PartitionSpec: CustomStringConvertible {
    /// `[day(4) as ts_day, bucket[16](1) as id_bucket]`
    package var description: String {
        "[" + fields.map { "\($0.transform)(\($0.sourceID)) as \($0.name)" }.joined(separator: ", ") + "]"
    }
}
