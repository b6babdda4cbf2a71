import Columnar
import Effects
import Metastore
import Streams

/// Where a pipeline's rows and rejects land: a table and the rejects table beside it, or files.
protocol SinkTable: Sendable {
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
    func check(for progress: PipelineProgress) async throws {}

    /// A table's commit leaves nothing to be done.
    func settle() async throws {}
}

/// The files of one statement's commit that nobody sees yet.
///
/// `close` hands them to a commit. `abandon` ends them otherwise, and also after `close`, when the commit surely did not
/// happen.
protocol SinkFiles: Sendable {
    func write(_ batch: Batch) async throws
    func reject(_ events: [RejectedEvent]) async throws
    /// Bytes in data files so far, about.
    var writtenBytes: Int { get async }
    /// Makes the files whole and durable. Nothing is written behind it.
    func close(for commit: SinkCommit) async throws -> ClosedFiles
    /// Takes the files away.
    func abandon() async
}

/// Whole and durable files that nobody sees, and what shows them.
struct ClosedFiles: Sendable {
    /// Of the sink's table; a sink of files stands for one itself.
    var tableUUID: String
    /// Tables that get files when the commit moves their pointers.
    var tables: [TableFiles] = []
    var fileSizes: [Int64] = []
    /// What the commit's transaction writes for them. It may run again when another commit came in between.
    var alongside: @Sendable (Transaction) throws -> Void = { _ in }
    /// Done when the commit is durable. What it throws passes for the commit's own answer.
    var whenLanded: @Sendable () throws -> Void = {}
}

/// What a commit says of itself in the snapshot's summary, for people.
struct SinkCommit: Sendable, Equatable {
    var id: UniqueID
    var streamID: UniqueID
    var pipelineID: UniqueID
    /// Behind the last event of the commit; nil for rejects that land later.
    var next: LogOffset?

    /// Of one commit, or of several statements' that land together in one table: a stream is named once, and the offsets
    /// stand in the order of the streams.
    static func summary(of commits: [SinkCommit]) -> [String: String] {
        guard let first = commits.first else { return [:] }
        var streams: [UniqueID] = []
        var offsets: [String] = []
        for commit in commits where !streams.contains(commit.streamID) {
            streams.append(commit.streamID)
            if let next = commit.next { offsets.append(next.description) }
        }
        var summary = [
            "firn.stream": streams.map(\.hexDigits).joined(separator: ","),
            "firn.pipeline": first.pipelineID.hexDigits, "firn.commit-id": first.id.description,
        ]
        if offsets.count == streams.count { summary["firn.offset"] = offsets.joined(separator: ",") }
        return summary
    }
}
