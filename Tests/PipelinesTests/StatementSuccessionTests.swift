import Catalogs
import Effects
import Iceberg
import JSONText
import Streams
import TestKit
import Testing

@testable import Pipelines

/// Where statements begin that new SQL brings: nothing is landed twice in one place, and nothing that waits is left out.
@Suite struct StatementSuccessionTests {
    private static let first = "INSERT INTO events_sink SELECT id FROM events"
    /// Another sink with the table of `events_sink`.
    private static let firstAgain = "INSERT INTO again_sink SELECT id FROM events"
    private static let second = "INSERT INTO second_sink SELECT id FROM events"

    private static func node() async throws -> SmallNode {
        let node = try await SmallNode.withTwoSinks()
        _ = try await node.service.createSink([
            "name": "again_sink", "type": "r2_data_catalog",
            "config": [
                "bucket": "lake", "namespace": "web.deep", "table_name": "events",
                "rolling_policy": ["interval_seconds": 1],
            ],
        ])
        _ = try await node.registry.create([
            "name": "others", "schema": ["fields": [["name": "id", "type": "int64", "required": true]]],
        ])
        return node
    }

    private static func change(_ node: SmallNode, _ statements: String...) async throws {
        _ = try await node.service.changePipeline(
            "p", ["sql": .string(statements.joined(separator: ";"))])
    }

    private static func failSecond(_ node: SmallNode) async throws {
        try await node.catalog.dropTable(
            TableIdentifier(namespace: Namespace(["web"]), name: "second"), in: node.warehouse)
    }

    @Test func aSinkWithTheSameTableGoesOnWhereTheOneBeforeStoodAndCountsOn() async throws {
        let node = try await Self.node()
        try await node.whileRunning {
            _ = try await node.service.createPipeline([
                "name": "p", "sql": .string(Self.first + ";" + Self.second),
            ])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            // The other statement stays behind.
            try await Self.failSecond(node)
            try await node.send(#"[{"id":2},{"id":3}]"#)
            await #expect(throws: PipelinesError.self) { try await node.service.flush(stream: "events") }
            try await Self.change(node, Self.firstAgain, Self.second)
            try await node.send(#"[{"id":4}]"#)
            // It ends with the first failure; the other statement lands all the same.
            await #expect(throws: PipelinesError.self) { try await node.service.flush(stream: "events") }
            while try await node.service.stats("p").statements[0].pending > 0 {
                try await Task.sleep(for: .milliseconds(10))
            }
            let stats = try await node.service.stats("p")
            #expect(stats.statements.map(\.counts.passed) == [4, 1])
            #expect(stats.statements.map(\.accepted) == [4, 4])
        }
        #expect(try await node.ids("web.deep", "events") == [1, 2, 3, 4])
    }

    @Test func aStreamThatComesBackIsNotReadAgain() async throws {
        let node = try await Self.node()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.first)])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            let before = try await node.service.stats("p").statements[0].activity.work
            try await Self.change(node, "INSERT INTO events_sink SELECT id FROM others")
            try await node.send(#"[{"id":10}]"#, to: "others")
            try await node.service.flush(stream: "others")
            try await Self.change(node, Self.first)
            try await node.send(#"[{"id":2}]"#)
            try await node.service.flush(stream: "events")
            let stats = try await node.service.stats("p")
            #expect(stats.accepted == 2 && stats.counts.passed == 2 && stats.pending == 0)
            let after = stats.statements[0].activity.work
            #expect(after.commits == before.commits + 1 && after.files == before.files + 1)
            #expect(after.bytesOut > before.bytesOut && before.since != nil && after.since == before.since)
        }
        #expect(try await node.ids("web.deep", "events") == [1, 2, 10])
    }

