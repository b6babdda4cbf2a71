import Effects

extension KernelError {
    /// Ends a computation that nobody waits for any more; loops call it every few milliseconds.
    ///
    /// - Errors: `KRN-301`.
    package static func checkInterruption() throws(KernelError) {
        if Interruption.isPending { throw interruption }
    }

    /// As the other, and asks whoever the computation works for.
    static func checkInterruption(_ supervisor: (any KernelSupervisor)?) throws(KernelError) {
        if supervisor?.isStopped ?? false { throw interruption }
        try checkInterruption()
    }

    static var interruption: KernelError { KernelError(.interrupted, "the computation was given up") }
}
