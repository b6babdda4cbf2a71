import Catalogs
import Columnar
import Effects
import FileFormats
import Iceberg
import JSONText
import Planner
import SQLSyntax
import Streams
import TestKit
import Testing

@testable import Pipelines

/// Events that become no row, one or many: each is counted once, whatever it becomes.
@Suite struct UnfoldingTests {
    private static let stream = StreamSchema.fields([
        StreamField("id", .int64, isRequired: true),
        StreamField("tags", .list(StreamField("element", .int64))),
    ])

    private func transform(_ sql: String, cellLimit: Int = ProgramTransform.cellLimit) throws
        -> ProgramTransform
    {
        guard case .insert(let insert) = try SQLParser.statements(sql)[0] else {
            preconditionFailure("an insert")
        }
        let now = Instant(microseconds: 0)
        let program = try Planner(settings: PlannerSettings(now: now)).pipeline(
            insert, streams: [(try Planner.streams(of: insert)[0], Self.stream.columns)])[0]
        return ProgramTransform(program: program, now: now, cellLimit: cellLimit)
    }

    private struct Read: Equatable {
        var rows: [String] = []
        var counts: [Int64] = []
        var rejects: [String] = []
    }

    /// Reads records of such events, each with an id and numbers.
    private func read(
        _ records: [[(id: Int, tags: [Int])]], _ transform: ProgramTransform, partBytes: Int = 1 << 20
    ) throws -> (read: Read, parts: Int) {
        let preparation = RecordPreparation(
            schema: Self.stream, unknownFields: .count, transform: transform, rowLimit: 64,
            partBytes: partBytes)
        let log = records.enumerated().map { number, events in
            let body =
                "[" + events.map { #"{"id":\#($0.id),"tags":\#($0.tags)}"# }.joined(separator: ",") + "]"
            return LogRecord(
                number: Int64(number), firstEvent: 0,
                append: LogAppend(
                    body: Array(body.utf8), eventCount: events.count, framing: .array,
                    receivedAt: Instant(microseconds: Int64(number))))
        }
        var reading = try RecordReading(log, preparation)
        var read = Read()
        var counts = PipelineCounts()
        var parts = 0
        while !reading.isEnd {
            let part = try reading.nextPart()
            parts += 1
            counts += part.counts
            for batch in part.batches { read.rows += batch.rows.map { "\($0)" } }
            read.rejects += part.rejects.map { "\($0.record):\($0.index) \($0.code)" }
        }
        read.rows.sort()
        read.rejects.sort()
        read.counts = [counts.passed, counts.filtered, counts.rejected, counts.sinkRows]
        return (read, parts)
    }

    @Test func anEventBecomesARowOfEachElementOrIsFiltered() throws {
        let work = try transform("INSERT INTO s SELECT id, 60 / unnest(tags) AS part FROM e WHERE id > 0")
        let events = [[(1, [1, 2]), (2, []), (3, [3, 0, 2])], [(0, [1]), (5, [6])]]
        let found = try read(events.map { $0.map { (id: $0.0, tags: $0.1) } }, work).read
        // An element that fails takes its event's other rows along.
        #expect(found.counts == [2, 2, 1, 3])
        #expect(found.rejects == ["0:2 KRN-101"])
        #expect(found.rows.count == 3 && found.rows.allSatisfy { !$0.contains("long(3)") })
        #expect(found.rows.contains { $0.contains("long(5)") && $0.hasSuffix("long(1)]") }, "\(found.rows)")
    }

    @Test func severalSelectsOfOneStreamCountItsEventsOnce() throws {
        let work = try transform(
            "INSERT INTO s SELECT id FROM e WHERE id > 2 UNION ALL SELECT -id FROM e WHERE id < 4 UNION ALL SELECT 6 / (id - 9) FROM e WHERE id > 8"
        )
        let found = try read([[1, 2, 3, 9, 10].map { (id: $0, tags: []) }, [(id: 5, tags: [])]], work).read
        #expect(found.counts == [5, 0, 1, 7])
        #expect(found.rejects == ["0:3 KRN-101"])
    }

    @Test func anEventThatMakesTooManyRowsIsRejectedAlone() throws {
        let work = try transform("INSERT INTO s SELECT id, unnest(tags) AS tag FROM e", cellLimit: 30)
        let many = Array(0..<11)
        let found = try read(
            [[(id: 1, tags: [1]), (id: 2, tags: many), (id: 3, tags: many.dropLast())]], work
        ).read
        #expect(found.counts == [2, 0, 1, 11])
        #expect(found.rejects == ["0:1 \(ProgramTransform.tooManyRows)"])
    }

    /// However little is made at once, and wherever parts end, the same comes out.
    @Test(arguments: 0..<40)
    func boundsChangeNothing(seed: UInt64) throws {
        let random = SeededRandomness(seed: seed)
        func below(_ bound: UInt64) -> Int { Int(random.next() % bound) }
        let records = (0..<1 + below(6)).map { _ in
            (0..<1 + below(120)).map { _ in
                (id: below(12), tags: (0..<below(6)).map { _ in below(9) })
            }
        }
        let sql = [
            "INSERT INTO s SELECT id, 8 / unnest(tags) AS tag FROM e WHERE id <> 3",
            "INSERT INTO s SELECT id, t FROM (SELECT id, unnest(tags) AS t FROM e) WHERE t > id",
            "INSERT INTO s SELECT e.id, t.x + u.y AS z FROM e, UNNEST(tags) AS t(x), UNNEST(tags) AS u(y) WHERE x < y",
            "INSERT INTO s SELECT id, 1 AS n FROM e UNION ALL SELECT id, unnest(tags) FROM e WHERE 5 / id > 0",
        ][below(4)]
        let free = try read(records, try transform(sql)).read
        let events = Int64(records.reduce(0) { $0 + $1.count })
        #expect(
            free.counts[0] + free.counts[1] + free.counts[2] == events && free.counts[3] == free.rows.count)
        // No event makes more than 6 times 6 rows at a step, of 5 values.
        let tight = try read(
            records, try transform(sql, cellLimit: 200 + below(400)), partBytes: 1 + below(2000))
        #expect(tight.read == free)
    }

