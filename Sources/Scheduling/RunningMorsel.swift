import Dispatch
import Synchronization

/// A morsel that has begun: computing in a slice of time, or paused between two.
///
/// - Threads: its own; `turn` is signalled by whoever lets it go on.
final class RunningMorsel: Sendable {
    /// The one on this thread.
    @TaskLocal static var current: RunningMorsel?

    let turns: MorselTurns
    let share: WorkShare
    let turn = DispatchSemaphore(value: 0)
    /// How long it has paused so far.
    let pausedNanoseconds = Atomic<Int64>(0)
    private let slice: Mutex<Slice>

    private struct Slice {
        var startNanoseconds: Int64
        /// What the share was charged for it in advance.
        var expected: Int64
    }

    init(_ turns: MorselTurns, _ share: WorkShare, expected: Int64, at nanoseconds: Int64) {
        self.turns = turns
        self.share = share
        slice = Mutex(Slice(startNanoseconds: nanoseconds, expected: expected))
    }

    func elapsed(at nanoseconds: Int64) -> Int64 { slice.withLock { nanoseconds - $0.startNanoseconds } }

    /// Charges the share for what the slice took instead of what was expected.
    func endSlice(at nanoseconds: Int64) {
        slice.withLock { slice in
            share.charge(nanoseconds - slice.startNanoseconds, insteadOf: slice.expected)
            slice = Slice(startNanoseconds: nanoseconds, expected: 0)
        }
    }

    func beginSlice(expected: Int64, at nanoseconds: Int64) {
        slice.withLock { $0 = Slice(startNanoseconds: nanoseconds, expected: expected) }
    }
}