    @Test func eventsThatWaitForAStatementAreNotLeftOutUnasked() async throws {
        let node = try await Self.node()
        try await node.whileRunning {
            _ = try await node.service.createPipeline([
                "name": "p", "sql": .string(Self.first + ";" + Self.second),
            ])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            _ = try await node.service.pause("p")
            try await node.send(#"[{"id":2}]"#)
            let refused = await #expect(throws: PipelinesError.self) {
                try await Self.change(node, Self.first)
            }
            #expect(refused?.code == .discardsEvents)
            #expect(try await node.service.stats("p").statements.map(\.pending) == [1, 1])
            // One that takes its place has them.
            try await Self.change(node, Self.second, "INSERT INTO again_sink SELECT id FROM events")
            // Left out on purpose, and brought back: what the stream keeps still lands.
            _ = try await node.service.changePipeline(
                "p", ["sql": .string(Self.firstAgain), "discard_pending": true])
            try await Self.change(node, Self.firstAgain, Self.second)
            _ = try await node.service.resume("p")
            try await node.service.flush(stream: "events")
        }
        #expect(try await node.ids("web.deep", "events") == [1, 2])
        #expect(try await node.ids("web", "second") == [1, 2])
    }

    @Test func whatAnotherStatementTookOverIsNotTakenBack() async throws {
        let node = try await Self.node()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.first)])
            for (id, sql) in [(1, Self.second), (2, Self.first), (3, Self.firstAgain), (4, Self.second)] {
                try await node.send(#"[{"id":\#(id)}]"#)
                try await node.service.flush(stream: "events")
                try await Self.change(node, sql)
            }
            try await node.send(#"[{"id":5}]"#)
            try await node.service.flush(stream: "events")
            let stats = try await node.service.stats("p")
            // It counts on from its first time.
            #expect(stats.accepted == 2 && stats.counts.passed == 2)
        }
        #expect(try await node.ids("web.deep", "events") == [1, 3, 4])
        #expect(try await node.ids("web", "second") == [2, 5])
    }

    /// Any changes, with and without a flush between them: no table has an event twice, and what was sent while a table
    /// had a statement, which stayed until it had landed, is there.
    @Test(arguments: 0..<12) func anyOrderOfChangesLandsEachEventOnce(seed: UInt64) async throws {
        let node = try await Self.node()
        let landed = try await Self.changeAtRandom(node, seed: seed)
        for (table, namespace, name) in [("first", "web.deep", "events"), ("second", "web", "second")] {
            guard let wanted = landed[table], !wanted.isEmpty else { continue }
            let found = try await node.ids(namespace, name)
            #expect(found.count == Set(found).count, "twice in \(table), seed \(seed)")
            #expect(wanted.isSubset(of: found), "missing in \(table), seed \(seed)")
        }
    }

    private static func changeAtRandom(
        _ node: SmallNode, seed: UInt64
    ) async throws -> [String: Set<Int64>] {
        // Statements by the tables that they write to.
        let choices: [[(table: String, sql: String)]] = [
            [("first", first)], [("first", firstAgain)], [("second", second)],
            [("first", first), ("second", second)], [("second", second), ("first", firstAgain)],
        ]
        let landed = Landed()
        try await node.whileRunning {
            var random = SeededGenerator(seed: seed)
            var current = choices[3]
            let sql = { (choice: [(table: String, sql: String)]) in choice.map(\.sql).joined(separator: ";") }
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(sql(current))])
            for id in 1...Int64(40) {
                try await node.send(#"[{"id":\#(id)}]"#)
                for statement in current { landed.wait(id, statement.table) }
                if random.next() % 3 == 0 {
                    try await node.service.flush(stream: "events")
                    landed.land()
                }
                guard random.next() % 3 == 0 else { continue }
                current = choices[Int(random.next() % 5)]
                _ = try await node.service.changePipeline("p", ["sql": .string(sql(current))])
                landed.leave(except: Set(current.map(\.table)))
            }
            try await node.service.flush(stream: "events")
            landed.land()
        }
        return landed.tables
    }
}

/// Which events must be in which table.
// SAFETY: one task at a time uses it.
private final class Landed: @unchecked Sendable {
    private var waiting: [String: Set<Int64>] = [:]
    private(set) var tables: [String: Set<Int64>] = [:]

    func wait(_ id: Int64, _ table: String) { waiting[table, default: []].insert(id) }
    func leave(except tables: Set<String>) { waiting = waiting.filter { tables.contains($0.key) } }
    func land() {
        for (table, ids) in waiting { tables[table, default: []].formUnion(ids) }
        waiting = [:]
    }
}
