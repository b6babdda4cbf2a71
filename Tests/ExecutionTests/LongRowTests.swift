import Blobs
import Columnar
import Effects
import FileFormats
import Iceberg
import Kernels
import Plans
import Scheduling
import Tables
import TestKit
import Testing

@testable import Execution

/// Tables whose files are small and whose rows are not.
struct LongRowTests {
    private static let fields = [Field(id: 1, "id", .long, isRequired: true), Field(id: 2, "text", .string)]

    private static func table(_ texts: [String]) async throws -> (scan: TableScan, store: MemoryBlobStore) {
        let store = MemoryBlobStore()
        let (clock, randomness) = (ManualClock(), SeededRandomness(seed: 3))
        var metadata = try NewTable(
            schema: IcebergSchema(fields: fields), spec: .unpartitioned, location: "s3://lake/web/t"
        ).metadata(uuid: UniqueID(high: 3, low: 4), at: Instant(microseconds: 1_000_000))
        let writer = try TableWriter(metadata: metadata, store: store, clock: clock, randomness: randomness)
        let columns = [
            Column(.long, texts.indices.map { .long(Int64($0)) }),
            Column(.string, texts.map { .string($0) }),
        ]
        try await writer.write(Batch(schema: Schema(fields), columns: columns, rowCount: texts.count))
        let produced = try await SnapshotProducer(
            store: store, caches: TableCaches(), clock: clock, randomness: randomness
        ).append(await writer.finish(), to: metadata)
        metadata = try metadata.applying(produced.updates, at: clock.now, previousFile: nil)
        let location = "s3://lake/web/t/metadata/v1.metadata.json"
        try await MetadataFile.write(metadata, to: location, store: store)
        let scan = TableScan(
            warehouse: "lake", namespace: ["web"], table: "t", metadataLocation: location,
            snapshotID: metadata.currentSnapshotID, fields: fields)
        return (scan, store)
    }

    @Test("a value of a small file that a query's memory does not hold ends it, with the file's name")
    func refused() async throws {
        var (scan, store) = try await Self.table([String(repeating: "a", count: 24 << 20)])
        for filter in [nil, call(.isNotNull, [column(1, .string)], .boolean)] {
            scan.filter = filter
            let world = World(memory: 8 << 20, store: store)
            let error = try await #require(throws: SchedulingError.self) {
                try await Executor.run(.scan(scan), in: world.context()).collect()
            }
            #expect(error.code == .memoryExhausted && error.hint?.contains("--query-memory") == true)
            let file = error.context.first { $0.name == "file" }?.value
            #expect(file?.hasPrefix("s3://lake/web/t/data/") == true)
            #expect(try await world.ledger.drains())
            let more = World(memory: 256 << 20, store: store)
            let rows = try await Executor.run(.scan(scan), in: more.context()).collect().rows
            #expect(rows.count == 1)
            #expect(try await more.ledger.drains())
        }
    }

    @Test("rows that are decided first meet their long columns in smaller batches")
    func decidedFirst() async throws {
        let texts = (0..<60).map { "\($0) " + String(repeating: "x", count: 600_000) }
        var (scan, store) = try await Self.table(texts)
        // Every third row, in the first and the last part only, and all.
        let third = call(
            .equal,
            [
                call(.modulo, [column(0, .long), .literal(.long(3), .long)], .long),
                .literal(.long(1), .long),
            ],
            .boolean)
        let ends = call(
            .or,
            [
                call(.less, [column(0, .long), .literal(.long(5), .long)], .boolean),
                call(.less, [.literal(.long(57), .long), column(0, .long)], .boolean),
            ], .boolean)
        for (filter, wanted) in [
            (third, (0..<60).filter { $0 % 3 == 1 }), (ends, Array(0..<5) + Array(58..<60)),
            (call(.isNotNull, [column(0, .long)], .boolean), Array(0..<60)),
        ] {
            scan.filter = filter
            var found: [Int: Scalar] = [:]
            var most = 0
            let source = ScanSource(
                scan, FilterChannels(), World(memory: 512 << 20, store: store).context(),
                ScanCounters())
            try await source.prepare()
            while let morsel = try await source.next() {
                try morsel.run { batch in
                    most = max(most, batch.rowCount)
                    for row in batch.rows {
                        if case .long(let id) = row[0] { found[Int(id)] = row[1] }
                    }
                    return .more
                }
            }
            #expect(found == Dictionary(uniqueKeysWithValues: wanted.map { ($0, .string(texts[$0])) }))
            #expect(most < 30)
        }
    }
}
