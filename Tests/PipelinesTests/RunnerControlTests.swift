import Streams
import Testing

@testable import Pipelines

@Suite struct RunnerControlTests {
    @Test func aCallBeforeTheWaitEndsItAtOnce() async {
        let control = RunnerControl()
        control.wake()
        await control.wait(atMostNanoseconds: nil)
    }

    @Test func aWaitThatRanOutDoesNotSpoilTheNext() async {
        let control = RunnerControl()
        for _ in 0..<3 { await control.wait(atMostNanoseconds: 1000) }
        async let waited: Void = control.wait(atMostNanoseconds: nil)
        control.wake()
        await waited
    }

    @Test func aFailureEndsEveryFlush() async throws {
        let control = RunnerControl()
        control.noteFailure(PipelinesError(.failed, "it broke"), isFinal: true)
        await #expect(throws: PipelinesError.self) { try await control.flush(to: LogOffset(record: 3)) }
    }

    @Test func aFlushOfWhatHasLandedReturns() async throws {
        let control = RunnerControl()
        control.noteLanded(LogOffset(record: 5))
        try await control.flush(to: LogOffset(record: 5))
    }
}
