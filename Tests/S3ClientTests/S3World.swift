import Blobs
import Effects
import Scheduling
import Telemetry
import TestKit

@testable import S3Client

/// A client of a simulated store: time passes only in pauses, and parts are short.
struct S3World: Sendable {
    let server: SimulatedS3
    let store: S3BlobStore
    let clock: ManualClock
    let metrics = MetricsRegistry()

    init(
        seed: UInt64 = 0, perMille: Int = 0, faults: [SimulatedS3.Fault] = SimulatedS3.Fault.allCases,
        knowsConditions: Bool = true, keys: any S3KeySource = FixedS3Keys(SimulatedS3.keys),
        _ change: (inout S3Limits) -> Void = { _ in }
    ) throws {
        let clock = ManualClock()
        self.clock = clock
        server = SimulatedS3(
            clock: clock, seed: seed, perMille: perMille, faults: faults, knowsConditions: knowsConditions)
        var limits = S3Limits()
        limits.partBytes = 1000
        limits.readBytes = 4000
        limits.gapBytes = 100
        change(&limits)
        store = S3BlobStore(
            address: try S3Address(parsing: SimulatedS3.address), keys: keys,
            transport: server, limits: limits,
            effects: S3Effects(
                clock: clock, randomness: SeededRandomness(seed: seed),
                pool: IOPool(name: "test", threads: 2),
                meters: S3Meters(metrics), log: .silent,
                pause: { clock.advance(microseconds: Int64($0 * 1e6)) }))
    }

    func path(_ key: String) -> BlobPath { BlobPath(bucket: "lake", key: key) }
}
