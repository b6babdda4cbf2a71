import Columnar
import Testing

@testable import FileFormats

@Suite("JSONLinesEncoder")
struct JSONLinesEncoderTests {
    private func batch(_ first: Int, _ count: Int) -> Batch {
        let ids = (first..<first + count).map { Int64($0) }
        return Batch(
            schema: schema,
            columns: [
                Column(.long, count: count, .int64(ids)),
                Column(.string, count: count, .string(StringColumn(ids.map { "text \($0)" }))),
            ], rowCount: count)
    }

    private let schema = Schema([Field("id", .long), Field("text", .string)])

    private func file(_ encoder: JSONLinesEncoder, _ batches: [Batch]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for batch in batches { bytes += try encoder.encode(batch) }
        return bytes + (try encoder.finish())
    }

    @Test("writes an object a line, compressed in pieces that unfold one after the other")
    func compressed() throws {
        let batches = (0..<20).map { batch($0 * 8000, 8000) }
        let plain = JSONLinesEncoder(schema: schema, codec: nil)
        let text = try file(plain, batches)
        #expect(plain.rowCount == 160_000 && text.count > 4 << 20)
        #expect(text.starts(with: #"{"id":0,"text":"text 0"}"#.utf8) && text.last == UInt8(ascii: "\n"))
        #expect(text.count { $0 == UInt8(ascii: "\n") } == 160_000)
        for codec in [Codec.gzip, .zstd] {
            let encoder = JSONLinesEncoder(schema: schema, codec: codec)
            let bytes = try file(encoder, batches)
            #expect(bytes.count < text.count / 4 && encoder.estimatedFileSize == bytes.count)
            let unfolder = try Unfolder(codec)
            let (output, consumed) = try unfolder.run(bytes[...], limit: text.count + 1)
            #expect(output == text && consumed == bytes.count && unfolder.isWhole)
        }
    }

    @Test("writes times and decimals in the forms asked for, also inside of lists")
    func forms() throws {
        let decimals = Column(.decimal(precision: 10, scale: 2), count: 2, .int64([-1250, 5]))
        let times = Column(.timestamptz, count: 2, .int64([1_700_000_000_123_456, -1]))
        let fields = [
            Field("d", .decimal(precision: 10, scale: 2)), Field("t", .timestamptz),
            Field("l", .list(Field("element", .timestamptz))),
        ]
        let batch = Batch(
            schema: Schema(fields),
            columns: [
                decimals, times,
                Column(
                    .list(Field("element", .timestamptz)), count: 2,
                    .list(offsets: [0, 2, 2], element: times)),
            ], rowCount: 2)
        func lines(_ forms: JSONForms) throws -> [String] {
            let encoder = JSONLinesEncoder(schema: batch.schema, codec: nil, forms: forms)
            return String(decoding: try file(encoder, [batch]), as: UTF8.self)
                .split(separator: "\n").map(String.init)
        }
        #expect(
            try lines(JSONForms()) == [
                #"{"d":"-12.50","t":"2023-11-14T22:13:20.123456Z","#
                    + #""l":["2023-11-14T22:13:20.123456Z","1969-12-31T23:59:59.999999Z"]}"#,
                #"{"d":"0.05","t":"1969-12-31T23:59:59.999999Z","l":[]}"#,
            ])
        var forms = JSONForms()
        forms.timestamps = .unixMilliseconds
        forms.decimals = .number
        #expect(
            try lines(forms) == [
                #"{"d":-12.50,"t":1700000000123,"l":[1700000000123,-1]}"#, #"{"d":0.05,"t":-1,"l":[]}"#,
            ])
    }

    @Test("a value of the type JSON stands in a line as what it is, also inside of lists and structs")
    func nestedJSON() throws {
        let texts = ["{\"a\":\n 1}", "7"]
        func column(_ isJSON: Bool) -> Column {
            Column(isJSON ? .json : .string, count: 2, .string(StringColumn(texts)))
        }
        let element = Field("element", .json)
        let list = Column(.list(element), count: 2, .list(offsets: [0, 2, 2], element: column(true)))
        let structure = Column(
            .structure([Field("x", .json)]), count: 2, .structure([column(true)]),
            validity: Bitmap([false, true]))
        let schema = Schema([
            Field("j", .json), Field("t", .string), Field("l", .list(element)), Field("s", structure.type),
        ])
        let batch = Batch(
            schema: schema, columns: [column(true), column(false), list, structure], rowCount: 2)
        #expect(
            String(decoding: try file(JSONLinesEncoder(schema: schema, codec: nil), [batch]), as: UTF8.self)
                == #"{"j":{"a":  1},"t":"{\"a\":\n 1}","l":[{"a":  1},7],"s":null}"# + "\n"
                + #"{"j":7,"t":"7","l":[],"s":{"x":7}}"# + "\n")
    }

    @Test("writes JSON text as the line itself, without its line breaks")
    func unstructured() throws {
        let texts = Column(
            .json, count: 3, .string(StringColumn(["{\"a\":\n 1}", "[1,\r\n2]", "gone"])),
            validity: Bitmap([true, true, false]))
        let batch = Batch(schema: Schema([Field("value", .json)]), columns: [texts], rowCount: 3)
        let encoder = JSONLinesEncoder(schema: batch.schema, codec: nil, isUnstructured: true)
        #expect(
            String(decoding: try file(encoder, [batch]), as: UTF8.self) == "{\"a\":  1}\n[1,  2]\nnull\n")
    }
}
