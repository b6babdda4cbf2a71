import Scheduling
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
        control.noteFailure(PipelinesError(.failed, "it broke"), reason: "it broke", isFinal: true)
        await #expect(throws: PipelinesError.self) { try await control.flush(to: LogOffset(record: 3)) }
    }

    @Test func aFlushOfWhatHasLandedReturns() async throws {
        let control = RunnerControl()
        control.noteLanded(LogOffset(record: 5))
        try await control.flush(to: LogOffset(record: 5))
    }

    @Test func aFlushEndsWhenItsCallerLeaves() async throws {
        let control = RunnerControl()
        let token = CancellationToken()
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do { try await control.flush(to: LogOffset(record: 3), token: token) } catch {
                    return error is SchedulingError
                }
                return false
            }
            while control.flushTarget == nil { await Task.yield() }
            token.cancel()
            #expect(await group.next() == true)
        }
        #expect(control.flushTarget == nil)
        await #expect(throws: (any Error).self) {
            try await control.flush(to: LogOffset(record: 3), token: token)
        }
        // The same for a cancelled task.
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do { try await control.flush(to: LogOffset(record: 3)) } catch { return true }
                return false
            }
            while control.flushTarget == nil { await Task.yield() }
            group.cancelAll()
            #expect(await group.next() == true)
        }
        #expect(control.flushTarget == nil)
    }

    @Test func flushesAreBoundedAndEndWhenTheNodeStops() async throws {
        let control = RunnerControl()
        await withTaskGroup(of: PipelinesError.Code?.self) { group in
            for _ in 0..<RunnerControl.flushLimit + 3 {
                group.addTask {
                    do { try await control.flush(to: LogOffset(record: 3)) } catch {
                        return (error as? PipelinesError)?.code
                    }
                    return nil
                }
            }
            // The ones over the limit come back at once.
            for _ in 0..<3 { #expect(await group.next() == .tooManyWaiting) }
            control.drain()
            for await code in group { #expect(code == .stopped) }
        }
        // What has landed is answered also then.
        control.noteLanded(LogOffset(record: 4))
        try await control.flush(to: LogOffset(record: 4))
    }
}
