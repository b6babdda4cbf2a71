import Effects
import FileFormats
import Testing

@testable import Streams

@Suite struct LogStateTests {
    private func makeState(_ change: (inout LogLimits) -> Void = { _ in }) -> LogState {
        var limits = LogLimits()
        change(&limits)
        let header = SegmentHeader(
            streamID: UniqueID(high: 1, low: 2), firstRecord: 0, firstEvent: 0,
            createdAt: Instant(microseconds: 0))
        return LogState(
            limits: limits, segments: [LogSegment(header: header)],
            marks: MarkFile(streamID: header.streamID, generation: -1, end: 0, marked: []))
    }

    private func append(_ size: Int, events: Int = 1) -> LogAppend {
        LogAppend(
            body: [UInt8](repeating: 0x20, count: size), eventCount: events, framing: .lines,
            receivedAt: Instant(microseconds: 0))
    }

    @Test func aGroupTakesWhatWaitsUpToItsBytes() throws {
        var state = makeState { $0.groupBytes = 1000 }
        for _ in 0..<5 { _ = try state.admit(append(320), bodyChecksum: 0) }
        guard case .commit(let group) = state.nextWork() else { return #expect(Bool(false)) }
        #expect(group.appends.map(\.ticket) == [0, 1])
        #expect(group.firstRecord == 0)
        state.finish(group, header: nil)
        guard case .commit(let second) = state.nextWork() else { return #expect(Bool(false)) }
        #expect(second.firstRecord == 2)
        #expect(second.position == SegmentHeader.byteCount + 800)
    }

    @Test func aFailedGroupLeavesNoGap() throws {
        var state = makeState()
        _ = try state.admit(append(10), bodyChecksum: 0)
        guard case .commit(let group) = state.nextWork() else { return #expect(Bool(false)) }
        #expect(state.fail(group, poison: nil).isEmpty)
        _ = try state.admit(append(10), bodyChecksum: 0)
        guard case .commit(let second) = state.nextWork() else { return #expect(Bool(false)) }
        #expect(second.firstRecord == 0)
        #expect(state.queueBytes == 90)
    }

    @Test func aFullBacklogRefusesUntilSomethingLanded() throws {
        var state = makeState { $0.backlogBytes = 300 }
        _ = try state.register(consumer: "a", landed: nil)
        _ = try state.admit(append(120), bodyChecksum: 0)
        guard case .commit(let group) = state.nextWork() else { return #expect(Bool(false)) }
        state.finish(group, header: nil)
        let refusal = #expect(throws: StreamsError.self) { _ = try state.admit(append(120), bodyChecksum: 0) }
        #expect(refusal?.code == .backlogFull)
        _ = try state.advance(consumer: "a", to: LogOffset(record: 1))
        #expect(state.unlandedBytes == 0)
        _ = try state.admit(append(120), bodyChecksum: 0)
    }

    @Test func whoeverOnlyLooksIsNoBacklog() throws {
        var state = makeState { $0.backlogBytes = 300 }
        for name in ["a", "b"] { _ = try state.register(consumer: name, landed: nil, isBacklog: name == "a") }
        _ = try state.admit(append(120), bodyChecksum: 0)
        guard case .commit(let group) = state.nextWork() else { return #expect(Bool(false)) }
        state.finish(group, header: nil)
        #expect(throws: StreamsError.self) { _ = try state.admit(append(120), bodyChecksum: 0) }
        _ = try state.advance(consumer: "a", to: LogOffset(record: 1))
        #expect(state.unlandedBytes == 0)
        _ = try state.admit(append(120), bodyChecksum: 0)
    }

    @Test func aFullQueueRefuses() throws {
        var state = makeState { $0.queueBytes = 300 }
        _ = try state.admit(append(120), bodyChecksum: 0)
        let refusal = #expect(throws: StreamsError.self) { _ = try state.admit(append(120), bodyChecksum: 0) }
        #expect(refusal?.code == .queueFull)
    }

    @Test func aPoisonedLogDropsWhatWaitsAndTakesNothing() throws {
        var state = makeState { $0.groupBytes = 1 }
        _ = try state.admit(append(10), bodyChecksum: 0)
        _ = try state.admit(append(10), bodyChecksum: 0)
        guard case .commit(let group) = state.nextWork() else { return #expect(Bool(false)) }
        #expect(state.fail(group, poison: StreamsError(.inputOutputFailed, "sync failed")) == [1])
        let refusal = #expect(throws: StreamsError.self) { _ = try state.admit(append(1), bodyChecksum: 0) }
        #expect(refusal?.code == .poisoned)
        guard case .sleep = state.nextWork() else { return #expect(Bool(false)) }
    }

    @Test func landedSegmentsOutsideTheWindowAreTrimmedAndUnlandedOnesNever() throws {
        var state = makeState {
            $0.segmentBytes = 100
            $0.replayWindowBytes = 200
        }
        _ = try state.register(consumer: "fast", landed: nil)
        _ = try state.register(consumer: "slow", landed: nil)
        for _ in 0..<6 {
            _ = try state.admit(append(20), bodyChecksum: 0)
            var work = state.nextWork()
            // A sealed segment's marks are put on record first.
            if case .checkpoint(let marks) = work {
                state.finish(marks)
                work = state.nextWork()
            }
            guard case .commit(let group) = work else { return #expect(Bool(false)) }
            let header = SegmentHeader(
                streamID: UniqueID(high: 1, low: 2), firstRecord: group.firstRecord,
                firstEvent: group.firstEvent,
                createdAt: Instant(microseconds: 0))
            state.finish(group, header: group.startsSegment ? header : nil)
        }
        #expect(state.segments.count == 6)
        _ = try state.advance(consumer: "fast", to: LogOffset(record: 6))
        #expect(state.trimmable().isEmpty)
        _ = try state.advance(consumer: "slow", to: LogOffset(record: 3))
        #expect(state.trimmable().map(\.firstRecord) == [0, 1])
        _ = try state.advance(consumer: "slow", to: LogOffset(record: 6))
        #expect(state.trimmable().map(\.firstRecord) == [0, 1, 2, 3, 4])
    }

    @Test func progressBehindTheEndIsAnError() throws {
        var state = makeState()
        let refusal = #expect(throws: StreamsError.self) {
            _ = try state.register(consumer: "a", landed: LogOffset(record: 1))
        }
        #expect(refusal?.code == .offsetBeyondEnd)
    }

    @Test func numbersThatHaveLandedAreNotGivenOutAgain() throws {
        var state = makeState()
        func register(_ name: String) throws {
            let refusal = #expect(throws: StreamsError.self) {
                _ = try state.register(consumer: name, landed: LogOffset(record: 7))
            }
            #expect(refusal?.code == .offsetBeyondEnd)
        }
        func requireRefused() {
            let refusal = #expect(throws: StreamsError.self) {
                _ = try state.admit(append(10), bodyChecksum: 0)
            }
            #expect(refusal?.code == .offsetBeyondEnd && refusal?.hint != nil)
        }
        try register("a")
        try register("b")
        requireRefused()
        // One is sent to a place that there is, the other goes.
        _ = try state.register(consumer: "a", landed: state.end)
        requireRefused()
        _ = state.unregister(consumer: "b")
        _ = try state.admit(append(10), bodyChecksum: 0)
    }

    @Test func aRequestLargerThanTheWholeBacklogIsTooLarge() throws {
        var state = makeState { $0.backlogBytes = 300 }
        let refusal = #expect(throws: StreamsError.self) { _ = try state.admit(append(300), bodyChecksum: 0) }
        #expect(refusal?.code == .recordTooLarge)
        _ = try state.admit(append(220), bodyChecksum: 0)
    }
}
