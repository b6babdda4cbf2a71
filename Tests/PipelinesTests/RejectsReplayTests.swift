import Catalogs
import Columnar
import Iceberg
import JSONText
import Scheduling
import Synchronization
import Tables
import Testing

@testable import Pipelines

/// A replay of rejects lands each event once, whatever comes in between.
@Suite struct RejectsReplayTests {
    private static let sql = "INSERT INTO events_sink SELECT id, 10 / ratio AS part FROM events"
    /// The same, mended: zero gives NULL.
    private static let mended = "INSERT INTO events_sink SELECT id, 10 / nullif(ratio, 0) AS part FROM events"

    private func counts(_ node: SmallNode, _ name: String = "p") async throws -> [Int64] {
        let stats = try await node.service.stats(name)
        let counts = stats.counts
        #expect(stats.accepted == counts.passed + counts.filtered + counts.rejected + stats.pending)
        return [stats.accepted, counts.passed, counts.filtered, counts.rejected]
    }

    @Test func whatPassesTheMendedSQLLandsOnceAndTheRestStaysAReject() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            _ = try await node.service.createPipeline([
                "name": "other", "sql": "INSERT INTO second_sink SELECT id, 10 / ratio AS part FROM events",
            ])
            try await node.send(#"[{"id":1,"ratio":2},{"id":2,"ratio":0},{"id":"three"},{"id":4,"ratio":0}]"#)
            try await node.service.flush(stream: "events")
            #expect(try await counts(node) == [4, 1, 0, 3])
            // Nothing is mended yet.
            let vain = try await node.service.replayRejects("p")
            #expect(vain.counts.rejected == 3 && vain.counts.passed == 0)
            #expect(vain.statements[0].json["reasons"]?.array?.count == 2)
            _ = try await node.service.changePipeline("p", ["sql": .string(Self.mended + " WHERE id <> 4")])
            let done = try await node.service.replayRejects("p")
            #expect(done.counts.passed == 1 && done.counts.filtered == 1 && done.counts.rejected == 1)
            #expect(try await counts(node) == [4, 2, 1, 1])
            let again = try await node.service.replayRejects("p")
            #expect(again.counts.events == 1 && again.counts.rejected == 1)
            // The runner adds to the counts that the replay has moved.
            try await node.send(#"[{"id":5,"ratio":5},{"id":"six"}]"#)
            try await node.service.flush(stream: "events")
            #expect(try await counts(node) == [6, 3, 1, 2])
            #expect(try await counts(node, "other") == [6, 2, 0, 4])
        }
        #expect(try await node.ids("web.deep", "events") == [1, 2, 5])
        #expect(try await node.ids("web", "second") == [1, 5])
        let whose = try await node.values("rejects", "events", "pipeline")
        #expect(whose.count { $0 == .string("p") } == 2 && whose.count { $0 == .string("other") } == 4)
        let table = try await node.table("rejects", "events")
        #expect(table.metadata.currentSnapshot?.summary["total-records"] == "6")
        #expect(table.metadata.snapshots.contains { $0.operation == "overwrite" })
    }

