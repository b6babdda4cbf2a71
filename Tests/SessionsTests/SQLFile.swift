import Foundation

/// A file of SQL records; see Tests/SQL/README.md.
struct SQLFile {
    enum Expectation: Equatable {
        case ok
        case fault(code: String)
        case rows([String], isSorted: Bool)
    }
    struct Record {
        var line: Int
        var sql: String
        var expectation: Expectation
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "SQL")

    static var names: [String] {
        let found = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (found ?? []).filter { $0.hasSuffix(".slt") }.sorted()
    }

    var records: [Record] = []

    struct Malformed: Error {
        var line: Int
        var problem: String
    }

    init(named name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map {
            ($0 + 1, String($1))
        }[...]
        while let (number, head) = lines.popFirst() {
            if head.isEmpty || head.hasPrefix("#") { continue }
            var body: [String] = []
            while let (_, line) = lines.first, !line.isEmpty {
                body.append(line)
                lines.removeFirst()
            }
            records.append(try Self.record(number, head, body))
        }
    }

    private static func record(_ number: Int, _ head: String, _ body: [String]) throws -> Record {
        let words = head.split(separator: " ").map(String.init)
        switch words[0] {
        case "statement" where words.count == 2 && words[1] == "ok":
            return Record(line: number, sql: body.joined(separator: "\n"), expectation: .ok)
        case "statement" where words.count == 3 && words[1] == "error":
            return Record(
                line: number, sql: body.joined(separator: "\n"), expectation: .fault(code: words[2]))
        case "query":
            guard let rule = body.firstIndex(of: "----") else {
                throw Malformed(line: number, problem: "a query has no ----")
            }
            return Record(
                line: number, sql: body[..<rule].joined(separator: "\n"),
                expectation: .rows(Array(body[(rule + 1)...]), isSorted: words.last == "rowsort"))
        default: throw Malformed(line: number, problem: "a record starts with statement or query")
        }
    }
}
