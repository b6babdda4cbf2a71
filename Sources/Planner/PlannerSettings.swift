package import Effects
package import Kernels

/// What planning may look at beside the text and the tables.
package struct PlannerSettings: Sendable {
    /// What `now()` and its like are: when the statement began, or when the pipeline was made.
    package var now: Instant
    /// See `KernelContext.missingJSONIsDefault`.
    package var missingJSONIsDefault = false
    /// Passes that do not run, by name; for tests that compare answers with and without.
    package var disabledPasses: Set<String> = []
    /// Times passes; nil for nobody asks.
    package var clock: (any Clock)?
    /// Asked for each part of the query while it is bound, and for its nodes in the passes: true ends planning.
    package var isInterrupted: @Sendable () -> Bool = { false }

    package init(now: Instant) { self.now = now }

    var interruption: Interruption { Interruption(isInterrupted: isInterrupted) }

    package var kernelContext: KernelContext {
        var context = KernelContext(now: now, missingJSONIsDefault: missingJSONIsDefault)
        context.supervisor = PlanningSupervisor(isInterrupted: isInterrupted)
        return context
    }
}

/// Ends the computing of constants together with the planning they belong to; their memory is not counted.
private struct PlanningSupervisor: KernelSupervisor {
    let isInterrupted: @Sendable () -> Bool

    var isStopped: Bool { isInterrupted() }
    func makeHold() -> (any KernelHold)? { nil }
}
