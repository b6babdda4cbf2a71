import Synchronization

/// An address that is known only once its server listens, and told to clients from then on.
final class PublishedAddress: Sendable {
    private let value = Mutex("")
    var text: String { value.withLock { $0 } }
    func publish(_ text: String) { value.withLock { $0 = text } }
}
