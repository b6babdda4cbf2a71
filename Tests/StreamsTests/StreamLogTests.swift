import Effects
import FileFormats
import Foundation
import Scheduling
import Telemetry
import Testing

@testable import Streams

@Suite struct StreamLogTests {
    private static let pool = IOPool(name: "log", threads: 2)

    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let random = LiveRandomness()
        let directory = NSTemporaryDirectory() + "firn-log-\(UniqueID.random(from: random).hexDigits)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await body(directory)
    }

    @Test func manyAppendersGetDistinctNumbersInOrderAndFewSyncs() async throws {
        try await withDirectory { directory in
            let metrics = MetricsRegistry()
            let environment = LogEnvironment(pool: Self.pool, metrics: metrics)
            let log = try await StreamLog.open(
                directory: directory, streamID: UniqueID(high: 1, low: 1), environment: environment)
            let offsets = try await withThrowingTaskGroup(of: [LogOffset].self) { group in
                for producer in 0..<32 {
                    group.addTask {
                        var mine: [LogOffset] = []
                        for index in 0..<20 {
                            let body = Array("{\"p\":\(producer),\"i\":\(index)}".utf8)
                            let receipt = try await log.append(
                                LogAppend(
                                    body: body, eventCount: 1, framing: .object,
                                    receivedAt: Instant(microseconds: 0)))
                            mine.append(receipt.offset)
                        }
                        return mine
                    }
                }
                var all: [[LogOffset]] = []
                for try await mine in group { all.append(mine) }
                return all
            }
            for mine in offsets { #expect(mine == mine.sorted()) }
            #expect(offsets.flatMap { $0 }.map(\.record).sorted() == (0..<640).map { Int64($0) })
            #expect(metrics.counter("firn_stream_log_syncs_total", help: "").current < 640)
            await log.close()
            let refusal = await #expect(throws: StreamsError.self) {
                _ = try await log.append(
                    LogAppend(
                        body: [0x31], eventCount: 1, framing: .lines, receivedAt: Instant(microseconds: 0)))
            }
            #expect(refusal?.code == .closed)
            let again = try await StreamLog.open(
                directory: directory, streamID: UniqueID(high: 1, low: 1), environment: environment)
            #expect(again.status.acceptedEvents == 640)
            let slice = try await again.read(from: .start, maxBytes: 1 << 20)
            #expect(slice.records.count == 640)
            #expect(slice.isAtEnd)
            await again.close()
        }
    }

    @Test func aReaderFollowsTheWriterFromAnyOffset() async throws {
        try await withDirectory { directory in
            var limits = LogLimits()
            limits.segmentBytes = 100_000
            let environment = LogEnvironment(pool: Self.pool)
            let log = try await StreamLog.open(
                directory: directory, streamID: UniqueID(high: 1, low: 1), limits: limits,
                environment: environment)
            for index in 0..<300 {
                let body = [UInt8](repeating: UInt8(index % 90 + 33), count: index * 13 % 4000)
                _ = try await log.append(
                    LogAppend(
                        body: body, eventCount: index, framing: .lines,
                        receivedAt: Instant(microseconds: Int64(index))))
            }
            for start in stride(from: 0, to: 300, by: 7) {
                let slice = try await log.read(from: LogOffset(record: Int64(start)), maxBytes: 5000)
                let record = try #require(slice.records.first)
                #expect(record.number == Int64(start))
                #expect(record.append.body.count == start * 13 % 4000)
                #expect(record.firstEvent == Int64(start * (start - 1) / 2))
                let received = try await log.receivedAt(record: Int64(start))
                #expect(received == Instant(microseconds: Int64(start)))
            }
            #expect(try await log.receivedAt(record: 300) == nil)
            await log.close()
            let again = try await StreamLog.open(
                directory: directory, streamID: UniqueID(high: 1, low: 1), limits: limits,
                environment: environment)
            // Nobody has read these segments since.
            for record in [0, 17, 299] as [Int64] {
                #expect(try await again.receivedAt(record: record) == Instant(microseconds: record))
            }
            await again.close()
        }
    }
}
