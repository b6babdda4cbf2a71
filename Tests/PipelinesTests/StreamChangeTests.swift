import Catalogs
import Columnar
import Effects
import FileFormats
import Iceberg
import JSONText
import Streams
import Testing

@testable import Pipelines

/// Schemas that grow while pipelines read.
@Suite struct StreamChangeTests {
    private static let fields: [JSONValue] = [
        ["name": "id", "type": "int64", "required": true], ["name": "kind", "type": "string"],
        ["name": "ratio", "type": "int64"], ["name": "more", "type": "json"],
    ]

    private func schema(_ fields: [JSONValue]) -> JSONValue { ["schema": ["fields": .array(fields)]] }

    @Test func aNewFieldIsThereForWhatComesNext() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        _ = try await node.service.createSink([
            "name": "wide", "type": "r2_data_catalog",
            "config": [
                "bucket": "lake", "namespace": "web", "table_name": "wide", "schema_policy": "add_columns",
                "rolling_policy": ["interval_seconds": 3600],
            ],
        ])
        try await node.whileRunning {
            _ = try await node.service.createPipeline([
                "name": "narrow", "sql": "INSERT INTO events_sink SELECT id FROM events",
            ])
            _ = try await node.service.createPipeline([
                "name": "p", "sql": "INSERT INTO wide SELECT * FROM events",
            ])
            try await node.send(#"[{"id":1,"note":"lost"}]"#)
            try await node.service.flush(stream: "events")
            #expect(try await node.service.stats("p").counts.unknownFields == 1)
            let changed = try await node.service.changeStream(
                "events", schema(Self.fields.reversed() + [["name": "note", "type": "string"]]))
            #expect(changed.schema.columns.fields.map(\.name) == ["id", "kind", "ratio", "more", "note"])
            try await node.send(#"[{"id":2,"note":"kept"},{"id":3}]"#)
            try await node.service.flush(stream: "events")
            for name in ["p", "narrow"] {
                let stats = try await node.service.stats(name)
                #expect(stats.counts.passed == 3 && stats.counts.unknownFields == 1 && stats.pending == 0)
            }
        }
        let table = try await node.table("web", "wide")
        #expect(table.metadata.currentSchema.fields.last?.name == "note")
        #expect(table.metadata.currentSnapshot?.summary["total-records"] == "3")
    }

    @Test func whatIsNoAdditionIsRefused() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        for fields: [JSONValue] in [
            Array(Self.fields.dropLast()), Self.fields + [["name": "n", "type": "string", "required": true]],
            [["name": "id", "type": "string", "required": true]] + Self.fields.dropFirst(),
            [["name": "id", "type": "int64"]] + Self.fields.dropFirst(), [],
            Self.fields + [["name": "id", "type": "string"]],
            Self.fields + [["name": "x", "type": "nothing"]],
        ] {
            await #expect(throws: (any Error).self, "\(fields)") {
                _ = try await node.service.changeStream("events", schema(fields))
            }
        }
        #expect(try node.registry.stream("events").definition.version == 1)
        let same = try await node.service.changeStream("events", schema(Self.fields))
        let stored = try node.registry.stream("events").definition
        #expect(same.version == 2 && same.schema == stored.schema)
        await node.registry.close()
    }

    @Test func aPipelineWhoseSinkTakesNoMoreColumnsHoldsTheSchema() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.whileRunning {
            _ = try await node.service.createPipeline([
                "name": "p", "sql": "INSERT INTO events_sink SELECT * FROM events",
            ])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            let refused = await #expect(throws: StreamsError.self) {
                _ = try await node.service.changeStream(
                    "events", schema(Self.fields + [["name": "note", "type": "string"]]))
            }
            #expect(refused?.code == .streamInUse && refused?.hint?.contains("schema_policy") == true)
            #expect(refused?.context.contains { $0.value == "p" } == true)
            try await node.send(#"[{"id":2}]"#)
            try await node.service.flush(stream: "events")
            #expect(try await node.service.stats("p").counts.passed == 2)
        }
    }
}
