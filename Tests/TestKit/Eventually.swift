/// Asks again and again until something holds that other threads bring about.
///
/// - Returns: whether it came to hold. The limit is for code that is broken: a machine with much to do may need seconds
///   to give a thread its turn.
package func eventually(_ holds: () async throws -> Bool) async throws -> Bool {
    for _ in 0..<60_000 {
        if try await holds() { return true }
        try await Task.sleep(for: .milliseconds(1))
    }
    return false
}
