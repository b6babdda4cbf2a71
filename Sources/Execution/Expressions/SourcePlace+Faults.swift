import Kernels
import Plans

extension SourcePlace? {
    /// Runs `body`; a kernel's fault says that it comes from here, unless an expression further inside gave its place.
    @discardableResult
    func locating<Answer>(_ body: () throws -> Answer) throws -> Answer {
        do { return try body() } catch let error as KernelError {
            throw self.map { error.at($0.place) } ?? error
        }
    }
}
