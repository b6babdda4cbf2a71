import Effects
import Synchronization

/// Random bits that follow from a seed: unlike each other, but no secrets.
final class DrawnRandomness: Randomness {
    private let generator: Mutex<SeededGenerator>

    init(seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }

    func next() -> UInt64 { generator.withLock { $0.next() } }
}