    @Test func streamsOfAUnionLandInOneTableEachByItself() async throws {
        let node = try await SmallNode()
        try await node.makeEvents()
        _ = try await node.registry.create([
            "name": "others",
            "schema": [
                "fields": [
                    ["name": "id", "type": "int64"],
                    ["name": "list", "type": "list", "items": ["type": "string"]],
                ]
            ],
        ])
        let sql =
            "INSERT INTO events_sink SELECT id, kind FROM events UNION ALL SELECT id, unnest(list) FROM others"
        try await node.whileRunning {
            let made = try await node.service.createPipeline(["name": "p", "sql": .string(sql)])
            try await node.send(#"[{"id":1,"kind":"a"},{"id":"no"}]"#)
            try await node.send(
                #"[{"id":2,"list":["x","y"]},{"id":3,"list":[]},{"id":4,"list":["z"]}]"#, to: "others")
            try await node.service.flush(stream: "events")
            try await node.service.flush(stream: "others")
            let stats = try await node.service.stats("p")
            #expect(stats.statements.map(\.stream) == ["events", "others"])
            #expect(stats.statements.map(\.accepted) == [2, 3])
            #expect(stats.statements.map(\.counts.passed) == [1, 2])
            #expect(stats.statements.map(\.counts.filtered) == [0, 1])
            #expect(stats.statements.map(\.counts.sinkRows) == [1, 3])
            #expect(
                try await node.service.tables(of: made).map(\.name) == ["events", "others", "events_sink"])
            let graph = try await node.service.validate(sql)["graph"]
            let operators = graph?["nodes"]?.array?.compactMap { $0["operator"]?.string } ?? []
            #expect(
                operators == [
                    "source", "projection", "sink", "source", "projection", "unnest", "projection", "sink",
                ])
            // New SQL without one of them takes only that one away.
            _ = try await node.service.changePipeline(
                "p", ["sql": "INSERT INTO events_sink SELECT id, unnest(list) AS kind FROM others"])
            #expect(try await node.service.stats("p").statements.map(\.accepted) == [3])
        }
        let rows = try await node.table("web.deep", "events").metadata.currentSnapshot?.summary[
            "total-records"]
        #expect(rows == "4")
    }

    @Test func rejectsOfUnfoldedEventsAreReplayed() async throws {
        let node = try await SmallNode()
        _ = try await node.registry.create([
            "name": "events",
            "schema": [
                "fields": [
                    ["name": "id", "type": "int64"],
                    ["name": "list", "type": "list", "items": ["type": "int64"]],
                ]
            ],
        ])
        _ = try await node.service.createSink([
            "name": "events_sink", "type": "r2_data_catalog",
            "config": ["bucket": "lake", "namespace": "web.deep", "table_name": "events"],
        ])
        try await node.whileRunning {
            _ = try await node.service.createPipeline([
                "name": "p", "sql": "INSERT INTO events_sink SELECT id, 8 / unnest(list) AS part FROM events",
            ])
            try await node.send(#"[{"id":1,"list":[1,0,2]},{"id":2,"list":[4]},{"id":3}]"#)
            try await node.service.flush(stream: "events")
            let before = try await node.service.stats("p").counts
            #expect([before.passed, before.filtered, before.rejected, before.sinkRows] == [1, 1, 1, 1])
            let mended = "INSERT INTO events_sink SELECT id, 8 / nullif(unnest(list), 0) AS part FROM events"
            let tried = try await node.service.dryRun(try DryRunRequest(["sql": .string(mended)])).counts
            #expect([tried.passed, tried.filtered, tried.rejected, tried.sinkRows] == [2, 1, 0, 4])
            _ = try await node.service.changePipeline("p", ["sql": .string(mended)])
            #expect(try await node.service.replayRejects("p").counts.sinkRows == 3)
            let after = try await node.service.stats("p").counts
            #expect([after.passed, after.filtered, after.rejected, after.sinkRows] == [2, 1, 0, 4])
        }
    }
}
