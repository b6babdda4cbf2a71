import Catalogs
import Columnar
import Effects
import Faults
import Iceberg
import JSONText
import Scheduling
import Streams
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Pipelines

/// Whoever waits for events to land hears nothing of changes that come in between.
@Suite struct LandingTests {
    @Test func aTableOfRejectsThatIsDroppedWhileFilesAreOpenIsMadeAgain() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await node.service.createPipeline([
                "name": "p", "sql": "INSERT INTO events_sink SELECT id FROM events",
            ])
            try await node.send(#"[{"id":1},{"id":"x"}]"#)
            // It is there as soon as the reject is written, which lands later.
            let identifier = RejectsTable.identifier(of: try node.registry.stream("events").definition)
            let isThere = try await eventually {
                try await node.catalog.tableExists(identifier, in: node.warehouse)
            }
            #expect(isThere)
            try await node.catalog.dropTable(identifier, in: node.warehouse)
            #expect(try await node.service.flush(stream: "events") == 1)
            #expect(try await node.values("rejects", "events", "raw") == [.string(#"{"id":"x"}"#)])
            #expect(try await node.service.stats("p").counts.rejected == 1)
        }
    }

    private static let sql = "INSERT INTO events_sink SELECT id FROM events"

    /// Begins a change as every change does: the runners have ended, and nobody runs until `end`.
    private func beginChange(_ node: SmallNode, _ id: UniqueID) async throws -> [ProgressKey] {
        let stopped = try node.service.slots.withLock { slots throws(PipelinesError) in
            try slots.beginChange(id)
        }
        for control in stopped.values { control.stop() }
        for control in stopped.values { await control.waitUntilEnded() }
        return Array(stopped.keys)
    }

    @Test func aFlushWaitsOverAChangeAndIsAnsweredByTheRunnerThatFollows() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.whileRunning {
            let made = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            let keys = try await beginChange(node, made.id)
            try await node.send(#"[{"id":2}]"#)
            let flush = Task { try await node.service.flush(stream: "events") }
            // It has looked at the pipeline while nobody runs it.
            try await Task.sleep(for: .milliseconds(60))
            let controls = PipelineService.controls(for: keys)
            #expect(node.service.slots.withLock { $0.endChange(made.id, controls) })
            node.service.start(controls)
            #expect(try await flush.value == 1)
            #expect(try await node.service.stats("p").counts.passed == 2)
        }
    }

    @Test func flushesDuringManyChangesAllSucceed() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            let turns = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while turns.current < 6 {
                        try await node.send(#"[{"id":1}]"#)
                        try await node.service.flush(stream: "events")
                    }
                }
                while turns.current < 6 {
                    let more = turns.current % 2 == 0 ? "; INSERT INTO second_sink SELECT id FROM events" : ""
                    _ = try await node.service.changePipeline("p", ["sql": .string(Self.sql + more)])
                    turns.add()
                }
                try await group.waitForAll()
            }
            #expect(try await node.service.stats("p").pending == 0)
        }
    }

    @Test func whoLeavesDuringAChangeIsLetGo() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.whileRunning {
            let made = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            let keys = try await beginChange(node, made.id)
            try await node.send(#"[{"id":1}]"#)
            let token = CancellationToken()
            let flush = Task { try await node.service.flush(stream: "events", token: token) }
            token.cancel()
            await #expect(throws: (any Error).self) { try await flush.value }
            // So is everybody when the node is about to stop.
            let other = Task { try await node.service.flush(stream: "events") }
            node.service.endWaits()
            let ended = await #expect(throws: PipelinesError.self) { try await other.value }
            #expect(ended?.code == .stopped)
            _ = node.service.slots.withLock { $0.endChange(made.id, PipelineService.controls(for: keys)) }
        }
    }

    @Test func aFailedPipelineIsNamedWithWhatMendsIt() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            let name = TableIdentifier(namespace: Namespace(["web", "deep"]), name: "events")
            try await node.catalog.dropTable(name, in: node.warehouse)
            try await node.send(#"[{"id":2}]"#)
            let failed = await #expect(throws: PipelinesError.self) {
                try await node.service.flush(stream: "events")
            }
            #expect(failed?.code == .failed && failed?.message.contains("(pipeline: p)") == true)
            #expect(failed?.hint?.contains("firn pipeline resume p") == true)
        }
    }

    @Test func newSQLAndAResetOntoATableThatIsNotThereAreAnsweredWithTheFailure() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        let name = TableIdentifier(namespace: Namespace(["web", "deep"]), name: "events")
        let other = TableIdentifier(namespace: Namespace(["web", "deep"]), name: "elsewhere")
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            try await node.catalog.renameTable(name, to: other, in: node.warehouse)
            let sql = Self.sql + " WHERE id > 0"
            let changed = try await node.service.changePipeline("p", ["sql": .string(sql)])
            #expect(changed.status == .failed && changed.failureReason?.contains("renamed") == true)
            // From the beginning a table is made anew, and it runs.
            let reset = try await node.service.reset("p", ["to": "oldest"])
            #expect(reset.status == .running && reset.failureReason == nil)
        }
    }
}
