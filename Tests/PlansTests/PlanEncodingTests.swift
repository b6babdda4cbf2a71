import Columnar
import JSONText
import Kernels
import Testing

@testable import Plans

@Suite("Plans travel as JSON")
struct PlanEncodingTests {
    static let scan: TableScan = {
        var scan = TableScan(
            warehouse: "local_lake", namespace: ["web", "raw"], table: "clicks",
            metadataLocation: "s3://lake/web/clicks/metadata/1.json", snapshotID: 42,
            fields: [
                Field(id: 1, "id", .long, isRequired: true), Field(id: 2, "name", .string),
                Field(id: 3, "price", .decimal(precision: 9, scale: 2)),
                Field(id: 4, "tags", .list(Field(id: 5, "element", .string))),
                Field(id: 6, "at", .timestamptz, doc: "when"),
            ])
        scan.filter = .call(
            .and,
            [
                .call(.greater, [.column(0, .long), .literal(.long(5), .long)], .boolean),
                .inList(.column(1, .string), [.string("a'b"), .null], isNegated: true),
            ], .boolean)
        scan.limitHint = 10
        return scan
    }()

    static let plans: [PhysicalPlan] = {
        let scan = PhysicalPlan.scan(Self.scan)
        let name = Expression.column(1, .string)
        let price = Expression.column(2, .decimal(precision: 9, scale: 2))
        var ordered = AggregateCall(.arrayAggregate, [name], type: .list(Field("element", .string)))
        ordered.place = SourcePlace(line: 2, column: 7)
        ordered.order = [SortKey(price, isDescending: true)]
        let aggregate = PhysicalPlan.aggregate(
            Aggregation(
                keys: [.call(.lower, [name], .string)],
                calls: [
                    AggregateCall(.countAll, [], type: .long),
                    AggregateCall(.sum, [price], type: .decimal(precision: 38, scale: 2), filter: .true),
                    AggregateCall(.count, [name], type: .long, isDistinct: true), ordered,
                ], names: ["lower(name)", "count(*)", "sum(price)", "n", "names"]), scan)
        var framed = WindowCall(
            .aggregate(.sum), [price], type: .decimal(precision: 38, scale: 2))
        framed.frame = WindowFrame(.range, .preceding, .currentRow, exclusion: .ties)
        framed.start = price
        framed.rangeKey = price
        framed.filter = .true
        framed.isDistinct = true
        var picked = WindowCall(.window(.lag), [name, .literal(.long(2), .long)], type: .string)
        picked.ignoresNulls = true
        var sets = Aggregation(
            keys: [.column(5, .string), .column(6, .int)], calls: [], names: ["k", "set"])
        sets.rowsIfEmpty = [[.null, .int(1)]]
        let expanded = PhysicalPlan.aggregate(
            sets, .expand(Expansion(keys: [name], sets: [[0], []], names: ["k", "set"]), scan))
        let one = Expression.literal(.long(1), .long)
        let recursion = PhysicalPlan.recursion(
            Recursion(id: 3, isDistinct: true),
            base: .project(Projection([.column(0, .string)], names: ["k"]), expanded),
            step: .unnest(
                Unnesting(
                    items: [
                        .list(.null(.list(Field("element", .string)))),
                        .series(from: one, to: one, step: one, includesEnd: false),
                    ], names: ["e", "s", "n"], hasOrdinality: true, keepsEmpty: true),
                .workingTable(WorkingTable(id: 3, schema: Schema([Field("k", .string)])))
            ).firstColumn(.string))
        let window = PhysicalPlan.window(
            Windowing(
                partition: [name], order: [SortKey(price)], calls: [framed, picked], names: ["s", "l"]), scan)
        let values = PhysicalPlan.values(
            ValueRows(
                schema: Schema([
                    Field("a", .int), Field("b", .double), Field("c", .binary), Field("d", .interval),
                    Field("e", .map(key: Field("key", .string), value: Field("value", .float))),
                    Field("f", .structure([Field("x", .boolean)])),
                    Field("g", .decimal(precision: 38, scale: 0)),
                    Field("h", .fixed(3)),
                ]),
                rows: [
                    [
                        .int(1), .double(-0.0), .bytes([0, 255]),
                        .interval(Interval(months: 1, days: -2, microseconds: 3)),
                        .map([ScalarPair(.string("k"), .float(.infinity))]), .structure([.boolean(true)]),
                        .int128(Int128.max), .bytes([1, 2, 3]),
                    ], Array(repeating: .null, count: 8),
                ]))
        return [
            scan, aggregate, values, window, recursion, .values(.oneRow),
            .topN([SortKey(.column(1, .long))], offset: 2, count: 3, aggregate),
            .topN([SortKey(.column(1, .long))], offset: 0, count: 3, keepsTies: true, aggregate),
            .limit(RowWindow(offset: 1, count: nil), .sort([SortKey(price, nullsFirst: true)], scan)),
            .project(
                Projection(
                    [
                        .caseWhen(
                            [
                                CaseBranch(
                                    condition: .call(.isNull, [name], .boolean),
                                    value: .literal(.int(1), .int))
                            ],
                            otherwise: nil, .int),
                        .cast(name, to: .uuid, isTry: true),
                        .literal(.list([.string("x")]), .list(Field("element", .string))),
                    ], names: ["c", "u", "l"]), scan),
            .filter(.call(.not, [.call(.isNotNull, [name], .boolean)], .boolean), scan),
            .union([scan, scan]),
            .join(
                Join(
                    .full, leftKeys: [name], rightKeys: [.call(.lower, [name], .string)],
                    residual: .call(.less, [.column(0, .long), .column(5, .long)], .boolean)), scan, scan),
            .join(Join(.inner), scan, aggregate),
        ]
    }()

    @Test("encode, serialise, parse, decode gives the same plan", arguments: plans)
    func roundTrip(plan: PhysicalPlan) throws {
        let bytes = plan.encoded.serialized()
        let again = try PhysicalPlan(encoded: try JSONParser.parse(bytes))
        #expect(again == plan)
        #expect(again.description == plan.description)
        #expect(again.encoded.serialized() == bytes)
    }

    @Test("a document with a part missing, changed or misplaced is a fault, never a trap")
    func damage() throws {
        for plan in Self.plans {
            let text = plan.encoded.description
            let bytes = Array(text.utf8)
            for seed in 0..<400 {
                var damaged = bytes
                let position = (seed &* 7919) % damaged.count
                switch seed % 3 {
                case 0: damaged.remove(at: position)
                case 1: damaged[position] = [0x30, 0x39, 0x22, 0x5B, 0x2D, 0x61][seed / 3 % 6]
                default: damaged.swapAt(position, (position &* 31 + seed) % damaged.count)
                }
                guard let json = try? JSONParser.parse(damaged) else { continue }
                _ = try? PhysicalPlan(encoded: json)
            }
        }
    }

    @Test("a column read beyond the input or under another type is refused")
    func inconsistent() {
        let scan = PhysicalPlan.scan(Self.scan)
        for bad: PhysicalPlan in [
            .project(Projection([.column(9, .long)], names: ["x"]), scan),
            .project(Projection([.column(0, .int)], names: ["x"]), scan),
            .filter(.column(0, .long), scan), .sort([SortKey(.column(77, .string))], scan),
        ] {
            let fault = #expect(throws: PlansError.self) { try PhysicalPlan(encoded: bad.encoded) }
            #expect(fault?.code == .inconsistent)
        }
    }
}

extension PhysicalPlan {
    fileprivate func firstColumn(_ type: DataType) -> PhysicalPlan {
        .project(Projection([.column(0, type)], names: ["k"]), self)
    }
}
