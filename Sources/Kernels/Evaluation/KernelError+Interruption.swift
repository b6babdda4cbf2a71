import Effects

extension KernelError {
    /// Ends a computation that nobody waits for any more; loops call it every few milliseconds.
    ///
    /// - Errors: `KRN-301`.
    package static func checkInterruption() throws(KernelError) {
        if Interruption.isPending { throw interruption }
    }

    static var interruption: KernelError { KernelError(.interrupted, "the computation was given up") }
}