    @Test func aStatementLandsOnlyWhatItRejectedItself() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            let fanned = "INSERT INTO second_sink SELECT id FROM events; "
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(fanned + Self.sql)])
            try await node.send(#"[{"id":1,"ratio":0},{"id":2,"ratio":1}]"#)
            try await node.service.flush(stream: "events")
            _ = try await node.service.changePipeline("p", ["sql": .string(fanned + Self.mended)])
            _ = try await node.service.pause("p")
            let answer = try await node.service.replayRejects("p")
            #expect(answer.statements.map(\.counts.passed) == [0, 1])
            #expect(try await node.service.pipeline("p").status == .paused)
        }
        #expect(try await node.ids("web", "second") == [1, 2])
        #expect(try await node.ids("web.deep", "events") == [1, 2])
        #expect(try await node.values("rejects", "events", "raw").isEmpty)
    }

    /// A reset sends the events again; a reject from before it would land a second time.
    @Test func rejectsFromBeforeAResetStay() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1,"ratio":0},{"id":2,"ratio":1}]"#)
            try await node.service.flush(stream: "events")
            _ = try await node.service.changePipeline(
                "p", ["sql": "INSERT INTO second_sink SELECT id, 10 / ratio AS part FROM events"])
            _ = try await node.service.reset("p", ["to": "oldest"])
            try await node.service.flush(stream: "events")
            _ = try await node.service.changePipeline(
                "p", ["sql": "INSERT INTO second_sink SELECT id, 10 / nullif(ratio, 0) AS part FROM events"])
            #expect(try await node.service.replayRejects("p").counts.passed == 1)
            #expect(try await counts(node) == [2, 2, 0, 0])
            _ = try await node.service.reset("p", ["to": "latest"])
            #expect(try await node.service.replayRejects("p").counts.events == 0)
        }
        #expect(try await node.ids("web", "second") == [1, 2])
        #expect(try await node.values("rejects", "events", "raw").count == 1)
    }

    @Test func aReplayBesideARunningPipelineKeepsEveryCount() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            for id in 0..<10 {
                try await node.send(#"[{"id":\#(id),"ratio":0},{"id":\#(id + 100),"ratio":1}]"#)
                try await node.service.flush(stream: "events")
            }
            _ = try await node.service.changePipeline("p", ["sql": .string(Self.mended)])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for id in 10..<20 {
                        try await node.send(#"[{"id":\#(id),"ratio":0},{"id":"bad"}]"#)
                        try await node.service.flush(stream: "events")
                    }
                }
                group.addTask {
                    for _ in 0..<5 {
                        do { _ = try await node.service.replayRejects("p") } catch let error as PipelinesError
                        {
                            #expect(error.code == .replaying || error.code == .commitContended)
                        }
                    }
                }
                try await group.waitForAll()
            }
            _ = try await node.service.replayRejects("p")
            #expect(try await counts(node) == [40, 30, 0, 10])
        }
        #expect(try await node.ids("web.deep", "events") == Array(0..<20) + Array(100..<110))
        #expect(try await node.values("rejects", "events", "raw").count == 10)
    }

    @Test func onlyOneReplayOfAPipelineGoesOnAtATime() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            let made = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            node.service.replays.withLock { _ = $0.insert(made.id) }
            let refused = await #expect(throws: PipelinesError.self) {
                _ = try await node.service.replayRejects("p")
            }
            #expect(refused?.code == .replaying)
            node.service.replays.withLock { _ = $0.remove(made.id) }
            #expect(try await node.service.replayRejects("p").counts.events == 0)
        }
    }

    /// Whoever replaces a file of rejects that is gone replaces nothing: two replays cannot both land it.
    @Test func rejectsThatSomebodyElseTookAwayAreNotTakenTwice() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1,"ratio":0}]"#)
            try await node.service.flush(stream: "events")
            let table = try await node.table("rejects", "events")
            let tables = node.service.resources.tables
            let plan = try TableReader(
                metadata: table.metadata, store: tables.store, caches: tables.caches
            ).plan()
            let path = try #require(try await plan.next()?.file.path)
            _ = try await node.service.changePipeline("p", ["sql": .string(Self.mended)])
            #expect(try await node.service.replayRejects("p").counts.passed == 1)
            let now = try await node.table("rejects", "events")
            let read = try #require(table.metadata.currentSnapshot?.snapshotID)
            #expect(
                try await tables.producer.replace([path], readAt: read, with: [], in: now.metadata) == nil)
            #expect(
                try await tables.producer.replace([path], readAt: read, with: [], in: table.metadata) != nil)
        }
    }

    @Test func aTableOfRejectsOfAnEarlierVersionGetsTheColumn() async throws {
        let node = try await SmallNode.withTwoSinks()
        let old = RejectsTable.schema.fields.filter { $0.name != RejectsTable.runColumn }
        try await node.catalog.createNamespace(Namespace(["rejects"]), in: node.warehouse)
        _ = try await node.catalog.createTable(
            CreateTable(
                identifier: TableIdentifier(namespace: Namespace(["rejects"]), name: "events"),
                schema: IcebergSchema(fields: old).withFreshIDs().schema), in: node.warehouse)
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            #expect(try await node.service.replayRejects("p").counts.events == 0)
            try await node.send(#"[{"id":1,"ratio":0}]"#)
            try await node.service.flush(stream: "events")
            _ = try await node.service.changePipeline("p", ["sql": .string(Self.mended)])
            #expect(try await node.service.replayRejects("p").counts.passed == 1)
        }
        #expect(try await node.ids("web.deep", "events") == [1])
    }
}
