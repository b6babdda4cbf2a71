import Columnar
import Effects
import Iceberg
import JSONText
import Testing

@Suite("Verdicts on partitions")
struct VerdictTests {
    private static let choices: [(Int, DataType, [Transform])] = [
        (1, .long, [.bucket(5), .truncate(7), .identity, .void]),
        (2, .timestamp, [.day, .hour, .month, .year, .bucket(3), .identity]),
        (3, .string, [.truncate(2), .identity, .bucket(4)]),
        (4, .double, [.identity]),
    ]
    private static let schema = IcebergSchema(
        fields: choices.map { Field(id: $0.0, "c\($0.0)", $0.1) })

    /// A verdict speaks of all rows of a partition, so it must be right about each row that falls into it.
    @Test("a verdict is right about every row of its partition", arguments: 0..<100 as Range<UInt64>)
    func isRight(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for (id, type, transforms) in Self.choices {
            for transform in transforms {
                let spec = PartitionSpec(fields: [
                    PartitionField(sourceID: id, fieldID: 1000, name: "p", transform: transform)
                ])
                for _ in 0..<30 {
                    let row = Self.value(type, &generator)
                    let leaf = Self.leaf(id, type, &generator)
                    let image = try #require(transform.apply(row, type))
                    let verdict = leaf.verdict(in: [image], of: spec, Self.schema)
                    let holds = Self.holds(leaf, row)
                    let text = "\(leaf) of \(row) in \(image) by \(transform): \(verdict)"
                    if verdict == .allRows { #expect(holds != false, "\(text)") }
                    if verdict == .noRows { #expect(holds != true, "\(text)") }
                }
            }
        }
    }

    @Test("times before 1970 that an early writer rounded towards zero are in the partition above")
    func oldRounding() {
        let spec = PartitionSpec(fields: [
            PartitionField(sourceID: 2, fieldID: 1000, name: "p", transform: .day)
        ])
        let noon: Int64 = -43_200_000_000
        // Noon of 1969-12-31 is in day -1 by the rules and in day 0 by the early writer.
        let after = Predicate.compare(fieldID: 2, .greaterOrEqual, .long(0))
        #expect(after.verdict(in: [.int(0)], of: spec, Self.schema) == .someRows)
        #expect(after.verdict(in: [.int(1)], of: spec, Self.schema) == .allRows)
        let not = Predicate.compare(fieldID: 2, .notEqual, .long(noon))
        #expect(not.verdict(in: [.int(0)], of: spec, Self.schema) == .someRows)
        #expect(not.verdict(in: [.int(1)], of: spec, Self.schema) == .allRows)
    }

    @Test("ends of ranges decide whole partitions")
    func decides() {
        let day: Int64 = 86_400_000_000
        func verdict(_ transform: Transform, _ leaf: Predicate, _ value: Scalar) -> PartitionVerdict {
            let source = leaf.fieldIDs.first ?? 0
            return leaf.verdict(
                in: [value],
                of: PartitionSpec(fields: [
                    PartitionField(sourceID: source, fieldID: 1000, name: "p", transform: transform)
                ]), Self.schema)
        }
        let cases: [(Transform, Predicate, Scalar, PartitionVerdict)] = [
            (.day, .compare(fieldID: 2, .greaterOrEqual, .long(10 * day)), .int(10), .allRows),
            (.day, .compare(fieldID: 2, .greater, .long(10 * day)), .int(10), .someRows),
            (.day, .compare(fieldID: 2, .less, .long(10 * day)), .int(9), .allRows),
            (.day, .compare(fieldID: 2, .lessOrEqual, .long(10 * day - 1)), .int(9), .allRows),
            (.identity, .isIn(fieldID: 1, [.long(1), .long(2)]), .long(2), .allRows),
            (.identity, .compare(fieldID: 1, .notEqual, .long(2)), .null, .someRows),
            (.identity, .compare(fieldID: 1, .less, .long(2)), .null, .noRows),
            (.bucket(5), .isNotIn(fieldID: 1, []), .int(2), .allRows),
            (.truncate(2), .startsWith(fieldID: 3, "ab"), .string("ab"), .allRows),
            (.truncate(2), .startsWith(fieldID: 3, "abc"), .string("ab"), .someRows),
            (.truncate(2), .doesNotStartWith(fieldID: 3, "abc"), .string("ax"), .allRows),
            (.bucket(4), .doesNotStartWith(fieldID: 3, "ab"), .int(2), .someRows),
            (.void, .isNull(fieldID: 1), .null, .someRows),
        ]
        for (transform, leaf, value, expected) in cases {
            #expect(verdict(transform, leaf, value) == expected, "\(leaf) in \(value) by \(transform)")
        }
    }

    private static func value(_ type: DataType, _ generator: inout SeededGenerator) -> Scalar {
        if Int.random(in: 0..<8, using: &generator) == 0 { return .null }
        switch type {
        case .long: return .long(Int64.random(in: -20...20, using: &generator))
        case .timestamp: return .long(Int64.random(in: -4...4, using: &generator) * 43_200_000_000)
        case .double:
            return [.double(.nan), .double(-0.0), .double(1.5), .double(2)].randomElement(using: &generator)
                ?? .null
        default:
            return .string(["", "a", "ab", "abc", "b", "ba", "é"].randomElement(using: &generator) ?? "")
        }
    }

    private static func leaf(_ id: Int, _ type: DataType, _ generator: inout SeededGenerator) -> Predicate {
        func literal() -> Scalar {
            while true {
                let found = value(type, &generator)
                if !found.isNull { return found }
            }
        }
        switch Int.random(in: 0..<(type == .string ? 12 : 10), using: &generator) {
        case 0..<6:
            return .compare(
                fieldID: id, Predicate.Comparison.allCases[Int.random(in: 0..<6, using: &generator)],
                literal())
        case 6: return .isIn(fieldID: id, [literal(), literal()])
        case 7: return .isNotIn(fieldID: id, [literal(), literal()])
        case 8: return type == .double ? .isNaN(fieldID: id) : .isNull(fieldID: id)
        case 9: return type == .double ? .isNotNaN(fieldID: id) : .isNotNull(fieldID: id)
        case 10:
            guard case .string(let text) = literal() else { return .always }
            return .startsWith(fieldID: id, text)
        default:
            guard case .string(let text) = literal() else { return .always }
            return .doesNotStartWith(fieldID: id, text)
        }
    }

    /// Nil where readers differ: nulls under denials, NaN in comparisons.
    private static func holds(_ leaf: Predicate, _ row: Scalar) -> Bool? {
        let isNaN = ScalarOrder.isNaN(row)
        switch leaf {
        case .isNull: return row.isNull
        case .isNotNull: return !row.isNull
        case .isNaN: return isNaN
        case .isNotNaN: return row.isNull ? nil : !isNaN
        case .compare(_, let comparison, let literal):
            if row.isNull { return comparison == .notEqual ? nil : false }
            if isNaN || ScalarOrder.isNaN(literal) { return nil }
            let order = ScalarOrder.compare(row, literal) ?? 0
            switch comparison {
            case .equal: return order == 0
            case .notEqual: return order != 0
            case .less: return order < 0
            case .lessOrEqual: return order <= 0
            case .greater: return order > 0
            case .greaterOrEqual: return order >= 0
            }
        case .isIn(_, let literals):
            if row.isNull { return false }
            if isNaN || literals.contains(where: ScalarOrder.isNaN) { return nil }
            return literals.contains { ScalarOrder.compare(row, $0) == 0 }
        case .isNotIn(_, let literals):
            if row.isNull || isNaN || literals.contains(where: ScalarOrder.isNaN) { return nil }
            return !literals.contains { ScalarOrder.compare(row, $0) == 0 }
        case .startsWith(_, let prefix): return text(row).map { $0.utf8.starts(with: prefix.utf8) } ?? false
        case .doesNotStartWith(_, let prefix): return text(row).map { !$0.utf8.starts(with: prefix.utf8) }
        default: return nil
        }
    }

    private static func text(_ row: Scalar) -> String? {
        if case .string(let text) = row { text } else { nil }
    }
}
