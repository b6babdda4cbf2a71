package import Columnar
package import Effects
package import Metastore
package import Streams

/// Where a pipeline's rows and rejects land: a table and the rejects table beside it, or files.
package protocol SinkTable: Sendable {
    /// Begins the files of one commit on top of `progress`. Makes what is missing: namespace, table.
    ///
    /// - Errors: `tableReplaced` when the table is another one than before, `tableMismatch` when the rows do not fit.
    func open(for progress: PipelineProgress) async throws -> any SinkFiles
    /// Finds before anything is to land what `open` would find; makes and changes nothing.
    ///
    /// - Errors: `tableReplaced`, `tableMismatch`.
    func check(for progress: PipelineProgress) async throws
    /// Shows what commits have promised and nobody sees yet. Called when a runner starts and after each commit.
    ///
    /// - Errors: `fileLost`; what the store says: the promise stays, and is kept later.
    func settle() async throws
}

extension SinkTable {
    /// Files depend on none that are there.
    package func check(for progress: PipelineProgress) async throws {}

    /// A table's commit leaves nothing to be done.
    package func settle() async throws {}
}

/// The files of one commit that nobody sees yet. Exactly one of `commit` and `abandon` ends it.
package protocol SinkFiles: Sendable {
    func write(_ batch: Batch) async throws
    func reject(_ events: [RejectedEvent]) async throws
    /// Bytes in data files so far, about.
    var writtenBytes: Int { get async }
    /// Shows all rows and rejects at once, or promises them, together with what `alongside` does, or nothing of it.
    /// Answers the table's UUID.
    ///
    /// - Errors: of kind `outcomeUnknown` when nobody knows; what `alongside` throws.
    func commit(
        _ commit: SinkCommit, alongside: @escaping @Sendable (Transaction, _ tableUUID: String) throws -> Void
    ) async throws -> String
    /// Takes the files away; only when the commit surely did not happen.
    func abandon() async
}

/// What a commit says of itself in the snapshot's summary, for people.
package struct SinkCommit: Sendable, Equatable {
    package var id: UniqueID
    package var streamID: UniqueID
    package var pipelineID: UniqueID
    /// Behind the last event of the commit; nil for rejects that land later.
    package var next: LogOffset?

    package var summary: [String: String] {
        var summary = [
            "firn.stream": streamID.hexDigits, "firn.pipeline": pipelineID.hexDigits,
            "firn.commit-id": id.description,
        ]
        summary["firn.offset"] = next?.description
        return summary
    }
}
