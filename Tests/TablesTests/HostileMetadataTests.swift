import Blobs
import Columnar
import Effects
import Iceberg
import JSONText
import Tables
import TestKit
import Testing

@Suite("Hostile metadata")
struct HostileMetadataTests {
    private static let poison: [JSONValue] = [
        nil, -1, 0, .integer(.max), .integer(.min), 2_147_483_647, 2_147_483_648, "", "x", "s3://lake/../x",
        [], [:],
        true, .number("1e400"), [nil], ["a": nil], "decimal(38, 38)", "fixed[2147483647]",
        "bucket[2147483647]",
    ]

    /// Replaces a random value somewhere inside.
    private func damage(_ json: JSONValue, _ generator: inout SeededGenerator, depth: Int = 0) -> JSONValue {
        if depth > 0, Int.random(in: 0..<5, using: &generator) == 0 {
            return Self.poison[Int.random(in: 0..<Self.poison.count, using: &generator)]
        }
        switch json {
        case .object(var object) where !object.isEmpty:
            let name = object.names[Int.random(in: 0..<object.count, using: &generator)]
            if let value = object[name] { object[name] = damage(value, &generator, depth: depth + 1) }
            return .object(object)
        case .array(var elements) where !elements.isEmpty:
            let index = Int.random(in: 0..<elements.count, using: &generator)
            elements[index] = damage(elements[index], &generator, depth: depth + 1)
            return .array(elements)
        default: return Self.poison[Int.random(in: 0..<Self.poison.count, using: &generator)]
        }
    }

    @Test("damaged metadata is refused, or reads, plans and takes an append without a crash")
    func survivesDamage() async throws {
        let (original, store) = try await TableFixtures.pyIceberg()
        let caches = TableCaches()
        let producer = SnapshotProducer(
            store: store, caches: caches, clock: ManualClock(), randomness: SeededRandomness(seed: 5))
        var readable = 0
        for seed in 0..<UInt64(FuzzRounds.count(400)) {
            var generator = SeededGenerator(seed: seed)
            var json = original.json
            for _ in 0..<Int.random(in: 1...3, using: &generator) { json = damage(json, &generator) }
            let metadata: TableMetadata
            do {
                metadata = try TableMetadata(json: json)
            } catch {
                continue
            }
            readable += 1
            #expect(try TableMetadata(json: metadata.json) == metadata, "seed \(seed)")
            do {
                let predicate = Predicate.compare(fieldID: 1, .greater, .long(3))
                _ = try await TableReader(metadata: metadata, store: store, caches: caches).plan(
                    predicate: predicate
                ).paths()
                let produced = try await producer.append([], to: metadata)
                let now = Instant(microseconds: 1)
                let next = try metadata.applying(produced.updates, at: now, previousFile: "f")
                #expect(try TableMetadata(json: next.json) == next, "seed \(seed)")
            } catch is IcebergError {
                continue
            } catch is TablesError {
                continue
            }
        }
        #expect(readable > 15)
    }

    @Test("damaged updates are refused or apply without a crash")
    func survivesDamagedUpdates() throws {
        let table = try TableFixtures.empty()
        let updates: [TableUpdate] = [
            .addSchema(table.currentSchema, lastColumnID: 9), .addSpec(table.defaultSpec),
            .setCurrentSchema(-1),
            .addSortOrder(SortOrder(orderID: 1, fields: [SortField(sourceID: 1)])),
            .addSnapshot(
                Snapshot(
                    snapshotID: 5, parentID: nil, sequenceNumber: 1, timestampMilliseconds: 1,
                    manifestList: "s3://lake/t/l")),
            .setSnapshotRef(name: "main", SnapshotRef(snapshotID: 5)), .setProperties(["a": "b"]),
        ]
        for seed in 0..<1500 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            do {
                let damaged = try updates.map { update in
                    guard Int.random(in: 0..<3, using: &generator) == 0 else { return update }
                    return try TableUpdate(json: damage(update.json, &generator))
                }
                let next = try table.applying(damaged, at: Instant(microseconds: 5), previousFile: nil)
                #expect(try TableMetadata(json: next.json) == next, "seed \(seed)")
            } catch is IcebergError {
                continue
            }
        }
    }
}
