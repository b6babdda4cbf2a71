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
