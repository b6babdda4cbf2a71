package import Faults

/// Why a table value, a change to it or a requirement on it is refused.
package struct IcebergError: Fault {
    package enum Code: String, FaultCode {
        /// A JSON form misses a member or has one of another kind.
        case malformed = "ICE-101"
        /// No such type in any format version Firn knows, or one that a table cannot hold.
        case unknownType = "ICE-102"
        /// The format version is newer than 3, older than 1, or too old for what is asked.
        case unsupportedVersion = "ICE-103"
        /// Two fields share an id or a name, or an identifier field does not fit.
        case invalidSchema = "ICE-104"
        case invalidPartitionSpec = "ICE-105"
        case invalidSortOrder = "ICE-106"
        /// The bytes of a bound or partition value do not fit the type.
        case malformedValue = "ICE-107"
        /// The location is no `s3://` URI or has a segment such as `..`.
        case invalidLocation = "ICE-108"
        /// A view version has no query, or two in one dialect; two versions share an id.
        case invalidView = "ICE-109"
        /// The bytes of a deletion vector are damaged, or are none.
        case malformedDeletionVector = "ICE-110"
        /// A scan names a column or snapshot the table does not have, or compares a column with what is none of its type.
        case invalidScan = "ICE-111"
        case unknownSchema = "ICE-201"
        case unknownPartitionSpec = "ICE-202"
        case unknownSortOrder = "ICE-203"
        case unknownSnapshot = "ICE-204"
        /// The column is stored in a type Firn only carries, such as `variant`.
        case unreadableType = "ICE-205"
        case unknownViewVersion = "ICE-206"
        /// A change nobody specified, or one with unknown form.
        case unknownUpdate = "ICE-301"
        case unknownRequirement = "ICE-302"
        /// The change contradicts the table: removes what is in use, adds what exists, goes back a version.
        case invalidUpdate = "ICE-303"
        /// The table is not in the state the writer expected.
        case requirementFailed = "ICE-304"
        /// The snapshot was numbered before another one was committed. Load the table again and retry.
        case staleSequenceNumber = "ICE-305"

        package var kind: FaultKind {
            switch self {
            case .malformed, .unknownType, .invalidSchema, .invalidPartitionSpec, .invalidSortOrder,
                .invalidLocation, .unknownUpdate, .unknownRequirement, .invalidUpdate, .unknownSchema,
                .unknownPartitionSpec, .unknownSortOrder, .invalidView, .unknownViewVersion, .invalidScan:
                .invalidRequest
            case .unsupportedVersion, .unreadableType: .unsupported
            case .malformedValue, .malformedDeletionVector: .corruptData
            case .unknownSnapshot: .notFound
            case .requirementFailed, .staleSequenceNumber: .conflict
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
