import CArrowData
import Columnar
import Testing

@Suite("Arrow C Data Interface")
struct ArrowBridgeTests {
    static func roundTrip(_ batch: Batch) throws -> Batch {
        var schema = unsafe ArrowExport.schema(batch.schema)
        var array = unsafe ArrowExport.array(batch)
        let result = try unsafe ArrowImport.batch(&array, &schema)
        #expect(unsafe schema.release == nil && array.release == nil)
        return result
    }

    static let entry = DataType.map(
        key: Field(id: 21, "key", .string, isRequired: true), value: Field(id: 22, "value", .double))
    static let person = DataType.structure([
        Field(id: 31, "name", .string, isRequired: true),
        Field(id: 32, "ages", .list(Field(id: 33, "element", .int))),
    ])

    static let cases: [(DataType, [Scalar])] = [
        (.boolean, [.boolean(true), .null, .boolean(false)]), (.int, [.int(.min), .null, .int(.max)]),
        (.long, [.long(.min), .null, .long(.max)]), (.float, [.float(1.5), .null, .float(-.infinity)]),
        (.double, [.double(0.1), .null, .double(-0.0)]), (.date, [.int(-1), .null, .int(20_000)]),
        (.time, [.long(0), .null, .long(86_399_999_999)]), (.timestamp, [.long(-1), .null, .long(1)]),
        (.timestamptz, [.long(-1), .null, .long(1)]), (.timestampNanos, [.long(-1), .null, .long(1)]),
        (.timestamptzNanos, [.long(-1), .null, .long(1)]),
        (.decimal(precision: 9, scale: 2), [.long(-1), .null, .long(999_999_999)]),
        (.decimal(precision: 38, scale: 2), [.int128(-1), .null, .int128(Int128(Int64.max) * 1_000_000)]),
        (.string, [.string(""), .null, .string("a string longer than twelve bytes, é")]),
        (.binary, [.bytes([]), .null, .bytes([0, 255])]),
        (.uuid, [.bytes(Array(0..<16)), .null, .bytes(Array(16..<32))]),
        (.fixed(3), [.bytes([1, 2, 3]), .null, .bytes([4, 5, 6])]),
        (
            .interval,
            [.interval(Interval(months: -1, days: 2, microseconds: 3)), .null, .interval(Interval())]
        ),
        (.list(Field(id: 20, "element", .string)), [.list([.string("a"), .null]), .null, .list([])]),
        (entry, [.map([ScalarPair(.string("k"), .null)]), .null, .map([])]),
        (person, [.structure([.string("a"), .list([.int(1)])]), .null, .structure([.string(""), .null])]),
    ]

    @Test("every type comes back, nulls too", arguments: 0..<cases.count)
    func types(index: Int) throws {
        let (type, values) = Self.cases[index]
        for rows in [values, [], [.null, .null], Array(values.prefix(1))] {
            let schema = Schema([Field(id: 1, "c", type), Field("required", .int, isRequired: true)])
            let batch = Batch(
                schema: schema,
                columns: [Column(type, rows), Column(.int, rows.indices.map { .int(Int32($0)) })],
                rowCount: rows.count)
            let result = try Self.roundTrip(batch)
            #expect(result.schema == schema)
            #expect(result.rows == batch.rows)
            #expect(result.columns.allSatisfy { $0.invariantFault == nil })
        }
    }

    @Test("selections, constants and dictionaries are exported as the rows they stand for")
    func forms() throws {
        let schema = Schema([Field("a", .string), Field("b", .long)])
        let words = Column(.string, [.string("x"), .string("a word that is long")])
        let batch = Batch(
            schema: schema,
            columns: [
                Column(
                    .string, count: 4, .dictionary(indices: [0, 1, 1, 0], values: words),
                    validity: Bitmap([true, true, false, true])),
                .constant(.long(7), .long, count: 4),
            ], rowCount: 4, selection: [1, 2, 3])
        #expect(try Self.roundTrip(batch).rows == batch.rows)
        let empty = Batch(
            schema: schema, columns: [.nulls(.string, count: 2), .nulls(.long, count: 2)], rowCount: 2)
        #expect(try Self.roundTrip(empty).rows == empty.rows)
    }

    @Test("an array's offset is kept, also for what lies inside it")
    func offsets() throws {
        let schema = Schema([
            Field("p", Self.person), Field("b", .boolean), Field("l", .list(Field("element", .int))),
        ])
        var rows: [[Scalar]] = []
        for index in 0..<10 {
            let person: Scalar = .structure([.string("name \(index)"), .list([.int(Int32(index))])])
            let list = (0..<Int32(index)).map { Scalar.int($0) }
            rows.append([index == 4 ? .null : person, .boolean(index % 3 == 0), .list(list)])
        }
        let batch = Batch(
            schema: schema,
            columns: schema.fields.indices.map { column in
                Column(schema.fields[column].type, rows.map { $0[column] })
            },
            rowCount: 10)
        var exported = unsafe ArrowExport.schema(schema)
        var array = unsafe ArrowExport.array(batch)
        unsafe array.offset = 3
        unsafe array.length = 5
        let result = try unsafe ArrowImport.batch(&array, &exported)
        #expect(result.rows == Array(rows[3..<8]))
    }

    @Test("an unknown format is refused, and the structs are released")
    func refuses() throws {
        let batch = Batch(schema: Schema([Field("a", .int)]), columns: [Column(.int, [.int(1)])], rowCount: 1)
        var schema = unsafe ArrowExport.schema(batch.schema)
        var array = unsafe ArrowExport.array(batch)
        unsafe schema.children[0]?.pointee.format.map { unsafe UnsafeMutablePointer(mutating: $0)[0] = 0x65 }
        let error = #expect(throws: ColumnarError.self) { try unsafe ArrowImport.batch(&array, &schema) }
        #expect(error?.code == .unsupportedArrowType)
        #expect(unsafe schema.release == nil && array.release == nil)
    }
}
