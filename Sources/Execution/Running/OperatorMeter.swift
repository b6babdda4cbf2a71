import Effects
import Scheduling

/// Counts computing as one operator's own.
///
///     computing for the operator        |----------------------|       on the pool, or when its rows are pulled
///     its input gives rows                   |----|   |----|           subtracted: the input counts it
///     its taker works on rows given                |--|                no part of it: the taker counts it
///
/// An operator computes in two places: in what it has computed by itself, as a sort does before its first row, and in the
/// morsels that whoever takes its rows runs. Both go through here and through `MeteredSource`, so no operator counts by
/// itself, and a new one cannot forget to.
struct OperatorMeter: WorkMeter {
    let profile: OperatorProfile
    private let clock: any Clock

    init(_ profile: OperatorProfile, _ clock: any Clock) {
        self.profile = profile
        self.clock = clock
    }

    /// The time that goes on while the morsel on this thread computes, and stands while it has paused.
    var nanoseconds: Int64 { clock.monotonicNanoseconds - MorselPool.pausedNanoseconds }

    func timed<Result>(_ body: () throws -> Result) rethrows -> Result {
        let start = nanoseconds
        defer { profile.took(nanoseconds: nanoseconds - start) }
        return try body()
    }
}
