import Signing

/// A key that a client sends with each request and that is kept nowhere (SSE-C).
///
/// Prints without its bytes, so that no log or error ever holds them.
package struct CustomerKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    let bytes: [UInt8]

    /// Nil unless there are 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == AESGCM.keyBytes else { return nil }
        self.bytes = bytes
    }

    /// What clients are told the key by.
    package var md5: [UInt8] { MD5.hash(bytes) }

    package var description: String { "CustomerKey" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
