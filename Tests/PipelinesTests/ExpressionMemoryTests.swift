import Columnar
import Effects
import FileFormats
import Kernels
import SQLSyntax
import Scheduling
import Testing

@testable import Pipelines
@testable import Planner
@testable import Streams

/// What a pipeline's expressions may ask for, and what they may take.
@Suite struct ExpressionMemoryTests {
    private static let schema = StreamSchema.fields([
        StreamField("id", .int64, isRequired: true), StreamField("kind", .string),
    ])

    private func program(_ sql: String) throws -> PipelineProgram {
        var settings = PlannerSettings(now: Instant(microseconds: 0))
        settings.missingJSONIsDefault = true
        let statement = try #require(try SQLParser.placedStatements(sql).first?.statement)
        guard case .insert(let insert) = statement else { throw CancellationError() }
        return try Planner(settings: settings).pipeline(
            insert, streams: [(try Planner.streams(of: insert)[0], Self.schema.columns)])[0]
    }

    private func batch(rows: Int) -> Batch {
        Batch(
            schema: Self.schema.columns,
            columns: [
                Column(.long, (0..<rows).map { .long(Int64($0)) }),
                Column(.string, Array(repeating: .string("k"), count: rows)),
            ], rowCount: rows)
    }

    @Test(arguments: FunctionRegistry.all.map(\.names[0]))
    func everyFunctionsExampleRunsInAPipeline(_ name: String) throws {
        let definition = try #require(FunctionRegistry.find(name))
        let transform = ProgramTransform(
            program: try program("INSERT INTO k SELECT id, \(definition.example.call) AS answer FROM s"),
            now: Instant(microseconds: 0))
        let rows = try transform.apply(batch(rows: 3))
        #expect(rows.rejected.isEmpty && rows.columns.map(\.count) == [3, 3])
    }

    private func transform(_ sql: String, _ ledger: MemoryLedger) throws -> ProgramTransform {
        ProgramTransform(
            program: try program(sql), now: Instant(microseconds: 0), supervisor: RunnerControl(),
            memory: ExpressionMemory(ledger: ledger))
    }

    private func reading(_ transform: ProgramTransform, events: [String]) throws -> RecordReading {
        let record = LogRecord(
            number: 0, firstEvent: 0,
            append: LogAppend(
                body: Array(events.joined(separator: "\n").utf8), eventCount: events.count, framing: .lines,
                receivedAt: Instant(microseconds: 0)))
        return try RecordReading(
            [record],
            RecordPreparation(
                schema: Self.schema, unknownFields: .count, transform: transform, partBytes: 4 << 20))
    }

    /// Forty events of a few bytes become forty megabytes.
    @Test func rowsThatUnfoldComeInBoundedPartsThatAreCounted() throws {
        let ledger = MemoryLedger(limit: 64 << 20)
        let transform = try transform("INSERT INTO k SELECT id, repeat(kind, 1100000) AS s FROM s", ledger)
        var reading = try reading(transform, events: (0..<40).map { #"{"id":\#($0),"kind":"x"}"# })
        var ids: [Scalar] = []
        var parts = 0
        while !reading.isEnd {
            let part = try reading.nextPart()
            parts += 1
            #expect(ledger.reserved <= 8 << 20)
            #expect(part.byteCount <= 12 << 20)
            #expect(part.rejects.isEmpty)
            for batch in part.batches {
                ids += batch.rows.map { $0[0] }
                #expect(ledger.reserved >= 1 << 20)
            }
            withExtendedLifetime(part) {}
        }
        #expect(ids == (0..<40).map { Scalar.long(Int64($0)) } && parts > 4)
        #expect(ledger.reserved == 0)
    }

    @Test func aRowThatTakesTooMuchIsRejectedAloneAndOneThatFindsNoMemoryNowIsNot() throws {
        let ledger = MemoryLedger(limit: 64 << 20)
        let transform = try transform(
            "INSERT INTO k SELECT id, repeat(kind, 3000000) AS s FROM s WHERE id < 100", ledger)
        let events = [
            #"{"id":1,"kind":"x"}"#, #"{"id":2,"kind":"xxxxx"}"#, #"{"id":3,"kind":"x"}"#,
            #"{"id":100,"kind":"xxxxx"}"#, #"{"id":4,"kind":"y"}"#,
        ]
        var all = PreparedPart()
        var whole = try reading(transform, events: events)
        while !whole.isEnd {
            let part = try whole.nextPart()
            all.counts += part.counts
            all.rejects += part.rejects
        }
        #expect(all.counts.passed == 3 && all.counts.rejected == 1 && all.counts.filtered == 1)
        #expect(all.rejects.map(\.index) == [1] && all.rejects.map(\.code) == ["KRN-302"])
        // Somebody else has the memory: that is no fault of the row, and another time there may be some.
        let taken = try ledger.reserve(62 << 20, for: "a query")
        var starved = try reading(transform, events: events)
        let refusal = #expect(throws: SchedulingError.self) { _ = try starved.nextPart() }
        #expect(refusal?.code == .memoryExhausted)
        #expect(refusal.map { PipelineSupervisor.isFinal($0) } == false)
        #expect(ledger.reserved == taken.bytes)
    }
}
