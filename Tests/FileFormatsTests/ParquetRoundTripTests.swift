import Blobs
import Columnar
import Effects
import FileFormats
import Testing

/// The bytes of a file in memory, for tests; remembers what was asked.
struct MemoryReader: BlobReader {
    let bytes: [UInt8]
    var info: BlobInfo {
        BlobInfo(size: Int64(bytes.count), etag: "e\(bytes.count)", modified: Instant(microseconds: 0))
    }
    func read(_ ranges: [Range<Int64>]) async throws -> [[UInt8]] {
        try ranges.map { range in
            guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
                throw BlobsError(.rangeInvalid, "a range outside the file")
            }
            return Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        }
    }
}

func parquetBytes(
    _ schema: Schema, _ batches: [Batch], options: ParquetWriteOptions = ParquetWriteOptions()
) throws -> (bytes: [UInt8], result: ParquetWriteResult) {
    let encoder = ParquetEncoder(schema: schema, options: options)
    var bytes: [UInt8] = []
    for batch in batches { bytes += try encoder.encode(batch) }
    let (tail, result) = try encoder.finish()
    return (bytes + tail, result)
}

@Suite("Parquet round trips")
struct ParquetRoundTripTests {
    @Test("every type comes back as it was written, nulls and nesting too", arguments: 0..<60)
    func everything(seed: Int) async throws {
        var random = RandomColumns(seed: UInt64(seed))
        let schema = random.schema()
        let counts = (0..<3).map { _ in random.random.next(below: 400) }
        let batches = counts.map { random.batch(schema, rowCount: $0) }
        var options = ParquetWriteOptions()
        options.rowGroupRows = 1 + random.random.next(below: 500)
        options.pageRows = 1 + random.random.next(below: 100)
        options.compression = ParquetCompression.allCases[seed % ParquetCompression.allCases.count]
        let (bytes, result) = try parquetBytes(schema, batches, options: options)
        #expect(result.rowCount == counts.reduce(0, +) && result.fileSize == bytes.count)

        let file = try await ParquetFile.open(MemoryReader(bytes: bytes))
        #expect(file.rowCount == result.rowCount)
        #expect(try file.fields().map(\.id) == schema.fields.map(\.id))
        #expect(result.splitOffsets == file.rowGroups.map(\.offset))
        var read: [[Scalar]] = []
        for group in file.rowGroups.indices {
            read += try await file.read(rowGroup: group, fields: schema.fields).flatMap(\.rows)
        }
        let written = batches.flatMap(\.rows)
        #expect(read.count == written.count)
        for (left, right) in zip(read, written) where !isSame(left, right) {
            Issue.record("seed \(seed), \(schema): \(left) against \(right)")
            break
        }
    }

    @Test("more rows than a batch come in batches of 8,192")
    func batches() async throws {
        let schema = Schema([
            Field(id: 1, "n", .long), Field(id: 2, "s", .string),
            Field(id: 3, "l", .list(Field(id: 4, "element", .int))),
        ])
        let count = 20_000
        let batch = Batch(
            schema: schema,
            columns: [
                Column(.long, (0..<count).map { $0 % 7 == 0 ? .null : .long(Int64($0)) }),
                Column(.string, (0..<count).map { .string("carrier \($0 % 5)") }),
                Column(
                    .list(Field(id: 4, "element", .int)), (0..<count).map { .list([.int(Int32($0)), .null]) }),
            ], rowCount: count)
        let (bytes, _) = try parquetBytes(schema, [batch])
        let file = try await ParquetFile.open(MemoryReader(bytes: bytes))
        let read = try await file.read(rowGroup: 0, fields: schema.fields)
        #expect(read.map(\.rowCount) == [8192, 8192, 3616])
        #expect(read.flatMap { $0.columns[0].scalars } == batch.columns[0].scalars)
        #expect(read.flatMap { $0.columns[1].scalars } == batch.columns[1].scalars)
        #expect(read.flatMap { $0.columns[2].scalars } == batch.columns[2].scalars)
        for part in read {
            guard case .dictionary(_, let values) = part.columns[1].values else {
                Issue.record("the string column is not in dictionary form")
                continue
            }
            #expect(values.count == 5)
        }
    }

    @Test("small batches are encoded by what many of them show")
    func samples() throws {
        let schema = Schema([Field(id: 1, "id", .long), Field(id: 2, "kind", .string)])
        func batches(of size: Int) -> [Batch] {
            stride(from: 0, to: 20_000, by: size).map { start in
                Batch(
                    schema: schema,
                    columns: [
                        Column(.long, (start..<start + size).map { .long(Int64($0) &* 7_919_000_003) }),
                        Column(.string, (start..<start + size).map { .string("kind \($0 % 7)") }),
                    ], rowCount: size)
            }
        }
        let large = try parquetBytes(schema, batches(of: 5000)).bytes
        let small = try parquetBytes(schema, batches(of: 50)).bytes
        #expect(abs(large.count - small.count) < large.count / 20, "\(large.count) and \(small.count) bytes")
    }

