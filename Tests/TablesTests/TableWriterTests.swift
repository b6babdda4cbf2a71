import Blobs
import Columnar
import Effects
import FileFormats
import Iceberg
import JSONText
import Scheduling
import Tables
import TestKit
import Testing

@Suite("TableWriter and SnapshotProducer")
struct TableWriterTests {
    static let columns: [Field] = [
        Field(id: 1, "id", .long, isRequired: true), Field(id: 2, "ts", .timestamptz),
        Field(id: 3, "na me", .string),
        Field(id: 4, "price", .decimal(precision: 9, scale: 2)), Field(id: 5, "d", .double),
        Field(id: 6, "tags", .list(Field(id: 8, "element", .string))),
        Field(id: 7, "at", .structure([Field(id: 9, "lat", .double), Field(id: 10, "day", .date)])),
    ]

    static func table(
        _ transforms: [(Int, Transform)], version: Int = 2, order: SortOrder = .unsorted,
        properties: [String: String] = [:]
    ) throws -> TableMetadata {
        let spec = PartitionSpec(
            fields: transforms.enumerated().map { index, pair in
                PartitionField(sourceID: pair.0, name: "p\(index)", transform: pair.1)
            })
        var properties = properties
        properties["format-version"] = "\(version)"
        return try NewTable(
            schema: IcebergSchema(fields: columns), spec: spec, order: order, location: "s3://lake/web/t",
            properties: properties
        ).metadata(uuid: UniqueID(high: 3, low: 4), at: Instant(microseconds: 1_000_000))
    }

    static func batch(_ ids: Range<Int>) -> Batch {
        let names = ["alpha", "beta", nil, "Zürich/../x", "a long name that is cut in bounds"]
        func column(_ index: Int, _ value: (Int) -> Scalar) -> Column {
            Column(columns[index].type, ids.map(value))
        }
        return Batch(
            schema: Schema(columns),
            columns: [
                column(0) { .long(Int64($0)) }, column(1) { .long(Int64($0) * 3_600_000_000) },
                column(2) { names[$0 % 5].map { .string($0) } ?? .null }, column(3) { .long(Int64($0) - 5) },
                column(4) { $0 % 4 == 0 ? .double(.nan) : .double(Double($0)) },
                column(5) { $0 % 3 == 0 ? .null : .list([.string("t\($0)"), .null]) },
                column(6) { .structure([.double(1), .int(Int32($0 % 2))]) },
            ], rowCount: ids.count)
    }

    struct Lake {
        let store = MemoryBlobStore()
        let caches = TableCaches()
        let clock = ManualClock()
        let randomness: SeededRandomness

        init(seed: UInt64 = 1) { randomness = SeededRandomness(seed: seed) }

        func writer(_ metadata: TableMetadata, _ limits: TableWriteLimits = TableWriteLimits()) throws
            -> TableWriter
        {
            try TableWriter(
                metadata: metadata, store: store, clock: clock, randomness: randomness, limits: limits)
        }
        var producer: SnapshotProducer {
            SnapshotProducer(store: store, caches: caches, clock: clock, randomness: randomness)
        }

        func append(_ batches: [Batch], to metadata: TableMetadata) async throws -> TableMetadata {
            let writer = try writer(metadata)
            for batch in batches { try await writer.write(batch) }
            let produced = try await producer.append(
                await writer.finish(), to: metadata, summary: ["who": "test"])
            for requirement in produced.requirements { try requirement.check(against: metadata) }
            return try metadata.applying(produced.updates, at: clock.now, previousFile: nil)
        }

        /// Every row of the table, through planning and Parquet.
        func rows(_ metadata: TableMetadata, _ predicate: Predicate = .always) async throws -> [[Scalar]] {
            var rows: [[Scalar]] = []
            for try await task in try TableReader(metadata: metadata, store: store, caches: caches).plan(
                predicate: predicate)
            {
                let file = try await ParquetFile.open(store.open(task.path))
                #expect(file.rowCount == Int(task.file.recordCount))
                for group in file.rowGroups {
                    for batch in try await file.read(
                        rowGroup: group.index, fields: metadata.currentSchema.fields)
                    {
                        rows += batch.rows
                    }
                }
            }
            return rows
        }

        func keys() async throws -> [String] {
            try await store.list(bucket: "lake", prefix: "", after: nil, limit: 10_000).entries.map(\.key)
        }
    }

