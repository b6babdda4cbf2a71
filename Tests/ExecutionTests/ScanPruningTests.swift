import Columnar
import Iceberg
import Kernels
import Plans
import Testing

@testable import Execution

@Suite("Predicates for pruning")
struct ScanPruningTests {
    private static let fields = ScannedTable.fields
    private static let id = column(0, .long)
    private static let name = column(2, .string)
    private static let ratio = column(4, .double)
    private static let size = column(6, .int)

    private static func text(_ value: String) -> Expression { .literal(.string(value), .string) }
    private static func long(_ value: Int64) -> Expression { .literal(.long(value), .long) }

    @Test(
        "conditions are told by field ids",
        arguments: [
            (call(.greater, [Self.id, Self.long(3)], .boolean), "#1 > 3"),
            (call(.less, [Self.long(3), Self.id], .boolean), "#1 > 3"),
            (call(.like, [Self.name, Self.text("U%")], .boolean), "#3 STARTS WITH 'U'"),
            (call(.like, [Self.name, Self.text("UA")], .boolean), "#3 = 'UA'"),
            (call(.isNotNull, [Self.name], .boolean), "#3 IS NOT NULL"),
            (call(.not, [column(5, .boolean)], .boolean), "#6 = false"),
            (call(.equal, [.cast(Self.size, to: .long, isTry: false), Self.long(7)], .boolean), "#7 = 7"),
            (.inList(Self.id, [.long(1), .long(2)], isNegated: false), "#1 IN (1, 2)"),
        ])
    func told(condition: Expression, text: String) {
        #expect(ScanPruning.predicate(condition, over: Self.fields).description == text)
    }

    @Test(
        "what cannot be said prunes nothing, also beside OR",
        arguments: [
            call(.equal, [call(.characterLength, [Self.name], .int), literal(3)], .boolean),
            call(
                .or,
                [
                    call(.equal, [Self.id, Self.long(1)], .boolean),
                    call(.equal, [call(.characterLength, [Self.name], .int), literal(3)], .boolean),
                ], .boolean),
            call(.like, [Self.name, Self.text("%\u{301}%")], .boolean),
            call(.like, [Self.name, Self.text("e\\_%\u{301}")], .boolean),
        ])
    func kept(condition: Expression) {
        let predicate = ScanPruning.predicate(condition, over: Self.fields)
        #expect(predicate == .always || predicate.description == "#3 STARTS WITH 'e'")
    }
}
