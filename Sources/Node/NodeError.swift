package import Faults

/// Why a node does not start, or does not end well.
package struct NodeError: Fault {
    package enum Code: String, FaultCode {
        /// A setting has a value it cannot have.
        case invalidSetting = "NOD-101"
        /// The address can be reached from other machines, and nobody said that this is wanted.
        case openAddress = "NOD-102"
        /// The data directory's state is in another database than the one named.
        case otherMetastore = "NOD-103"
        /// The data directory's objects are in another store than the one named.
        case otherStore = "NOD-104"
        /// Another process owns the data directory.
        case directoryInUse = "NOD-201"
        /// A newer version wrote the data directory.
        case directoryNewer = "NOD-202"
        /// The data directory cannot be made, read or written.
        case directoryUnusable = "NOD-203"
        /// The version file is not what any version writes.
        case directoryDamaged = "NOD-204"
        /// Pipelines did not end in the time that was given for it.
        case notDrained = "NOD-205"
        /// The directory is no data directory and holds files of somebody else.
        case directoryForeign = "NOD-206"
        /// Another process has taken the node over: this one's lease had run out.
        case takenOver = "NOD-207"
        /// Another library's OpenSSL answers instead of the one this was built with.
        case wrongLibrary = "NOD-301"
        /// The node that has the stream does not run, or cannot be reached. Wait.
        case peerUnreachable = "NOD-401"
        /// The node that has the stream gave no answer.
        case peerLost = "NOD-402"
        /// Too many requests are at other nodes. Wait.
        case tooManyForwarded = "NOD-403"

        package var kind: FaultKind {
            switch self {
            case .invalidSetting, .openAddress, .otherMetastore, .otherStore, .directoryForeign:
                .invalidRequest
            case .directoryInUse: .conflict
            case .directoryNewer: .unsupported
            case .directoryUnusable, .notDrained, .takenOver, .peerUnreachable: .unavailable
            case .peerLost: .outcomeUnknown
            case .tooManyForwarded: .exhausted
            case .directoryDamaged: .corruptData
            case .wrongLibrary: .bug
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let hint: String?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
    }
}
