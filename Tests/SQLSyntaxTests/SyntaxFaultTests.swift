import Faults
import Testing

@testable import SQLSyntax

@Suite("A wrong statement is refused with its place and help")
struct SyntaxFaultTests {
    @Test(
        "mistakes",
        arguments: [
            ("SELCT 1", "SYN-101", 1, 1, "did you mean SELECT?"),
            ("SELECT a FORM t", "SYN-101", 1, 15, "did you mean FROM instead of FORM?"),
            ("SELECT a FROM t WHER x = 1", "SYN-101", 1, 22, "did you mean WHERE instead of WHER?"),
            ("SELECT a FROM t\nORDER YB a", "SYN-101", 2, 7, "did you mean BY?"),
            ("SELECT a FROM t GRUOP BY a", "SYN-101", 1, 23, "did you mean GROUP instead of GRUOP?"),
            ("SELECT (1 + 2", "SYN-101", 1, 14, nil),
            ("SELECT", "SYN-101", 1, 7, nil),
            ("", "SYN-101", 1, 1, nil),
            ("SELECT 'abc", "SYN-102", 1, 8, "close it with '"),
            ("SELECT \"abc", "SYN-102", 1, 8, nil),
            ("SELECT 1 /* abc", "SYN-102", 1, 10, nil),
            ("SELECT 1abc", "SYN-103", 1, 8, nil),
            ("SELECT é, \u{1}", "SYN-103", 1, 11, nil),
            ("SELECT 1; SELECT 2", "SYN-201", 1, 11, nil),
            ("DELETE FROM t", "SYN-201", 1, 1, nil),
            ("CREATE FUNCTION f", "SYN-201", 1, 8, nil),
            ("SELECT $1, ?", "SYN-201", 1, 12, "write all parameters in one way"),
            ("SELECT ?, $2", "SYN-201", 1, 11, "write all parameters in one way"),
            ("SELECT a FROM", "SYN-101", 1, 14, nil),
            ("SELECT a[1:2:3]", "SYN-101", 1, 13, nil),
            ("SELECT CASE END", "SYN-101", 1, 13, nil),
            ("SELECT day$ '2026-01-31'", "SYN-101", 1, 13, nil),
            ("SELECT (current_date 'a')", "SYN-101", 1, 22, nil),
            ("SELECT CAST(a AS )", "SYN-101", 1, 18, nil),
            ("SELECT E'\\x00'", "SYN-103", 1, 8, "write bytes as X'00'"),
            ("SELECT E'a\\0'", "SYN-103", 1, 8, "write bytes as X'00'"),
            ("SELECT E'\\777'", "SYN-103", 1, 8, nil),
            ("SELECT E'\\u0000'", "SYN-103", 1, 8, nil),
            ("SELECT E'\\xff'", "SYN-103", 1, 8, nil),
        ] as [(String, String, Int, Int, String?)])
    func mistakes(text: String, code: String, line: Int, column: Int, hint: String?) {
        let fault = #expect(throws: SQLSyntaxError.self) { try SQLParser.statement(text) }
        #expect(fault?.code.rawValue == code)
        #expect(fault?.place == .text(line: line, column: column), "\(fault?.message ?? "")")
        if let hint { #expect(fault?.hint == hint) }
    }

    @Test("deep nesting is a fault, not a crash")
    func depth() {
        let many = 20_000
        let texts = [
            "SELECT " + String(repeating: "(", count: many),
            "SELECT " + String(repeating: "-", count: 3).replacing("-", with: "- ")
                + String(repeating: "- ", count: many) + "1",
            "SELECT " + String(repeating: "NOT ", count: many) + "a",
            "SELECT 1" + String(repeating: " | 1", count: many),
            "SELECT a" + String(repeating: "[1]", count: many),
            "SELECT a" + String(repeating: "::int", count: many),
            "SELECT a::int" + String(repeating: "[]", count: many),
            "SELECT a" + String(repeating: ".a", count: many),
            "SELECT " + String(repeating: "(SELECT ", count: many),
            "SELECT * FROM " + String(repeating: "(", count: many),
            "SELECT 1" + String(repeating: " UNION SELECT 1", count: 20_000),
            "SELECT * FROM a" + String(repeating: " CROSS JOIN a", count: 20_000),
            "SELECT " + String(repeating: "CASE WHEN ", count: 20_000),
            "SELECT " + String(repeating: "f(", count: many),
        ]
        for text in texts {
            let fault = #expect(throws: SQLSyntaxError.self) { try SQLParser.statement(text) }
            #expect(fault?.code == .tooDeep, "\(text.prefix(30)) \(fault?.message ?? "")")
        }
    }

    @Test("chains of AND, OR, || and arithmetic do not nest, and may be long")
    func chains() throws {
        for joiner in [" AND a", " OR a", " || a", " + a", " - a * a", " % a / a"] {
            let text = "SELECT a" + String(repeating: joiner, count: 20_000)
            let tree = try SQLParser.statement(text)
            #expect(tree.description == text)
        }
    }

    @Test("a text beyond the limit is refused")
    func size() {
        let text = "SELECT '" + String(repeating: "x", count: SQLSyntaxLimits.textBytes) + "'"
        let fault = #expect(throws: SQLSyntaxError.self) { try SQLParser.statement(text) }
        #expect(fault?.code == .tooLong)
    }

    @Test("a near name is suggested, a far one is not")
    func nearest() {
        #expect(NearestName.find("dep_dealy", among: ["arr_delay", "dep_delay", "origin"]) == "dep_delay")
        #expect(NearestName.find("zzz", among: ["arr_delay", "origin"]) == nil)
        #expect(NearestName.find("id", among: ["x", "ab"]) == nil)
        #expect(NearestName.find("xor", among: ["corr"]) == nil)
        #expect(NearestName.find("nosuch", among: ["cosh"]) == nil)
        #expect(NearestName.find("serial", among: ["real"]) == nil)
        #expect(NearestName.find("nwo", among: ["now"]) == "now")
    }
}
