import Columnar
import Effects
import FileFormats
import JSONText
import Kernels
import Metastore
import Planner
import Streams
import Synchronization
import TestKit
import Testing

@testable import Pipelines

/// What ends while it is under way: computations, streams below pipelines, changes nobody knows the outcome of.
@Suite struct PipelineStopTests {
    private static let sql = "INSERT INTO events_sink SELECT id FROM events"

    /// Without a stop inside the row this test computes for hours.
    @Test func aLongComputationEndsWhenItsPipelineStops() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.send(#"[{"id":1,"kind":"a"},{"id":2,"kind":"b"},{"id":3,"kind":"c"}]"#)
        try await node.whileRunning {
            _ = try await node.service.createPipeline([
                "name": "p",
                "sql": """
                INSERT INTO events_sink
                SELECT id, levenshtein(repeat(kind, 1000000), repeat('x', 1000000)) AS edits FROM events
                """,
            ])
            for _ in 0..<10_000 { await Task.yield() }
            #expect(try await node.service.pause("p").status == .paused)
            let stats = try await node.service.stats("p")
            #expect(stats.pending == 3 && stats.counts.events == 0)
            _ = try await node.service.resume("p")
            for _ in 0..<10_000 { await Task.yield() }
        }
    }

    @Test func aTransformStopsBetweenTheHalvesOfABatch() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        let compiled = try await node.service.compile(
            "INSERT INTO events_sink SELECT 1 / ratio AS part, id FROM events", now: Instant(microseconds: 0))
        let statement = try #require(compiled.statements.first)
        let program = statement.program
        let rows = 64
        let batch = Batch(
            schema: statement.stream.schema.columns,
            columns: [
                Column(.long, (0..<rows).map { .long(Int64($0)) }), .nulls(.string, count: rows),
                Column(.long, Array(repeating: .long(0), count: rows)), .nulls(.json, count: rows),
            ], rowCount: rows)
        let all = try ProgramTransform(program: program, now: Instant(microseconds: 0)).apply(batch)
        #expect(all.rejected.count == rows)
        for questions in [0, 1, 10, 100] {
            let stopping = ProgramTransform(
                program: program, now: Instant(microseconds: 0), supervisor: StopsAfter(questions))
            #expect(throws: TransformStopped.self, "\(questions)") { try stopping.apply(batch) }
        }
        await node.registry.close()
    }

    @Test func aPipelineIsNotStoredForAStreamOrASinkThatIsGone() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        let compiled = try await node.service.compile(Self.sql, now: Instant(microseconds: 0))
        let statement = try #require(compiled.statements.first)
        let id = UniqueID.random(from: LiveRandomness())
        let definition = try PipelineDefinition(
            creating: ["name": "p", "sql": .string(Self.sql)], id: id, now: Instant(microseconds: 0))
        let progress = PipelineProgress(key: statement.key(of: id), next: .start, startEvent: 0)
        @Sendable func store() async throws {
            try await node.metastore.write { try PipelineStore.insert(definition, [progress], $0) }
        }
        try await node.service.deleteSink("events_sink")
        let sink = await #expect(throws: PipelinesError.self) { try await store() }
        #expect(sink?.code == .sinkNotFound)
        try await node.registry.delete("events")
        let stream = await #expect(throws: StreamsError.self) { try await store() }
        #expect(stream?.code == .streamNotFound)
        #expect(try await node.service.pipelines().isEmpty)
    }

    @Test func aCommitAfterItsStreamWasDeletedSaysSo() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        let made = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
        let progress = try #require(
            try await node.metastore.read { try ProgressRows.all(pipeline: made.id, $0) }.first)
        try await node.registry.delete("events", force: true)
        let error = await #expect(throws: PipelinesError.self) {
            try await node.metastore.write {
                try ProgressRows.move(
                    from: progress, to: progress, at: Instant(microseconds: 0), planted: PlantedBugs(), $0)
            }
        }
        #expect(error?.code == .pipelineNotFound)
        #expect(PipelineSupervisor.isFinal(try #require(error)))
    }

    @Test func aResetLetsGoOnlyWhatItHoldsItself() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.send(#"[{"id":1}]"#)
        let made = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
        let log = try node.registry.stream("events").log.get()
        let own = try #require(log.consumers.first)
        // As another reset under way would hold it.
        _ = try log.registerAtOldest(consumer: own + "/reset")
        try await node.whileRunning { _ = try await node.service.reset("p", ["to": "oldest"]) }
        #expect(Set(log.consumers) == [own, own + "/reset"])
        #expect(made.name == "p")
    }

    /// A process of its own: it takes the disk away from everybody in it.
    @Test func aPipelineThatIsPerhapsStoredKeepsItsPlaceInTheLog() async {
        await #expect(processExitsWith: .success) {
            let node = try await SmallNode()
            try await node.makeEvents()
            let log = try node.registry.stream("events").log.get()
            try FileSizeLimit.set(0)
            let error = await #expect(throws: MetastoreError.self) {
                _ = try await node.service.createPipeline([
                    "name": "p", "sql": "INSERT INTO events_sink SELECT id FROM events",
                ])
            }
            try FileSizeLimit.lift()
            try #require(error?.code == .outcomeUnknown)
            try #require(log.consumers.count == 1)
        }
    }
}

/// Says stop after so many questions.
private final class StopsAfter: KernelSupervisor {
    private let left: Atomic<Int>

    init(_ questions: Int) { left = Atomic(questions) }

    var isStopped: Bool { left.subtract(1, ordering: .relaxed).newValue < 0 }

    func makeHold() -> (any KernelHold)? { nil }
}
