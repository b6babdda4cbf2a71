package import Faults

/// Why a table's files could not be read, planned or written.
package struct TablesError: Fault {
    package enum Code: String, FaultCode {
        /// The metadata file is missing or is none.
        case metadataUnreadable = "TAB-101"
        /// A manifest or manifest list is missing, damaged or of another shape.
        case manifestUnreadable = "TAB-102"
        /// A file lies outside the table's location: it could be another table's. Nothing was read.
        case pathOutsideTable = "TAB-103"
        /// A delete file or deletion vector is missing or damaged: without it rows would come back.
        case deletesUnreadable = "TAB-104"
        /// A data file or delete file is in a format this version does not read, or is encrypted.
        case formatUnsupported = "TAB-202"
        /// Tables of format version 1 are read, not written.
        case versionUnsupported = "TAB-203"
        /// The rows do not fit the table: a column it does not have, another type, a null where none may be.
        case rowsDoNotFit = "TAB-301"
        /// The table has a column that no data file holds: a struct without fields.
        case unwritableColumn = "TAB-302"
        /// The writer was used after it ended, or twice at a time.
        case writerMisused = "TAB-901"

        package var kind: FaultKind {
            switch self {
            case .metadataUnreadable, .manifestUnreadable, .deletesUnreadable: .corruptData
            case .pathOutsideTable: .denied
            case .formatUnsupported, .versionUnsupported: .unsupported
            case .rowsDoNotFit, .unwritableColumn: .invalidRequest
            case .writerMisused: .bug
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let hint: String?
    package let cause: (any Error)?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
        self.cause = cause
    }
}
