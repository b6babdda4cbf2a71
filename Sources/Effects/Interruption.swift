/// Whether the work on this thread is still wanted.
///
/// What `Task.isCancelled` is to a task, for computations on the threads of a pool: whoever starts one says how to ask, and
/// loops that may take more than a few milliseconds ask every so many steps. Without an answer work goes on.
///
/// - Cost: asking takes some tens of nanoseconds.
package enum Interruption {
    @TaskLocal package static var probe: (@Sendable () -> Bool)?

    package static var isPending: Bool { probe?() ?? false }
}
