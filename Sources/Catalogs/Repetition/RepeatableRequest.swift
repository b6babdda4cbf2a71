/// A request whose sender may send it again because it did not hear the answer.
package struct RepeatableRequest: Sendable, Hashable {
    /// Who sends it: a key of somebody else's is another key.
    package var principal: String
    /// Method and path.
    package var operation: String
    /// The sender's own name for the request.
    package var key: String
    /// Of everything else that decides what the request does.
    package var hash: [UInt8]

    package init(principal: String, operation: String, key: String, hash: [UInt8]) {
        self.principal = principal
        self.operation = operation
        self.key = key
        self.hash = hash
    }

    /// The request the current task works for; a change that is made meanwhile remembers its answer.
    @TaskLocal static var current: RepeatableRequest?
}
