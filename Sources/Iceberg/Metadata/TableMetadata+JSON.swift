import Effects
package import JSONText

extension TableMetadata {
    private static let memberNames: Set<String> = [
        "format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms",
        "last-column-id",
        "schemas", "schema", "current-schema-id", "partition-specs", "partition-spec", "default-spec-id",
        "last-partition-id", "properties", "current-snapshot-id", "snapshots", "snapshot-log", "metadata-log",
        "sort-orders", "default-sort-order-id", "refs", "statistics", "partition-statistics", "next-row-id",
        "encryption-keys",
    ]

    /// Reads the versions 1 to 3; what version 1 says once is spread to where version 2 has it.
    ///
    /// - Errors: `ICE-101` for a wrong shape, `ICE-103` for a version nobody knows, and those of `validate`.
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "table metadata")
        let version = try members.integer("format-version")
        guard (1...Self.newestFormatVersion).contains(version) else {
            throw IcebergError(
                .unsupportedVersion, "no such format version is known",
                ["format-version": version, "newest": Self.newestFormatVersion])
        }
        guard let uuid = UniqueID(try members.string("table-uuid")) else {
            throw IcebergError(
                .malformed, "table-uuid is no UUID", ["found": try members.string("table-uuid")])
        }
        self.init(uuid: uuid, formatVersion: version)
        location = try members.string("location")
        lastUpdatedMilliseconds = try members.long("last-updated-ms")
        lastSequenceNumber = version > 1 ? try members.long("last-sequence-number") : 0
        lastColumnID = try members.integer("last-column-id")
        properties = try members.optionalStringMap("properties") ?? [:]
        nextRowID = try members.optionalLong("next-row-id") ?? 0
        try readSchemas(members)
        try readSpecs(members)
        try readSortOrders(members)
        try readSnapshots(members)
        try readLogs(members)
        extras = members.rest(beyond: Self.memberNames)
        try validate()
    }

    private mutating func readSchemas(_ members: JSONMembers) throws(IcebergError) {
        if let all = try members.optionalArray("schemas"), !all.isEmpty {
            schemas = try all.mapped { (json) throws(IcebergError) in try IcebergSchema(json: json) }
            currentSchemaID = try members.integer("current-schema-id")
        } else {
            schemas = [try IcebergSchema(json: members.required("schema"))]
            currentSchemaID = schemas[0].schemaID
        }
    }

    private mutating func readSpecs(_ members: JSONMembers) throws(IcebergError) {
        if let all = try members.optionalArray("partition-specs"), !all.isEmpty {
            specs = try all.mapped { (json) throws(IcebergError) in try PartitionSpec(json: json) }
            defaultSpecID = try members.integer("default-spec-id")
        } else {
            specs = [
                try PartitionSpec(json: ["fields": .array(members.optionalArray("partition-spec") ?? [])])
            ]
            defaultSpecID = 0
        }
        // Version 1 numbered partition fields by their place.
        for index in specs.indices {
            for field in specs[index].fields.indices where specs[index].fields[field].fieldID == 0 {
                specs[index].fields[field].fieldID = PartitionSpec.firstFieldID + field
            }
        }
        lastPartitionID =
            try members.optionalInteger("last-partition-id")
            ?? specs.map(\.highestFieldID).max() ?? PartitionSpec.firstFieldID - 1
    }

    private mutating func readSortOrders(_ members: JSONMembers) throws(IcebergError) {
        sortOrders = try (members.optionalArray("sort-orders") ?? []).mapped { (json) throws(IcebergError) in
            try SortOrder(json: json)
        }
        if sortOrders.isEmpty { sortOrders = [.unsorted] }
        defaultSortOrderID = try members.optionalInteger("default-sort-order-id") ?? 0
    }

    private mutating func readSnapshots(_ members: JSONMembers) throws(IcebergError) {
        snapshots = try (members.optionalArray("snapshots") ?? []).mapped { (json) throws(IcebergError) in
            try Snapshot(json: json)
        }
        currentSnapshotID = try members.optionalLong("current-snapshot-id")
        if currentSnapshotID == -1 { currentSnapshotID = nil }
        if let object = members["refs"] {
            for member in try JSONMembers(object, of: "refs").object.members {
                refs[member.name] = try SnapshotRef(json: member.value)
            }
        }
        if refs[SnapshotRef.mainBranch] == nil, let currentSnapshotID {
            refs[SnapshotRef.mainBranch] = SnapshotRef(snapshotID: currentSnapshotID)
        }
    }

    private mutating func readLogs(_ members: JSONMembers) throws(IcebergError) {
        snapshotLog = try (members.optionalArray("snapshot-log") ?? []).mapped {
            (json) throws(IcebergError) in
            try SnapshotLogEntry(json: json)
        }
        metadataLog = try (members.optionalArray("metadata-log") ?? []).mapped {
            (json) throws(IcebergError) in
            try MetadataLogEntry(json: json)
        }
        statistics = try (members.optionalArray("statistics") ?? []).mapped { (json) throws(IcebergError) in
            try StatisticsFile(json: json)
        }
        partitionStatistics = try (members.optionalArray("partition-statistics") ?? []).mapped {
            (json) throws(IcebergError) in try StatisticsFile(json: json)
        }
        encryptionKeys = try (members.optionalArray("encryption-keys") ?? []).mapped {
            (json) throws(IcebergError) in
            try EncryptionKey(json: json)
        }
    }
}

