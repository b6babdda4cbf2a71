import Catalogs
import Effects
import Faults
import Foundation
import Iceberg
import JSONText
import Streams
import Synchronization
import Testing

@testable import Pipelines

/// Pausing, changing and resetting a pipeline leaves no gap and no repeat.
@Suite struct PipelineControlTests {
    private static let sql = "INSERT INTO events_sink SELECT id FROM events"

    private func rows(_ node: SmallNode, _ namespace: String, _ name: String) async throws -> String? {
        try await node.table(namespace, name).metadata.currentSnapshot?.summary["total-records"]
    }

    @Test func aPausedPipelineKeepsItsPlaceAndItsStreamsRecords() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            #expect(try await node.service.pause("p").status == .paused)
            try await node.send(#"[{"id":2},{"id":3}]"#)
            let waiting = await #expect(throws: PipelinesError.self) {
                try await node.service.flush(stream: "events")
            }
            #expect(waiting?.code == .paused)
            let paused = try await node.service.stats("p")
            #expect(paused.pending == 2 && paused.counts.passed == 1)
            let log = try node.registry.stream("events").log.get()
            #expect(log.consumers.count == 1 && log.status.unlandedBytes > 0)
            // Pausing twice is nothing special.
            _ = try await node.service.pause("p")
            #expect(try await node.service.resume("p").status == .running)
            try await node.service.flush(stream: "events")
            #expect(try await node.service.stats("p").counts.passed == 3)
        }
        #expect(try await rows(node, "web.deep", "events") == "3")
    }

    /// A reset that comes while another one works is refused, and the other still finds its place.
    @Test func resetsAtOnceDoNotLetGoOfEachOthersPlaces() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            let made = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            let log = try node.registry.stream("events").log.get()
            // The other has begun: it holds the oldest record, and the pipeline is its own.
            let stopped = try node.service.slots.withLock { slots throws(PipelinesError) in
                try slots.beginChange(made.id)
            }
            let reader = try #require(log.consumers.first)
            for name in ["", "-0"] { _ = try log.registerAtOldest(consumer: reader + "/reset" + name) }
            let during = Set(log.consumers)
            let refused = await #expect(throws: PipelinesError.self) {
                _ = try await node.service.reset("p", ["to": "oldest"])
            }
            #expect(refused?.code == .changing)
            #expect(Set(log.consumers) == during && during.count == 3)
            _ = node.service.slots.withLock { $0.endChange(made.id, stopped) }
            for name in ["", "-0"] { log.unregister(consumer: reader + "/reset" + name) }
        }
    }

    @Test func newSQLTakesEffectAtTheExactPlace() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            let made = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1},{"id":2}]"#)
            try await node.service.flush(stream: "events")
            // The same way with a filter goes on; the new one begins where the pipeline stands.
            let both = Self.sql + " WHERE id > 10; INSERT INTO second_sink SELECT id FROM events"
            let changed = try await node.service.changePipeline("p", ["sql": .string(both)])
            #expect(changed.id == made.id && changed.sql == both)
            try await node.send(#"[{"id":3},{"id":14}]"#)
            try await node.service.flush(stream: "events")
            let stats = try await node.service.stats("p")
            #expect(stats.statements.map(\.counts.passed) == [3, 2])
            #expect(stats.statements.map(\.counts.filtered) == [1, 0])
            #expect(stats.statements.map(\.accepted) == [4, 2])
            // One is taken away: its reader leaves the log.
            _ = try await node.service.changePipeline(
                "p", ["sql": "INSERT INTO second_sink SELECT id FROM events"])
            try await node.send(#"[{"id":5}]"#)
            try await node.service.flush(stream: "events")
            #expect(try node.registry.stream("events").log.get().consumers.count == 1)
            #expect(try await node.service.stats("p").counts.passed == 3)
            // What cannot be is refused, and everything is as it was.
            for bad in [
                "INSERT INTO second_sink SELECT nothing FROM events",
                "INSERT INTO second_sink SELECT kind AS id FROM events",
            ] {
                await #expect(throws: (any Error).self) {
                    _ = try await node.service.changePipeline("p", ["sql": .string(bad)])
                }
            }
            try await node.send(#"[{"id":6}]"#)
            try await node.service.flush(stream: "events")
        }
        #expect(try await rows(node, "web.deep", "events") == "3")
        #expect(try await rows(node, "web", "second") == "4")
    }

    #if DEBUG
        @Test func aStatementThatForgetsThePlaceIsFound() async throws {
            #expect(try await acceptedAfterChange(planted: []) == 1)
            #expect(try await acceptedAfterChange(planted: [.changeForgetsPlace]) == 3)
        }
    #endif

    /// How many events a statement saw that came with new SQL after two events of three.
    private func acceptedAfterChange(planted: Set<PlantedBug>) async throws -> Int64 {
        let node = try await SmallNode(planted: planted)
        try await node.makeEvents()
        _ = try await node.service.createSink([
            "name": "second_sink", "type": "r2_data_catalog",
            "config": ["bucket": "lake", "namespace": "web", "table_name": "second"],
        ])
        let accepted = Mutex<Int64>(0)
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1},{"id":2}]"#)
            try await node.service.flush(stream: "events")
            _ = try await node.service.changePipeline(
                "p", ["sql": "INSERT INTO second_sink SELECT id FROM events"])
            try await node.send(#"[{"id":3}]"#)
            try await node.service.flush(stream: "events")
            let passed = try await node.service.stats("p").counts.passed
            accepted.withLock { $0 = passed }
        }
        return accepted.withLock { $0 }
    }

    @Test func aPipelineBeginsWhereItIsTold() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            for id in 1...4 { try await node.send(#"[{"id":\#(id)},{"id":\#(id + 100)}]"#) }
            for (number, (start, accepted))
                in ([
                    (.null, 8), (["to": "oldest"], 8), (["record": 3], 2), (["to": "latest"], 0),
                    (["time": "2023-11-14T22:13:20Z"], 8), (["time": "2030-01-01T00:00:00Z"], 0),
                ] as [(JSONValue, Int64)]).enumerated()
            {
                _ = try await node.service.createPipeline([
                    "name": .string("p\(number)"), "sql": "INSERT INTO second_sink SELECT id FROM events",
                    "start": start,
                ])
                try await node.service.flush(stream: "events")
                let stats = try await node.service.stats("p\(number)")
                #expect(stats.accepted == accepted && stats.counts.passed == accepted, "\(start)")
            }
            await #expect(throws: PipelinesError.self) {
                _ = try await node.service.createPipeline([
                    "name": "q", "sql": "INSERT INTO second_sink SELECT id FROM events",
                    "start": ["record": 99],
                ])
            }
            // Nothing of it is left in the log.
            #expect(try node.registry.stream("events").log.get().consumers.count == 6)
        }
    }

    @Test func aResetReplaysFromThePlaceIntoANewTable() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            for id in 1...4 { try await node.send(#"[{"id":\#(id)},{"id":\#(id + 100)}]"#) }
            try await node.service.flush(stream: "events")
            _ = try await node.service.changePipeline(
                "p", ["sql": "INSERT INTO second_sink SELECT id FROM events"])
            for (body, accepted) in [
                (["to": "oldest"], 8), (["record": 3], 2), (["to": "latest"], 0),
                (["time": "2023-11-14T22:13:20Z"], 8), (["time": "2030-01-01T00:00:00Z"], 0),
            ] as [(JSONValue, Int64)] {
                _ = try await node.service.reset("p", body)
                try await node.service.flush(stream: "events")
                let stats = try await node.service.stats("p")
                #expect(stats.accepted == accepted && stats.counts.passed == accepted, "\(body)")
            }
            for bad in [["record": 99], ["record": -1], ["to": "nowhere"], [:], ["time": "noon"]]
                as [JSONValue]
            {
                await #expect(throws: (any Error).self, "\(bad)") {
                    _ = try await node.service.reset("p", bad)
                }
            }
            await #expect {
                _ = try await node.service.reset("p", ["record": .integer(.max)])
            } throws: {
                ($0 as? PipelinesError)?.code == .invalidDefinition
            }
            #expect(try node.registry.stream("events").log.get().consumers.count == 1)
            #expect(try await node.service.pipeline("p").status == .running)
        }
        #expect(try await rows(node, "web", "second") == "18")
    }

    @Test func aRenamedTableIsRenamedBackAndResumed() async throws {
        let node = try await SmallNode.withTwoSinks()
        let name = TableIdentifier(namespace: Namespace(["web", "deep"]), name: "events")
        let other = TableIdentifier(namespace: Namespace(["web"]), name: "old")
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            try await node.catalog.renameTable(name, to: other, in: node.warehouse)
            try await node.send(#"[{"id":2}]"#)
            let failed = await #expect(throws: PipelinesError.self) {
                try await node.service.flush(stream: "events")
            }
            // The way that loses and repeats nothing is named before those that do.
            let reason = failed?.message ?? ""
            let back = try #require(reason.range(of: "firn pipeline resume"))
            let anew = try #require(reason.range(of: "firn pipeline reset"))
            #expect(back.lowerBound < anew.lowerBound)
            #expect(try await node.service.resume("p").status == .failed)
            try await node.catalog.renameTable(other, to: name, in: node.warehouse)
            #expect(try await node.service.resume("p").status == .running)
            try await node.service.flush(stream: "events")
            let stats = try await node.service.stats("p")
            #expect(stats.accepted == 2 && stats.counts.passed == 2 && stats.pending == 0)
        }
        #expect(try await rows(node, "web.deep", "events") == "2")
    }

    /// Nothing waits to land, and still it is told that nothing would.
    @Test func aResumeLooksAtTheTableBeforeAnythingIsToLand() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            let both = Self.sql + "; INSERT INTO second_sink SELECT id FROM events"
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(both)])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            _ = try await node.service.pause("p")
            try await node.catalog.dropTable(
                TableIdentifier(namespace: Namespace(["web"]), name: "second"), in: node.warehouse)
            let resumed = try await node.service.resume("p")
            #expect(resumed.status == .failed && resumed.failureReason?.contains("web.second") == true)
            // The other statement goes on.
            try await node.send(#"[{"id":2}]"#)
            await #expect(throws: PipelinesError.self) { try await node.service.flush(stream: "events") }
            // A catalog that cannot be asked is asked when there is something to land.
            _ = try await node.service.changePipeline(
                "p", ["sql": .string(Self.sql), "discard_pending": true])
            try await node.service.flush(stream: "events")
            _ = try await node.service.pause("p")
            try await node.catalog.disableWarehouse(bucket: "lake")
            #expect(try await node.service.resume("p").status == .running)
            _ = try await node.catalog.enableWarehouse(bucket: "lake")
        }
        #expect(try await rows(node, "web.deep", "events") == "2")
    }

    @Test func aFailedPipelineIsResumedAfterItsTableWasDropped() async throws {
        let node = try await SmallNode.withTwoSinks()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            try await node.send(#"[{"id":1}]"#)
            try await node.service.flush(stream: "events")
            try await node.catalog.dropTable(
                TableIdentifier(namespace: Namespace(["web", "deep"]), name: "events"), in: node.warehouse)
            try await node.send(#"[{"id":2}]"#)
            await #expect(throws: PipelinesError.self) { try await node.service.flush(stream: "events") }
            #expect(try await node.service.pipeline("p").status == .failed)
            // Resumed it fails again, for the same reason, and says so; reset it fills a new table.
            let resumed = try await node.service.resume("p")
            #expect(
                resumed.status == .failed && resumed.failureReason?.contains("was renamed, dropped") == true)
            await #expect(throws: PipelinesError.self) { try await node.service.flush(stream: "events") }
            _ = try await node.service.reset("p", ["to": "oldest"])
            try await node.service.flush(stream: "events")
            #expect(try await node.service.pipeline("p").status == .running)
        }
        #expect(try await rows(node, "web.deep", "events") == "2")
    }
}
