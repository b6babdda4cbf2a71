import Testing

@testable import SQLSyntax

@Suite("Whatever the text, the parser answers")
struct TokenSoupTests {
    /// A small generator of its own, so that a seed means the same soup for ever.
    struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    static let words: [String] =
        Keyword.allCases.map(\.rawValue) + Sign.allCases.map(\.rawValue)
        + [
            "a", "t", "f(", "1", "1.5", "'x'", "\"q\"", "$1", "?", "date", "int", "count(*)",
            "SELECT a FROM t", "é", "\\", "'", "\"", "/*", "$$",
        ]

    @Test("token soup never crashes, and what parses prints back to itself")
    func soup() throws {
        var parsed = 0
        for seed in 0..<4000 {
            var dice = Dice(state: UInt64(seed))
            let count = Int.random(in: 1...25, using: &dice)
            let start = seed % 2 == 0 ? ["SELECT"] : []
            let text = (start + (0..<count).map { _ in Self.words.randomElement(using: &dice) ?? "" }).joined(
                separator: " ")
            guard let tree = try? SQLParser.statement(text) else { continue }
            parsed += 1
            let printed = tree.description
            #expect((try? SQLParser.statement(printed)) == tree, "seed \(seed): \(text) -> \(printed)")
        }
        #expect(parsed > 50)
    }

    @Test("a valid statement with a token changed never crashes")
    func mutations() {
        let base = """
            SELECT DISTINCT a, count ( * ) FILTER ( WHERE b > 1 ) AS n FROM ns . t AS x JOIN y ON x . i = y . i WHERE a IN ( 1 , 2 ) \
            AND b BETWEEN 1 AND 2 OR c LIKE 'x' GROUP BY a HAVING count ( * ) > 1 ORDER BY n DESC NULLS LAST LIMIT 3 OFFSET 1
            """.split(separator: " ").map(String.init)
        for seed in 0..<4000 {
            var dice = Dice(state: UInt64(seed))
            var words = base
            for _ in 0..<Int.random(in: 1...3, using: &dice) {
                let position = Int.random(in: 0..<words.count, using: &dice)
                switch Int.random(in: 0..<3, using: &dice) {
                case 0: words.remove(at: position)
                case 1: words[position] = Self.words.randomElement(using: &dice) ?? ""
                default: words.insert(Self.words.randomElement(using: &dice) ?? "", at: position)
                }
            }
            let text = words.joined(separator: " ")
            guard let tree = try? SQLParser.statement(text) else { continue }
            #expect((try? SQLParser.statement(tree.description)) == tree, "seed \(seed): \(text) -> \(tree)")
        }
    }

    @Test("random bytes never crash")
    func bytes() {
        for seed in 0..<2000 {
            var dice = Dice(state: UInt64(seed))
            let bytes = (0..<Int.random(in: 0...60, using: &dice)).map { _ in
                UInt8.random(in: 0...255, using: &dice)
            }
            _ = try? SQLParser.statements(String(decoding: bytes, as: UTF8.self))
        }
    }
}
