import Effects
import FileFormats
import Foundation
import JSONText
import TestKit
import Testing

@Suite("Avro")
struct AvroTests {
    static func fixture(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return Array(try Data(contentsOf: folder.appending(path: "Fixtures/" + name)))
    }

    static let inner = AvroSchema.record(name: "inner", [AvroField("x", .long, id: 5)])
    static let schema = AvroSchema.record(
        name: "row",
        [
            AvroField("id", .long, id: 1), AvroField("name", .optional(.string), id: 2),
            AvroField("raw", .bytes, id: 3),
            AvroField("list", .array(inner, elementID: 4, isMap: true), id: 6),
            AvroField("f", .float, id: 7), AvroField("d", .optional(.double), id: 8),
            AvroField("b", .boolean, id: 9),
        ])

    struct Row: Equatable {
        var id: Int64
        var name: String?
        var raw: [UInt8]
        var list: [Int64]
        var float: Float
        var double: Double?
        var flag: Bool
    }

    static func rows(_ count: Int) -> [Row] {
        (0..<count).map { index in
            Row(
                id: Int64(index) &* -0x1234_5678_9ABC, name: index % 3 == 0 ? nil : "name \(index) é",
                raw: [UInt8](repeating: UInt8(index & 0xFF), count: index % 7),
                list: (0..<Int64(index % 4)).map { $0 },
                float: Float(index) / 4, double: index % 2 == 0 ? nil : Double(index) / 8,
                flag: index % 5 == 0)
        }
    }

    static func write(_ rows: [Row], _ compression: AvroWriter.Compression) throws -> [UInt8] {
        var writer = AvroWriter(
            schema: schema, metadata: [(name: "content", value: "data")], compression: compression,
            sync: [UInt8](repeating: 7, count: 16))
        for row in rows {
            try writer.append { encoder in
                encoder.long(row.id)
                encoder.optional(row.name) { $0.string($1) }
                encoder.bytesValue(row.raw)
                encoder.array(row.list) { $0.long($1) }
                encoder.float(row.float)
                encoder.optional(row.double) { $0.double($1) }
                encoder.boolean(row.flag)
            }
        }
        return try writer.finish()
    }

    static func read(_ bytes: [UInt8]) throws -> [Row] {
        let reader = try AvroReader(bytes)
        var rows: [Row] = []
        guard case .record(_, let fields) = reader.schema else { return [] }
        try reader.forEachRecord { cursor in
            var row = Row(id: 0, name: nil, raw: [], list: [], float: 0, double: nil, flag: false)
            for field in fields {
                let schema = try cursor.resolve(field.schema)
                switch (field.fieldID, schema) {
                case (1, .long): row.id = try cursor.long()
                case (2, .string): row.name = try cursor.string()
                case (3, .bytes): row.raw = try cursor.lengthPrefixed()
                case (6, .array):
                    try cursor.forEachElement { (cursor) throws(FileFormatsError) in
                        row.list.append(try cursor.long())
                    }
                case (7, .float): row.float = try cursor.float()
                case (8, .double): row.double = try cursor.double()
                case (9, .boolean): row.flag = try cursor.boolean()
                default: try cursor.skip(schema)
                }
            }
            rows.append(row)
        }
        return rows
    }

    @Test(
        "records come back as they went in, over many blocks and every codec",
        arguments: [
            AvroWriter.Compression.none, .deflate, .zstd,
        ])
    func roundTrips(compression: AvroWriter.Compression) throws {
        let rows = Self.rows(5000)
        let bytes = try Self.write(rows, compression)
        #expect(try Self.read(bytes) == rows)
        #expect(try AvroReader(bytes).text("content") == "data")
        #expect(try AvroReader(bytes).schema == Self.schema)
    }

    @Test("a file without records reads as none")
    func readsEmpty() throws { #expect(try Self.read(Self.write([], .deflate)).isEmpty) }

    @Test(
        "files of fastavro read: unions, fixed, enums, maps, names used again",
        arguments: [
            "rows-null.avro", "rows-deflate.avro", "rows-zstandard.avro",
        ])
    func readsForeignFiles(name: String) throws {
        let reader = try AvroReader(Self.fixture(name))
        guard case .record(_, let fields) = reader.schema else { return }
        #expect(fields.map(\.fieldID) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15])
        #expect(
            fields[8].schema == .optional(.fixed(name: "test.ns.four", size: 4))
                || fields[8].schema == .optional(.fixed(name: "four", size: 4)))
        var ids: [Int64] = []
        var names = 0
        var lastInner: Int64 = -1
        try reader.forEachRecord { cursor in
            for field in fields {
                let schema = try cursor.resolve(field.schema)
                switch (field.fieldID, schema) {
                case (1, _): ids.append(try cursor.long())
                case (6, .string): names += try cursor.string().isEmpty ? 0 : 1
                case (13, _): lastInner = try cursor.long()
                default: try cursor.skip(schema)
                }
            }
        }
        #expect(ids.count == 600 && ids[3] == -3 << 40 && lastInner == 599)
        #expect(names == 600 - (600 + 6) / 7)
    }