    static let specs: [[(Int, Transform)]] = [
        [], [(2, .day)], [(2, .hour), (1, .bucket(3))], [(3, .truncate(2))], [(3, .identity)],
        [(4, .identity)],
        [(10, .identity), (2, .month)], [(2, .void), (5, .void)], [(5, .identity)],
    ]

    @Test("rows come back whole whatever the partition spec, over several appends", arguments: specs.indices)
    func roundTrips(index: Int) async throws {
        for version in [2, 3] {
            let lake = Lake()
            var metadata = try Self.table(Self.specs[index], version: version)
            metadata = try await lake.append([Self.batch(0..<40), Self.batch(40..<55)], to: metadata)
            metadata = try await lake.append([Self.batch(55..<60)], to: metadata)
            let rows = try await lake.rows(metadata)
            let expected = Self.batch(0..<60).rows
            #expect(Set(rows.map { "\($0)" }) == Set(expected.map { "\($0)" }) && rows.count == 60)
            let summary = try #require(metadata.currentSnapshot?.summary)
            #expect(
                summary["added-records"] == "5" && summary["total-records"] == "60"
                    && summary["who"] == "test")
            #expect(metadata.nextRowID == (version == 3 ? 60 : 0))
            for key in try await lake.keys() { #expect(!key.contains("..") && key.hasPrefix("web/t/")) }
        }
    }

    @Test("rows with long partition values, and with many of them, have keys that a store takes")
    func boundsKeys() async throws {
        let emoji = String(repeating: "🎉", count: 300)
        let fields = (1...20).map { (id: Int) in Field(id: id, "c\(id)", .string) }
        for width in [1, 3, 20] {
            let spec = PartitionSpec(
                fields: (1...width).map {
                    PartitionField(sourceID: $0, name: "c\($0)", transform: .identity)
                })
            let metadata = try NewTable(
                schema: IcebergSchema(fields: fields), spec: spec, order: .unsorted,
                location: "s3://lake/web/t", properties: ["format-version": "2"]
            ).metadata(uuid: UniqueID(high: 3, low: 4), at: Instant(microseconds: 1_000_000))
            let texts = [emoji, emoji + "x", String(repeating: "n", count: 1200)]
            let batch = Batch(
                schema: Schema(fields),
                columns: fields.map { _ in Column(.string, texts.map { .string($0) }) },
                rowCount: texts.count)
            let lake = Lake()
            let written = try await lake.append([batch], to: metadata)
            #expect(try await lake.rows(written).count == 3)
            let data = try await lake.keys().filter { $0.hasPrefix("web/t/data/") }
            #expect(data.count == 3 && data.allSatisfy { $0.utf8.count <= 704 })
            // The folder is there where it fits.
            #expect(data.allSatisfy { $0.hasPrefix("web/t/data/c1=") == (width < 20) }, "\(data)")
        }
    }

