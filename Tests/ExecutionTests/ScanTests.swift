import Blobs
import Columnar
import Effects
import Execution
import FileFormats
import Iceberg
import JSONText
import Kernels
import Plans
import Scheduling
import Tables
import TestKit
import Testing

/// A table in memory, written through Tables, and the same rows as values.
struct ScannedTable {
    static let fields: [Field] = [
        Field(id: 1, "id", .long, isRequired: true), Field(id: 2, "day", .date),
        Field(id: 3, "name", .string),
        Field(id: 4, "price", .decimal(precision: 9, scale: 2)), Field(id: 5, "ratio", .double),
        Field(id: 6, "ok", .boolean), Field(id: 7, "size", .int),
    ]
    let store = MemoryBlobStore()
    let scan: TableScan
    let rows: [[Scalar]]

    /// Several commits of several row groups each; ids ascend.
    init(seed: UInt64, commits: Int = 3, rowsPerCommit: Int = 400) async throws {
        var generator = SeededGenerator(seed: seed)
        let caches = TableCaches()
        let clock = ManualClock()
        let randomness = SeededRandomness(seed: seed)
        var metadata = try NewTable(
            schema: IcebergSchema(fields: Self.fields),
            spec: PartitionSpec(fields: [PartitionField(sourceID: 3, name: "name", transform: .identity)]),
            location: "s3://lake/web/t"
        ).metadata(uuid: UniqueID(high: 3, low: 4), at: Instant(microseconds: 1_000_000))
        var rows: [[Scalar]] = []
        for commit in 0..<commits {
            let writer = try TableWriter(
                metadata: metadata, store: store, clock: clock, randomness: randomness)
            let new = (0..<rowsPerCommit).map { Self.row(commit * rowsPerCommit + $0, &generator) }
            let columns = Self.fields.indices.map { index in
                Column(Self.fields[index].type, new.map { $0[index] })
            }
            try await writer.write(Batch(schema: Schema(Self.fields), columns: columns, rowCount: new.count))
            let produced = try await SnapshotProducer(
                store: store, caches: caches, clock: clock, randomness: randomness
            ).append(await writer.finish(), to: metadata)
            metadata = try metadata.applying(produced.updates, at: clock.now, previousFile: nil)
            rows += new
        }
        let location = "s3://lake/web/t/metadata/v1.metadata.json"
        try await MetadataFile.write(metadata, to: location, store: store)
        scan = TableScan(
            warehouse: "lake", namespace: ["web"], table: "t", metadataLocation: location,
            snapshotID: metadata.currentSnapshotID, fields: Self.fields)
        self.rows = rows
    }

    private static func row(_ id: Int, _ generator: inout SeededGenerator) -> [Scalar] {
        func number(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }
        return [
            .long(Int64(id)), number(9) == 0 ? .null : .int(Int32(id / 10)),
            number(9) == 0 ? .null : .string(["UA", "AA", "a long carrier name"][number(3)]),
            .long(Int64(number(1000))), number(7) == 0 ? .double(.nan) : .double(Double(number(100)) / 4),
            .boolean(number(2) == 0), number(5) == 0 ? .null : .int(Int32(number(50))),
        ]
    }

    /// The rows as a plan without a table.
    var values: PhysicalPlan { .values(ValueRows(schema: Schema(Self.fields), rows: rows)) }
}

