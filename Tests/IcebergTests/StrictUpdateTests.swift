import Columnar
import Effects
import Iceberg
import JSONText
import Testing

/// What a commit may bring, beyond what is read of tables that have it already.
@Suite("Updates that would leave a table others cannot read")
struct StrictUpdateTests {
    private let now = Samples.now.milliseconds

    private func refused(_ table: TableMetadata, _ updates: [TableUpdate], _ code: IcebergError.Code) {
        #expect(
            performing: { try table.applying(updates, at: Samples.now, previousFile: nil) },
            throws: { ($0 as? IcebergError)?.code == code })
    }

    @Test("one snapshot from the future makes none before it old")
    func agesGoByTheClock() throws {
        var table = try Samples.table(properties: [
            "firn.history.max-snapshots": "500", "history.expire.min-snapshots-to-keep": "1",
        ])
        for id in 1...5 as ClosedRange<Int64> {
            table = try table.applying(
                [
                    .addSnapshot(Samples.snapshot(id, parent: id == 1 ? nil : id - 1, sequence: id, at: now)),
                    .setSnapshotRef(name: "main", SnapshotRef(snapshotID: id)),
                ], at: Samples.now, previousFile: nil)
        }
        // As a table has it that was registered, or written by an earlier version.
        table.lastUpdatedMilliseconds = now + 20 * 365 * 86_400_000
        let next = try table.applying(
            [
                .addSnapshot(Samples.snapshot(6, parent: 5, sequence: 6, at: now)),
                .setSnapshotRef(name: "main", SnapshotRef(snapshotID: 6)),
            ], at: Samples.now, previousFile: nil, expiring: true)
        #expect(next.snapshots.count == 6)
    }

    @Test("a snapshot descends neither from itself nor from one that descends from it")
    func circles() throws {
        let table = try Samples.table()
        refused(table, [.addSnapshot(Samples.snapshot(1, parent: 1, sequence: 1, at: now))], .invalidUpdate)
        let first = Samples.snapshot(5, parent: 6, sequence: 1, at: now)
        let second = Samples.snapshot(6, parent: 5, sequence: 2, at: now)
        refused(table, [.addSnapshot(first), .addSnapshot(second)], .invalidUpdate)
        // A parent that expired is no reason.
        _ = try table.applying([.addSnapshot(first)], at: Samples.now, previousFile: nil)
    }

    @Test("whether thousands of snapshots make a circle is told in one walk", .timeLimit(.minutes(1)))
    func longCircle() throws {
        let count: Int64 = 50_000
        var table = try Samples.table()
        // Each came before its parent, the last one has none.
        let chain = (1...count).map { id in
            TableUpdate.addSnapshot(
                Samples.snapshot(id, parent: id < count ? id + 1 : nil, sequence: id, at: now))
        }
        table = try table.applying(chain, at: Samples.now, previousFile: nil)
        #expect(table.snapshots.count == Int(count))
        guard case .addSnapshot(var last)? = chain.last else { return }
        last.parentID = 7
        refused(try Samples.table(), chain.dropLast() + [.addSnapshot(last)], .invalidUpdate)
        // What somebody else's table has already is carried.
        table.snapshots[Int(count) - 1].parentID = 7
        let next = Samples.snapshot(count + 2, parent: count + 1, sequence: count + 1, at: now)
        let parent = Samples.snapshot(count + 1, parent: 7, sequence: count + 2, at: now)
        _ = try table.applying(
            [.addSnapshot(next), .addSnapshot(parent)], at: Samples.now, previousFile: nil)
    }

    @Test("thousands of snapshots may be removed one by one", .timeLimit(.minutes(1)))
    func longRemoval() throws {
        let count: Int64 = 50_000
        var table = try Samples.table()
        table.snapshots = (1...count).map { Samples.snapshot($0, parent: nil, sequence: $0, at: now) }
        table.lastSequenceNumber = count
        for id in 1...count {
            table.refs["tag\(id)"] = SnapshotRef(snapshotID: id, kind: .tag)
        }
        let removals = (1..<count).flatMap { id in
            [TableUpdate.removeSnapshots([id]), .removeStatistics(snapshotID: id)]
        }
        table = try table.applying(removals, at: Samples.now, previousFile: nil)
        #expect(table.snapshots.map(\.snapshotID) == [count] && table.refs.count == 1)
    }

    @Test("a snapshot that is removed is gone for the updates behind it, and may come again")
    func removedAndBack() throws {
        let first = Samples.snapshot(1, parent: nil, sequence: 1, at: now)
        let second = Samples.snapshot(2, parent: 1, sequence: 2, at: now)
        let table = try Samples.table().applying(
            [
                .addSnapshot(first), .addSnapshot(second),
                .setSnapshotRef(name: "main", SnapshotRef(snapshotID: 2)),
                .setSnapshotRef(name: "old", SnapshotRef(snapshotID: 1, kind: .tag)),
            ], at: Samples.now, previousFile: nil)
        refused(
            table, [.removeSnapshots([1]), .setSnapshotRef(name: "b", SnapshotRef(snapshotID: 1))],
            .unknownSnapshot)
        var again = first
        again.sequenceNumber = 3
        let back = try table.applying(
            [.removeSnapshots([1]), .addSnapshot(again)], at: Samples.now, previousFile: nil)
        #expect(back.snapshots.map(\.sequenceNumber) == [2, 3] && back.refs["old"] == nil)
        let empty = try table.applying([.removeSnapshots([2])], at: Samples.now, previousFile: nil)
        #expect(empty.currentSnapshotID == nil && empty.snapshotLog.isEmpty && empty.refs.count == 1)
        let moved = try table.applying(
            [.removeSnapshots([2]), .setSnapshotRef(name: "main", SnapshotRef(snapshotID: 1))],
            at: Samples.now, previousFile: nil)
        #expect(moved.currentSnapshotID == 1 && moved.snapshotLog.map(\.snapshotID) == [1])
    }

    @Test(
        "a partition or order by what has none, of a table somebody else made, stands in no other change's way"
    )
    func oldFlaws() throws {
        let spec: JSONValue = [
            "spec-id": 0,
            "fields": [
                ["source-id": 1, "field-id": 1000, "name": "p", "transform": "identity"],
                ["source-id": 2, "field-id": 1001, "name": "q", "transform": "identity"],
            ],
        ]
        let order: JSONValue = [
            "order-id": 1,
            "fields": [
                [
                    "source-id": 1, "transform": "identity", "direction": "asc",
                    "null-order": "nulls-first",
                ]
            ],
        ]
        let schema = try IcebergSchema(json: [
            "type": "struct", "schema-id": 0,
            "fields": [
                ["id": 1, "name": "v", "required": false, "type": "variant"],
                ["id": 2, "name": "n", "required": false, "type": "long"],
            ],
        ])
        var table = try Samples.table(properties: ["format-version": "3"])
        (table.schemas, table.lastColumnID) = ([schema], 2)
        table.specs = [try PartitionSpec(json: spec)]
        (table.sortOrders, table.defaultSortOrderID) = ([try SortOrder(json: order)], 1)
        table = try TableMetadata(json: table.json)
        _ = try table.applying([.setProperties(["a": "b"])], at: Samples.now, previousFile: nil)
        // What was sound stays so, and what is new is held to all rules.
        let without = try IcebergSchema(json: [
            "type": "struct",
            "fields": [["id": 1, "name": "v", "required": false, "type": "variant"]],
        ])
        refused(
            table, [.addSchema(without, lastColumnID: nil), .setCurrentSchema(-1)], .invalidPartitionSpec)
        refused(
            table,
            [.addSpec(PartitionSpec(fields: [PartitionField(sourceID: 1, name: "w", transform: .identity)]))],
            .invalidPartitionSpec)
        let healed = try table.applying(
            [
                .addSpec(
                    PartitionSpec(fields: [PartitionField(sourceID: 2, name: "m", transform: .identity)])),
                .setDefaultSpec(-1),
            ], at: Samples.now, previousFile: nil)
        #expect(healed.defaultSpecID == 1)
    }

    @Test("a snapshot's schema is one of the table's")
    func schema() throws {
        var snapshot = Samples.snapshot(1, parent: nil, sequence: 1, at: now)
        snapshot.schemaID = 77
        refused(try Samples.table(), [.addSnapshot(snapshot)], .unknownSchema)
    }

    private func snapshot(_ changes: JSONObject) -> JSONValue {
        var members: JSONObject = [
            "snapshot-id": 5, "sequence-number": 1, "timestamp-ms": 1, "manifest-list": "s3://lake/t/l.avro",
            "summary": ["operation": "append"],
        ]
        for change in changes.members { members[change.name] = change.value }
        return ["action": "add-snapshot", "snapshot": .object(members)]
    }

    @Test("a snapshot that comes has an id and an operation there is")
    func form() throws {
        _ = try TableUpdate(json: snapshot([:]))
        let wrong: [JSONObject] = [
            ["summary": ["operation": "bogus"]], ["summary": ["operation": 5]], ["summary": [:]],
            ["summary": nil], ["snapshot-id": 0], ["snapshot-id": -1],
        ]
        for changes in wrong {
            #expect(throws: IcebergError.self, "\(JSONValue.object(changes))") {
                try TableUpdate(json: snapshot(changes))
            }
        }
    }

    @Test("statistics that come have all that readers ask for")
    func statistics() throws {
        let blob: JSONObject = [
            "type": "apache-datasketches-theta-v1", "snapshot-id": 5, "sequence-number": 1, "fields": [1],
            "properties": ["ndv": "3"],
        ]
        let file: JSONObject = [
            "snapshot-id": 5, "statistics-path": "s3://lake/t/s.puffin", "file-size-in-bytes": 10,
            "file-footer-size-in-bytes": 5, "blob-metadata": [.object(blob)],
        ]
        func update(_ file: JSONObject) throws -> TableUpdate {
            try TableUpdate(json: ["action": "set-statistics", "statistics": .object(file)])
        }
        _ = try update(file)
        for name in ["file-footer-size-in-bytes", "blob-metadata", "snapshot-id"] {
            var less = file
            less[name] = nil
            #expect(throws: IcebergError.self, "\(name)") { try update(less) }
        }
        for (name, value) in [
            ("type", nil), ("snapshot-id", nil), ("sequence-number", nil), ("fields", nil), ("fields", ["a"]),
            ("properties", ["ndv": 3]),
        ] as [(String, JSONValue?)] {
            var other = blob
            other[name] = value
            var all = file
            all["blob-metadata"] = [.object(other)]
            #expect(throws: IcebergError.self, "\(name)") { try update(all) }
        }
    }

    @Test("a column with values keeps its type or is promoted, unless the table is replaced")
    func types() throws {
        func schema(_ type: DataType) -> IcebergSchema {
            IcebergSchema(fields: [Field(id: 1, "a", type), Field(id: 2, "b", .string)])
        }
        let table = try NewTable(
            schema: schema(.int), spec: .unpartitioned, order: .unsorted, location: "s3://lake/t",
            properties: [:]
        ).metadata(uuid: UniqueID(high: 1, low: 2), at: Samples.now)
        let change = { (type: DataType) -> [TableUpdate] in
            [.addSchema(schema(type), lastColumnID: nil), .setCurrentSchema(-1)]
        }
        // Nothing is in it yet.
        _ = try table.applying(change(.string), at: Samples.now, previousFile: nil)
        let filled = try table.applying(
            [
                .addSnapshot(Samples.snapshot(1, parent: nil, sequence: 1, at: now)),
                .setSnapshotRef(name: "main", SnapshotRef(snapshotID: 1)),
            ], at: Samples.now, previousFile: nil)
        _ = try filled.applying(change(.long), at: Samples.now, previousFile: nil)
        refused(filled, change(.string), .invalidUpdate)
        refused(filled, change(.float), .invalidUpdate)
        refused(filled, change(.list(Field(id: 3, "element", .int))), .invalidUpdate)
        _ = try filled.applying(
            [.removeSnapshotRef("main")] + change(.string), at: Samples.now, previousFile: nil)
    }
}
