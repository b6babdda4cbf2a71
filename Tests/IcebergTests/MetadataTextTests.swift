import Effects
import Iceberg
import JSONText
import Testing

@Suite("MetadataText")
struct MetadataTextTests {
    /// Takes snapshots away, adds some, changes one where it stands, moves one, forgets all, raises the version.
    private static func change(_ table: inout TableMetadata, _ number: Int64, _ random: inout SeededGenerator)
    {
        func place() -> Int { Int.random(in: 0..<table.snapshots.count, using: &random) }
        switch Int.random(in: 0..<10, using: &random) {
        case 0 where !table.snapshots.isEmpty: table.snapshots.remove(at: place())
        case 1 where !table.snapshots.isEmpty: table.snapshots[place()].summary["note"] = "\"\\\u{1}\(number)"
        case 2 where !table.snapshots.isEmpty:
            let moved = table.snapshots.remove(at: place())
            table.snapshots.append(moved)
        case 3 where number % 7 == 0: table.snapshots = []
        case 4: table.formatVersion = Int.random(in: 1...3, using: &random)
        case 5: table.extras["x-\(number % 3)"] = .array([.integer(number), "é"])
        case 6: table.snapshots.removeFirst(min(3, table.snapshots.count))
        default:
            for step in 0..<Int64.random(in: 1...4, using: &random) {
                let id = number * 10 + step
                table.snapshots.append(Samples.snapshot(id, parent: id - 1, sequence: id, at: id * 1000))
                table.snapshotLog.append(SnapshotLogEntry(snapshotID: id, timestampMilliseconds: id * 1000))
            }
        }
    }

    @Test("the text made out of the one before is the text of the document", arguments: 0..<40)
    func sameAsDocument(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var table = try Samples.table(properties: ["a": "b"])
        var text = MetadataText(table)
        #expect(text.bytes == table.json.serialized())
        for number in 1...Int64(60) {
            Self.change(&table, number, &random)
            text = MetadataText(table, after: text)
            #expect(text.bytes == table.json.serialized(), "seed \(seed), change \(number)")
        }
    }

    @Test("metadata of other implementations has the same text both ways")
    func foreign() throws {
        let table = try TableMetadata(json: Samples.json("everything/metadata.json"))
        let text = MetadataText(table)
        #expect(text.bytes == table.json.serialized())
        #expect(MetadataText(table, after: text).bytes == text.bytes)
    }
}