struct ScanTests {
    /// Keys that are near each other, far apart, in no row, and none at all.
    @Test(
        "a scan drops rows that find no partner in the join above, and the answer stays the same",
        arguments: [JoinKind.inner, .semi, .right, .rightSemi, .rightAnti])
    func partners(kind: JoinKind) async throws {
        let table = try await ScannedTable(seed: 11)
        let keys: [[Scalar]] = [
            [3, 4, 4, 9].map { .long($0) }, [.long(3), .null, .long(1190)], [.long(-5), .long(7000)],
            [.long(-1 << 60), .long(600), .long(1 << 60)], [.null], [],
        ]
        for held in keys {
            let right = PhysicalPlan.values(
                ValueRows(schema: Schema([Field("key", .long)]), rows: held.map { [$0] }))
            var join = Join(kind, leftKeys: [column(0, .long)], rightKeys: [column(0, .long)])
            let plain = try await Executor.run(
                .join(join, .scan(table.scan), right), in: World(store: table.store).context()
            ).collect().rows
            var scan = table.scan
            scan.runtimeFilters = [RuntimeFilter(channel: 5, column: 0)]
            join.channels = [5]
            for filter in [nil, call(.isNotNull, [column(2, .string)], .boolean)] {
                scan.filter = filter
                let plan = PhysicalPlan.join(join, .scan(scan), right)
                let decoded = try PhysicalPlan(encoded: JSONParser.parse(plan.encoded.serialized()))
                #expect(decoded == plan)
                let run = try Executor.run(decoded, in: World(store: table.store).context())
                let rows = try await run.collect().rows
                #expect(run.profile.operators[1].rowCount <= 4, "\(held)")
                if filter == nil { #expect(JoinTests.texts(rows) == JoinTests.texts(plain), "\(held)") }
            }
        }
    }

    @Test("a scan reads on without a join's filter when most rows pass it, or memory lets it have none")
    func uselessPartners() async throws {
        let table = try await ScannedTable(seed: 12, commits: 2, rowsPerCommit: 30_000)
        let keys = (0..<60_000).filter { $0 % 10 != 0 }.map { [Scalar.long(Int64($0))] }
        let right = PhysicalPlan.values(ValueRows(schema: Schema([Field("key", .long)]), rows: keys))
        var join = Join(.semi, leftKeys: [column(0, .long)], rightKeys: [column(0, .long)])
        join.channels = [0]
        var scan = table.scan
        scan.runtimeFilters = [RuntimeFilter(channel: 0, column: 0)]
        let run = try Executor.run(
            .join(join, .scan(scan), right), in: World(memory: 256 << 20, store: table.store).context())
        #expect(try await run.collect().rowCount == 54_000)
        // Dropped while it was tried, kept afterwards.
        let given = run.profile.operators[1].rowCount
        #expect(given > 54_000 && given < 60_000, "\(given)")
    }

    @Test(
        "RIGHT and FULL joins of a scan give every row once, whichever thread comes last",
        arguments: 1...5 as ClosedRange<UInt64>)
    func outerJoins(seed: UInt64) async throws {
        let table = try await ScannedTable(seed: seed, commits: 5, rowsPerCommit: 300)
        let keys = (0..<400).map { [Scalar.long(Int64($0 * 7))] }
        let right = PhysicalPlan.values(ValueRows(schema: Schema([Field("key", .long)]), rows: keys))
        for kind in [JoinKind.right, .full] {
            let join = Join(kind, leftKeys: [column(0, .long)], rightKeys: [column(0, .long)])
            let counted = PhysicalPlan.aggregate(
                Aggregation(keys: [], calls: [AggregateCall(.countAll, [], type: .long)], names: ["n"]),
                .join(join, .scan(table.scan), right))
            let partners = 1500 / 7 + 1
            let rows = try await World(store: table.store).rows(counted)
            #expect(rows == [[.long(Int64(kind == .right ? 400 : 400 + 1500 - partners))]])
        }
    }

    static func filters() -> [Plans.Expression] {
        let id = column(0, .long)
        let day = column(1, .date)
        let name = column(2, .string)
        let price = column(3, .decimal(precision: 9, scale: 2))
        let ratio = column(4, .double)
        let ok = column(5, .boolean)
        let size = column(6, .int)
        func long(_ value: Int64) -> Plans.Expression { .literal(.long(value), .long) }
        func text(_ value: String) -> Plans.Expression { .literal(.string(value), .string) }
        let early = call(.less, [id, long(150)], .boolean)
        let isUA = call(.equal, [name, text("UA")], .boolean)
        return [
            early, isUA, call(.and, [early, isUA], .boolean), call(.or, [early, isUA], .boolean),
            call(.not, [early], .boolean), call(.not, [call(.and, [early, isUA], .boolean)], .boolean),
            call(.greaterOrEqual, [long(1190), id], .boolean), call(.equal, [id, long(777)], .boolean),
            call(.greater, [id, long(5_000)], .boolean), call(.isNull, [name], .boolean),
            call(.isNotNull, [day], .boolean),
            call(.less, [day, .literal(.int(20), .date)], .boolean),
            call(.like, [name, text("a long%")], .boolean), call(.like, [name, text("%A")], .boolean),
            call(.startsWith, [name, text("U")], .boolean), call(.notEqual, [name, text("UA")], .boolean),
            .inList(name, [.string("AA"), .string("ZZ")], isNegated: false),
            .inList(id, [.long(3), .null], isNegated: false),
            .inList(id, [.long(3), .long(900)], isNegated: true),
            .inList(id, [.long(3), .null], isNegated: true),
            call(.greater, [price, .literal(.long(900), .decimal(precision: 9, scale: 2))], .boolean),
            call(.greater, [ratio, .literal(.double(24), .double)], .boolean),
            call(.less, [ratio, .literal(.double(1), .double)], .boolean), ok, call(.not, [ok], .boolean),
            call(.isTrue, [ok], .boolean), .literal(.null, .boolean), .true, .false,
            call(.equal, [id, .literal(.null, .long)], .boolean),
            call(.lessOrEqual, [.cast(size, to: .long, isTry: false), long(5)], .boolean),
            call(.less, [.cast(size, to: .long, isTry: false), long(5_000_000_000)], .boolean),
            call(.isDistinctFrom, [size, literal(7)], .boolean),
        ]
    }

    private func sorted(_ rows: [[Scalar]]) -> [[Scalar]] {
        rows.sorted { $0[0].order(comparedTo: $1[0]) < 0 }
    }

    /// NaN as something that equals itself.
    private func comparable(_ rows: [[Scalar]]) -> [[Scalar]] {
        rows.map { $0.map { if case .double(let value) = $0, value.isNaN { .string("NaN") } else { $0 } } }
    }

    @Test func aFilteredScanGivesWhatTheFilterKeeps() async throws {
        let table = try await ScannedTable(seed: 5)
        let world = World(store: table.store)
        for filter in Self.filters() {
            var scan = table.scan
            scan.filter = filter
            let expected = try await world.rows(.filter(filter, table.values))
            for batchRows in [Int.max, 100] {
                let got = try await world.rows(.scan(scan), batchRows: batchRows)
                #expect(
                    comparable(sorted(got)) == comparable(sorted(expected)),
                    "\(filter.text(over: scan.schema))")
            }
        }
    }

