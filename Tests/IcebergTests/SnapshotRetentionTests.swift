import Effects
import Iceberg
import JSONText
import Testing

@Suite("SnapshotRetention")
struct SnapshotRetentionTests {
    private static let day: Int64 = 24 * 3600 * 1000

    /// A chain of snapshots 1…count on main, a minute apart, the last one at `now`.
    private static func table(
        _ count: Int64, properties: [String: String] = [:], every: Int64 = 60_000
    ) throws -> TableMetadata {
        var metadata = try NewTable(
            schema: IcebergSchema(fields: []), location: "s3://lake/t", properties: properties
        ).metadata(uuid: UniqueID(high: 1, low: 2), at: Instant(microseconds: 0))
        for id in stride(from: 1, through: count, by: 1) {
            metadata.snapshots.append(
                Snapshot(
                    snapshotID: id, parentID: id > 1 ? id - 1 : nil, sequenceNumber: id,
                    timestampMilliseconds: now - (count - id) * every,
                    manifestList: "s3://lake/t/metadata/\(id).avro"))
        }
        metadata.lastUpdatedMilliseconds = now
        metadata.lastSequenceNumber = count
        metadata.currentSnapshotID = count
        metadata.refs = ["main": SnapshotRef(snapshotID: count)]
        return metadata
    }
    private static let now: Int64 = 1_700_000_000_000

    private func kept(_ metadata: TableMetadata) throws -> [Int64] {
        try metadata.applying(
            [], at: Instant(microseconds: Self.now * 1000), previousFile: nil, expiring: true
        ).snapshots.map(\.snapshotID)
    }

    @Test("by default the newest thousand stay, and a hundred however old")
    func defaults() throws {
        #expect(try kept(Self.table(1500)) == Array(501...1500))
        #expect(try kept(Self.table(150, every: Self.day)) == Array(51...150))
        #expect(try kept(Self.table(7)) == Array(1...7))
    }

    @Test("the table's properties decide, and an age that is set lifts the count")
    func properties() throws {
        let age = "history.expire.max-snapshot-age-ms"
        let least = "history.expire.min-snapshots-to-keep"
        #expect(try kept(Self.table(30, properties: [age: "300000", least: "2"])) == Array(25...30))
        #expect(try kept(Self.table(30, properties: [age: "1", least: "4"])) == Array(27...30))
        #expect(try kept(Self.table(1200, properties: [age: "\(9 * Self.day)"])).count == 1200)
        let most = ["firn.history.max-snapshots": "5", least: "3"]
        #expect(try kept(Self.table(30, properties: most)) == Array(26...30))
        for word in ["false", "False", "no", "0", ""] {
            #expect(try kept(Self.table(1500, properties: ["gc.enabled": word])).count == 1500)
        }
        #expect(try kept(Self.table(1500, properties: ["gc.enabled": "TRUE"])).count == 1000)
        #expect(try kept(Self.table(150, properties: [least: "many", age: "-1"])).count == 150)
    }

    @Test("tags and other branches keep theirs, until the reference itself is too old")
    func references() throws {
        var metadata = try Self.table(1500)
        metadata.refs["release"] = SnapshotRef(snapshotID: 3, kind: .tag)
        metadata.refs["work"] = SnapshotRef(snapshotID: 20)
        #expect(try kept(metadata) == Array(1...20) + Array(501...1500))
        metadata.refs["release"]?.maximumRefAgeMilliseconds = 60_000
        metadata.refs["work"]?.minimumSnapshotsToKeep = 1
        metadata.refs["work"]?.maximumSnapshotAgeMilliseconds = 1
        let result = try metadata.applying(
            [], at: Instant(microseconds: Self.now * 1000), previousFile: nil, expiring: true)
        #expect(result.snapshots.map(\.snapshotID) == [20] + Array(501...1500))
        #expect(Set(result.refs.keys) == ["main", "work"])
    }

    @Test("what no branch leads to stays until it is too old; parents in a circle end nothing")
    func loose() throws {
        var metadata = try Self.table(10)
        metadata.snapshots.append(
            Snapshot(
                snapshotID: 50, parentID: 4, sequenceNumber: 1, timestampMilliseconds: Self.now - 60_000,
                manifestList: "s3://lake/t/metadata/50.avro"))
        metadata.snapshots.append(
            Snapshot(
                snapshotID: 51, parentID: 4, sequenceNumber: 1,
                timestampMilliseconds: Self.now - 6 * Self.day, manifestList: "s3://lake/t/metadata/51.avro"))
        #expect(try kept(metadata) == Array(1...10) + [50])
        metadata.snapshots[0].parentID = 10
        #expect(try kept(metadata) == Array(1...10) + [50])
    }

    @Test("5,000 commits of a pipeline, ten seconds apart, keep the metadata small")
    func staysSmall() throws {
        var metadata = try Self.table(0, properties: ["firn.history.max-snapshots": "200"])
        metadata.currentSnapshotID = nil
        metadata.refs = [:]
        var largest = 0
        for id in 1...5000 as ClosedRange<Int64> {
            var snapshot = Snapshot(
                snapshotID: id, parentID: metadata.currentSnapshotID, sequenceNumber: id,
                timestampMilliseconds: Self.now + id * 10_000, manifestList: "s3://lake/t/metadata/\(id).avro"
            )
            snapshot.summary = [
                "operation": "append", "added-records": "1000", "total-records": "\(id * 1000)",
            ]
            metadata = try metadata.applying(
                [.addSnapshot(snapshot), .setSnapshotRef(name: "main", SnapshotRef(snapshotID: id))],
                at: Instant(microseconds: (Self.now + id * 10_000) * 1000),
                previousFile: "s3://lake/t/metadata/\(id).metadata.json", expiring: true)
            if id % 500 == 0 { largest = max(largest, metadata.json.serialized().count) }
        }
        #expect(metadata.snapshots.count == 200 && metadata.snapshotLog.count == 200)
        #expect(metadata.snapshots.first?.snapshotID == 4801 && metadata.metadataLog.count == 100)
        #expect(largest < 100_000)
    }
}
