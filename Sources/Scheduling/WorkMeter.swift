/// Told of computing that is done for somebody elsewhere: whoever asks for it counts it as their own.
package protocol WorkMeter: Sendable {
    /// Measures `body`.
    func timed<Result>(_ body: () throws -> Result) rethrows -> Result
}
