import Foundation

/// How often mutation tests damage their input: as often as they say, times `FIRN_FUZZ`.
///
/// `make test-slow` sets it; seeds stay the same, so a failure of the long run fails the short one when its count is raised.
package enum FuzzRounds {
    package static func count(_ base: Int) -> Int {
        base * max(1, ProcessInfo.processInfo.environment["FIRN_FUZZ"].flatMap { Int($0) } ?? 1)
    }
}
