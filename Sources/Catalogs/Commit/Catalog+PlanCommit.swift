import Blobs
import Effects
import Faults
import Iceberg
import Tables
import Telemetry

extension Catalog {
    /// Puts a commit on top of those before it. When it throws, `state` may have been touched.
    ///
    /// `lists` are what the commit brings. Only a commit that is no conflict is held to them: the list of one that was
    /// rebased is gone, and its writer must not take a second try for a failure.
    ///
    /// - Errors: `CAT-104` when it would create the table, `CAT-301`, `CAT-2xx`, Iceberg's.
    func apply(
        _ commit: TableCommit, to state: inout GroupState, lists: [BlobPath: BroughtList]
    ) async throws {
        if commit.requirements.contains(.create) {
            throw CatalogError(.alreadyExists, "the table already exists", ["table": commit.identifier])
        }
        do {
            try check(commit.requirements, of: commit, against: state.metadata)
        } catch {
            let rebased: RebasedCommit
            do {
                rebased = try await rebase(commit, on: state)
            } catch let refusal as NotRebased {
                throw error.because(refusal)
            }
            meters.rebases.add()
            try await change(&state, by: rebased.commit)
            state.manifestLists.append(rebased.manifestList)
            if let list = rebased.writersList { state.replacedLists.append(list) }
            return
        }
        if commit.updates.isEmpty { return }
        try requireLists(of: commit, in: lists)
        try await change(&state, by: commit)
        try requireKnownSpecs(of: commit, in: lists, state.metadata)
    }

    private func change(_ state: inout GroupState, by commit: TableCommit) async throws {
        let before = state.metadata
        if commit.isForeign { try requireTimes(of: commit, after: before.lastUpdatedMilliseconds) }
        let location = try TableLocation(before.location)
        try requireSameLocation(commit, location)
        // The file before is the one before all of the group.
        let previousFile = state.hasChanged ? nil : state.row.metadataLocation
        let metadata = try await work.run(size: commit.requestBytes) { [self] in
            try apply(commit, to: before, previousFile: previousFile)
        }
        try LocationRules.check(metadata, in: location, changedBy: commit.updates)
        try PropertyRules(limits: limits).check(metadata.properties)
        try await requireSpecs(of: metadata, asIn: state)
        state.metadata = metadata
        state.hasChanged = true
        if expires(commit, metadata.properties) { state.expiredLists += expiredLists(before, metadata) }
    }

    /// What is to be written and moved for a table that commits have changed, or looked at.
    func planned(_ state: GroupState, of commit: TableCommit) throws -> PlannedChange {
        guard state.hasChanged else {
            return PlannedChange(
                warehouse: commit.warehouse, identifier: commit.identifier, metadata: state.base,
                metadataLocation: state.row.metadataLocation, pointer: .keep(state.row), writesFile: false)
        }
        let location = try TableLocation(state.metadata.location)
        return PlannedChange(
            warehouse: commit.warehouse, identifier: commit.identifier, metadata: state.metadata,
            metadataLocation: files.newLocation(
                in: location, number: state.row.version,
                isCompressed: MetadataFile.isCompressed(state.metadata)),
            pointer: .move(from: state.row), manifestLists: state.manifestLists,
            obsoleteFiles: obsoleteFiles(state).filter(location.contains)
                + unreferenced(state.replacedLists, in: state),
            expiredLists: state.expiredLists)
    }

    /// - Errors: `CAT-301`.
    func check(
        _ requirements: [TableRequirement], of commit: TableCommit, against base: TableMetadata?
    ) throws(CatalogError) {
        for requirement in requirements {
            do {
                try requirement.check(against: base)
            } catch {
                throw conflict(commit, error)
            }
        }
    }

    private func conflict(_ commit: TableCommit, _ cause: IcebergError) -> CatalogError {
        CatalogError(
            .commitConflict, "the table is not as the writer expected it: \(cause.message)",
            ["table": commit.identifier], cause: cause)
    }

    private func apply(
        _ commit: TableCommit, to base: TableMetadata, previousFile: String?
    ) throws -> TableMetadata {
        do {
            return try base.applying(
                commit.updates, at: clock.now, previousFile: previousFile,
                expiring: expires(commit, base.properties))
        } catch  where error.code == .staleSequenceNumber {
            throw conflict(commit, error)
        }
    }

    /// A table that says how many snapshots it wants has them taken away by everybody's commits.
    private func expires(_ commit: TableCommit, _ properties: [String: String]) -> Bool {
        commit.expiresSnapshots || properties[SnapshotRetention.countProperty] != nil
    }

