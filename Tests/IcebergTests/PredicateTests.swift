import Columnar
import Iceberg
import Testing

@Suite("Predicate")
struct PredicateTests {
    private let column = ColumnStatistics(
        valueCount: 10, nullCount: 2, nanCount: 0, lower: .int(5), upper: .int(9))

    @Test(
        "comparisons keep what the bounds allow",
        arguments: [
            (Predicate.Comparison.equal, Int32(5), true), (.equal, 4, false), (.equal, 10, false),
            (.less, 5, false),
            (.less, 6, true), (.lessOrEqual, 5, true), (.greater, 9, false), (.greater, 8, true),
            (.greaterOrEqual, 9, true),
            (.greaterOrEqual, 10, false), (.notEqual, 5, true),
        ])
    func comparesBounds(comparison: Predicate.Comparison, value: Int32, expected: Bool) {
        let predicate = Predicate.compare(fieldID: 1, comparison, .int(value))
        #expect(predicate.mightMatch { _ in column } == expected)
        // A widened column compares with its old bounds.
        let wide = Predicate.compare(fieldID: 1, comparison, .long(Int64(value)))
        #expect(wide.mightMatch { _ in column } == expected)
        #expect(predicate.mightMatch { _ in nil })
    }

    @Test("nulls match only IS NULL")
    func handlesNulls() {
        let nulls = ColumnStatistics(constant: .null)
        #expect(Predicate.isNull(fieldID: 1).mightMatch { _ in nulls })
        #expect(!Predicate.isNotNull(fieldID: 1).mightMatch { _ in nulls })
        #expect(!Predicate.compare(fieldID: 1, .notEqual, .int(1)).mightMatch { _ in nulls })
        #expect(!Predicate.compare(fieldID: 1, .equal, .null).mightMatch { _ in column })
        #expect(!Predicate.isNotIn(fieldID: 1, [.int(3), .null]).mightMatch { _ in column })
        #expect(!Predicate.isNull(fieldID: 1).mightMatch { _ in ColumnStatistics(constant: .int(1)) })
    }

    @Test("NaN is above every number and hides from bounds")
    func handlesNaN() {
        var floats = ColumnStatistics(
            valueCount: 4, nullCount: 0, nanCount: 1, lower: .double(1), upper: .double(2))
        #expect(Predicate.compare(fieldID: 1, .greater, .double(5)).mightMatch { _ in floats })
        #expect(!Predicate.compare(fieldID: 1, .equal, .double(5)).mightMatch { _ in floats })
        #expect(!Predicate.compare(fieldID: 1, .less, .double(1)).mightMatch { _ in floats })
        floats.containsNaN = false
        #expect(!Predicate.compare(fieldID: 1, .greater, .double(5)).mightMatch { _ in floats })
        #expect(!Predicate.isNaN(fieldID: 1).mightMatch { _ in floats })
    }

    @Test("prefixes compare bytes, also with bounds that were cut")
    func matchesPrefixes() {
        let text = ColumnStatistics(
            valueCount: 3, nullCount: 0, lower: .string("mango"), upper: .string("peacf"))
        #expect(Predicate.startsWith(fieldID: 1, "p").mightMatch { _ in text })
        #expect(Predicate.startsWith(fieldID: 1, "mangosteen").mightMatch { _ in text })
        #expect(!Predicate.startsWith(fieldID: 1, "a").mightMatch { _ in text })
        #expect(!Predicate.startsWith(fieldID: 1, "q").mightMatch { _ in text })
        let same = ColumnStatistics(valueCount: 3, nullCount: 0, lower: .string("pa"), upper: .string("pz"))
        #expect(!Predicate.doesNotStartWith(fieldID: 1, "p").mightMatch { _ in same })
    }

    @Test("NOT disappears without changing which rows match")
    func normalizes() {
        let predicate = Predicate.not(
            .and([.compare(fieldID: 1, .less, .int(5)), .not(.isNull(fieldID: 2))]))
        #expect(predicate.normalized.description == "(#1 >= 5 OR #2 IS NULL)")
        #expect(Predicate.all([.always, .never]) == .never && Predicate.any([.never]) == .never)
        #expect(Predicate.all([.always]) == .always)
    }
}
