import Blobs
import Effects
import Faults
import Iceberg
import JSONText
package import Metastore
import Octets
import Telemetry

extension Catalog {
    /// Changes tables, all of them or none, together with what `alongside` writes.
    ///
    ///     check requirements -> apply updates -> write metadata files -> one transaction: move pointers, alongside
    ///
    /// `alongside` runs last in the transaction; when it throws, nothing has happened. It may run again when another
    /// commit came in between. Commits to one table that wait at the same time share its metadata file.
    ///
    /// - Errors: `CAT-301` when a requirement does not hold, `CAT-302`, `CAT-303`, `CAT-103`, `CAT-2xx`, Iceberg's for
    ///   updates that contradict the table, and what `alongside` throws.
    /// - Cost: one object written a table, one fsync of the Metastore.
    @discardableResult
    package func commit(
        _ commits: [TableCommit], alongside: (@Sendable (Transaction) throws -> Void)? = nil
    ) async throws -> [LoadedTable] {
        let keys = Set(commits.map { CommitQueue.key($0.identifier, $0.warehouse) })
        guard commits.count <= limits.tablesPerCommit else {
            throw CatalogError(
                .limitExceeded, "a commit changes too many tables",
                ["tables": commits.count, "most": limits.tablesPerCommit])
        }
        guard keys.count == commits.count else {
            throw CatalogError(.changeRefused, "a commit names the same table twice")
        }
        try requireFew(updates: commits.reduce(0) { $0 + $1.updates.count }, limits.updatesPerRequest)
        try requireFew(
            updates: commits.reduce(0) { $0 + $1.structureUpdates },
            limits.structureUpdatesPerRequest + 10 * commits.count)
        let start = clock.monotonicNanoseconds
        defer { meters.commitTime.record(nanoseconds: clock.monotonicNanoseconds - start) }
        if commits.count == 1 {
            return [try await commitInGroup(PendingCommit(commits[0], alongside: alongside))]
        }
        let (request, expiry) = (RepeatableRequest.current, answerExpiry)
        return try await queue.holding(keys) {
            for _ in 0..<limits.commitAttempts {
                let plans = try await plan(commits)
                let hasLanded = try await land(plans) { transaction in
                    try alongside?(transaction)
                    guard let request else { return }
                    try AnswerRow.insert(.nothing, to: request, expiresAt: expiry, transaction)
                }
                if hasLanded {
                    meters.commits.add(Int64(plans.count))
                    await letGo(plans.flatMap(\.obsoleteFiles))
                    return plans.map(\.loaded)
                }
                meters.retries.add()
            }
            throw contended
        }
    }

    /// - Errors: `CAT-202`.
    func requireFew(updates count: Int, _ most: Int) throws(CatalogError) {
        if count <= most { return }
        throw CatalogError(
            .limitExceeded, "a commit brings too many updates", ["updates": count, "most": most],
            hint: "split it")
    }

    private func plan(_ commits: [TableCommit]) async throws -> [PlannedChange] {
        let rows = try await metastore.read { transaction in
            try commits.map { try TableRow.find($0.identifier, in: $0.warehouse, transaction) }
        }
        var plans: [PlannedChange] = []
        for (commit, row) in zip(commits, rows) {
            do {
                guard let row else {
                    plans.append(try await planCreation(commit))
                    continue
                }
                var state = GroupState(row: row, base: try await metadata(of: row))
                let lists = try await broughtLists(of: [commit], to: state.base)
                try await apply(commit, to: &state, lists: lists)
                plans.append(try planned(state, of: commit))
            } catch let error as CatalogError where error.code == .commitConflict {
                meters.conflicts.add()
                throw error
            }
        }
        return plans
    }

    /// Lands one table's change with what its commits write beside it.
    func land(_ plans: [PlannedChange], with members: [PendingCommit]) async throws -> Bool {
        let expiry = answerExpiry
        let location = plans[0].metadataLocation
        return try await land(plans) { transaction in
            for member in members {
                try member.write(movedTo: location, expiringAt: expiry, transaction)
            }
        }
    }

    /// Does what is planned. False when a pointer had moved: then nothing has happened and nothing is left.
    ///
    /// - Errors: `CAT-303` when nobody knows; after any other error nothing has happened.
    func land(_ plans: [PlannedChange], _ alongside: @escaping @Sendable (Transaction) throws -> Void)
        async throws -> Bool
    {
        let written = plans.flatMap(\.ownFiles)
        do {
            for plan in plans where plan.writesFile {
                for list in plan.manifestLists {
                    _ = try await store.put(list.path, list.bytes, if: .ifAbsent)
                }
                try await files.write(
                    plan.metadata, to: plan.metadataLocation, after: plan.pointer.earlierLocation)
            }
            FaultPoints.pass(.commitMetadataWritten)
            let now = clock.now.microseconds
            try await metastore.write { transaction in
                for plan in plans { try plan.apply(at: now, transaction) }
                try alongside(transaction)
            }
            FaultPoints.pass(.commitPointerMoved)
            for plan in plans where plan.writesFile { plan.pointer.earlierLocation.map(files.forget) }
            return true
        } catch is PlannedChange.PointerMoved {
            await files.discard(written)
            return false
        } catch let error as any Fault where error.kind == .outcomeUnknown {
            return try await lookUp(plans, after: error)
        } catch {
            await files.discard(written)
            throw error
        }
    }

    /// Finds out whether a commit happened whose answer was lost. Where it cannot tell, files stay: they may be in use.
    private func lookUp(_ plans: [PlannedChange], after error: any Fault) async throws -> Bool {
        do {
            let hasHappened = try await metastore.read { transaction in
                try plans.contains { plan in
                    guard plan.writesFile else { return false }
                    let row = try TableRow.find(plan.identifier, in: plan.warehouse, transaction)
                    return row?.metadataLocation == plan.metadataLocation
                }
            }
            if hasHappened { return true }
        } catch {
            log.error("the outcome of a commit could not be looked up", ["reason": .string("\(error)")])
        }
        throw CatalogError(
            .commitOutcomeUnknown, "nobody knows whether the commit happened",
            ["tables": plans.map(\.identifier.description).joined(separator: ", ")],
            hint: "load the table and look for the snapshot before trying again", cause: error)
    }
}

extension CommitQueue {
    /// Percent-encoded, because two names are one to `String` where only their spelling of `é` differs.
    static func key(_ table: TableIdentifier, _ warehouse: Warehouse) -> String {
        PercentEncoding.encode("\(warehouse.id)/\(NamespaceRow.path(of: table.namespace))/\(table.name)")
    }
}
