import Columnar
import Kernels
import Testing

struct GroupingTests {
    /// A value as grouping sees it: NaN is NaN, -0 is 0, intervals go by length.
    private func canonical(_ scalar: Scalar) -> Scalar {
        switch scalar {
        case .double(let value): value.isNaN ? .string("nan") : .double(value == 0 ? 0 : value)
        case .float(let value): value.isNaN ? .string("nan") : .float(value == 0 ? 0 : value)
        case .interval(let value): .int128(value.approximateMicroseconds)
        default: scalar
        }
    }

    @Test(arguments: [UInt64](1...20))
    func groupsAreThoseOfADictionary(_ seed: UInt64) throws {
        var columns = GeneratedColumns(seed: seed)
        let types = (0..<(1 + columns.number(3))).map { _ in
            GeneratedColumns.types[columns.number(GeneratedColumns.types.count)]
        }
        var table = GroupTable(types: types)
        var model: [[Scalar]: Int32] = [:]
        var numbers: [Int32: [Scalar]] = [:]
        for _ in 0..<6 {
            let count = 1 + columns.number(200)
            let keys = types.map { columns.column($0, count: count) }
            let groups = table.groups(of: keys, rowCount: count)
            let hashes = ColumnHash.rows(keys, count: count)
            var hashOf: [Int32: UInt64] = [:]
            for row in 0..<count {
                let key = keys.map { canonical($0.scalar(at: row)) }
                if let known = model[key] {
                    #expect(known == groups[row], "\(types) seed \(seed): \(key)")
                } else {
                    #expect(numbers[groups[row]] == nil, "\(types) seed \(seed): \(key)")
                    model[key] = groups[row]
                    numbers[groups[row]] = key
                }
                #expect(
                    hashOf[groups[row]] ?? hashes[row] == hashes[row],
                    "equal keys hash alike: \(types) seed \(seed)")
                hashOf[groups[row]] = hashes[row]
            }
        }
        #expect(table.count == model.count)
        let keys = table.keys()
        for group in 0..<table.count {
            #expect(keys.map { canonical($0.scalar(at: group)) } == numbers[Int32(group)])
        }
    }

    @Test(arguments: [UInt64](1...20))
    func sortingFollowsTheOrderOfValues(_ seed: UInt64) throws {
        var columns = GeneratedColumns(seed: seed)
        let types = (0..<(1 + columns.number(3))).map { _ in
            GeneratedColumns.types[columns.number(GeneratedColumns.types.count)]
        }
        let directions = types.map { _ in
            SortDirection(isDescending: columns.number(2) == 0, nullsFirst: columns.number(2) == 0)
        }
        let count = 1 + columns.number(150)
        let keys = types.map { columns.column($0, count: count) }
        func order(_ a: Int, _ b: Int) -> Int {
            for (key, direction) in zip(keys, directions) {
                let (left, right) = (key.scalar(at: a), key.scalar(at: b))
                if left.isNull || right.isNull {
                    if left.isNull, right.isNull { continue }
                    return left.isNull == direction.nullsFirst ? -1 : 1
                }
                let order = left.order(comparedTo: right)
                if order != 0 { return direction.isDescending ? -order : order }
            }
            return 0
        }
        let expected = (0..<count).sorted { order($0, $1) == 0 ? $0 < $1 : order($0, $1) < 0 }
        let sorted = RowOrder(keys, directions, rowCount: count)
        #expect(try sorted.sortedRows().map { Int($0) } == expected, "\(types) \(directions) seed \(seed)")
        for _ in 0..<20 {
            let (a, b) = (columns.number(count), columns.number(count))
            #expect(sorted.compare(a, sorted, b).signum() == order(a, b).signum())
        }
    }

    @Test(arguments: [UInt64](1...10))
    func oneDictionaryOverManyBatchesIsLookedUpOnce(_ seed: UInt64) throws {
        var columns = GeneratedColumns(seed: seed)
        let words = ["UA", "AA", "a carrier with a long name", "", "B6"]
        let first = Column(.string, words.map { .string($0) })
        let second = Column(.int, (0..<4).map { .int(Int32($0)) })
        var table = GroupTable(types: [.string, .int])
        var plain = GroupTable(types: [.string, .int])
        for _ in 0..<8 {
            let count = 30 + columns.number(100)
            func dictionary(_ values: Column) -> Column {
                // Some codes are never used, and some batches have nulls.
                let indices = (0..<count).map { _ in Int32(columns.number(values.count - 1)) }
                let validity =
                    columns.number(2) == 0 ? nil : Bitmap((0..<count).map { _ in columns.number(5) > 0 })
                return Column(
                    values.type, count: count, .dictionary(indices: indices, values: values),
                    validity: validity)
            }
            let keys = [dictionary(first), dictionary(second)]
            let groups = table.groups(of: keys, rowCount: count)
            #expect(groups == plain.groups(of: keys.map { $0.flattened() }, rowCount: count), "seed \(seed)")
        }
        #expect(table.keys().map(\.scalars) == plain.keys().map(\.scalars))
    }
}
