import Effects
import Scheduling
import Telemetry

/// What the store needs of the world besides a disk.
struct StoreEffects: Sendable {
    let ioPool: IOPool
    let clock: any Clock
    let randomness: any Randomness
    let storeMetrics: StoreMetrics
    let log: Log
}
