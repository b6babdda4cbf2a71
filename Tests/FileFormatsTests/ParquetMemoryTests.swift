import Columnar
import FileFormats
import Testing

/// Small files that unfold to much: whoever reads hears it before it happens.
@Suite("Memory of Parquet files")
struct ParquetMemoryTests {
    private struct Refused: Error {}

    private static let schema = Schema([Field(id: 1, "text", .string)])

    /// A file of one row group, and its decoder's data.
    private static func data(_ texts: [String]) async throws -> (fileBytes: Int, data: RowGroupData) {
        let batch = Batch(
            schema: schema, columns: [Column(.string, texts.map { .string($0) })], rowCount: texts.count)
        let (bytes, _) = try parquetBytes(schema, [batch])
        let file = try await ParquetFile.open(MemoryReader(bytes: bytes))
        return (bytes.count, try await file.fetch(rowGroup: 0, fields: schema.fields))
    }

    /// The writer gives its dictionary up behind the first 1,024 texts: so nobody is given a dictionary, and most of what is
    /// read are indices of the same long text.
    private static let repeated =
        (0..<80).map { String(repeating: "\($0)b", count: 7_000) }
        + [String](repeating: String(repeating: "a", count: 20_000), count: 944)
        + (0..<2_000).map { "\($0)" }

    @Test("a reader that gives little memory ends before a page, or repeated values, take it")
    func refuses() async throws {
        for texts in [[String(repeating: "a", count: 16 << 20)], Self.repeated] {
            let (fileBytes, data) = try await Self.data(texts)
            #expect(fileBytes < 200_000)
            let limit = 12 << 20
            let decoder = try RowGroupDecoder(data) { if $0 > limit { throw Refused() } }
            #expect(throws: Refused.self) { while try decoder.next() != nil {} }
        }
    }

    @Test("what is held is heard: pages, their values and the batch; never less than before")
    func counts() async throws {
        for texts in [[String(repeating: "a", count: 16 << 20)], Self.repeated] {
            let (fileBytes, data) = try await Self.data(texts)
            let bytes = texts.reduce(0) { $0 + $1.utf8.count }
            var heard: [Int] = []
            let decoder = try RowGroupDecoder(data) { heard.append($0) }
            var found: [Scalar] = []
            while let batch = try decoder.next() { found += batch.columns[0].scalars }
            #expect(found == texts.map { .string($0) })
            #expect(heard == heard.sorted() && heard.count < 100)
            let most = try #require(heard.last)
            #expect(most > 2 * bytes && most < 6 * bytes + 4 * fileBytes)
        }
    }

    @Test("long rows come in smaller batches, and all of them come")
    func cutsBatches() async throws {
        let texts = (0..<40).map { "\($0) " + String(repeating: "x", count: 1 << 20) }
        let (_, data) = try await Self.data(texts)
        let decoder = try RowGroupDecoder(data)
        var counts: [Int] = []
        var found: [Scalar] = []
        while let batch = try decoder.next() {
            counts.append(batch.rowCount)
            found += batch.columns[0].scalars
        }
        #expect(counts.max() == 15 && counts.count == 3)
        #expect(found == texts.map { .string($0) })
    }

    @Test("bytes to fetch are heard before they are fetched")
    func fetches() async throws {
        let batch = Batch(
            schema: Self.schema, columns: [Column(.string, [.string("a")])], rowCount: 1)
        let (bytes, _) = try parquetBytes(Self.schema, [batch])
        let file = try await ParquetFile.open(MemoryReader(bytes: bytes))
        await #expect(throws: Refused.self) {
            try await file.fetch(rowGroup: 0, fields: Self.schema.fields) { _ in throw Refused() }
        }
    }
}