    @Test func columnsComeInTheOrderOfTheScan() async throws {
        let table = try await ScannedTable(seed: 6, commits: 1)
        let world = World(store: table.store)
        var scan = table.scan
        scan.fields = [6, 0, 2].map { ScannedTable.fields[$0] }
        scan.filter = call(.less, [column(1, .long), .literal(.long(3), .long)], .boolean)
        let expected = table.rows.filter { $0[0].order(comparedTo: .long(3)) < 0 }.map {
            [$0[6], $0[0], $0[2]]
        }
        let got = try await world.rows(.scan(scan))
        #expect(got.sorted { $0[1].order(comparedTo: $1[1]) < 0 } == expected)
    }

    @Test func rowsAreCountedWithoutReadingColumns() async throws {
        let table = try await ScannedTable(seed: 7)
        var scan = table.scan
        scan.fields = []
        let plan = PhysicalPlan.aggregate(
            Aggregation(keys: [], calls: [AggregateCall(.countAll, [], type: .long)], names: ["n"]),
            .scan(scan))
        let run = try Executor.run(plan, in: World(store: table.store).context())
        #expect(try await run.collect().rows == [[.long(1200)]])
        #expect(run.profile.scans.bytes == 0)
        #expect(run.profile.scans.files > 3)
    }

    @Test func statisticsKeepFilesAndRowGroupsFromBeingRead() async throws {
        let table = try await ScannedTable(seed: 8)
        var scan = table.scan
        scan.filter = call(.equal, [column(0, .long), .literal(.long(777), .long)], .boolean)
        let run = try Executor.run(.scan(scan), in: World(store: table.store).context())
        #expect(try await run.collect().rowCount == 1)
        // The other commits' files have other ids; of this commit each name has a file.
        #expect(run.profile.scans.files <= 4)
    }

    @Test func aTableWithoutSnapshotHasNoRows() async throws {
        var scan = try await ScannedTable(seed: 9, commits: 1, rowsPerCommit: 1).scan
        scan.snapshotID = nil
        #expect(try await World().rows(.scan(scan)).isEmpty)
    }

    @Test func aLimitHintStopsTheScan() async throws {
        let table = try await ScannedTable(seed: 10, commits: 8, rowsPerCommit: 50)
        var scan = table.scan
        scan.limitHint = 5
        let run = try Executor.run(
            .limit(RowWindow(count: 5), .scan(scan)), in: World(store: table.store).context())
        #expect(try await run.collect().rowCount == 5)
        #expect(run.profile.operators[1].rowCount < 400)
    }

    @Test func aMissingFileIsAFaultAndNotFewerRows() async throws {
        let table = try await ScannedTable(seed: 11)
        let listing = try await table.store.list(bucket: "lake", prefix: "web/t/data", after: nil, limit: 1)
        try await table.store.delete([BlobPath(bucket: "lake", key: listing.entries[0].key)])
        await #expect(throws: (any Error).self) {
            try await World(store: table.store).rows(.scan(table.scan))
        }
    }
}
