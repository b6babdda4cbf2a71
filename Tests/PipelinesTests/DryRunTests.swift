import JSONText
import Streams
import Testing

@testable import Pipelines

/// A dry run sees exactly the last events and writes nothing.
@Suite struct DryRunTests {
    private static let sql = "INSERT INTO events_sink SELECT id, 10 / ratio AS part FROM events WHERE id <> 3"

    private func answer(_ node: SmallNode, _ members: JSONObject) async throws -> JSONValue {
        try await node.service.dryRun(try DryRunRequest(.object(members))).json()
    }

    private func numbers(_ answer: JSONValue) -> [Int64?] {
        ["events", "passed", "filtered", "rejected"].map { answer[$0]?.integer }
    }

    @Test func theLastEventsAreTriedAndNothingIsWritten() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.send(#"[{"id":1,"ratio":1},{"id":"bad"},{"id":3},{"id":4,"ratio":0}]"#)
        try await node.send(#"{"id":5,"ratio":5,"stranger":1}"#)
        try await node.send("{\"id\":6,\"ratio\":2}\n{\"id\":7,\"ratio\":2}")
        let all = try await answer(node, ["sql": .string(Self.sql)])
        #expect(numbers(all) == [7, 4, 1, 2] && all["unknown_fields"] == 1)
        for (events, expected) in [
            (1, [1, 1, 0, 0]), (3, [3, 3, 0, 0]), (4, [4, 3, 0, 1]), (6, [6, 3, 1, 2]), (7, [7, 4, 1, 2]),
        ] as [(Int64, [Int64])] {
            let some = try await answer(node, ["sql": .string(Self.sql), "events": .integer(events)])
            #expect(numbers(some) == expected, "\(events)")
        }
        let six = try await answer(node, ["sql": .string(Self.sql), "events": 6, "rows": 2])
        let statement = try #require(six["statements"]?.array?.first)
        #expect(statement["from"] == "0:1")
        #expect(statement["columns"]?.array?.map { $0["name"]?.string } == ["id", "part", "__ingest_ts"])
        #expect(statement["rows"]?.array?.map { $0["id"]?.integer } == [5, 6])
        let rejects = try #require(statement["rejects"]?.array)
        // The numbers are those of the whole record.
        #expect(rejects.map { $0["index"]?.integer } == [1, 3] && rejects[0]["raw"] == #"{"id":"bad"}"#)
        #expect(statement["reasons"]?.array?.count == 2)
        let log = try node.registry.stream("events").log.get()
        #expect(log.consumers.isEmpty)
        await #expect(throws: (any Error).self) { _ = try await node.table("web.deep", "events") }
        await #expect(throws: (any Error).self) { _ = try await node.table("rejects", "events") }
        await node.registry.close()
    }

    @Test func aPipelineIsTriedAsItIsAndItsCountsStay() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        try await node.whileRunning {
            _ = try await node.service.createPipeline(["name": "p", "sql": .string(Self.sql)])
            for id in 0..<50 { try await node.send(#"[{"id":\#(id),"ratio":1},{"id":3}]"#) }
            try await node.service.flush(stream: "events")
            let before = try await node.service.stats("p")
            #expect(numbers(try await answer(node, ["pipeline": "p", "events": 11])) == [11, 5, 6, 0])
            let none = try await answer(node, ["pipeline": "p", "rows": 0])
            #expect(numbers(none) == [100, 49, 51, 0])
            #expect(none["statements"]?.array?.first?["rows"] == [])
            #expect(try await node.service.stats("p") == before)
            #expect(try node.registry.stream("events").log.get().consumers.count == 1)
        }
    }

    @Test func whatCannotRunIsRefused() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        let empty = try await answer(node, ["sql": .string(Self.sql)])
        #expect(numbers(empty) == [0, 0, 0, 0])
        for bad in [
            [:], ["sql": "SELECT 1"], ["pipeline": "nothing"], ["sql": .string(Self.sql), "pipeline": "p"],
            ["sql": .string(Self.sql), "events": 0], ["sql": .string(Self.sql), "events": "many"],
            ["sql": .string(Self.sql), "rows": 100_000],
        ] as [JSONObject] {
            await #expect(throws: (any Error).self, "\(bad)") { _ = try await answer(node, bad) }
        }
        await node.registry.close()
    }
}
