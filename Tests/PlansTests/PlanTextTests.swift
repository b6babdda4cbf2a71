import Columnar
import Kernels
import Testing

@testable import Plans

@Suite("Plans print one node a line")
struct PlanTextTests {
    @Test("a plan shows names, not positions")
    func names() {
        let scan = PhysicalPlan.scan(PlanEncodingTests.scan)
        let plan = PhysicalPlan.topN(
            [SortKey(.column(1, .long), isDescending: true)], offset: 0, count: 3,
            .aggregate(
                Aggregation(
                    keys: [.column(1, .string)],
                    calls: [AggregateCall(.countAll, [], type: .long)], names: ["name", "n"]), scan))
        #expect(
            plan.description == """
                TopN: count=3, keys=[n desc]
                  Aggregate: keys=[name], calls=[count(*)]
                    Scan: table=web.raw.clicks, fields=[id, name, price, tags, at], \
                filter=(id > 5) and (name not in ('a''b', null)), limit=10
                """)
    }

    @Test("literals print as SQL reads them")
    func literals() {
        #expect(LiteralText.text(.int(0), .date) == "date '1970-01-01'")
        #expect(LiteralText.text(.long(1_500_000), .timestamp) == "timestamp '1970-01-01T00:00:01.500000'")
        #expect(LiteralText.text(.long(0), .timestamptz) == "timestamptz '1970-01-01T00:00:00Z'")
        #expect(LiteralText.text(.long(-105), .decimal(precision: 9, scale: 2)) == "-1.05")
        #expect(LiteralText.text(.long(3_600_000_000), .time) == "time '01:00:00'")
        #expect(LiteralText.text(.null, .date) == "null")
    }

    @Test("operators inside operators stand in parentheses")
    func parentheses() {
        let a = Expression.column(0, .long)
        let sum = Expression.call(.add, [a, a], .long)
        #expect(Expression.call(.multiply, [sum, a], .long).description == "(#0 + #0) * #0")
        #expect(
            Expression.call(.not, [.call(.isNull, [a], .boolean)], .boolean).description == "not (#0 is null)"
        )
        #expect(Expression.cast(sum, to: .string, isTry: false).description == "cast(#0 + #0 as string)")
    }
}
