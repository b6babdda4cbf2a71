import Columnar
import Effects
import FileFormats
import Kernels
import Synchronization
import TestKit
import Testing

@testable import Pipelines
@testable import Streams

@Suite struct RecordReadingTests {
    /// What a part may have beyond its bound: the last batch, and what the rejects of one more take.
    private static let slackBytes = 2 * (EventParser.cellLimit * 16 + (4 << 20))

    static let shapes: [Shape] = [
        Shape(
            "every event a misfit", .fields([StreamField("a", .string)]), events: 300_000, event: #"{"a":1}"#,
            rejected: 300_000),
        Shape(
            "nothing in many columns",
            .fields((0..<200).map { StreamField("c\($0)", .string) }), events: 40_000, event: "{}"),
        Shape(
            "a list too long for one event",
            .fields([StreamField("l", .list(StreamField("element", .int64)))]), events: 2,
            event: #"{"l":["# + String(repeating: "1,", count: 1_100_000) + "1]}", rejected: 2),
        Shape(
            "lists of wide structs",
            .fields([
                StreamField(
                    "l",
                    .list(
                        StreamField(
                            "element", .structure((0..<100).map { StreamField("f\($0)", .int64) }))))
            ]), events: 12, event: #"{"l":["# + String(repeating: "{},", count: 1999) + "{}]}"),
    ]

    struct Shape: CustomTestStringConvertible {
        var testDescription: String
        var schema: StreamSchema
        var events: Int
        var event: String
        var rejected: Int

        init(_ name: String, _ schema: StreamSchema, events: Int, event: String, rejected: Int = 0) {
            testDescription = name
            self.schema = schema
            self.events = events
            self.event = event
            self.rejected = rejected
        }
    }

    @Test(arguments: shapes) func aRecordThatUnfoldsWidelyComesInBoundedParts(_ shape: Shape) throws {
        let preparation = RecordPreparation(
            schema: shape.schema, unknownFields: .count,
            transform: PassingTransform(output: shape.schema.columns))
        let text = Array(String(repeating: shape.event + "\n", count: shape.events).utf8)
        let record = Self.record(text, events: shape.events, framing: .lines)
        var reading = try RecordReading([record], preparation)
        var counts = PipelineCounts()
        var (mostBytes, allBytes, mostCells) = (0, 0, 0)
        while !reading.isEnd {
            let part = try reading.nextPart()
            counts += part.counts
            mostBytes = max(mostBytes, part.byteCount)
            allBytes += part.byteCount
            for batch in part.batches {
                mostCells = max(mostCells, batch.columns.reduce(0) { $0 + $1.cellCount })
            }
        }
        #expect(counts.passed == shape.events - shape.rejected && counts.rejected == shape.rejected)
        #expect(mostBytes <= preparation.partBytes + max(Self.slackBytes, shape.event.utf8.count))
        // Batches of one parse may be joined while they are small in bytes.
        #expect(mostCells <= 2 * (EventParser.cellLimit + Batch.capacity))
        // The ledger is told no less than the parts have; all of the record may be far more.
        let reserved = preparation.memoryBytes(for: [record])
        #expect(reserved >= text.count + min(mostBytes, 2 * preparation.partBytes))
        #expect(reserved < 6 * text.count + (150 << 20))
        #expect(allBytes > text.count)
    }

    @Test func theSameComesOutHoweverRecordsAreCut() throws {
        var misfits = 0
        for seed in UInt64(1)...40 {
            var random = SeededGenerator(seed: seed)
            let fields = [
                StreamField("id", .int64, isRequired: true),
                StreamField("tags", .list(StreamField("e", .int32))),
                StreamField("s", .string),
            ]
            var nextID: Int64 = 0
            let records = (0..<Int64.random(in: 1...12, using: &random)).map { number in
                let events = (0..<Int.random(in: 0...(Bool.random(using: &random) ? 1 : 60), using: &random))
                    .map { _ in
                        nextID += 1
                        return Self.event(nextID, &random)
                    }
                var record = Self.record(events, &random)
                record.number = number
                record.append.receivedAt = Instant(microseconds: number * 1000)
                return record
            }
            func prepare(
                _ records: [LogRecord], rowLimit: Int, partBytes: Int
            ) throws -> (PreparedPart, parts: Int) {
                let preparation = RecordPreparation(
                    schema: .fields(fields), unknownFields: .count, transform: TestTransform(),
                    rowLimit: rowLimit, partBytes: partBytes)
                var reading = try RecordReading(records, preparation)
                var all = PreparedPart()
                var parts = 0
                while !reading.isEnd {
                    let part = try reading.nextPart()
                    all.batches += part.batches
                    all.rejects += part.rejects
                    all.counts += part.counts
                    parts += 1
                }
                return (all, parts)
            }
            let whole = try prepare(records, rowLimit: Batch.capacity, partBytes: 1 << 30)
            #expect(whole.parts == 1)
            let cut = try prepare(records, rowLimit: Int.random(in: 1...9, using: &random), partBytes: 1)
            let alone = try records.map {
                try prepare([$0], rowLimit: Batch.capacity, partBytes: 1 << 30).0
            }
            #expect(alone.flatMap { $0.batches.flatMap(\.rows) } == whole.0.batches.flatMap(\.rows))
            #expect(alone.reduce(into: PipelineCounts()) { $0 += $1.counts } == whole.0.counts)
            if nextID > 60 { #expect(cut.parts > 3) }
            #expect(cut.0.batches.flatMap(\.rows) == whole.0.batches.flatMap(\.rows))
            #expect(cut.0.counts == whole.0.counts && whole.0.counts.events == nextID)
            func sorted(_ rejects: [RejectedEvent]) -> [RejectedEvent] {
                rejects.sorted { ($0.record, $0.index) < ($1.record, $1.index) }
            }
            #expect(sorted(cut.0.rejects) == sorted(whole.0.rejects))
            #expect(sorted(alone.flatMap(\.rejects)) == sorted(whole.0.rejects))
            misfits += whole.0.rejects.count { $0.code != "seven" }
            for reject in whole.0.rejects {
                let append = records[Int(reject.record)].append
                let body = String(decoding: append.body, as: UTF8.self)
                let events =
                    append.framing == .array
                    ? body.dropFirst().dropLast().split(separator: ", ") : body.split(separator: "\n")
                #expect(reject.raw == String(events[reject.index]))
            }
        }
        #expect(misfits > 100)
    }

    @Test func nothingOfARecordLandsWhenTheRunnerStopsInsideIt() async throws {
        let bench = try await PipelineBench()
        bench.rowLimit = 2
        bench.partBytes = 1
        bench.transform = StoppingTransform(after: 2)
        try await bench.send("[" + (1...9).map { #"{"id":\#($0)}"# }.joined(separator: ",") + "]")
        var runner = try await bench.makeRunner(interval: 0)
        await #expect(throws: TransformStopped.self) { _ = try await runner.step() }
        try await runner.finish()
        #expect(bench.landedIDs() == [] && bench.sink.abandonedCount == 1)
        #expect(try await bench.stats().pending == 9)

        bench.transform = TestTransform()
        var next = try await bench.makeRunner(interval: 0)
        _ = try await next.step()
        try await next.finish()
        #expect(bench.landedIDs() == [1, 2, 3, 4, 5, 6, 8, 9])
        #expect(bench.sink.rejects.map(\.index) == [6])
        #expect(try await bench.stats().pending == 0)
    }

    private static func record(_ body: [UInt8], events: Int, framing: EventFraming) -> LogRecord {
        LogRecord(
            number: 0, firstEvent: 0,
            append: LogAppend(
                body: body, eventCount: events, framing: framing, receivedAt: Instant(microseconds: 0)))
    }

    /// In a framing that takes them.
    private static func record(_ events: [String], _ random: inout SeededGenerator) -> LogRecord {
        guard !events.isEmpty, Bool.random(using: &random) else {
            return record(
                Array("[\(events.joined(separator: ", "))]".utf8), events: events.count, framing: .array)
        }
        return record(
            Array(events.joined(separator: "\n").utf8), events: events.count,
            framing: events.count == 1 && events[0].hasPrefix("{") ? .object : .lines)
    }

    private static func event(_ id: Int64, _ random: inout SeededGenerator) -> String {
        let tags = (0..<Int.random(in: 0...4, using: &random)).map { "\($0)" }.joined(separator: ",")
        switch Int.random(in: 0..<12, using: &random) {
        case 0: return #"{"id":"x\#(id)"}"#
        case 1: return #"{"id":\#(id),"tags":[\#(id),"no"]}"#
        case 2: return #"{"tags":[]}"#
        case 3: return "\(id)"
        case 4: return #"{"id":\#(id),"more":{"a":[1,2]}}"#
        default:
            return
                #"{"id":\#(id),"tags":[\#(tags)],"s":"text \#(String(repeating: "y", count: Int(id % 30)))"}"#
        }
    }
}

/// Every row as it is.
private struct PassingTransform: RowTransform {
    let output: Schema
    let unfolds = false

    func apply(_ batch: Batch) throws -> TransformedRows {
        TransformedRows(inputCount: batch.rowCount, columns: batch.dense().columns, sources: nil)
    }
}

/// Gives up as if the runner were told to stop.
private final class StoppingTransform: RowTransform {
    let output = TestTransform().output
    let unfolds = false
    private let callsLeft: Mutex<Int>

    init(after calls: Int) { callsLeft = Mutex(calls) }

    func apply(_ batch: Batch) throws -> TransformedRows {
        let isStopped = callsLeft.withLock { left in
            left -= 1
            return left < 0
        }
        if isStopped { throw TransformStopped() }
        return try TestTransform().apply(batch)
    }
}

extension Column {
    /// Values of all columns that hold single ones.
    fileprivate var cellCount: Int {
        switch values {
        case .list(_, let element): element.cellCount
        case .map(_, let keys, let values): keys.cellCount + values.cellCount
        case .structure(let fields): fields.reduce(0) { $0 + $1.cellCount }
        default: count
        }
    }
}
