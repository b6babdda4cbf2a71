import Catalogs
import Effects
import Metastore
import Tables

/// Shows the data files of one statement, or of several, in all their tables at once.
///
///     statement 1 ──rows──> table a ─┐
///         └───────rejects─┐          │
///                         ├> rejects ├─ one transaction: pointers, and what goes alongside
///         ┌───────rejects─┘          │
///     statement 2 ──rows──> table b ─┘
///
/// Files of several statements for one table are one snapshot of it.
struct TablesCommit {
    /// How often a commit is made anew on top of somebody else's.
    private static let attempts = 10
    /// Attempts that may merge manifests, which makes any commit in between a conflict. Later ones can be rebased.
    private static let mergingAttempts = 3

    /// One for each table.
    private var parts: [TableFiles] = []

    /// - Errors: as `TableFiles.require`, when two statements have written for different tables of one name.
    init(_ all: [TableFiles]) throws(PipelinesError) {
        for next in all {
            guard let index = parts.firstIndex(where: { $0.isSameTable(as: next) }) else {
                parts.append(next)
                continue
            }
            precondition(next.replaced == nil, "a replay commits by itself")
            try parts[index].require(next.table)
            parts[index].files += next.files
            parts[index].commits += next.commits
            // Loaded later, it is nearer to what the commit meets.
            parts[index].table = next.table
        }
    }

    /// - Errors: `commitContended`; `tableReplaced`, `rejectsReplaced` when a table is not there any more; what `alongside` throws;
    ///   the catalog's own. Of kind `outcomeUnknown` when nobody knows; after others nothing has happened.
    func land(_ alongside: @escaping @Sendable (Transaction) throws -> Void) async throws {
        var parts = self.parts
        do {
            for attempt in 0..<Self.attempts {
                let isMerging = attempt < Self.mergingAttempts
                if try await tryCommit(parts.filter { !$0.isEmpty }, isMerging, alongside) { return }
                for index in parts.indices { parts[index].table = try await reload(parts[index]) }
            }
        } catch let error as CatalogError where error.code == .noSuchTable {
            for part in parts where part.role != .rows(hasLanded: false) { try await require(part) }
            throw error
        }
        throw PipelinesError(
            .commitContended, "others keep changing the sink's table",
            [
                "table": parts.map { "\($0.table.identifier)" }.joined(separator: ", "),
                "attempts": Self.attempts,
            ])
    }

    /// - Errors: `tableReplaced`, `rejectsReplaced` when the table is not there any more.
    private func require(_ part: TableFiles) async throws {
        do { _ = try await reload(part) } catch let error as CatalogError
            where [.noSuchTable, .noSuchNamespace].contains(error.code)
        {
            throw part.gone
        }
    }

    /// The table as it stands now. Another table of the same name takes nothing that was written for this one: the
    /// sink's own is a matter for its owner, the rejects are written again to the new one.
    private func reload(_ part: TableFiles) async throws -> LoadedTable {
        let current = try await part.sink.catalog.loadTable(part.table.identifier, in: part.table.warehouse)
        try part.require(current)
        return current
    }

    /// False when somebody else's commit came in between; then nothing has happened.
    private func tryCommit(
        _ parts: [TableFiles], _ isMerging: Bool,
        _ alongside: @escaping @Sendable (Transaction) throws -> Void
    ) async throws -> Bool {
        let sink = self.parts[0].sink
        var snapshots: [ProducedSnapshot] = []
        var commits: [TableCommit] = []
        var hasBegun = false
        do {
            for part in parts {
                let snapshot = try await produce(part, merging: isMerging)
                snapshots.append(snapshot)
                commits.append(TableCommit(snapshot, to: part.table))
            }
            hasBegun = true
            if sink.tables.planted.has(.rejectsApart), commits.count > 1,
                let rejects = parts.lastIndex(where: { $0.role == .rejects })
            {
                try await sink.catalog.commit([commits.remove(at: rejects)])
            }
            try await sink.catalog.commit(commits, alongside: alongside)
            return true
        } catch {
            // The data files live on: the next attempt, or whoever gives up, decides about them.
            let outcome = hasBegun ? CommitOutcome(ofCatalog: error) : .rejected
            for snapshot in snapshots {
                await snapshot.cleanUp(after: outcome, dataFiles: [], store: sink.tables.store)
            }
            if (error as? CatalogError)?.code == .commitConflict { return false }
            throw error
        }
    }

    private func produce(_ part: TableFiles, merging: Bool) async throws -> ProducedSnapshot {
        let (producer, summary) = (part.sink.tables.producer, SinkCommit.summary(of: part.commits))
        guard let old = part.replaced else {
            return try await producer.append(
                part.files, to: part.table.metadata, summary: summary, merging: merging)
        }
        let replaced = try await producer.replace(
            old.paths, readAt: old.snapshotID, with: part.files, in: part.table.metadata, summary: summary)
        if let replaced { return replaced }
        throw PipelinesError(
            .rejectsChanged, "somebody else took rejects away meanwhile",
            ["table": part.table.identifier], hint: "replay again: what has landed is no reject any more")
    }
}
