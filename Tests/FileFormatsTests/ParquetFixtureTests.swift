import Columnar
import Effects
import FileFormats
import Foundation
import JSONText
import TestKit
import Testing

/// Files that pyarrow and DuckDB wrote; Tests/Fixtures/parquet/make.py says how.
@Suite("Parquet files of other writers")
struct ParquetFixtureTests {
    static let names = [
        "flat-ids-zstd", "flat-snappy-v2", "flat-gzip-plain", "flat-lz4-arrow-schema", "encodings",
        "legacy-int96",
        "units", "nested", "nested-two-level", "duckdb-flat", "duckdb-nested",
    ]

    static func bytes(_ file: String) throws -> [UInt8] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/parquet")
        return Array(try Data(contentsOf: folder.appendingPathComponent(file)))
    }

    /// A scalar as the script prints it.
    static func json(_ scalar: Scalar, _ type: DataType) -> JSONValue {
        switch (scalar, type) {
        case (.null, _): .null
        case (.boolean(let value), _): .boolean(value)
        case (.long(let value), .decimal): .string(String(value))
        case (.int(let value), _): JSONValue(value)
        case (.long(let value), _): JSONValue(value)
        case (.int128(let value), _): .string(String(value))
        case (.float(let value), _): JSONValue(Double(value))
        case (.double(let value), _): JSONValue(value)
        case (.string(let value), _): .string(value)
        case (.bytes(let value), _):
            .string(value.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
        case (.list(let items), .list(let element)): .array(items.map { json($0, element.type) })
        case (.map(let pairs), .map(let key, let value)):
            .array(pairs.map { .array([json($0.key, key.type), json($0.value, value.type)]) })
        case (.structure(let values), .structure(let fields)):
            .array(zip(values, fields).map { json($0, $1.type) })
        default: .string("\(scalar) in \(type)")
        }
    }

    @Test("are read right, whatever their codec, pages and encodings", arguments: names)
    func reads(name: String) async throws {
        let file = try await ParquetFile.open(MemoryReader(bytes: Self.bytes(name + ".parquet")))
        let fields = try file.fields()
        let expected = try JSONParser.parse(Self.bytes(name + ".json")).array ?? []
        var rows: [[JSONValue]] = []
        for group in file.rowGroups.indices {
            for batch in try await file.read(rowGroup: group, fields: fields) {
                rows += batch.rows.map { row in zip(row, fields).map { Self.json($0, $1.type) } }
            }
        }
        #expect(rows.count == expected.count && rows.count == file.rowCount)
        for (index, (row, wanted)) in zip(rows, expected).enumerated() {
            for (column, (value, other)) in zip(row, wanted.array ?? []).enumerated() {
                let isEqual = value == other || (value.double != nil && value.double == other.double)
                #expect(isEqual, "row \(index), \(fields[column].name): \(value) against \(other)")
            }
        }
    }

    @Test("some columns of a nested file are read alone")
    func projects() async throws {
        let file = try await ParquetFile.open(MemoryReader(bytes: Self.bytes("nested.parquet")))
        let all = try await file.read(rowGroup: 0, fields: file.fields())[0]
        let inner = Field(
            "struct", .structure([Field("b", .structure([Field("d", .list(Field("element", .long)))]))]))
        let part = try await file.read(rowGroup: 0, fields: [inner, file.fields()[3]])[0]
        #expect(part.columns[1].scalars == all.columns[3].scalars)
        for (left, right) in zip(part.columns[0].scalars, all.columns[1].scalars) {
            guard case .structure(let outer) = right, case .structure(let fields) = outer[1] else {
                #expect(left == .null && right == .null)
                continue
            }
            var longs = fields[1]
            if case .list(let items) = longs {
                longs = .list(
                    items.map { if case .int(let value) = $0 { .long(Int64(value)) } else { .null } })
            }
            #expect(left == .structure([.structure([longs])]))
        }
    }

    @Test("damaged files give errors or other values, never a crash", arguments: names)
    func damaged(name: String) async throws {
        let good = try Self.bytes(name + ".parquet")
        var random = SeededGenerator(seed: UInt64(good.count))
        for _ in 0..<FuzzRounds.count(300) {
            var bytes = good
            switch random.next(below: 4) {
            case 0: bytes.removeLast(1 + random.next(below: bytes.count - 1))
            case 1:
                let start = random.next(below: bytes.count)
                bytes.removeSubrange(start..<min(bytes.count, start + 1 + random.next(below: 20)))
            default:
                for _ in 0...random.next(below: 6) {
                    // The footer decides most; half of the changes hit it.
                    let position =
                        random.chance(2)
                        ? random.next(below: bytes.count)
                        : bytes.count - 1 - random.next(below: min(bytes.count, 3000))
                    bytes[position] =
                        random.chance(2)
                        ? UInt8(truncatingIfNeeded: random.next())
                        : bytes[position] ^ (1 << UInt8(random.next(below: 8)))
                }
            }
            do {
                let file = try await ParquetFile.open(MemoryReader(bytes: bytes))
                for group in file.rowGroups {
                    for field in try file.fields() {
                        _ = group.statistics(field)
                        _ = try await file.pages(rowGroup: group.index, field: field)
                    }
                    for batch in try await file.read(rowGroup: group.index, fields: file.fields()) {
                        for column in batch.columns { #expect(column.invariantFault == nil) }
                        _ = batch.rows
                    }
                }
            } catch is FileFormatsError {
                continue
            }
        }
    }

    @Test(
        "what is no Parquet file is refused",
        arguments: ["", "PAR1", "PAR1PAR1PAR1", "not a parquet file at all"])
    func refuses(text: String) async {
        let error = await #expect(throws: FileFormatsError.self) {
            try await ParquetFile.open(MemoryReader(bytes: Array(text.utf8)))
        }
        #expect(error?.code == .corruptFile)
    }
}
