/// Lets long planning end when nobody waits for the plan any more.
struct Interruption: Sendable {
    let isInterrupted: @Sendable () -> Bool

    /// Called for each node that is worked on.
    ///
    /// - Errors: `PLA-119`.
    func check() throws(PlannerError) {
        if isInterrupted() { throw PlannerError(.interrupted, "planning was given up", at: nil) }
    }
}
