import Columnar
import Effects
import Kernels
import Testing

@Suite("Key filters")
struct KeyFilterTests {
    private static func column(_ type: DataType, _ values: [Int64?]) -> Column {
        Column(
            type,
            values.map { value in
                guard let value else { return .null }
                return type == .int ? .int(Int32(truncatingIfNeeded: value)) : .long(value)
            })
    }

    /// Near keys are a bit each; far ones take the Bloom form.
    @Test(
        "every key passes, nulls and values outside the bounds never do, and others seldom",
        arguments: [(DataType.int, Int64(300)), (.long, 300), (.int, 1 << 30), (.long, 1 << 62)])
    func keys(type: DataType, reach: Int64) throws {
        var generator = SeededGenerator(seed: UInt64(reach))
        let held = (0..<5000).map { _ in Int64.random(in: -reach...reach, using: &generator) }
        let optional: [Int64?] = held.map { $0 }
        var first = Array(optional.prefix(2000))
        first.append(nil)
        let filter = KeyFilter([
            Self.column(type, first), Self.column(type, Array(optional.dropFirst(2000))),
        ])
        let bounds = try #require(filter.bounds)
        let (least, most) = (try #require(held.min()), try #require(held.max()))
        #expect(Self.column(type, [least, most]).scalar(at: 0) == bounds.least)
        #expect(Self.column(type, [least, most]).scalar(at: 1) == bounds.most)
        let keys = Set(held)
        var sought = Array(optional.prefix(1000))
        sought += [nil, least - 1, most + 1]
        for _ in 0..<5000 { sought.append(Int64.random(in: least...most, using: &generator)) }
        let column = Self.column(type, sought)
        let rows = filter.rows(of: column, among: nil)
        let found = Set(rows)
        #expect(rows == rows.sorted() && found.count == rows.count)
        for (row, value) in sought.enumerated() where value.map(keys.contains) ?? false {
            #expect(found.contains(Int32(row)))
        }
        #expect(!found.contains(1000) && !found.contains(1001) && !found.contains(1002))
        let wrong = rows.count { row in !(sought[Int(row)].map(keys.contains) ?? false) }
        if reach == 300 { #expect(wrong == 0) } else { #expect(wrong < 250, "\(wrong) of 5000") }
        // Of chosen rows, only those; as a dictionary, the same.
        let chosen = (0..<Int32(sought.count)).filter { $0 % 3 == 0 }
        #expect(filter.rows(of: column, among: chosen) == rows.filter { $0 % 3 == 0 })
        let codes = (0..<8000).map { Int32($0 % 70) }
        let values = Self.column(type, (0..<70).map { sought[$0 * 15] })
        let validity = Bitmap(codes.indices.map { $0 % 11 != 0 })
        let dictionary = Column(
            type, count: codes.count, .dictionary(indices: codes, values: values), validity: validity)
        #expect(
            filter.rows(of: dictionary, among: nil) == filter.rows(of: dictionary.flattened(), among: nil))
    }

    @Test("without keys nothing passes")
    func empty() {
        for parts in [[], [Self.column(.long, [nil, nil])]] {
            let filter = KeyFilter(parts)
            #expect(filter.bounds == nil)
            #expect(filter.rows(of: Self.column(.long, [0, 1, nil]), among: nil).isEmpty)
        }
    }
}
