package import Effects
import Synchronization

/// A clock that stands still until a test moves it.
package final class ManualClock: Clock {
    private let microseconds: Mutex<Int64>

    package init(at instant: Instant = Instant(microseconds: 1_700_000_000_000_000)) {
        microseconds = Mutex(instant.microseconds)
    }

    package var now: Instant { Instant(microseconds: microseconds.withLock { $0 }) }
    package var monotonicNanoseconds: Int64 { microseconds.withLock { $0 } * 1000 }
    package func advance(microseconds amount: Int64) { microseconds.withLock { $0 += amount } }
}

/// Random bits that replay from a seed.
package final class SeededRandomness: Randomness {
    private let generator: Mutex<SeededGenerator>
    package init(seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }
    package func next() -> UInt64 { generator.withLock { $0.next() } }
}
