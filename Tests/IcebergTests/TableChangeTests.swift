import Columnar
import Effects
import Iceberg
import JSONText
import Testing

@Suite("TableChange")
struct TableChangeTests {
    private let later = Instant(microseconds: Samples.now.microseconds + 5_000_000)

    private func fails(_ code: IcebergError.Code, _ body: () throws -> Void) {
        #expect(performing: body, throws: { ($0 as? IcebergError)?.code == code })
    }

    @Test("an append moves main, the sequence number, the logs and the clock")
    func appends() throws {
        let table = try Samples.table()
        let snapshot = Samples.snapshot(11, parent: nil, sequence: 1, at: later.milliseconds)
        let next = try table.applying(
            [.addSnapshot(snapshot), .setSnapshotRef(name: "main", SnapshotRef(snapshotID: 11))], at: later,
            previousFile: "s3://lake/web/clicks/metadata/0.json")
        #expect(next.currentSnapshot == snapshot && next.lastSequenceNumber == 1)
        #expect(
            next.snapshotLog == [SnapshotLogEntry(snapshotID: 11, timestampMilliseconds: later.milliseconds)])
        #expect(next.metadataLog.map(\.metadataFile) == ["s3://lake/web/clicks/metadata/0.json"])
        #expect(next.lastUpdatedMilliseconds == later.milliseconds)
        #expect(try TableMetadata(json: next.json) == next)
    }

    @Test("a snapshot numbered before another one is a conflict, one that exists is a bad update")
    func refusesStaleSnapshots() throws {
        let table = try Samples.table().applying(
            [.addSnapshot(Samples.snapshot(1, parent: nil, sequence: 1, at: 0))], at: later, previousFile: nil
        )
        fails(.staleSequenceNumber) {
            _ = try table.applying(
                [.addSnapshot(Samples.snapshot(2, parent: 1, sequence: 1, at: 0))], at: later,
                previousFile: nil)
        }
        fails(.invalidUpdate) {
            _ = try table.applying(
                [.addSnapshot(Samples.snapshot(1, parent: 1, sequence: 2, at: 0))], at: later,
                previousFile: nil)
        }
    }

    @Test("a snapshot without a manifest list is refused, whatever the version", arguments: [1, 2, 3])
    func refusesBareSnapshots(version: Int) throws {
        var table = try Samples.table()
        table.formatVersion = version
        var snapshot = Samples.snapshot(1, parent: nil, sequence: 1, at: 0)
        (snapshot.manifestList, snapshot.manifests) = (nil, ["s3://lake/web/clicks/metadata/m.avro"])
        (snapshot.firstRowID, snapshot.addedRows) = (0, 0)
        fails(.invalidUpdate) {
            _ = try table.applying([.addSnapshot(snapshot)], at: later, previousFile: nil)
        }
        table.snapshots = [snapshot]
        #expect(try TableMetadata(json: table.json).snapshots[0].manifests == snapshot.manifests)
    }

    @Test("no commit takes the numbers that all later ones need")
    func refusesSteps() throws {
        let table = try Samples.table()
        for sequence in [Int64.max, 1 << 41] {
            fails(.invalidUpdate) {
                _ = try table.applying(
                    [.addSnapshot(Samples.snapshot(1, parent: nil, sequence: sequence, at: 0))], at: later,
                    previousFile: nil)
            }
        }
        var third = table
        third.formatVersion = 3
        for (first, added) in [(Int64.max - 1, Int64(1)), (0, .max), (.max, 1)] {
            var snapshot = Samples.snapshot(1, parent: nil, sequence: 1, at: 0)
            (snapshot.firstRowID, snapshot.addedRows) = (first, added)
            fails(.invalidUpdate) {
                _ = try third.applying([.addSnapshot(snapshot)], at: later, previousFile: nil)
            }
        }
    }

    @Test("timestamps never go back, whatever the clock says")
    func clampsTime() throws {
        let early = Instant(microseconds: 1_000_000)
        let next = try Samples.table().applying(
            [.addSnapshot(Samples.snapshot(1, parent: nil, sequence: 1, at: 1))], at: early, previousFile: nil
        )
        #expect(next.lastUpdatedMilliseconds == Samples.now.milliseconds)
        #expect(next.snapshots[0].timestampMilliseconds == Samples.now.milliseconds)
    }

    @Test("-1 means the one added last")
    func resolvesLastAdded() throws {
        var schema = try Samples.table().currentSchema
        schema.fields.append(Field(id: 8, "added", .int))
        let spec = PartitionSpec(fields: [
            PartitionField(sourceID: 1, name: "id_bucket", transform: .bucket(8))
        ])
        let next = try Samples.table().applying(
            [
                .addSchema(schema, lastColumnID: nil), .setCurrentSchema(-1), .addSpec(spec),
                .setDefaultSpec(-1),
                .addSortOrder(SortOrder(orderID: 0, fields: [])), .setDefaultSortOrder(-1),
            ], at: later, previousFile: nil)
        #expect(next.currentSchemaID == 1 && next.lastColumnID == 8)
        #expect(
            next.defaultSpecID == 1 && next.defaultSpec.fields[0].fieldID == 1001
                && next.lastPartitionID == 1001)
        #expect(next.defaultSortOrderID == 0)
        fails(.invalidUpdate) {
            _ = try next.applying([.setCurrentSchema(-1)], at: later, previousFile: nil)
        }
    }

    @Test("adding what is there gives its id back")
    func reusesEqualParts() throws {
        let table = try Samples.table()
        let next = try table.applying(
            [
                .addSchema(table.currentSchema, lastColumnID: nil), .setCurrentSchema(-1),
                .addSpec(table.defaultSpec),
            ],
            at: later, previousFile: nil)
        #expect(next.schemas.count == 1 && next.specs.count == 1)
    }

    @Test("a partition field that comes back keeps its id")
    func reusesPartitionFieldIDs() throws {
        let spec = PartitionSpec(fields: [
            PartitionField(sourceID: 1, name: "b", transform: .bucket(2)),
            PartitionField(sourceID: 2, name: "ts_day", transform: .day),
        ])
        let next = try Samples.table().applying([.addSpec(spec)], at: later, previousFile: nil)
        #expect(next.specs[1].fields.map(\.fieldID) == [1001, 1000])
    }

    @Test("a partition field's id is not used for something else")
    func refusesClaimedPartitionIDs() throws {
        func add(_ source: Int, _ transform: Transform) throws {
            let field = PartitionField(sourceID: source, fieldID: 1000, name: "p", transform: transform)
            _ = try Samples.table().applying(
                [.addSpec(PartitionSpec(fields: [field]))], at: later, previousFile: nil)
        }
        fails(.invalidPartitionSpec) { try add(1, .bucket(4)) }
        fails(.invalidPartitionSpec) { try add(2, .month) }
        try add(2, .day)
        try add(2, .void)
    }

    @Test("removing a snapshot takes its references, statistics and the history before it")
    func removesSnapshots() throws {
        var table = try Samples.table()
        for number in 1...3 {
            let id = Int64(number)
            table = try table.applying(
                [
                    .addSnapshot(Samples.snapshot(id, parent: id == 1 ? nil : id - 1, sequence: id, at: 0)),
                    .setSnapshotRef(name: "main", SnapshotRef(snapshotID: id)),
                    .setSnapshotRef(name: "t\(id)", SnapshotRef(snapshotID: id, kind: .tag)),
                ], at: later, previousFile: nil)
        }
        let next = try table.applying([.removeSnapshots([2])], at: later, previousFile: nil)
        #expect(next.snapshots.map(\.snapshotID) == [1, 3])
        #expect(next.refs.keys.sorted() == ["main", "t1", "t3"])
        #expect(next.snapshotLog.map(\.snapshotID) == [3])
        let empty = try next.applying([.removeSnapshotRef("main")], at: later, previousFile: nil)
        #expect(empty.currentSnapshot == nil && empty.snapshotLog.isEmpty)
    }

    @Test("what is in use stays")
    func refusesContradictions() throws {
        let table = try Samples.table()
        let bad: [(TableUpdate, IcebergError.Code)] = [
            (.removeSchemas([0]), .invalidUpdate), (.removePartitionSpecs([0]), .invalidUpdate),
            (.assignUUID("00000000-0000-0000-0000-000000000001"), .invalidUpdate),
            (.assignUUID("x"), .malformed),
            (.upgradeFormatVersion(1), .invalidUpdate), (.upgradeFormatVersion(4), .unsupportedVersion),
            (.setCurrentSchema(5), .unknownSchema), (.setDefaultSpec(5), .unknownPartitionSpec),
            (.setDefaultSortOrder(5), .unknownSortOrder),
            (.setLocation("s3://lake/a/../b"), .invalidLocation),
            (.setSnapshotRef(name: "main", SnapshotRef(snapshotID: 9)), .unknownSnapshot),
            (.addSchema(table.currentSchema, lastColumnID: 1), .invalidUpdate),
        ]
        for (update, code) in bad {
            fails(code) { _ = try table.applying([update], at: later, previousFile: nil) }
        }
    }

    @Test("a date that partitions files by its value stays one, unless the table is replaced")
    func keepsPartitions() throws {
        var table = try NewTable(
            schema: IcebergSchema(fields: [Field(id: 1, "d", .date)]),
            spec: PartitionSpec(fields: [PartitionField(sourceID: 1, name: "d", transform: .identity)]),
            location: "s3://lake/web/t", properties: ["format-version": "3"]
        ).metadata(uuid: Samples.uuid, at: later)
        var snapshot = Samples.snapshot(1, parent: nil, sequence: 1, at: 0)
        (snapshot.firstRowID, snapshot.addedRows) = (0, 1)
        table = try table.applying(
            [.addSnapshot(snapshot), .setSnapshotRef(name: "main", SnapshotRef(snapshotID: 1))], at: later,
            previousFile: nil)
        var schema = table.currentSchema
        schema.fields[0].type = .timestamp
        let promotion: [TableUpdate] = [.addSchema(schema, lastColumnID: nil), .setCurrentSchema(-1)]
        fails(.invalidUpdate) { _ = try table.applying(promotion, at: later, previousFile: nil) }
        let replaced = try table.applying(
            [.removeSnapshotRef("main")] + promotion, at: later, previousFile: nil)
        #expect(replaced.currentSchema.fields[0].type == .timestamp)
    }

    @Test("version 3 hands out row ids and refuses snapshots that took them twice")
    func countsRowIDs() throws {
        var snapshot = Samples.snapshot(1, parent: nil, sequence: 1, at: 0)
        let table = try Samples.table().applying([.upgradeFormatVersion(3)], at: later, previousFile: nil)
        fails(.invalidUpdate) {
            _ = try table.applying([.addSnapshot(snapshot)], at: later, previousFile: nil)
        }
        snapshot.firstRowID = 0
        snapshot.addedRows = 10
        let next = try table.applying([.addSnapshot(snapshot)], at: later, previousFile: nil)
        #expect(next.nextRowID == 10)
        snapshot.snapshotID = 2
        snapshot.sequenceNumber = 2
        fails(.staleSequenceNumber) {
            _ = try next.applying([.addSnapshot(snapshot)], at: later, previousFile: nil)
        }
    }

    @Test("a create transaction builds a whole table out of updates")
    func createsFromUpdates() throws {
        let staged = try Samples.table()
        var change = TableChange(creating: Samples.uuid, at: later)
        let updates: [TableUpdate] = [
            .assignUUID(staged.uuid.description), .upgradeFormatVersion(2),
            .addSchema(staged.currentSchema, lastColumnID: 7), .setCurrentSchema(-1),
            .addSpec(staged.defaultSpec),
            .setDefaultSpec(-1), .addSortOrder(staged.defaultSortOrder), .setDefaultSortOrder(-1),
            .setLocation(staged.location), .setProperties(["a": "b"]),
            .addSnapshot(Samples.snapshot(1, parent: nil, sequence: 1, at: later.milliseconds)),
            .setSnapshotRef(name: "main", SnapshotRef(snapshotID: 1)),
        ]
        for update in updates { try change.apply(TableUpdate(json: update.json)) }
        let table = try change.finish(previousFile: nil)
        #expect(table.currentSchema == staged.currentSchema && table.defaultSpec == staged.defaultSpec)
        #expect(
            table.lastPartitionID == 1000 && table.currentSnapshotID == 1 && table.properties == ["a": "b"])
    }

    @Test("the metadata log keeps as many files as the table asks for")
    func boundsMetadataLog() throws {
        var table = try Samples.table(properties: ["write.metadata.previous-versions-max": "2"])
        for number in 0..<5 { table = try table.applying([], at: later, previousFile: "f\(number)") }
        #expect(table.metadataLog.map(\.metadataFile) == ["f3", "f4"])
    }
}