    @Test("damaged files end in an error or in records, never in a crash or without end")
    func survivesMutations() throws {
        let compressions: [AvroWriter.Compression] = [.none, .deflate, .zstd]
        let files = try compressions.map { try Self.write(Self.rows(40), $0) }
        for seed in 0..<UInt64(FuzzRounds.count(600)) {
            var generator = SeededGenerator(seed: seed)
            var bytes = files[Int(seed % 3)]
            for _ in 0..<Int.random(in: 1...6, using: &generator) where !bytes.isEmpty {
                mutate(&bytes, &generator)
            }
            do {
                let rows = try Self.read(bytes)
                #expect(rows.count <= bytes.count * 2000, "seed \(seed)")
            } catch is FileFormatsError {
                // What damage should end in.
            }
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let position = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[position] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes.removeSubrange(position..<min(bytes.count, position + 9))
        default: bytes.insert(contentsOf: [UInt8](repeating: 0xFF, count: 9), at: position)
        }
    }

    @Test(
        "schemas that would never end are refused",
        arguments: [
            #"{"type":"record","name":"a","fields":[{"name":"x","type":"a"}]}"#,
            #"{"type":"record","name":"a","fields":[{"name":"x","type":["null","a"]}]}"#,
            String(repeating: #"{"type":"array","items":"#, count: 100) + "\"int\""
                + String(repeating: "}", count: 100),
            #"["null","nothing"]"#, #"{"type":"fixed","name":"f","size":-1}"#, "[]", "3", #"{"name":"x"}"#,
            "{",
        ])
    func refusesEndlessSchemas(schema: String) throws {
        #expect(throws: FileFormatsError.self) { try AvroReader(Self.file(schema: schema)) }
    }

    @Test("names used again and again cannot make a huge type")
    func refusesHugeSchemas() throws {
        var fields =
            #"{"name":"f0","type":{"type":"record","name":"t0","fields":[{"name":"x","type":"null"}]}}"#
        for level in 1...40 {
            fields += #",{"name":"f\#(level)","type":{"type":"record","name":"t\#(level)","fields":["#
            fields += #"{"name":"a","type":"t\#(level - 1)"},{"name":"b","type":"t\#(level - 1)"}]}}"#
        }
        let schema = #"{"type":"record","name":"r","fields":[\#(fields)]}"#
        #expect(throws: FileFormatsError.self) { try AvroReader(Self.file(schema: schema)) }
    }

    private static func file(schema: String, block: [UInt8] = []) -> [UInt8] {
        var encoder = AvroEncoder()
        encoder.raw([0x4F, 0x62, 0x6A, 0x01])
        encoder.long(1)
        encoder.string("avro.schema")
        encoder.string(schema)
        encoder.long(0)
        encoder.raw([UInt8](repeating: 1, count: 16) + block)
        return encoder.bytes
    }

    @Test("counts that promise more than there is are refused")
    func refusesFalseCounts() throws {
        for count in [Int64.max, 1 << 40, -1] {
            var block = AvroEncoder()
            block.long(count)
            block.long(0)
            block.raw([UInt8](repeating: 1, count: 16))
            let bytes = Self.file(schema: #"{"type":"record","name":"r","fields":[]}"#, block: block.bytes)
            #expect(throws: FileFormatsError.self) { try AvroReader(bytes).forEachRecord { _ in } }
        }
    }

    @Test("what blocks unfold to is heard before they do, and can be refused")
    func hearsUnfolding() throws {
        struct Refused: Error {}
        var row = Self.rows(1)[0]
        row.raw = [UInt8](repeating: 0, count: 2 << 20)
        for compression in [AvroWriter.Compression.deflate, .zstd] {
            let bytes = try Self.write([row, row], compression)
            #expect(bytes.count < 20_000)
            var heard = 0
            let reader = try AvroReader(bytes)
            try reader.forEachRecord {
                heard = $0
            } _: { cursor in
                try cursor.skip(Self.schema)
            }
            #expect(heard > 4 << 20)
            #expect(throws: Refused.self) {
                try reader.forEachRecord {
                    if $0 > 3 << 20 { throw Refused() }
                } _: { cursor in
                    try cursor.skip(Self.schema)
                }
            }
        }
    }

    @Test("compressed bytes that unfold beyond the limit are refused, damaged ones too")
    func boundsDecompression() throws {
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        for codec in [Codec.deflate, .gzip, .zstd] {
            let small = try codec.compress(zeros, level: 1)
            #expect(try codec.decompress(small, limit: 1 << 20) == zeros)
            #expect(throws: FileFormatsError.self) { try codec.decompress(small, limit: 1 << 19) }
            #expect(throws: FileFormatsError.self) {
                try codec.decompress(Array(small.dropLast(3)), limit: 1 << 21)
            }
            #expect(throws: FileFormatsError.self) { try codec.decompress([], limit: 10) }
            #expect(try codec.decompress(codec.compress([], level: 1), limit: 10).isEmpty)
        }
    }
}
