import Effects
import Synchronization

/// Runs everything of a simulation on one thread, one job at a time; which of those that are ready comes next is drawn.
///
/// Tasks that prefer it run here, with their children and the actors they call, and so do the jobs of pools made with
/// `hand`. With time, randomness, disk and stores handed in too, a seed replays every step.
final class SeededExecutor: TaskExecutor {
    private enum Ready {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    private struct State {
        var ready: [Ready] = []
        var generator: SeededGenerator
        var isDone = false
        var jobCount = 0
    }

    /// A simulation that takes more does not end.
    private static let jobLimit = 1_000_000

    private let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(generator: SeededGenerator(seed: seed))) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(.job(job)) }
    }

    /// Runs `call` once, some time later.
    @Sendable func hand(_ call: @escaping @Sendable () -> Void) {
        state.withLock { $0.ready.append(.call(call)) }
    }

    /// Lets others go first, or not.
    func turn() async {
        await withCheckedContinuation { continuation in hand { continuation.resume() } }
    }

    /// Returns when nobody else has anything to do.
    func settle() async { while state.withLock({ !$0.ready.isEmpty }) { await turn() } }

    /// How many jobs ran; the same seed takes the same number.
    var jobCount: Int { state.withLock { $0.jobCount } }

    /// Runs `body` and whatever it starts. False when it does not end: everybody waits for somebody else.
    func run(_ body: @escaping @Sendable () async -> Void) -> Bool {
        state.withLock { $0.isDone = false }
        Task(executorPreference: self) {
            await body()
            self.state.withLock { $0.isDone = true }
        }
        while let next = take() {
            switch next {
            case .job(let job): unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            case .call(let call): call()
            }
        }
        return state.withLock { $0.isDone }
    }

    private func take() -> Ready? {
        state.withLock { state in
            guard !state.ready.isEmpty, state.jobCount < Self.jobLimit else { return nil }
            state.jobCount += 1
            let index = Int.random(in: state.ready.indices, using: &state.generator)
            state.ready.swapAt(index, state.ready.count - 1)
            return state.ready.removeLast()
        }
    }
}
