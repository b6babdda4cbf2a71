package import JSONText

extension TableUpdate {
    /// - Errors: `ICE-301` for an action nobody specified, `ICE-101` for a wrong form.
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "table update")
        let action = try members.string("action")
        if let update = try Self.structural(action, members) {
            self = update
        } else if let update = try Self.snapshots(action, members) {
            self = update
        } else if let update = try Self.other(action, members) {
            self = update
        } else {
            throw IcebergError(.unknownUpdate, "no table update has this action", ["action": action])
        }
    }

    private static func structural(_ action: String, _ members: JSONMembers) throws(IcebergError)
        -> TableUpdate?
    {
        switch action {
        case "assign-uuid": .assignUUID(try members.string("uuid"))
        case "upgrade-format-version": .upgradeFormatVersion(try members.integer("format-version"))
        case "add-schema":
            .addSchema(
                try IcebergSchema(json: members.required("schema")),
                lastColumnID: try members.optionalInteger("last-column-id"))
        case "set-current-schema": .setCurrentSchema(try members.integer("schema-id"))
        case "add-spec": .addSpec(try PartitionSpec(json: members.required("spec")))
        case "set-default-spec": .setDefaultSpec(try members.integer("spec-id"))
        case "add-sort-order": .addSortOrder(try SortOrder(json: members.required("sort-order")))
        case "set-default-sort-order": .setDefaultSortOrder(try members.integer("sort-order-id"))
        case "remove-partition-specs":
            .removePartitionSpecs(try members.integers("spec-ids"))
        case "remove-schemas":
            .removeSchemas(try members.integers("schema-ids"))
        default: nil
        }
    }

    private static func snapshots(_ action: String, _ members: JSONMembers) throws(IcebergError)
        -> TableUpdate?
    {
        switch action {
        case "add-snapshot": .addSnapshot(try newSnapshot(members.required("snapshot")))
        case "set-snapshot-ref":
            .setSnapshotRef(
                name: try members.string("ref-name"),
                try SnapshotRef(members, beyond: ["action", "ref-name"]))
        case "remove-snapshots": .removeSnapshots(try members.longs("snapshot-ids"))
        case "remove-snapshot-ref": .removeSnapshotRef(try members.string("ref-name"))
        case "set-statistics": .setStatistics(try StatisticsFile(new: members.required("statistics")))
        case "remove-statistics": .removeStatistics(snapshotID: try members.long("snapshot-id"))
        case "set-partition-statistics":
            .setPartitionStatistics(try StatisticsFile(json: members.required("partition-statistics")))
        case "remove-partition-statistics":
            .removePartitionStatistics(snapshotID: try members.long("snapshot-id"))
        default: nil
        }
    }

    /// Stricter than what is read of old tables: other readers refuse a table with less.
    ///
    /// Source: Iceberg REST specification, `Snapshot`.
    private static func newSnapshot(_ json: JSONValue) throws(IcebergError) -> Snapshot {
        let snapshot = try Snapshot(json: json)
        guard snapshot.snapshotID > 0 else {
            throw IcebergError(
                .malformed, "a snapshot's id is a positive number", ["snapshot-id": snapshot.snapshotID])
        }
        guard let operation = snapshot.operation, Snapshot.operations.contains(operation) else {
            throw IcebergError(
                .malformed, "a snapshot's summary says no operation that there is",
                ["snapshot-id": snapshot.snapshotID, "operation": snapshot.operation ?? "none"],
                hint: "one of " + Snapshot.operations.joined(separator: ", "))
        }
        return snapshot
    }

    private static func other(_ action: String, _ members: JSONMembers) throws(IcebergError) -> TableUpdate? {
        switch action {
        case "set-location": .setLocation(try members.string("location"))
        case "set-properties":
            .setProperties(try members.stringMap("updates"))
        case "remove-properties": .removeProperties(try members.strings("removals"))
        case "add-encryption-key":
            .addEncryptionKey(try EncryptionKey(json: members.required("encryption-key")))
        case "remove-encryption-key": .removeEncryptionKey(try members.string("key-id"))
        default: nil
        }
    }

    package var json: JSONValue {
        var object: JSONObject = ["action": .string(action)]
        switch self {
        case .assignUUID(let uuid): object["uuid"] = .string(uuid)
        case .upgradeFormatVersion(let version): object["format-version"] = JSONValue(version)
        case .addSchema(let schema, let lastColumnID):
            object["schema"] = schema.json
            object["last-column-id"] = lastColumnID.map { JSONValue($0) }
        case .setCurrentSchema(let id): object["schema-id"] = JSONValue(id)
        case .addSpec(let spec): object["spec"] = spec.json
        case .setDefaultSpec(let id): object["spec-id"] = JSONValue(id)
        case .addSortOrder(let order): object["sort-order"] = order.json
        case .setDefaultSortOrder(let id): object["sort-order-id"] = JSONValue(id)
        case .addSnapshot(let snapshot): object["snapshot"] = snapshot.json
        case .setSnapshotRef(let name, let ref):
            object["ref-name"] = .string(name)
            if case .object(let members) = ref.json { object.merge(members) }
        case .removeSnapshots(let ids): object["snapshot-ids"] = .array(ids.map { JSONValue($0) })
        case .removeSnapshotRef(let name): object["ref-name"] = .string(name)
        case .setLocation(let location): object["location"] = .string(location)
        case .setProperties(let updates): object["updates"] = .object(JSONObject(sortedStrings: updates))
        case .removeProperties(let removals): object["removals"] = JSONValue(removals)
        case .setStatistics(let file):
            object["snapshot-id"] = JSONValue(file.snapshotID)
            object["statistics"] = file.json
        case .setPartitionStatistics(let file): object["partition-statistics"] = file.json
        case .removeStatistics(let id), .removePartitionStatistics(let id):
            object["snapshot-id"] = JSONValue(id)
        case .removePartitionSpecs(let ids): object["spec-ids"] = .array(ids.map { JSONValue($0) })
        case .removeSchemas(let ids): object["schema-ids"] = .array(ids.map { JSONValue($0) })
        case .addEncryptionKey(let key): object["encryption-key"] = key.json
        case .removeEncryptionKey(let id): object["key-id"] = .string(id)
        }
        return .object(object)
    }
}
