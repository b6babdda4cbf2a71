package import Columnar

/// What a pipeline's SQL does to the rows of its stream. Compiled once, called with every batch.
package protocol RowTransform: Sendable {
    /// The columns it gives.
    var output: Schema { get }
    /// Whether a row may become several.
    var unfolds: Bool { get }
    /// A row that cannot be computed is rejected, never the batch. Where all rows at once would take too much memory, or
    /// become too many, only the first are done, at least one: see `inputCount`.
    ///
    /// - Errors: only what no row is guilty of.
    func apply(_ batch: Batch) throws -> TransformedRows
}

/// A transform gave up because its runner stops; what it had is done again from the log.
struct TransformStopped: Error {}

/// The rows of one batch after a transform.
package struct TransformedRows: Sendable {
    /// So many rows of the batch are done, from its first on; the rest is to be asked for again.
    package var inputCount: Int
    package var columns: [Column]
    /// For each row here the row of the batch it came from; nil when every row passed as one. Ascending where rows do not
    /// unfold.
    package var sources: [Int32]?
    /// In the order of the rows; none of them is among `sources`.
    package var rejected: [RejectedRow]
    /// What the columns take beyond what their events let expect; to be kept as long as they are.
    var holds: [RowsHold] = []

    package init(
        inputCount: Int, columns: [Column], sources: [Int32]?, rejected: [RejectedRow] = []
    ) {
        self.inputCount = inputCount
        self.columns = columns
        self.sources = sources
        self.rejected = rejected
    }

    package var rowCount: Int { sources?.count ?? inputCount }

    /// How many rows of the batch are among the sources.
    package var passedCount: Int {
        guard let sources else { return inputCount }
        var hasPassed = [Bool](repeating: false, count: inputCount)
        for source in sources { hasPassed[Int(source)] = true }
        return hasPassed.count { $0 }
    }
}

/// A row of a batch whose expressions failed, and why.
package struct RejectedRow: Sendable, Equatable {
    package var row: Int
    package var code: String
    package var message: String

    package init(row: Int, code: String, message: String) {
        self.row = row
        self.code = code
        self.message = message
    }
}
