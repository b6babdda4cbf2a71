import Columnar
import Testing

@Suite("Bytes of rows that are written out")
struct WrittenSizeTests {
    private static let long = Scalar.string(String(repeating: "x", count: 1_000_000))

    @Test("a constant and a dictionary are as large as the same rows flat")
    func forms() {
        let constant = Column.constant(Self.long, .string, count: 100)
        #expect(constant.writtenByteCount == 100 * 1_000_016)
        #expect(constant.flattened().writtenByteCount == constant.writtenByteCount)
        let values = Column(.string, [Self.long, .string("short")])
        let dictionary = Column(.string, count: 3, .dictionary(indices: [0, 1, 0], values: values))
        #expect(dictionary.writtenByteCount == 2 * 1_000_016 + 21)
        #expect(dictionary.flattened().writtenByteCount == dictionary.writtenByteCount)
        let numbers = Column(.long, [.long(1), .long(2)])
        let small = Column(.long, count: 3, .dictionary(indices: [0, 1, 0], values: numbers))
        #expect(small.writtenByteCount == 24)
    }

    @Test("of a list that was cut only its own elements count")
    func lists() {
        let type = DataType.list(Field("element", .string))
        let lists = Column(type, [.list([Self.long, Self.long]), .list([.string("a")])])
        #expect(lists.writtenByteCount > 2_000_000)
        #expect(lists.slice(1..<2).writtenByteCount < 100)
        #expect(Column.constant(.list([Self.long]), type, count: 50).writtenByteCount > 50_000_000)
    }

    @Test("products beyond all limits stay small enough to be added up")
    func clamping() {
        #expect(3.multipliedClamped(by: 7) == 21 && 0.multipliedClamped(by: .max) == 0)
        let products = [Int.max.multipliedClamped(by: 2), Int.max.multipliedClamped(by: 1)]
        #expect(products.allSatisfy { $0 > 1 << 48 })
        #expect((0..<4000).reduce(0) { $0 + products[$1 % 2] } > 1 << 60)
    }

    @Test("rows are cut into pieces of few bytes, at the least one row each, in their order")
    func pieces() {
        let schema = Schema([Field("id", .int), Field("t", .string)])
        let ids = Column(.int, (0..<100).map { .int($0) })
        let batch = Batch(
            schema: schema, columns: [ids, .constant(Self.long, .string, count: 100)], rowCount: 100)
        let pieces = batch.pieces(ofBytes: 4 << 20)
        #expect(pieces.allSatisfy { $0.writtenByteCount <= 4 << 20 } && pieces.count == 25)
        #expect(pieces.flatMap { $0.rows.map { $0[0] } } == ids.scalars)
        #expect(batch.pieces(ofBytes: 1000).count == 100)
        #expect(batch.pieces(ofBytes: 1 << 30).count == 1)
        let chosen = batch.selecting([3, 5]).pieces(ofBytes: 1000)
        #expect(chosen.map { $0.rows[0][0] } == [.int(3), .int(5)])
        #expect(batch.slice(0..<0).pieces(ofBytes: 1000).map(\.rowCount) == [0])
    }

    @Test(
        "one long text of all rows stays one when batches are joined, and texts of many parts keep their rows"
    )
    func concatenation() {
        let parts = (1...3).map { Column.constant(Self.long, .string, count: $0) }
        let joined = Column.concatenate(parts, type: .string)
        #expect(joined.count == 6 && joined.constantValue == Self.long)
        let mixed = Column.concatenate(parts + [Column(.string, [.string("y")])], type: .string)
        #expect(mixed.count == 7 && mixed.scalar(at: 5) == Self.long && mixed.scalar(at: 6) == .string("y"))
        let texts = (0..<40).map { part in
            Column(.string, (0..<50).map { .string($0 % 2 == 0 ? "s\($0)" : "a long text \(part) \($0)") })
        }
        #expect(Column.concatenate(texts, type: .string).scalars == texts.flatMap(\.scalars))
    }

    @Test("many small parts are appended without a copy of all that came before")
    func growth() {
        var all = StringColumn()
        let part = StringColumn((0..<10).map { "a text longer than a view \($0)" })
        var moves = 0
        var capacity = 0
        for _ in 0..<1000 {
            all.append(contentsOf: part)
            if all.views.capacity != capacity { moves += 1 }
            capacity = all.views.capacity
        }
        #expect(all.count == 10_000 && moves < 30)
    }
}
