import Blobs
import Faults
import Iceberg
import Metastore
import Telemetry

extension Catalog {
    /// Commits to one table, together with those that wait for the same table.
    ///
    ///     waiting  a b c     one metadata file: base + a + b + c, one transaction     each its own snapshot and answer
    ///
    /// Who gets its turn lands everybody who waits; who finds itself landed when its turn comes is done. A commit that is
    /// refused leaves the others alone.
    func commitInGroup(_ pending: PendingCommit) async throws -> LoadedTable {
        let key = CommitQueue.key(pending.commit.identifier, pending.commit.warehouse)
        try waiting.add(pending, to: key)
        // Whoever waits here is on the list, which has the bound; a turn that failed would leave it there.
        try await queue.holding([key], isBounded: false) {
            while pending.outcome == nil {
                await land(waiting.take(limits.commitsInGroup, of: key))
            }
        }
        guard let outcome = pending.outcome else {
            preconditionFailure("a commit's turn ended without an outcome")
        }
        return try outcome.get()
    }

    /// Every one of them has an outcome afterwards.
    private func land(_ group: [PendingCommit]) async {
        var open = group
        for _ in 0..<limits.commitAttempts {
            var plan: PlannedChange?
            do {
                plan = try await planGroup(&open)
                guard let plan, !open.isEmpty else { return }
                if try await land([plan], with: open) {
                    meters.commits.add(Int64(open.count))
                    if open.count > 1 { meters.grouped.add(Int64(open.count)) }
                    await letGo(plan.obsoleteFiles)
                    for member in open { member.finish(.success(plan.loaded)) }
                    return
                }
                meters.retries.add()
            } catch {
                // One of them may be to blame for what happens to all, unless nobody knows what happened.
                let isUnknown = (error as? any Fault)?.kind == .outcomeUnknown
                guard open.count > 1, !isUnknown, plan != nil else {
                    for member in open { member.finish(.failure(error)) }
                    return
                }
                for member in open { await land([member]) }
                return
            }
        }
        for member in open { member.finish(.failure(contended)) }
    }

    /// What the members make of their table one after the other. Those that are refused get their error and are taken
    /// out of `group`; nil when none is left.
    ///
    /// - Errors: what concerns all of them: the table cannot be read.
    private func planGroup(_ group: inout [PendingCommit]) async throws -> PlannedChange? {
        guard let first = group.first?.commit else { return nil }
        precondition(
            group.allSatisfy {
                $0.commit.identifier == first.identifier && $0.commit.warehouse.id == first.warehouse.id
            }, "a group of commits is to one table")
        let row = try await metastore.read { try TableRow.find(first.identifier, in: first.warehouse, $0) }
        var state: GroupState?
        var lists: [BlobPath: BroughtList] = [:]
        if let row {
            let base = try await metadata(of: row)
            state = GroupState(row: row, base: base)
            lists = try await broughtLists(of: group.map(\.commit), to: base)
        }
        var creation: PlannedChange?
        var accepted: [PendingCommit] = []
        for member in group {
            do {
                if var next = state {
                    try await apply(member.commit, to: &next, lists: lists)
                    state = next
                } else if creation == nil {
                    creation = try await planCreation(member.commit)
                } else {
                    // The table is made by the commit before: this one has to look at it again.
                    throw CatalogError(
                        .alreadyExists, "the table already exists", ["table": member.commit.identifier])
                }
                accepted.append(member)
            } catch {
                if (error as? CatalogError)?.code == .commitConflict { meters.conflicts.add() }
                member.finish(.failure(error))
            }
        }
        group = accepted
        if accepted.isEmpty { return nil }
        return try state.map { try planned($0, of: first) } ?? creation
    }

    var contended: CatalogError {
        CatalogError(
            .commitContended, "the table is changed by others too often",
            ["attempts": limits.commitAttempts], hint: "retry after a pause")
    }
}
