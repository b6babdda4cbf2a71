package import Faults

/// Why the catalog refused or could not do something.
package struct CatalogError: Fault {
    package enum Code: String, FaultCode {
        /// No bucket of that name has a catalog.
        case noSuchWarehouse = "CAT-101"
        /// The namespace, or the parent of a new one, does not exist.
        case noSuchNamespace = "CAT-102"
        /// Also when it was dropped or renamed meanwhile.
        case noSuchTable = "CAT-103"
        /// A namespace, table, view or warehouse of that name is there already.
        case alreadyExists = "CAT-104"
        /// It holds tables or namespaces. Drop them first.
        case namespaceNotEmpty = "CAT-105"
        /// It holds namespaces. Drop them first.
        case warehouseNotEmpty = "CAT-106"
        /// The warehouse is switched off.
        case warehouseInactive = "CAT-107"
        /// Also when it was dropped or renamed meanwhile.
        case noSuchView = "CAT-108"
        /// No scan is planned under this id, or not any more: submit it again.
        case noSuchPlan = "CAT-109"
        /// The plan task is none of this server's or table's, its plan was cancelled, or its time is over.
        case noSuchPlanTask = "CAT-110"
        /// The name of a namespace, table or account breaks the rules.
        case invalidName = "CAT-201"
        /// Too many levels, too many or too long properties, too many tables or updates in one commit.
        case limitExceeded = "CAT-202"
        /// A property is set and removed in one request.
        case contradictoryProperties = "CAT-203"
        /// The page token is none of this server's.
        case invalidPageToken = "CAT-204"
        /// The location is not inside the warehouse's bucket, or a path not inside the table's location.
        case locationOutside = "CAT-205"
        /// Another table owns the location, a part of it, or a folder around it.
        case locationOverlaps = "CAT-206"
        /// A change to the table that may not be made: its uuid, its location, a manifest list that is not there, a partition
        /// spec that snapshots need.
        case changeRefused = "CAT-207"
        /// An idempotency key came with another request than the one it was made for.
        case keyReused = "CAT-208"
        /// What is to be registered is not there, is no metadata that can be read, or contradicts itself.
        case notRegistrable = "CAT-209"
        /// The place was left by a table or view of another name: a token for the name it is called by does not get it.
        case placeLeft = "CAT-210"
        /// A requirement does not hold: the table moved. Load it again, then decide.
        case commitConflict = "CAT-301"
        /// The pointer moved too often while a commit was tried. Retry after a pause.
        case commitContended = "CAT-302"
        /// Nobody knows whether the commit happened. Load the table and look before trying again.
        case commitOutcomeUnknown = "CAT-303"
        /// As many scans are being planned as may be. Retry after a pause.
        case planningBusy = "CAT-304"
        /// The row of a table or its metadata file is not what the catalog wrote.
        case corrupt = "CAT-401"

        package var kind: FaultKind {
            switch self {
            case .noSuchWarehouse, .noSuchNamespace, .noSuchTable, .noSuchView, .noSuchPlan, .noSuchPlanTask:
                .notFound
            case .alreadyExists, .namespaceNotEmpty, .warehouseNotEmpty, .warehouseInactive,
                .locationOverlaps,
                .commitConflict, .commitContended:
                .conflict
            case .invalidName, .limitExceeded, .contradictoryProperties, .invalidPageToken, .locationOutside,
                .changeRefused, .keyReused, .notRegistrable:
                .invalidRequest
            case .commitOutcomeUnknown: .outcomeUnknown
            case .placeLeft: .denied
            case .planningBusy: .unavailable
            case .corrupt: .corruptData
            }
        }
    }

    package let code: Code
    package let summary: String
    package internal(set) var context: [(name: String, value: String)]
    package private(set) var place: FaultPlace?
    package let hint: String?
    package let cause: (any Error)?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
        self.cause = cause
    }

    /// The same fault, about the name that stands there in the caller's text.
    package func at(_ place: FaultPlace) -> CatalogError {
        var fault = self
        fault.place = place
        return fault
    }
}