@Suite("TableUpdate and TableRequirement")
struct TableUpdateJSONTests {
    static let updates: [JSONValue] = [
        ["action": "assign-uuid", "uuid": "01890a5d-ac96-774b-bcce-b302099a8057"],
        ["action": "upgrade-format-version", "format-version": 2],
        [
            "action": "add-schema", "schema": ["type": "struct", "schema-id": 0, "fields": []],
            "last-column-id": 3,
        ],
        ["action": "set-current-schema", "schema-id": -1],
        ["action": "add-spec", "spec": ["spec-id": 0, "fields": []]],
        ["action": "set-default-spec", "spec-id": -1],
        ["action": "add-sort-order", "sort-order": ["order-id": 0, "fields": []]],
        ["action": "set-default-sort-order", "sort-order-id": -1],
        [
            "action": "add-snapshot",
            "snapshot": [
                "snapshot-id": 1, "sequence-number": 1, "timestamp-ms": 1, "manifest-list": "s3://a/b",
                "summary": ["operation": "append", "x": "y"], "schema-id": 0,
            ],
        ],
        [
            "action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": 1,
            "max-ref-age-ms": 5,
        ],
        ["action": "remove-snapshots", "snapshot-ids": [1, 2]],
        ["action": "remove-snapshot-ref", "ref-name": "b"],
        ["action": "set-location", "location": "s3://a/b"],
        ["action": "set-properties", "updates": ["a": "b"]],
        ["action": "remove-properties", "removals": ["a"]],
        [
            "action": "set-statistics", "snapshot-id": 1,
            "statistics": [
                "snapshot-id": 1, "statistics-path": "s3://a/s", "file-size-in-bytes": 1,
                "file-footer-size-in-bytes": 1,
                "blob-metadata": [],
            ],
        ],
        ["action": "remove-statistics", "snapshot-id": 1],
        [
            "action": "set-partition-statistics",
            "partition-statistics": [
                "snapshot-id": 1, "statistics-path": "s3://a/s", "file-size-in-bytes": 1,
            ],
        ],
        ["action": "remove-partition-statistics", "snapshot-id": 1],
        ["action": "remove-partition-specs", "spec-ids": [1]],
        ["action": "remove-schemas", "schema-ids": [1]],
        [
            "action": "add-encryption-key",
            "encryption-key": ["key-id": "k", "encrypted-key-metadata": "YQ=="],
        ],
        ["action": "remove-encryption-key", "key-id": "k"],
    ]