extension TableMetadata {
    /// The form of the metadata's own format version; members Firn does not know come last.
    package var json: JSONValue {
        var object = membersBeforeSnapshots
        object["snapshots"] = .array(snapshots.map { $0.json(formatVersion: formatVersion) })
        object.merge(membersBetweenLists)
        object["snapshot-log"] = .array(snapshotLog.map(\.json))
        object.merge(membersAfterLog)
        return .object(object)
    }

    /// What a table has few of, in three parts: `MetadataText` puts the two long lists between them.
    var membersBeforeSnapshots: JSONObject {
        var object = JSONObject()
        object["format-version"] = JSONValue(formatVersion)
        object["table-uuid"] = .string(uuid.description)
        object["location"] = .string(location)
        if formatVersion > 1 { object["last-sequence-number"] = JSONValue(lastSequenceNumber) }
        object["last-updated-ms"] = JSONValue(lastUpdatedMilliseconds)
        object["last-column-id"] = JSONValue(lastColumnID)
        writeStructure(to: &object)
        object["properties"] = .object(JSONObject(sortedStrings: properties))
        // Readers of versions 1 and 2 expect -1 where there is no snapshot.
        object["current-snapshot-id"] =
            currentSnapshotID.map { JSONValue($0) } ?? (formatVersion > 2 ? .null : -1)
        if formatVersion > 2 { object["next-row-id"] = JSONValue(nextRowID) }
        if !encryptionKeys.isEmpty { object["encryption-keys"] = .array(encryptionKeys.map(\.json)) }
        var refs = JSONObject()
        for (name, ref) in self.refs.sorted(by: { $0.key < $1.key }) { refs[name] = ref.json }
        object["refs"] = .object(refs)
        return object
    }

    var membersBetweenLists: JSONObject {
        [
            "statistics": .array(statistics.map(\.json)),
            "partition-statistics": .array(partitionStatistics.map(\.json)),
        ]
    }

    var membersAfterLog: JSONObject {
        var object: JSONObject = ["metadata-log": .array(metadataLog.map(\.json))]
        object.merge(extras)
        return object
    }

    private func writeStructure(to object: inout JSONObject) {
        if formatVersion == 1 {
            object["schema"] = currentSchema.json
            object["partition-spec"] = .array(defaultSpec.fields.map(\.json))
        }
        object["current-schema-id"] = JSONValue(currentSchemaID)
        object["schemas"] = .array(schemas.map(\.json))
        object["default-spec-id"] = JSONValue(defaultSpecID)
        object["partition-specs"] = .array(specs.map(\.json))
        object["last-partition-id"] = JSONValue(lastPartitionID)
        object["default-sort-order-id"] = JSONValue(defaultSortOrderID)
        object["sort-orders"] = .array(sortOrders.map(\.json))
    }
}
