import Columnar
import Effects
import Iceberg
import Testing

@Suite("Statistics of several files together")
struct ColumnStatisticsTests {
    private static func statistics(_ generator: inout SeededGenerator) -> ColumnStatistics {
        func roll(_ count: UInt64) -> Int64 { Int64(generator.next() % count) }
        let low = roll(10)
        let high = low + roll(5)
        let values = roll(6)
        // Sometimes unknown, sometimes more than there can be.
        let nulls = roll(4) == 0 ? nil : roll(7)
        let nans = roll(3) == 0 ? nil : roll(2)
        let hasBounds = roll(5) > 0
        return ColumnStatistics(
            valueCount: roll(5) == 0 ? nil : values, nullCount: nulls, nanCount: nans,
            lower: hasBounds ? .double(Double(low)) : nil, upper: hasBounds ? .double(Double(high)) : nil)
    }

    private static func predicate(_ generator: inout SeededGenerator) -> Predicate {
        let value = Scalar.double(Double(generator.next() % 16))
        let comparisons = Predicate.Comparison.allCases
        switch generator.next() % 8 {
        case 0: return .isNull(fieldID: 1)
        case 1: return .isNotNull(fieldID: 1)
        case 2: return .isNaN(fieldID: 1)
        case 3: return .isNotNaN(fieldID: 1)
        case 4: return .isIn(fieldID: 1, [value, .double(3)])
        case 5: return .isNotIn(fieldID: 1, [value])
        default:
            let place = Int(generator.next() % UInt64(comparisons.count))
            return .compare(fieldID: 1, comparisons[place], value)
        }
    }

    @Test("what might match one file might match them together", arguments: 0..<200)
    func together(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let files = (0...Int(generator.next() % 4)).map { _ in Self.statistics(&generator) }
            let all = files.dropFirst().reduce(files[0]) { $0.union($1) }
            let predicate = Self.predicate(&generator)
            let mightOne = files.contains { file in predicate.mightMatch { _ in file } }
            #expect(!mightOne || predicate.mightMatch { _ in all }, "\(predicate) \(files) \(all)")
        }
    }

    @Test("together they leave out what none of them can match")
    func leavesOut() {
        let low = ColumnStatistics(valueCount: 9, nullCount: 1, lower: .int(1), upper: .int(5))
        let high = ColumnStatistics(valueCount: 9, nullCount: 0, lower: .long(4), upper: .long(12))
        let nulls = ColumnStatistics(valueCount: 3, nullCount: 3)
        let all = low.union(high).union(nulls)
        #expect(all.valueCount == 21 && all.nullCount == 4 && all.lower == .int(1) && all.upper == .long(12))
        #expect(!Predicate.compare(fieldID: 1, .equal, .int(13)).mightMatch { _ in all })
        #expect(Predicate.compare(fieldID: 1, .equal, .int(12)).mightMatch { _ in all })
        let unknown = all.union(ColumnStatistics(valueCount: 1, nullCount: 0))
        #expect(Predicate.compare(fieldID: 1, .equal, .int(13)).mightMatch { _ in unknown })
    }
}
