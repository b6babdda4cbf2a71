#if canImport(Glibc)
    import Glibc
#endif

/// Microseconds since 1970-01-01T00:00:00Z.
///
/// Gives timestamps, never uniqueness or order: clocks jump.
package struct Instant: Sendable, Hashable, Comparable, Codable {
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    package var milliseconds: Int64 { microseconds / 1000 }
    package static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }
}

/// Tells the time. Logic takes one instead of asking the system, so that a seed replays everything.
package protocol Clock: Sendable {
    /// The time of day. May jump, also backwards.
    var now: Instant { get }
    /// Nanoseconds from an arbitrary start. Never goes back.
    var monotonicNanoseconds: Int64 { get }
    /// As `monotonicNanoseconds`, and goes on while the machine sleeps: for promises that others count the time of.
    var bootNanoseconds: Int64 { get }
}

extension Clock {
    /// Of clocks that no machine stops.
    package var bootNanoseconds: Int64 { monotonicNanoseconds }
}

/// The system's clocks.
package struct LiveClock: Clock {
    package init() {}

    package var now: Instant {
        var time = timespec()
        // SAFETY: the call writes into a variable of its own type, here and below.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    package var monotonicNanoseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    package var bootNanoseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
