import Blobs
import Catalogs
import Effects
import Iceberg
import JSONText
import Metastore
import Streams
import Testing

@testable import Pipelines

/// Pipelines that ask for one transaction, from the stream's log to the tables' files.
@Suite struct PipelineTransactionTests {
    private static let sql =
        "INSERT INTO events_sink SELECT id FROM events; INSERT INTO second_sink SELECT id, kind FROM events WHERE id > 0"

    private func create(_ node: SmallNode, _ sql: String = Self.sql) async throws -> PipelineDefinition {
        try await node.service.createPipeline(["name": "p", "sql": .string(sql), "transaction": true])
    }

    private func commitIDs(_ node: SmallNode) async throws -> [[String]] {
        var found: [[String]] = []
        for (namespace, name) in [("web.deep", "events"), ("web", "second")] {
            found.append(
                try await node.table(namespace, name).metadata.snapshots.compactMap {
                    $0.summary["firn.commit-id"]
                })
        }
        return found
    }

    @Test func bothTablesGetTheSameEventsInTheSameCommits() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            let made = try await create(node)
            #expect(made.isTransaction && made.json()["transaction"] == true)
            for id in 1...3 {
                try await node.send(#"[{"id":\#(id)},{"id":"x"}]"#)
                #expect(try await node.service.flush(stream: "events") == 2)
            }
            #expect(try await node.ids("web.deep", "events") == [1, 2, 3])
            #expect(try await node.ids("web", "second") == [1, 2, 3])
            let commits = try await commitIDs(node)
            #expect(commits[0].count == 3 && commits[0] == commits[1])
            // The rejects of both statements are one snapshot of their table.
            let rejects = try await node.table("rejects", "events").metadata.snapshots
            #expect(rejects.compactMap { $0.summary["firn.commit-id"] } == commits[0])
            #expect(rejects.last?.summary["total-records"] == "6")
            let stats = try await node.service.stats("p")
            #expect(stats.statements.map(\.counts.rejected) == [3, 3] && stats.pending == 0)
        }
    }

    @Test func aCommitOfSomebodyElseOnOneTableHoldsUpNobody() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await create(node)
            for id in 1...4 {
                try await node.send(#"[{"id":\#(id)}]"#)
                // The files are open, the table changes under them.
                try await node.service.flush(stream: "events")
                let table = try await node.table("web", "second")
                _ = try await node.catalog.commit([
                    TableCommit(
                        warehouse: table.warehouse, identifier: table.identifier, requirements: [],
                        updates: [.setProperties(["round": "\(id)"])])
                ])
            }
            #expect(try await node.ids("web.deep", "events") == [1, 2, 3, 4])
            #expect(try await node.ids("web", "second") == [1, 2, 3, 4])
        }
    }

    @Test func withoutOneTableNoStatementGoesOn() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await create(node)
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            let second = try await node.table("web", "second")
            _ = try await node.catalog.dropTable(second.identifier, in: node.warehouse)
            try await node.send(#"[{"id":2}]"#)
            let failure = await #expect(throws: PipelinesError.self) {
                try await node.service.flush(stream: "events")
            }
            #expect(failure?.code == .failed)
            #expect((failure?.cause as? PipelinesError)?.code == .tableReplaced)
            let stats = try await node.service.stats("p")
            #expect(stats.statements.allSatisfy { $0.failure?.contains("dropped") == true })
            #expect(stats.statements.map(\.next.record) == [1, 1])
            #expect(try await node.ids("web.deep", "events") == [1])
            // What is gone for good takes a reset, of all statements alike.
            _ = try await node.service.reset("p", ["to": "latest"])
            try await node.send(#"[{"id":3}]"#)
            try await node.service.flush(stream: "events")
            #expect(try await node.ids("web.deep", "events") == [1, 3])
            #expect(try await node.ids("web", "second") == [3])
        }
    }

    /// Two streams into one table, and one of them into files too.
    @Test func statementsOfSeveralStreamsShareTablesAndFilesCommitWithThem() async throws {
        let node = try await SmallNode.withTwoSinks()
        _ = try await node.registry.create(["name": "other"])
        _ = try await node.service.createSink([
            "name": "files", "type": "r2", "format": ["type": "json"],
            "config": ["bucket": "lake", "path": "files"],
        ])
        let sql = """
            INSERT INTO second_sink SELECT id FROM events UNION ALL SELECT json_get_int(value, 'id') FROM other;
            INSERT INTO files SELECT id FROM events
            """
        try await node.whileRunning {
            _ = try await create(node, sql)
            try await node.send(#"[{"id":1}]"#)
            try await node.send(#"[{"id":2}]"#, to: "other")
            try await node.service.flush(stream: "events")
            try await node.service.flush(stream: "other")
            #expect(try await node.ids("web", "second") == [1, 2])
            let listed = try await node.store.list(bucket: "lake", prefix: "files/", after: nil, limit: 10)
            #expect(listed.entries.count == 1)
            let stats = try await node.service.stats("p")
            #expect(stats.pending == 0 && stats.counts.passed == 3)
            let summaries = try await node.table("web", "second").metadata.snapshots.map(\.summary)
            for summary in summaries {
                #expect(
                    summary["firn.stream"]?.split(separator: ",").count
                        == summary["firn.offset"]?.split(separator: ",").count)
            }
        }
    }

    @Test func theOptionIsSwitchedOnAndOffWhileEventsCome() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            var id = 0
            for isTransaction in [true, false, true] {
                for _ in 0..<3 {
                    id += 1
                    try await node.send(#"[{"id":\#(id)}]"#)
                }
                let changed = try await node.service.changePipeline(
                    "p", ["transaction": .boolean(isTransaction)])
                #expect(changed.isTransaction == isTransaction && changed.sql == Self.sql)
                #expect(changed.status == .running)
            }
            // Another SQL keeps the option, and a statement that comes goes with the others.
            let changed = try await node.service.changePipeline(
                "p", ["sql": .string("INSERT INTO second_sink SELECT id, kind FROM events")])
            #expect(changed.isTransaction)
            _ = try await node.service.changePipeline("p", ["sql": .string(Self.sql)])
            try await node.send(#"[{"id":10}]"#)
            try await node.service.flush(stream: "events")
            #expect(try await node.ids("web.deep", "events") == Array(1...10))
            #expect(try await node.ids("web", "second") == Array(1...10))
            #expect(try await node.service.stats("p").counts.passed == 20)
        }
    }

    @Test func whatIsNeitherTrueNorFalseIsRefused() async throws {
        let node = try await SmallNode.withTwoSinks()
        let error = await #expect(throws: PipelinesError.self) {
            _ = try await node.service.createPipeline([
                "name": "p", "sql": .string(Self.sql), "transaction": "yes",
            ])
        }
        #expect(error?.code == .invalidDefinition)
        #expect(error?.context.first { $0.name == "path" }?.value == "$.transaction")
        await node.registry.close()
    }

    /// What the first process left undone the next one does: nothing of it is there in one table alone.
    @Test func afterARestartTheStatementsGoOnTogether() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.run(node.service) {
            _ = try await create(node)
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
        }
        try await node.send(#"[{"id":2}]"#)
        let next = try await node.reopen()
        try await node.run(next) {
            try await next.flush(stream: "events")
            #expect(try await next.pipeline("p").isTransaction)
        }
        await node.registry.close()
        #expect(try await node.ids("web.deep", "events") == [1, 2])
        let commits = try await commitIDs(node)
        #expect(commits[0].count == 2 && commits[0] == commits[1])
    }
}
