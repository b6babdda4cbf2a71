import Effects
package import JSONText

/// What must hold of a table for a commit to go on.
///
/// Source: Iceberg REST catalog specification, `TableRequirement`.
package enum TableRequirement: Sendable, Hashable {
    case create
    case tableUUID(String)
    /// Nil: the reference must not exist.
    case refSnapshotID(ref: String, Int64?)
    case lastAssignedFieldID(Int)
    case currentSchemaID(Int)
    case lastAssignedPartitionID(Int)
    case defaultSpecID(Int)
    case defaultSortOrderID(Int)

    /// - Errors: `ICE-302` for a type nobody specified, `ICE-101` for a wrong form.
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "table requirement")
        self =
            switch try members.string("type") {
            case "assert-create": .create
            case "assert-table-uuid": .tableUUID(try members.string("uuid"))
            case "assert-ref-snapshot-id":
                .refSnapshotID(ref: try members.string("ref"), try members.optionalLong("snapshot-id"))
            case "assert-last-assigned-field-id":
                .lastAssignedFieldID(try members.integer("last-assigned-field-id"))
            case "assert-current-schema-id": .currentSchemaID(try members.integer("current-schema-id"))
            case "assert-last-assigned-partition-id":
                .lastAssignedPartitionID(try members.integer("last-assigned-partition-id"))
            case "assert-default-spec-id": .defaultSpecID(try members.integer("default-spec-id"))
            case "assert-default-sort-order-id":
                .defaultSortOrderID(try members.integer("default-sort-order-id"))
            case let other:
                throw IcebergError(.unknownRequirement, "no table requirement has this type", ["type": other])
            }
    }

    package var json: JSONValue {
        switch self {
        case .create: ["type": "assert-create"]
        case .tableUUID(let uuid): ["type": "assert-table-uuid", "uuid": .string(uuid)]
        case .refSnapshotID(let ref, let id):
            [
                "type": "assert-ref-snapshot-id", "ref": .string(ref),
                "snapshot-id": id.map { JSONValue($0) } ?? .null,
            ]
        case .lastAssignedFieldID(let id):
            ["type": "assert-last-assigned-field-id", "last-assigned-field-id": JSONValue(id)]
        case .currentSchemaID(let id):
            ["type": "assert-current-schema-id", "current-schema-id": JSONValue(id)]
        case .lastAssignedPartitionID(let id):
            ["type": "assert-last-assigned-partition-id", "last-assigned-partition-id": JSONValue(id)]
        case .defaultSpecID(let id): ["type": "assert-default-spec-id", "default-spec-id": JSONValue(id)]
        case .defaultSortOrderID(let id):
            ["type": "assert-default-sort-order-id", "default-sort-order-id": JSONValue(id)]
        }
    }

    /// - Errors: `ICE-304` with what was expected and what is.
    package func check(against metadata: TableMetadata?) throws(IcebergError) {
        guard let metadata else {
            // What is not there has no references.
            if self == .create { return }
            if case .refSnapshotID(_, nil) = self { return }
            throw IcebergError(
                .requirementFailed, "the table does not exist", ["requirement": json.description])
        }
        switch self {
        case .create: throw IcebergError(.requirementFailed, "the table exists already")
        case .tableUUID(let uuid):
            try require(uuid.lowercased(), metadata.uuid.description, "the table is not the expected one")
        case .refSnapshotID(let ref, let id):
            try require(
                id.map { "\($0)" } ?? "none", metadata.refs[ref].map { "\($0.snapshotID)" } ?? "none",
                "the reference \(ref) has moved")
        case .lastAssignedFieldID(let id): try require(id, metadata.lastColumnID, "columns were added")
        case .currentSchemaID(let id): try require(id, metadata.currentSchemaID, "the current schema changed")
        case .lastAssignedPartitionID(let id):
            try require(id, metadata.lastPartitionID, "partition fields were added")
        case .defaultSpecID(let id): try require(id, metadata.defaultSpecID, "the default spec changed")
        case .defaultSortOrderID(let id):
            try require(id, metadata.defaultSortOrderID, "the default sort order changed")
        }
    }

    private func require<Value: Equatable & Sendable>(
        _ expected: Value, _ found: Value, _ summary: String
    ) throws(IcebergError) {
        if expected == found { return }
        throw IcebergError(
            .requirementFailed, summary, ["expected": expected, "found": found],
            hint: "load the table again and retry")
    }
}