    @Test("every file holds the rows of one partition, and its bounds hold")
    func splitsByPartition() async throws {
        let lake = Lake()
        let metadata = try await lake.append(
            [Self.batch(0..<100)], to: try Self.table([(2, .day), (1, .bucket(2))]))
        let tasks = try await lake.plan(metadata)
        #expect(Set(tasks.map { "\($0.file.partition)" }).count == tasks.count && tasks.count == 10)
        for task in tasks {
            let file = try await ParquetFile.open(lake.store.open(task.path))
            let rows = try await file.read(
                rowGroup: 0, fields: Array(metadata.currentSchema.fields.prefix(2))
            ).flatMap(\.rows)
            for row in rows {
                #expect(Transform.day.apply(row[1], .timestamptz) == task.file.partition[0])
                #expect(Transform.bucket(2).apply(row[0], .long) == task.file.partition[1])
            }
            let bounds = task.file.statistics(ofFieldID: 1, .long)
            let ids = rows.map { $0[0] }
            #expect(
                bounds.lower == ids.first && bounds.upper == ids.last
                    && bounds.valueCount == Int64(rows.count))
        }
        let text = tasks[0].file.statistics(ofFieldID: 3, .string)
        #expect(text.lower == .string("Zürich/../x") && text.nullCount ?? 0 > 0)
        let found = try await lake.rows(metadata, .compare(fieldID: 1, .equal, .long(17)))
        #expect(found.contains { $0[0] == .long(17) } && found.count < 24)
    }

    @Test("a table without row ids left says so")
    func noRowIDs() async throws {
        let lake = Lake()
        var metadata = try Self.table([], version: 3)
        metadata.nextRowID = .max - 1
        let error = await #expect(throws: IcebergError.self) {
            _ = try await lake.append([Self.batch(0..<5)], to: metadata)
        }
        #expect(error?.code == .invalidUpdate)
    }

    @Test("files numbered above the table's last commit are not read")
    func numberedAhead() async throws {
        let lake = Lake()
        var metadata = try await lake.append([Self.batch(0..<5)], to: try Self.table([]))
        metadata.lastSequenceNumber = 0
        let error = await #expect(throws: TablesError.self) { _ = try await lake.rows(metadata) }
        #expect(error?.code == .manifestUnreadable)
    }

    @Test("two spellings of a text are two partitions")
    func spellings() async throws {
        let lake = Lake()
        let names = ["\u{E9}", "e\u{301}"]
        var batch = Self.batch(0..<2)
        batch = Batch(
            schema: batch.schema,
            columns: batch.columns.enumerated().map { index, column in
                index == 2 ? Column(.string, names.map { .string($0) }) : column
            }, rowCount: 2)
        let metadata = try await lake.append([batch], to: try Self.table([(3, .identity)]))
        #expect(try await lake.plan(metadata).count == 2)
        for (id, name) in names.enumerated() {
            let found = try await lake.rows(metadata, .compare(fieldID: 3, .equal, .string(name)))
            #expect(found.map { $0[0] } == [.long(Int64(id))])
        }
    }

    @Test("files roll at the table's target size, and open partitions are bounded")
    func rollsFiles() async throws {
        let lake = Lake()
        var limits = TableWriteLimits()
        limits.fileRows = 10
        let writer = try lake.writer(try Self.table([]), limits)
        for start in stride(from: 0, to: 50, by: 5) { try await writer.write(Self.batch(start..<start + 5)) }
        #expect(try await writer.finish().map(\.recordCount) == [10, 10, 10, 10, 10])
        limits = TableWriteLimits()
        limits.openPartitions = 2
        let partitioned = try lake.writer(try Self.table([(1, .identity)]), limits)
        try await partitioned.write(Self.batch(0..<6))
        try await partitioned.write(Self.batch(0..<6))
        #expect(try await partitioned.finish().count == 12)
        #expect(await partitioned.writtenBytes > 0)
    }

    @Test("files are sorted by the table's order, through a pool too, and say so")
    func sortsFiles() async throws {
        let order = SortOrder(
            orderID: 1,
            fields: [
                SortField(sourceID: 3, isDescending: true, nullsFirst: false),
                SortField(sourceID: 1, transform: .bucket(4)),
            ])
        let metadata = try Self.table([], order: order)
        let pool = MorselPool(threads: 2)
        defer { pool.stop() }
        let lake = Lake()
        let writer = try TableWriter(
            metadata: metadata, store: lake.store, clock: lake.clock, randomness: lake.randomness,
            pool: (pool, .pipeline))
        for start in stride(from: 0, to: 100, by: 20) {
            try await writer.write(Self.batch(start..<start + 20))
        }
        #expect(await writer.writtenBytes >= 0)
        let files = try await writer.finish()
        #expect(files.map(\.sortOrderID) == [1] && files[0].recordCount == 100)
        let path = try #require(BlobPath(uri: files[0].path))
        let file = try await ParquetFile.open(lake.store.open(path))
        let rows = try await file.read(rowGroup: 0, fields: Self.columns).flatMap(\.rows)
        #expect(Set(rows.map { $0[0] }).count == 100)
        for (row, next) in zip(rows, rows.dropFirst()) {
            if next[2] == .null { continue }
            let names = try #require(ScalarOrder.compare(row[2], next[2]))
            #expect(names >= 0)
            if names == 0, case .int(let a)? = Transform.bucket(4).apply(row[0], .long),
                case .int(let b)? = Transform.bucket(4).apply(next[0], .long)
            {
                #expect(a <= b)
            }
        }
        #expect(rows.last?[2] == .null)
    }

    @Test("a full ledger closes files early and loses no row; everything is given back")
    func followsLedger() async throws {
        for order in [SortOrder.unsorted, SortOrder(orderID: 1, fields: [SortField(sourceID: 1)])] {
            let ledger = MemoryLedger(limit: 20_000)
            let lake = Lake()
            let writer = try TableWriter(
                metadata: try Self.table([(1, .bucket(3))], order: order), store: lake.store,
                clock: lake.clock,
                randomness: lake.randomness, ledger: ledger)
            for start in stride(from: 0, to: 3000, by: 300) {
                try await writer.write(Self.batch(start..<start + 300))
            }
            #expect(ledger.reserved > 0)
            let files = try await writer.finish()
            #expect(files.count > 3 && files.reduce(0) { $0 + $1.recordCount } == 3000)
            #expect(ledger.reserved == 0)
        }
    }

    @Test("NaN is one partition, over batches too")
    func keepsNaNTogether() async throws {
        let lake = Lake()
        let writer = try lake.writer(try Self.table([(5, .identity)]))
        for start in [0, 8] { try await writer.write(Self.batch(start..<start + 8)) }
        let files = try await writer.finish()
        #expect(files.count == 13 && files.map(\.recordCount).max() == 4)
    }

    @Test("rows that do not fit are refused with the column")
    func refusesMisfits() async throws {
        let metadata = try Self.table([])
        let id = Column(.long, [.long(1)])
        let misfits: [Batch] = [
            Batch(
                schema: Schema([Field("ts", .timestamptz)]), columns: [.nulls(.timestamptz, count: 1)],
                rowCount: 1),
            Batch(schema: Schema([Field("id", .int)]), columns: [Column(.int, [.int(1)])], rowCount: 1),
            Batch(
                schema: Schema([Field("id", .long), Field("x", .int)]),
                columns: [id, .nulls(.int, count: 1)], rowCount: 1),
            Batch(schema: Schema([Field("id", .long)]), columns: [.nulls(.long, count: 1)], rowCount: 1),
        ]
        for batch in misfits {
            let lake = Lake()
            let writer = try lake.writer(metadata)
            await #expect(throws: (any Error).self) { try await writer.write(batch) }
            await writer.abort()
            #expect(try await lake.keys().isEmpty)
        }
    }

    @Test("columns are matched by name and order, missing ones are null, a selection is followed")
    func alignsColumns() async throws {
        let lake = Lake()
        let metadata = try Self.table([(2, .day)])
        let batch = Batch(
            schema: Schema([Field("na me", .json), Field("id", .long)]),
            columns: [
                .constant(.string("{}"), .json, count: 3), Column(.long, [.long(1), .long(2), .long(3)]),
            ],
            rowCount: 3, selection: [0, 2])
        let after = try await lake.append([batch], to: metadata)
        let rows = try await lake.rows(after)
        #expect(
            rows.map { $0[0] } == [.long(1), .long(3)] && rows[0][2] == .string("{}") && rows[0][1] == .null)
    }

    @Test("a writer that ended or was aborted says so; abort leaves nothing behind")
    func endsOnce() async throws {
        let lake = Lake()
        let writer = try lake.writer(try Self.table([(1, .bucket(2))]))
        try await writer.write(Self.batch(0..<10))
        _ = try await writer.finish()
        await #expect(throws: TablesError.self) { try await writer.write(Self.batch(0..<1)) }
        await writer.abort()
        #expect(try await lake.keys().isEmpty)
    }

    @Test("a failed append leaves no manifests; what was rejected is deleted, what is unknown stays")
    func cleansUp() async throws {
        let lake = Lake()
        let metadata = try Self.table([])
        let files = try await {
            let writer = try lake.writer(metadata)
            try await writer.write(Self.batch(0..<3))
            return try await writer.finish()
        }()
        var foreign = files
        foreign[0].path = "s3://lake/other/x.parquet"
        await #expect(throws: TablesError.self) { try await lake.producer.append(foreign, to: metadata) }
        var unknownSpec = files
        unknownSpec[0].specID = 9
        await #expect(throws: IcebergError.self) {
            try await lake.producer.append(files + unknownSpec, to: metadata)
        }
        #expect(try await lake.keys() == files.compactMap { BlobPath(uri: $0.path)?.key })
        let produced = try await lake.producer.append(files, to: metadata)
        await produced.cleanUp(after: .unknown, dataFiles: files, store: lake.store)
        #expect(try await lake.keys().count == 3)
        let conflict = IcebergError(.requirementFailed, "moved")
        await produced.cleanUp(after: CommitOutcome(of: conflict), dataFiles: files, store: lake.store)
        #expect(try await lake.keys().isEmpty)
        #expect(CommitOutcome(of: CancellationError()) == .unknown)
    }
}

extension TableWriterTests.Lake {
    func plan(_ metadata: TableMetadata) async throws -> [ScanTask] {
        var tasks: [ScanTask] = []
        for try await task in try TableReader(metadata: metadata, store: store, caches: caches).plan() {
            tasks.append(task)
        }
        return tasks
    }
}
