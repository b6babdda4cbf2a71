import Columnar
import Effects
import Iceberg
import Testing

@Suite("Projection of predicates to partitions")
struct ProjectionTests {
    private let schema = IcebergSchema(fields: [
        Field(id: 1, "id", .long), Field(id: 2, "ts", .timestamp), Field(id: 3, "name", .string),
    ])
    private let spec = PartitionSpec(fields: [
        PartitionField(sourceID: 2, fieldID: 1000, name: "day", transform: .day),
        PartitionField(sourceID: 3, fieldID: 1001, name: "prefix", transform: .truncate(2)),
        PartitionField(sourceID: 1, fieldID: 1002, name: "bucket", transform: .bucket(8)),
    ])

    @Test("a day's end is exclusive, prefixes and buckets carry over, the rest says nothing")
    func projects() {
        let day: Int64 = 86_400_000_000
        let cases: [(Predicate, String)] = [
            (.compare(fieldID: 2, .less, .long(10 * day)), "#1000 <= 9"),
            (.compare(fieldID: 2, .lessOrEqual, .long(10 * day)), "#1000 <= 10"),
            (.compare(fieldID: 2, .greater, .long(10 * day - 1)), "#1000 >= 10"),
            (.compare(fieldID: 2, .equal, .long(-1)), "#1000 IN (-1, 0)"),
            (.startsWith(fieldID: 3, "a"), "#1001 STARTS WITH 'a'"),
            (.startsWith(fieldID: 3, "abc"), "#1001 = 'ab'"),
            (.compare(fieldID: 3, .notEqual, .string("ab")), "TRUE"),
            (.compare(fieldID: 1, .equal, .long(34)), "#1002 = 3"),
            (.compare(fieldID: 1, .less, .long(34)), "TRUE"),
            (.isNull(fieldID: 3), "#1001 IS NULL"), (.not(.isNull(fieldID: 3)), "#1001 IS NOT NULL"),
            (.compare(fieldID: 9, .equal, .int(1)), "TRUE"),
        ]
        for (predicate, expected) in cases {
            #expect(predicate.projected(through: spec, schema).description == expected, "\(predicate)")
        }
    }

    /// A row that matches must be in a partition that might match: for random rows and predicates.
    @Test("no matching row is ever pruned", arguments: 0..<200 as Range<UInt64>)
    func neverPrunesMatches(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let transforms: [(Int, DataType, [Transform])] = [
            (1, .long, [.bucket(5), .truncate(7), .identity]),
            (2, .timestamp, [.day, .hour, .month, .year, .bucket(3)]),
            (3, .string, [.truncate(2), .identity, .bucket(4)]),
        ]
        for (id, type, choices) in transforms {
            for transform in choices {
                let spec = PartitionSpec(fields: [
                    PartitionField(sourceID: id, fieldID: 1000, name: "p", transform: transform)
                ])
                for _ in 0..<20 {
                    let row = value(type, &generator)
                    let literal = value(type, &generator)
                    let comparison = Predicate.Comparison.allCases[Int.random(in: 0..<6, using: &generator)]
                    let leaves: [Predicate] = [
                        .compare(fieldID: id, comparison, literal), .isIn(fieldID: id, [literal, row]),
                        .isNull(fieldID: id), .isNotNull(fieldID: id),
                    ]
                    let image = try #require(transform.apply(row, type))
                    for leaf in leaves where matches(leaf, row) {
                        let projected = leaf.projected(through: spec, schema)
                        #expect(
                            projected.mightMatch { _ in ColumnStatistics(constant: image) },
                            "\(leaf) on \(row) through \(transform) became \(projected)")
                    }
                }
            }
        }
    }

    private func value(_ type: DataType, _ generator: inout SeededGenerator) -> Scalar {
        let isFar = generator.next() % 5 == 0
        let near = Int64.random(in: -12...12, using: &generator)
        switch type {
        // Near the ends, where images wrap around.
        case .long where isFar: return .long((generator.next() % 2 == 0 ? Int64.min : .max) &+ near)
        case .timestamp where isFar:
            return .long(
                [Int64.min, .max, Int64(Int32.min) * 3_600_000_000, Int64(Int32.max) * 3_600_000_000][
                    Int(generator.next() % 4)] &+ near &* 1_800_000_000)
        case .long: return .long(Int64.random(in: -30...30, using: &generator))
        case .timestamp: return .long(Int64.random(in: -60...60, using: &generator) * 43_200_000_000)
        default:
            return .string(
                String("aabbcü".shuffled(using: &generator).prefix(Int.random(in: 0...4, using: &generator))))
        }
    }

    private func matches(_ leaf: Predicate, _ row: Scalar) -> Bool {
        switch leaf {
        case .compare(_, let comparison, let literal):
            let order = ScalarOrder.compare(row, literal) ?? 0
            return switch comparison {
            case .equal: order == 0
            case .notEqual: order != 0
            case .less: order < 0
            case .lessOrEqual: order <= 0
            case .greater: order > 0
            case .greaterOrEqual: order >= 0
            }
        case .isIn(_, let values): return values.contains(row)
        case .isNull: return row.isNull
        default: return !row.isNull
        }
    }

    @Test("a manifest is skipped by its partition summaries alone")
    func prunesManifests() throws {
        let types = spec.resultTypes(in: schema)
        var builder = PartitionSummaryBuilder(types: types)
        builder.add([.int(10), .string("ab"), .null])
        builder.add([.int(12), .string("b"), .int(3)])
        var manifest = ManifestFile(path: "s3://a/m", length: 1, specID: 0, addedSnapshotID: 1)
        manifest.partitions = builder.finish()
        let day: Int64 = 86_400_000_000
        func keeps(_ predicate: Predicate) -> Bool {
            manifest.mightMatch(predicate.projected(through: spec, schema), spec, types: types)
        }
        #expect(keeps(.compare(fieldID: 2, .equal, .long(11 * day))))
        #expect(!keeps(.compare(fieldID: 2, .equal, .long(13 * day))))
        #expect(!keeps(.isNull(fieldID: 2)) && keeps(.isNull(fieldID: 1)))
        #expect(!keeps(.startsWith(fieldID: 3, "c")) && keeps(.startsWith(fieldID: 3, "abc")))
    }
}
