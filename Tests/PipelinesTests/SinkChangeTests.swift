import Effects
import FileFormats
import JSONText
import Streams
import Testing

@testable import Pipelines

/// A sink that changes while a pipeline writes to it.
@Suite struct SinkChangeTests {
    private static let sql = "INSERT INTO second_sink SELECT id FROM events"

    @Test func aSinkChangesHowItWritesAndItsPipelineGoesOn() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            try await node.send(#"[{"id":2}]"#)
            let before = try await node.service.sink("second_sink")
            let changed = try await node.service.changeSink(
                "second_sink",
                [
                    "config": ["rolling_policy": ["file_rows": 1], "schema_policy": "add_columns"],
                    "format": ["compression": "snappy"],
                ])
            #expect(changed.id == before.id && changed.createdAt == before.createdAt)
            #expect(changed.rollingPolicy.fileRows == 1 && changed.rollingPolicy.intervalSeconds == 300)
            #expect(changed.schemaPolicy == .addColumns)
            #expect(changed.format == .parquet(.init(compression: .snappy)))
            #expect(try await node.service.sink("second_sink") == changed)
            // One row is enough now: nobody asks for it.
            try await node.send(#"[{"id":3}]"#)
            while try await node.service.stats("p").pending > 0 {
                try await Task.sleep(for: .milliseconds(10))
            }
            // And a column that the table lacks is added.
            _ = try await node.service.changePipeline(
                "p", ["sql": "INSERT INTO second_sink SELECT id, kind FROM events"])
            try await node.send(#"[{"id":4,"kind":"x"}]"#)
            try await node.service.flush(stream: "events")
            // What is not given stays, and null takes the default.
            let again = try await node.service.changeSink(
                "second_sink", ["config": ["rolling_policy": ["file_rows": .null, "inactivity_seconds": 5]]])
            #expect(again.rollingPolicy.fileRows == nil && again.rollingPolicy.inactivitySeconds == 5)
            #expect(again.format == changed.format && again.schemaPolicy == .addColumns)
            let stats = try await node.service.stats("p")
            #expect(stats.accepted == 4 && stats.counts.passed == 4)
        }
        #expect(try await node.ids("web", "second") == [1, 2, 3, 4])
    }

    @Test func whereASinkWritesToDoesNotChange() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            let before = try await node.service.sink("second_sink")
            for body in [
                ["config": ["table_name": "third"]], ["config": ["bucket": "other"]], ["name": "other"], [:],
                ["config": ["rolling_policy": ["interval_seconds": 0]]], ["format": ["type": "json"]],
                ["format": ["compression": "paper"]], ["config": ["nothing": 1]],
            ] as [JSONValue] {
                await #expect(throws: PipelinesError.self, "\(body)") {
                    _ = try await node.service.changeSink("second_sink", body)
                }
            }
            #expect(try await node.service.sink("second_sink") == before)
            // The same again is no change.
            _ = try await node.service.changeSink("second_sink", ["config": ["table_name": "second"]])
        }
    }
}
