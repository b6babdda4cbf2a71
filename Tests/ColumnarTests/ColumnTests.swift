import Columnar
import Effects
import Testing

@Suite("Column")
struct ColumnTests {
    static let types: [DataType] = [
        .null, .boolean, .int, .long, .float, .double, .decimal(precision: 9, scale: 2),
        .decimal(precision: 38, scale: 10), .date, .timestamptz, .string, .binary, .uuid, .interval,
        .list(Field("element", .string)),
        .map(
            key: Field("key", .string, isRequired: true), value: Field("value", .list(Field("element", .int)))
        ),
        .structure([Field("a", .int), Field("b", .string)]),
    ]

    @Test("values come back as they went in, for every type", arguments: types)
    func roundTrips(type: DataType) {
        let scalars = randomScalars(type, count: 100, seed: 1)
        let column = Column(type, scalars)
        #expect(column.invariantFault == nil)
        #expect(column.scalars == scalars)
        #expect(column.nullCount == scalars.count { $0.isNull })
    }

    @Test("texts are equal when their bytes are")
    func spellings() {
        let values: Set<Scalar> = [
            .string("\u{E9}"), .string("e\u{301}"), .string("\u{E9}"), .list([.string("\u{E9}")]),
            .list([.string("e\u{301}")]), .null, .null,
        ]
        #expect(values.count == 5)
    }

    @Test("gather, slice, flatten and concatenate agree with arrays", arguments: types)
    func selects(type: DataType) {
        let scalars = randomScalars(type, count: 90, seed: 2)
        let column = Column(type, scalars)
        let rows: [Int32] = [5, 3, 3, 89, 0]
        #expect(column.gather(rows).scalars == rows.map { scalars[Int($0)] })
        #expect(column.slice(7..<70).scalars == Array(scalars[7..<70]))
        let joined = Column.concatenate([column.slice(0..<11), column, column.slice(80..<90)], type: type)
        #expect(joined.scalars == Array(scalars[0..<11]) + scalars + Array(scalars[80..<90]))
        let constant = Column.constant(scalars[1], type, count: 9)
        #expect(constant.flattened().scalars == [Scalar](repeating: scalars[1], count: 9))
        #expect(constant.gather(rows).scalars == [Scalar](repeating: scalars[1], count: 5))
    }

    @Test("a dictionary column reads as its flat form")
    func dictionary() {
        let values = Column(.string, [.string("a"), .string("a string longer than twelve")])
        let column = Column(
            .string, count: 4, .dictionary(indices: [1, 0, 1, 0], values: values),
            validity: Bitmap([true, true, false, true]))
        let expected: [Scalar] = [.string("a string longer than twelve"), .string("a"), .null, .string("a")]
        #expect(column.scalars == expected)
        #expect(column.flattened().scalars == expected)
        #expect(column.gather([3, 2]).scalars == [.string("a"), .null])
    }

    @Test("strings compare as their bytes, whatever their length", arguments: 0..<30)
    func compares(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let texts = (0..<40).map { _ in
            String(
                (0..<Int.random(in: 0..<30, using: &generator)).map { _ in
                    "abé\u{0}".randomElement(using: &generator) ?? "a"
                })
        }
        let column = StringColumn(texts)
        for left in texts.indices {
            #expect(column.string(at: left) == texts[left])
            for right in texts.indices {
                #expect(
                    column.isEqual(left, column, right)
                        == (Array(texts[left].utf8) == Array(texts[right].utf8)))
                let order = column.compare(left, column, right)
                #expect((order < 0) == texts[left].utf8.lexicographicallyPrecedes(texts[right].utf8))
            }
        }
    }

    @Test("a batch's selection chooses rows in every form")
    func batch() {
        let schema = Schema([Field("a", .int), Field("b", .string)])
        let batch = Batch(
            schema: schema,
            columns: [Column(.int, (0..<5).map { .int($0) }), .constant(.string("x"), .string, count: 5)],
            rowCount: 5)
        let chosen = batch.selecting([1, 4])
        #expect(chosen.rows == [[.int(1), .string("x")], [.int(4), .string("x")]])
        #expect(chosen.dense().rows == chosen.rows)
        #expect(chosen.slice(1..<2).rows == [[.int(4), .string("x")]])
        #expect(
            Batch.concatenate([chosen, batch.slice(0..<1)], schema: schema).rows.map(\.first) == [
                .int(1), .int(4), .int(0),
            ])
    }

    private func randomScalars(_ type: DataType, count: Int, seed: UInt64) -> [Scalar] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Self.scalar(type, &generator) }
    }

    private static func scalar(_ type: DataType, _ generator: inout SeededGenerator) -> Scalar {
        if type == .null || Int.random(in: 0..<5, using: &generator) == 0 { return .null }
        let number = Int64.random(in: -1000...1000, using: &generator)
        switch type {
        case .boolean: return .boolean(number > 0)
        case .int, .date: return .int(Int32(number))
        case .decimal(let precision, _) where precision > 18:
            return .int128(Int128(number) * 1_000_000_000_000_000_000)
        case .float: return .float(Float(number))
        case .double: return .double(Double(number) / 3)
        case .string: return .string(String(repeating: "é", count: Int(abs(number) % 20)))
        case .binary, .uuid: return .bytes([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 16))
        case .interval: return .interval(Interval(months: 1, days: 2, microseconds: number))
        case .list(let element):
            return .list((0..<abs(number) % 4).map { _ in scalar(element.type, &generator) })
        case .map(_, let value):
            return .map(
                (0..<abs(number) % 4).map { ScalarPair(.string("k\($0)"), scalar(value.type, &generator)) })
        case .structure(let fields): return .structure(fields.map { scalar($0.type, &generator) })
        default: return .long(number)
        }
    }
}