    @Test("the page index tells the rows and bounds of each page")
    func pages() async throws {
        let schema = Schema([Field(id: 1, "n", .long), Field(id: 2, "s", .string)])
        let batch = Batch(
            schema: schema,
            columns: [
                Column(.long, (0..<1000).map { $0 / 100 == 3 ? .null : .long(Int64($0)) }),
                Column(.string, (0..<1000).map { .string("\(1000 + $0)") }),
            ], rowCount: 1000)
        var options = ParquetWriteOptions()
        options.pageRows = 100
        let (bytes, _) = try parquetBytes(schema, [batch], options: options)
        let file = try await ParquetFile.open(MemoryReader(bytes: bytes))
        let pages = try #require(try await file.pages(rowGroup: 0, field: schema.fields[0]))
        #expect(pages.map(\.rows) == (0..<10).map { $0 * 100..<$0 * 100 + 100 })
        #expect(
            pages[3].statistics
                == ParquetStatistics(valueCount: 100, nullCount: 100, minimum: nil, maximum: nil))
        #expect(
            pages[9].statistics
                == ParquetStatistics(valueCount: 100, nullCount: 0, minimum: .long(900), maximum: .long(999)))
        let words = try #require(try await file.pages(rowGroup: 0, field: schema.fields[1]))
        #expect(
            words[0].statistics.minimum == .string("1000") && words[9].statistics.maximum == .string("1999"))
        #expect(try await file.pages(rowGroup: 0, field: Field(id: 9, "x", .int)) == nil)
    }

    @Test("batches are skipped, and the next ones stay right", arguments: 0..<3)
    func skips(seed: Int) async throws {
        var random = RandomColumns(seed: UInt64(500 + seed))
        let schema = random.schema()
        let batch = random.batch(schema, rowCount: 17_000)
        let (bytes, _) = try parquetBytes(schema, [batch])
        let file = try await ParquetFile.open(MemoryReader(bytes: bytes))
        let decoder = try RowGroupDecoder(try await file.fetch(rowGroup: 0, fields: schema.fields))
        var position = 0
        while position < batch.rowCount {
            if random.random.chance(2) {
                position += decoder.skip()
            } else if let part = try decoder.next() {
                let expected = batch.slice(position..<position + part.rowCount)
                for (column, other) in zip(part.columns, expected.columns) {
                    #expect(isSame(column.scalars, other.scalars), "seed \(seed), \(column.type)")
                }
                position += part.rowCount
            }
        }
        #expect(try decoder.next() == nil && decoder.skip() == 0)
    }

    @Test(
        "any rows of a group are read alone, with their pages only where there is an index", arguments: 0..<6)
    func readsRanges(seed: Int) async throws {
        var random = RandomColumns(seed: UInt64(700 + seed))
        let schema = random.schema()
        let batch = random.batch(schema, rowCount: 40_000)
        var options = ParquetWriteOptions()
        options.pageRows = [300, 5_000][seed % 2]
        let (bytes, _) = try parquetBytes(schema, [batch], options: options)
        let file = try await ParquetFile.open(MemoryReader(bytes: bytes))
        let whole = try await file.fetch(rowGroup: 0, fields: schema.fields).byteCount
        for round in 0..<4 {
            var rows = RowRanges()
            var start = random.random.next(below: 9_000)
            while start < batch.rowCount {
                let end = min(batch.rowCount, start + 1 + random.random.next(below: round == 0 ? 9 : 12_000))
                rows.append(start..<end, joining: random.random.chance(2))
                start = end + random.random.next(below: 15_000)
            }
            let data = try await file.fetch(rowGroup: 0, fields: schema.fields, rows: rows)
            #expect(data.byteCount <= whole)
            let decoder = try RowGroupDecoder(data)
            for range in rows.ranges {
                var start = range.lowerBound
                while start < range.upperBound {
                    #expect(decoder.position == start)
                    let part = try #require(try decoder.next())
                    let expected = batch.slice(start..<start + part.rowCount)
                    for (column, other) in zip(part.columns, expected.columns) {
                        #expect(
                            isSame(column.scalars, other.scalars), "seed \(seed), \(column.type), \(start)")
                    }
                    start += part.rowCount
                }
                #expect(start == range.upperBound)
            }
            #expect(try decoder.next() == nil)
        }
    }

    @Test("columns the file lacks are null, and types grow")
    func evolves() async throws {
        let old = Schema([
            Field(id: 1, "a", .int), Field(id: 2, "b", .float),
            Field(id: 3, "d", .decimal(precision: 9, scale: 2)),
            Field(id: 4, "s", .structure([Field(id: 5, "x", .int)])),
        ])
        let batch = Batch(
            schema: old,
            columns: [
                Column(.int, [.int(-7), .null]), Column(.float, [.float(1.5), .null]),
                Column(.decimal(precision: 9, scale: 2), [.long(-5), .null]),
                Column(.structure([Field(id: 5, "x", .int)]), [.structure([.int(3)]), .null]),
            ], rowCount: 2)
        let (bytes, _) = try parquetBytes(old, [batch])
        let file = try await ParquetFile.open(MemoryReader(bytes: bytes))
        let wanted = [
            Field(id: 4, "renamed", .structure([Field(id: 9, "y", .string), Field(id: 5, "z", .long)])),
            Field(id: 3, "d", .decimal(precision: 30, scale: 2)), Field(id: 2, "b", .double),
            Field(id: 1, "q", .long),
            Field(id: 8, "new", .string), Field(id: 4, "s", .structure([Field(id: 10, "w", .int)])),
        ]
        let rows = try await file.read(rowGroup: 0, fields: wanted)[0].rows
        #expect(
            rows[0] == [
                .structure([.null, .long(3)]), .int128(-5), .double(1.5), .long(-7), .null,
                .structure([.null]),
            ])
        #expect(rows[1] == [.null, .null, .null, .null, .null, .null])
        await #expect(throws: FileFormatsError.self) {
            try await file.read(rowGroup: 0, fields: [Field(id: 1, "a", .string)])
        }
    }

    @Test("metrics and statistics tell counts and bounds")
    func metrics() async throws {
        let schema = Schema([
            Field(id: 1, "n", .long), Field(id: 2, "x", .double), Field(id: 3, "s", .string),
            Field(id: 4, "d", .decimal(precision: 30, scale: 1)), Field(id: 5, "u", .uuid),
            Field(id: 6, "none", .int),
        ])
        let uuid: [UInt8] = (0..<16).map { $0 }
        let batch = Batch(
            schema: schema,
            columns: [
                Column(.long, [.long(5), .long(-3), .null]),
                Column(.double, [.double(.nan), .double(2), .double(-1)]),
                Column(
                    .string, [.string("abcdefghijklmnopqrstuvwxyz"), .string("zzzzzzzzzzzzzzzzzzzz"), .null]),
                Column(
                    .decimal(precision: 30, scale: 1),
                    [.int128(-1), .int128(1_000_000_000_000_000_000_000), .null]),
                Column(.uuid, [.bytes(uuid), .null, .null]), Column(.int, [.null, .null, .null]),
            ], rowCount: 3)
        let (bytes, result) = try parquetBytes(schema, [batch])
        let metrics = result.columnMetrics
        #expect(metrics[1]?.valueCount == 3 && metrics[1]?.nullCount == 1 && metrics[1]?.nanCount == nil)
        #expect(metrics[1]?.lower == .long(-3) && metrics[1]?.upper == .long(5))
        #expect(
            metrics[2]?.nanCount == 1 && metrics[2]?.lower == .double(-1) && metrics[2]?.upper == .double(2))
        #expect(
            metrics[3]?.lower == .string("abcdefghijklmnop")
                && metrics[3]?.upper == .string("zzzzzzzzzzzzzzz{"))
        #expect(
            metrics[4]?.lower == .int128(-1) && metrics[4]?.upper == .int128(1_000_000_000_000_000_000_000))
        #expect(metrics[5]?.lower == .bytes(uuid))
        #expect(metrics[6]?.nullCount == 3 && metrics[6]?.lower == nil)
        #expect(metrics.values.allSatisfy { $0.byteCount > 0 })

        let file = try await ParquetFile.open(MemoryReader(bytes: bytes))
        let statistics = file.rowGroups[0].statistics(Field(id: 1, "n", .long))
        #expect(
            statistics
                == ParquetStatistics(valueCount: 3, nullCount: 1, minimum: .long(-3), maximum: .long(5)))
        #expect(file.rowGroups[0].statistics(Field(id: 77, "n", .long)) == nil)
    }

    @Test("a file without rows is a file")
    func empty() async throws {
        let schema = Schema([Field(id: 1, "n", .long)])
        let (bytes, result) = try parquetBytes(schema, [])
        let file = try await ParquetFile.open(MemoryReader(bytes: bytes))
        #expect(file.rowCount == 0 && result.rowCount == 0 && file.rowGroupCount == result.splitOffsets.count)
    }

    @Test("a footer is read once for a path, ETag and size")
    func caches() async throws {
        let schema = Schema([Field(id: 1, "n", .long)])
        let (bytes, _) = try parquetBytes(schema, [])
        let cache = ParquetFooterCache(byteLimit: 9_000)
        for index in 0..<100 {
            let path = BlobPath(bucket: "b", key: "k\(index % 50)")
            _ = try await ParquetFile.open(MemoryReader(bytes: bytes), path: path, cache: cache)
            _ = try await ParquetFile.open(MemoryReader(bytes: bytes), path: path, cache: cache)
        }
        #expect(cache.hits >= 100 && cache.byteCount <= 9_000 && cache.count < 50)
    }
}
