import Effects
import JSONText
import Metastore
import Streams
import Telemetry
import Testing

@testable import Pipelines

/// What `/metrics` and the statistics say, at any moment.
@Suite struct PipelineSeriesTests {
    private static let sql = "INSERT INTO events_sink SELECT id, 10 / ratio AS part FROM events WHERE id > 0"

    /// Values by series, as a scrape of the service finds them.
    private func scrape(_ service: PipelineService) async throws -> [String: Int64] {
        let registry = MetricsRegistry()
        await service.show(in: registry)
        var values: [String: Int64] = [:]
        for line in registry.exposition.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            if let value = Int64(parts[1]) { values[String(parts[0])] = value }
        }
        return values
    }

    private func value(
        _ values: [String: Int64], _ name: String, stream: String = "events", sink: String = "events_sink"
    ) -> Int64? {
        values["firn_\(name){pipeline=\"p\",stream=\"\(stream)\",sink=\"\(sink)\"}"]
    }

    @Test func theIdentityHoldsForPausedPipelinesAndRightAfterAStart() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.run(node.service) {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(
                #"[{"id":1,"ratio":2},{"id":-1,"ratio":1},{"id":2,"ratio":0},{"id":3,"ratio":1}]"#)
            try await node.service.flush(stream: "events")
            _ = try await node.service.pause("p")
            try await node.send(#"[{"id":4,"ratio":1},{"id":5,"ratio":1}]"#)
        }
        // Another process, which has committed nothing and runs nothing.
        let next = try await node.reopen()
        for service in [node.service, next] {
            let found = try await scrape(service)
            let counts = ["accepted", "passed", "filtered", "rejected", "pending"].map {
                value(found, "pipeline_\($0)_events")
            }
            #expect(counts == [6, 2, 1, 1, 2])
            #expect(value(found, "pipeline_sink_rows") == 2 && value(found, "pipeline_landed_record") == 1)
            #expect(try #require(value(found, "pipeline_last_commit_timestamp_seconds")) > 1_700_000_000)
            // The events of this test were received in 2023.
            #expect(try #require(value(found, "pipeline_lag_seconds")) > 86_400)
        }
        try await node.run(next) { _ = try await next.reset("p", ["to": "latest"]) }
        let reset = try await scrape(next)
        #expect(value(reset, "pipeline_accepted_events") == 0 && value(reset, "pipeline_pending_events") == 0)
        #expect(value(reset, "pipeline_lag_seconds") == 0)
        await node.registry.close()
    }

    @Test func eachStatementHasItsSeriesAsLongAsItIsThere() async throws {
        let node = try await SmallNode.withTwoSinks()
        _ = try await node.registry.create([
            "name": "more", "schema": ["fields": [["name": "id", "type": "int64"]]],
        ])
        let both = "INSERT INTO second_sink SELECT id FROM events UNION ALL SELECT id FROM more"
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(both)])
            try await node.send(#"[{"id":1},{"id":2}]"#)
            try await node.send(#"[{"id":3}]"#, to: "more")
            for stream in ["events", "more"] { try await node.service.flush(stream: stream) }
            let found = try await scrape(node.service)
            for (stream, count) in [("events", 2), ("more", 1)] as [(String, Int64)] {
                #expect(value(found, "pipeline_passed_events", stream: stream, sink: "second_sink") == count)
                #expect(value(found, "pipeline_commits_total", stream: stream, sink: "second_sink") == 1)
                #expect(value(found, "sink_files_total", stream: stream, sink: "second_sink") == 1)
            }
            _ = try await node.service.changePipeline(
                "p", ["sql": "INSERT INTO events_sink SELECT id FROM events"])
            let changed = try await scrape(node.service)
            #expect(changed.keys.allSatisfy { $0.contains(#"stream="events",sink="events_sink""#) })
            #expect(value(changed, "pipeline_accepted_events") == 0)
            try await node.service.deletePipeline("p")
            #expect(try await scrape(node.service).isEmpty)
        }
    }

    @Test func statisticsTellTimesFilesAndReaders() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.whileRunning {
            let none = try await node.service.streamStats("events")
            #expect(none["events"] == 0 && none["readers"]?.array?.isEmpty == true)
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1,"ratio":2},{"id":2,"ratio":0}]"#)
            try await node.service.flush(stream: "events")
            _ = try await node.service.pause("p")
            try await node.send(#"[{"id":3,"ratio":2}]"#)
            let statement = try #require(try await node.service.stats("p").json["statements"]?.array?.first)
            // One file of rows and one of rejects.
            #expect(statement["files"] == 2 && statement["commits"] == 1 && statement["retries"] == 0)
            #expect(try #require(statement["bytes_out"]?.integer) > 500)
            #expect(statement["lag_events"] == 1)
            #expect(try #require(statement["lag_seconds"]?.integer) > 86_400)
            #expect(statement["last_commit_at"]?.string?.hasPrefix("20") == true)
            #expect(
                statement["last_commit_milliseconds"]?.integer != nil && statement["since"]?.string != nil)
            let stream = try await node.service.streamStats("events")
            #expect(stream["events"] == 3 && stream["oldest"] == "0:0" && stream["end"] == "2:0")
            #expect(stream["since_start"]?["events"] == 3 && stream["since_start"]?["requests"] == 2)
            #expect(try #require(stream["backlog_bytes"]?.integer) > 0)
            let reader = try #require(stream["readers"]?.array?.first)
            #expect(
                reader["pipeline"] == "p" && reader["sink"] == "events_sink" && reader["status"] == "paused")
            #expect(reader["lag_events"] == 1 && reader["offset"] == "1:0")
        }
    }

    @Test func whatAStatementHasDoneHoldsOverARestartAndAResetBeginsAnew() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.run(node.service) {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1,"ratio":2}]"#)
            try await node.service.flush(stream: "events")
        }
        let next = try await node.reopen()
        try await node.run(next) {
            let before = try #require(try await next.stats("p").statements.first?.activity)
            #expect(before.work.commits == 1 && before.work.files == 1 && before.work.bytesOut > 500)
            #expect(before.work.since == before.lastCommitAt)
            try await node.send(#"[{"id":2,"ratio":2}]"#)
            try await next.flush(stream: "events")
            let after = try #require(try await next.stats("p").statements.first?.activity)
            #expect(after.work.commits == 2 && after.work.files == 2)
            #expect(after.work.since == before.work.since)
            _ = try await next.reset("p", ["to": "latest"])
            #expect(try await next.stats("p").statements.first?.activity.work == StatementWork())
        }
        await node.registry.close()
    }

    @Test func aRetryIsCounted() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            _ = try await node.metastore.write {
                try $0.execute(
                    "CREATE TRIGGER no_moves BEFORE UPDATE OF next_record ON pipeline_progress BEGIN SELECT RAISE(ABORT, 'no'); END"
                )
            }
            try await node.send(#"[{"id":1,"ratio":2}]"#)
            await #expect(throws: (any Error).self) { try await node.service.flush(stream: "events") }
            let stats = try await node.service.stats("p")
            #expect(stats.statements.first?.activity.work.retries ?? 0 >= 1 && stats.pending == 1)
            _ = try await node.metastore.write { try $0.execute("DROP TRIGGER no_moves") }
        }
    }
}
