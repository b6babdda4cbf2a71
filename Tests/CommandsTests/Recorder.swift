import Synchronization

/// Keeps what a console wrote.
final class Recorder: Sendable {
    private let written = Mutex("")
    var text: String { written.withLock { $0 } }
    func append(_ text: String) { written.withLock { $0 += text } }
}
