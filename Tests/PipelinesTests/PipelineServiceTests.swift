import Blobs
import Catalogs
import Columnar
import Effects
import FileFormats
import Iceberg
import JSONText
import Metastore
import Scheduling
import Streams
import Tables
import Telemetry
import TestKit
import Testing

@testable import Pipelines

@Suite struct PipelineServiceTests {
    @Test func eventsTravelFromTheLogIntoAnIcebergTable() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.send(
            #"[{"id":1,"kind":"view","ratio":2},{"id":2,"kind":"Click","ratio":0},{"id":-5,"ratio":1}]"#)
        try await node.whileRunning {
            let made = try await node.service.createPipeline([
                "name": "p",
                "sql": """
                INSERT INTO events_sink
                SELECT id, upper(kind) AS kind, 10 / ratio AS part, more FROM events WHERE id > 0
                """,
            ])
            try await node.service.flush(stream: "events")
            let first = try await node.service.stats("p")
            #expect(first.accepted == 3 && first.pending == 0)
            #expect(first.counts.passed == 1 && first.counts.filtered == 1 && first.counts.rejected == 1)
            try await node.send(#"{"id":"no"}"#)
            try await node.send(#"{"id":9,"kind":"x","ratio":5,"more":{"a":[1]}}"#)
            try await node.service.flush(stream: "events")
            let second = try await node.service.stats(made.id.hexDigits)
            #expect(second.counts.passed == 2 && second.counts.rejected == 2)
            #expect(try await node.service.tables(of: made).map(\.name) == ["events", "events_sink"])
        }
        let table = try await node.table("web.deep", "events")
        let snapshot = try #require(table.metadata.currentSnapshot)
        #expect(snapshot.summary["total-records"] == "2")
        #expect(snapshot.summary["firn.offset"] == "3:0")
        #expect(
            table.metadata.currentSchema.fields.map(\.name) == ["id", "kind", "part", "more", "__ingest_ts"])
        #expect(table.metadata.defaultSpec.fields.map(\.transform) == [.day])
        let rejects = try await node.table("rejects", "events")
        #expect(rejects.metadata.currentSnapshot?.summary["total-records"] == "2")
    }

    @Test func badSQLAndBadNamesAreRefusedWhenThePipelineIsMade() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        for sql in [
            "SELECT 1", "INSERT INTO events_sink SELECT nmae FROM events",
            "INSERT INTO nosink SELECT id FROM events",
            "INSERT INTO events_sink SELECT id FROM evnts",
            "INSERT INTO events_sink SELECT id FROM web.events",
            "INSERT INTO events_sink SELECT count(*) FROM events",
            "INSERT INTO events_sink SELECT id AS __ingest_ts FROM events",
            "INSERT INTO events_sink SELECT id FROM events; INSERT INTO events_sink SELECT id FROM events",
            "INSERT INTO events_sink SELECT id FROM events; SELECT 1",
        ] {
            await #expect(throws: (any Error).self, "\(sql)") {
                _ = try await node.service.createPipeline(["name": "p", "sql": .string(sql)])
            }
        }
        #expect(try await node.service.pipelines().isEmpty)
        await node.registry.close()
    }

    @Test func aSinkInUseIsNotDeletedAndSecretsAreNotEchoed() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.whileRunning {
            _ = try await node.service.createPipeline([
                "name": "p", "sql": "INSERT INTO events_sink SELECT id FROM events",
            ])
            let inUse = await #expect(throws: PipelinesError.self) {
                try await node.service.deleteSink("events_sink")
            }
            #expect(inUse?.code == .sinkInUse)
            let streamInUse = await #expect(throws: StreamsError.self) {
                try await node.registry.delete("events")
            }
            #expect(streamInUse?.code == .streamInUse)
            #expect(!(try await node.service.sink("events_sink").json.description.contains("secret")))
            try await node.service.deletePipeline("p")
            try await node.service.deleteSink("events_sink")
            #expect(try await node.service.sinks().isEmpty)
        }
    }

    @Test func aDroppedTableFailsThePipelineAndEveryFlush() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.whileRunning {
            _ = try await node.service.createPipeline([
                "name": "p", "sql": "INSERT INTO events_sink SELECT id FROM events",
            ])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            try await node.catalog.dropTable(
                TableIdentifier(namespace: Namespace(["web", "deep"]), name: "events"), in: node.warehouse)
            try await node.send(#"[{"id":2}]"#)
            let failed = await #expect(throws: PipelinesError.self) {
                try await node.service.flush(stream: "events")
            }
            #expect(failed?.code == .failed)
        }
        let definition = try await node.service.pipeline("p")
        #expect(definition.status == .failed)
        #expect(definition.failureReason?.contains("dropped or replaced") == true)
        #expect(definition.failureReason?.contains("firn pipeline reset") == true)
    }

    @Test func aTableMadeAnewUnderAPipelineGetsNothingAndTheSinkSaysSo() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        let name = TableIdentifier(namespace: Namespace(["web", "deep"]), name: "events")
        try await node.whileRunning {
            _ = try await node.service.createPipeline([
                "name": "p", "sql": "INSERT INTO events_sink SELECT id FROM events",
            ])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            // With the same name and columns: only its identity tells it from the one before.
            let schema = try await node.table("web.deep", "events").metadata.currentSchema
            try await node.catalog.dropTable(name, in: node.warehouse)
            _ = try await node.catalog.createTable(
                CreateTable(identifier: name, schema: schema), in: node.warehouse)
            try await node.send(#"[{"id":2}]"#)
            let failed = await #expect(throws: PipelinesError.self) {
                try await node.service.flush(stream: "events")
            }
            #expect(failed?.code == .failed)
            #expect(try await node.table("web.deep", "events").metadata.snapshots.isEmpty)
            let stats = try await node.service.stats("p")
            #expect(stats.pending == 1 && stats.counts.passed == 1)
        }
        let reason = try await node.service.pipeline("p").failureReason
        #expect(reason?.contains("dropped or replaced") == true)
        #expect(reason?.contains("web.deep.events") == true)
        #expect(reason?.contains("firn pipeline reset") == true)
    }

    @Test func aFlushHearsOfAFaultThatMayPassAndTheEventsLandLater() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.catalog.disableWarehouse(bucket: "lake")
        try await node.send(#"[{"id":1}]"#)
        try await node.whileRunning {
            _ = try await node.service.createPipeline([
                "name": "p", "sql": "INSERT INTO events_sink SELECT id FROM events",
            ])
            let fault = await #expect(throws: CatalogError.self) {
                try await node.service.flush(stream: "events")
            }
            #expect(fault?.code == .warehouseInactive)
            let waiting = try await node.service.pipeline("p")
            #expect(waiting.status == .retrying)
            #expect(waiting.failureReason?.contains("will be tried again") == true)
            _ = try await node.catalog.enableWarehouse(bucket: "lake")
            // An attempt that began before may still fail.
            do { try await node.service.flush(stream: "events") } catch is CatalogError {
                try await node.service.flush(stream: "events")
            }
            #expect(try await node.service.stats("p").counts.passed == 1)
            let running = try await node.service.pipeline("p")
            #expect(running.status == .running && running.failureReason == nil)
        }
    }

    @Test func aDeletedPipelineIsNotTriedForEver() {
        #expect(PipelineSupervisor.isFinal(PipelinesError(.pipelineNotFound, "gone")))
        #expect(!PipelineSupervisor.isFinal(CatalogError(.noSuchWarehouse, "perhaps later")))
        #expect(!PipelineSupervisor.isFinal(CatalogError(.limitExceeded, "the metadata is too large")))
        #expect(!PipelineSupervisor.isFinal(PipelinesError(.rejectsReplaced, "once more")))
    }
}
