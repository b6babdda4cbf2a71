import JSONText
import Testing

@testable import Streams

@Suite struct StreamRateTests {
    private func limits(_ json: JSONValue) throws -> StreamLimits {
        try StreamLimits(json, over: StreamLimits())
    }

    private static let second: Int64 = 1_000_000_000

    @Test func aSecondsWorthIsTakenAtOnceAndThenAsMuchASecond() throws {
        let limits = try limits(["events_per_second": 10])
        var rate = StreamRate()
        try rate.take(events: 6, bytes: 1, limits, at: 0)
        try rate.take(events: 4, bytes: 1, limits, at: 0)
        let refused = #expect(throws: StreamRate.Refusal.self) {
            try rate.take(events: 1, bytes: 1, limits, at: 99_999_999)
        }
        #expect(refused?.name == .eventsPerSecond && refused?.limit == 10 && refused?.waitSeconds == 1)
        try rate.take(events: 1, bytes: 1, limits, at: 100_000_000)
        try rate.take(events: 10, bytes: 1, limits, at: 50 * Self.second)
        #expect(throws: StreamRate.Refusal.self) {
            try rate.take(events: 1, bytes: 1, limits, at: 50 * Self.second)
        }
    }

    @Test func aRequestLargerThanASecondIsTakenAndPaidForAfterwards() throws {
        let limits = try limits(["events_per_second": 10, "bytes_per_second": 1_000])
        var rate = StreamRate()
        try rate.take(events: 1, bytes: 5_000, limits, at: 0)
        let refused = #expect(throws: StreamRate.Refusal.self) {
            try rate.take(events: 1, bytes: 1_000, limits, at: Self.second)
        }
        #expect(refused?.name == .bytesPerSecond && refused?.waitSeconds == 4)
        try rate.take(events: 1, bytes: 1_000, limits, at: 5 * Self.second)
    }

    @Test func whatWasNotKeptIsGivenBackAndAClockThatStandsGivesNothing() throws {
        let limits = try limits(["events_per_second": 3])
        var rate = StreamRate()
        try rate.take(events: 3, bytes: 1, limits, at: 7)
        rate.giveBack(events: 3, bytes: 1, limits)
        try rate.take(events: 3, bytes: 1, limits, at: 7)
        #expect(throws: StreamRate.Refusal.self) { try rate.take(events: 1, bytes: 1, limits, at: 7) }
        #expect(throws: StreamRate.Refusal.self) { try rate.take(events: 1, bytes: 1, limits, at: 0) }
    }

    @Test func limitsAreReadChangedTakenAwayAndChecked() throws {
        let first = try limits(["request_bytes": 5, "backlog_bytes": 1_000])
        let second = try StreamLimits(["request_bytes": nil, "bytes_per_second": 7], over: first)
        #expect(second.json == ["bytes_per_second": 7, "backlog_bytes": 1_000])
        #expect(try StreamLimits(["bytes_per_second": nil, "backlog_bytes": nil], over: second).json == nil)
        for wrong: JSONValue in [0, -1, "5", true, .integer(1 << 51), .number("1.5")] {
            let error = #expect(throws: StreamsError.self) { try limits(["request_bytes": wrong]) }
            #expect(error?.context.first?.value == "$.limits.request_bytes")
        }
    }
}