    /// How far a client's clock may be ahead. All later snapshots get a time that is no earlier, and time travel would not
    /// find them at theirs.
    private static let clockToleranceMilliseconds: Int64 = 24 * 3_600_000

    /// Not of Firn's own writers: the server's clock may have been set back since they looked.
    ///
    /// - Errors: `CAT-207`.
    private func requireTimes(of commit: TableCommit, after last: Int64) throws(CatalogError) {
        let now = clock.now.milliseconds
        let latest = max(now + Self.clockToleranceMilliseconds, last)
        for case .addSnapshot(let snapshot) in commit.updates where snapshot.timestampMilliseconds > latest {
            throw CatalogError(
                .changeRefused, "a snapshot's time lies more than a day in the future",
                [
                    "table": commit.identifier, "snapshot-id": snapshot.snapshotID,
                    "timestamp-ms": snapshot.timestampMilliseconds, "now": now,
                ], hint: "set the writer's clock")
        }
    }

    /// A table's files lie inside its location, so the location cannot move away from them.
    private func requireSameLocation(_ commit: TableCommit, _ location: TableLocation) throws {
        for case .setLocation(let text) in commit.updates where try TableLocation(text) != location {
            throw CatalogError(
                .changeRefused, "a table's location cannot change: its files would lie outside",
                ["table": commit.identifier, "location": location, "asked": text])
        }
    }

    /// The end of a create transaction: the updates build the table from nothing.
    func planCreation(_ commit: TableCommit) async throws -> PlannedChange {
        guard commit.requirements.contains(.create) else {
            throw CatalogError.noSuchTable(commit.identifier, in: commit.warehouse)
        }
        try NameRules(limits: limits).check(tableName: commit.identifier.name)
        if commit.isForeign { try requireTimes(of: commit, after: 0) }
        // A writer may also ask for the uuid it assigns.
        let assigned = commit.updates.compactMap { if case .assignUUID(let uuid) = $0 { uuid } else { nil } }
        let others = commit.requirements.filter { requirement in
            if case .tableUUID(let uuid) = requirement { assigned.last != uuid } else { true }
        }
        try check(others, of: commit, against: nil)
        let metadata = try await work.run(size: commit.requestBytes) { [self] in
            var change = TableChange(creating: UniqueID.random(from: randomness), at: clock.now)
            for update in commit.updates { try change.apply(update) }
            if change.metadata.location.isEmpty {
                let text = DefaultLocation.text(
                    for: commit.identifier, uuid: change.metadata.uuid, in: commit.warehouse)
                try change.apply(.setLocation(text))
            }
            return try change.finish(previousFile: nil)
        }
        let location = try LocationRules.check(metadata.location, in: commit.warehouse)
        try LocationRules.check(metadata, in: location)
        try PropertyRules(limits: limits).check(metadata.properties)
        let lists = try await broughtLists(of: [commit], to: metadata)
        try requireLists(of: commit, in: lists)
        try requireKnownSpecs(of: commit, in: lists, metadata)
        let file = files.newLocation(
            in: location, number: 0, isCompressed: MetadataFile.isCompressed(metadata))
        return PlannedChange(
            warehouse: commit.warehouse, identifier: commit.identifier, metadata: metadata,
            metadataLocation: file,
            pointer: .insert(
                newRow(commit.identifier, metadata, at: location, metadataLocation: file, commit.claim)))
    }

    /// Files the new log no longer names. `write.metadata.delete-after-commit.enabled` is true unless set: as at the
    /// hosted service, and because a pipeline would leave a file behind every few seconds.
    private func obsoleteFiles(_ state: GroupState) -> [String] {
        let isOn = state.metadata.properties.isOn(
            "write.metadata.delete-after-commit.enabled", byDefault: true)
        guard isOn else { return [] }
        let kept = Set(state.metadata.metadataLog.map(\.metadataFile))
        return (state.base.metadataLog.map(\.metadataFile) + [state.row.metadataLocation])
            .filter { !kept.contains($0) }
    }

    /// The manifest lists writers brought along with appends that were rebased, but for those somebody needs: the path
    /// is what the writer says it is, also that of another snapshot.
    private func unreferenced(_ lists: [String], in state: GroupState) -> [String] {
        if lists.isEmpty { return [] }
        let needed = Set((state.base.snapshots + state.metadata.snapshots).compactMap(\.manifestList))
        return lists.filter { !needed.contains($0) }
    }

    /// Manifest lists of snapshots that a change takes away. Who reads such a snapshot may do so a while longer.
    private func expiredLists(_ base: TableMetadata, _ new: TableMetadata) -> [String] {
        let kept = Set(new.snapshots.compactMap(\.manifestList))
        return base.snapshots.compactMap(\.manifestList).filter { !kept.contains($0) }
    }
}