    @Test("all 23 updates read and write the wire form") func updatesRoundTrip() throws {
        #expect(Self.updates.count == 23)
        for json in Self.updates { #expect(try TableUpdate(json: json).json == json) }
    }

    @Test("an update without one of its members is refused") func refusesIncompleteUpdates() throws {
        for json in Self.updates {
            let object = try #require(json.object)
            for name in object.names where !["last-column-id", "max-ref-age-ms"].contains(name) {
                if json["action"] == "set-statistics", name == "snapshot-id" { continue }
                var less = object
                less[name] = nil
                #expect(throws: IcebergError.self, "\(json) without \(name)") {
                    try TableUpdate(json: .object(less))
                }
            }
        }
    }

    @Test("updates and requirements nobody specified are refused with their own codes") func refusesUnknown()
    {
        #expect(
            performing: { try TableUpdate(json: ["action": "drop-everything"]) },
            throws: {
                ($0 as? IcebergError)?.code == .unknownUpdate
            })
        #expect(
            performing: { try TableRequirement(json: ["type": "assert-nothing"]) },
            throws: {
                ($0 as? IcebergError)?.code == .unknownRequirement
            })
    }

    @Test("the 8 requirements hold on the table they describe and fail on another") func checksRequirements()
        throws
    {
        let table = try Samples.table()
        let good: [JSONValue] = [
            ["type": "assert-table-uuid", "uuid": .string(table.uuid.description)],
            ["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": nil],
            ["type": "assert-last-assigned-field-id", "last-assigned-field-id": 7],
            ["type": "assert-current-schema-id", "current-schema-id": 0],
            ["type": "assert-last-assigned-partition-id", "last-assigned-partition-id": 1000],
            ["type": "assert-default-spec-id", "default-spec-id": 0],
            ["type": "assert-default-sort-order-id", "default-sort-order-id": 1],
        ]
        let bad: [JSONValue] = [
            ["type": "assert-create"], ["type": "assert-table-uuid", "uuid": "x"],
            ["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 4],
            ["type": "assert-last-assigned-field-id", "last-assigned-field-id": 8],
            ["type": "assert-current-schema-id", "current-schema-id": 1],
            ["type": "assert-last-assigned-partition-id", "last-assigned-partition-id": 1],
            ["type": "assert-default-spec-id", "default-spec-id": 1],
            ["type": "assert-default-sort-order-id", "default-sort-order-id": 0],
        ]
        for json in good {
            let requirement = try TableRequirement(json: json)
            #expect(requirement.json == json)
            try requirement.check(against: table)
            // A table that is not there has no references, as one that asks for none expects.
            if case .refSnapshotID(_, nil) = requirement {
                try requirement.check(against: nil)
            } else {
                #expect(throws: IcebergError.self) { try requirement.check(against: nil) }
            }
        }
        for json in bad {
            let requirement = try TableRequirement(json: json)
            #expect(
                performing: { try requirement.check(against: table) },
                throws: {
                    ($0 as? IcebergError)?.code == .requirementFailed
                })
        }
        try TableRequirement.create.check(against: nil)
    }
}
