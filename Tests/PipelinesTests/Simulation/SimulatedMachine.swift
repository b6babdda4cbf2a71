import Blobs
import Effects
import StreamsKit
import Synchronization

/// What outlives a process: disk, object store, database, clock; and what goes wrong with them, as the seed draws it.
///
/// Every operation on any of them is a step; at the step that `disk.cutPower` names the machine stops.
final class SimulatedMachine: Sendable {
    /// How often in a thousand calls something fails.
    struct Weather: Sendable {
        var store = 0
        var database = 0
        static let calm = Weather()
    }

    /// What becomes of one call.
    enum Strike {
        case none
        /// It fails and nothing has happened.
        case before
        /// It has happened, and the caller hears of a failure.
        case after
    }

    private struct State {
        var generator: SeededGenerator
        var weather = Weather.calm
        var trace: UInt64 = 0xCBF2_9CE4_8422_2325
    }

    let seed: UInt64
    let executor: SeededExecutor
    /// The streams' disk; whoever takes the node over goes on with a copy.
    private let currentDisk = Mutex(SimulatedDisk())
    let clock = JumpingClock()
    let objects: MemoryBlobStore
    private let state: Mutex<State>

    init(seed: UInt64) {
        self.seed = seed
        executor = SeededExecutor(seed: seed &* 3 &+ 1)
        objects = MemoryBlobStore(clock: clock, buckets: ["lake"])
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    var disk: SimulatedDisk { currentDisk.withLock { $0 } }

    /// The process stands still for longer than its lease, and another machine gets what is on the disk.
    func moveDisk() {
        var generator = SeededGenerator(seed: UInt64(draw(0...Int(Int32.max))))
        let moved = disk.moved(&generator)
        disk.cutPower(afterSteps: .max)
        moved.cutPower(afterSteps: chance(3) ? draw(1...150) : .max)
        currentDisk.withLock { $0 = moved }
    }

    func draw(_ range: ClosedRange<Int>) -> Int {
        state.withLock { Int.random(in: range, using: &$0.generator) }
    }

    /// True once in `count`.
    func chance(_ count: Int) -> Bool { draw(1...count) == 1 }

    var weather: Weather { state.withLock { $0.weather } }
    func setWeather(_ weather: Weather) { state.withLock { $0.weather = weather } }

    /// A call of the object store or the database, which may fail, or be the one at which the power goes.
    func strike(_ call: String, perMille: KeyPath<Weather, Int>) -> Strike {
        note(call)
        if disk.isCut { return .before }
        guard disk.spendStep() else { return chance(2) ? .before : .after }
        let rate = state.withLock { $0.weather[keyPath: perMille] }
        guard rate > 0, draw(1...1000) <= rate else { return .none }
        return chance(2) ? .before : .after
    }

    /// The process ended: by a kill, which leaves what it wrote in the page cache, or with the machine.
    func restart(isKill: Bool) {
        if isKill {
            disk.restartProcess()
        } else {
            var generator = SeededGenerator(seed: UInt64(draw(0...Int(Int32.max))))
            disk.restart(&generator)
        }
        disk.failNextSyncs(0)
        disk.setCapacity(.max)
        setWeather(.calm)
    }

    /// Tells two runs apart that took different ways.
    var trace: UInt64 { state.withLock { $0.trace } }

    private func note(_ call: String) {
        state.withLock { state in
            for byte in call.utf8 { state.trace = (state.trace ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
    }
}

extension SimulatedMachine: Randomness {
    func next() -> UInt64 { state.withLock { $0.generator.next() } }
}

/// A clock that a simulation moves; the time of day jumps, the monotonic time does not.
final class JumpingClock: Clock {
    private struct State {
        var microseconds: Int64 = 1_700_000_000_000_000
        var offset: Int64 = 0
    }
    private let state = Mutex(State())

    var now: Instant { state.withLock { Instant(microseconds: $0.microseconds + $0.offset) } }
    var monotonicNanoseconds: Int64 { state.withLock { $0.microseconds * 1000 } }

    func advance(microseconds amount: Int64) { state.withLock { $0.microseconds += amount } }
    /// So far from where it would be without jumps.
    func jump(toOffsetSeconds seconds: Int64) { state.withLock { $0.offset = seconds * 1_000_000 } }
}
