import Effects
import Faults
import Iceberg
import Telemetry

extension Catalog {
    /// What a commit makes of a table that is as `row` says, or of one that does not exist.
    func plan(_ commit: TableCommit, on row: TableRow?) async throws -> PlannedChange {
        guard let row else { return try planCreation(commit) }
        if commit.requirements.contains(.create) {
            throw CatalogError(.alreadyExists, "the table already exists", ["table": commit.identifier])
        }
        let base = try await files.load(row.metadataLocation)
        do {
            try check(commit.requirements, of: commit, against: base)
        } catch {
            guard let rebased = try await rebase(commit, on: base) else { throw error }
            meters.rebases.add()
            var planned = try change(row, from: base, by: rebased.commit)
            planned.manifestList = rebased.manifestList
            planned.obsoleteFiles += unreferenced(rebased.writersList, by: [base, planned.metadata])
            return planned
        }
        if commit.updates.isEmpty {
            return PlannedChange(
                warehouse: commit.warehouse, identifier: commit.identifier, metadata: base,
                metadataLocation: row.metadataLocation, pointer: .keep(row), writesFile: false)
        }
        return try change(row, from: base, by: commit)
    }

    private func change(
        _ row: TableRow, from base: TableMetadata, by commit: TableCommit
    ) throws -> PlannedChange {
        let location = try TableLocation(base.location)
        try requireSameLocation(commit, location)
        let metadata = try apply(commit, to: base, previousFile: row.metadataLocation)
        try LocationRules.check(metadata, in: location, after: base)
        try PropertyRules(limits: limits).check(metadata.properties)
        return PlannedChange(
            warehouse: commit.warehouse, identifier: commit.identifier, metadata: metadata,
            metadataLocation: files.newLocation(in: location, number: row.version), pointer: .move(from: row),
            obsoleteFiles: obsoleteFiles(base, metadata, previousFile: row.metadataLocation),
            expiredLists: commit.expiresSnapshots ? expiredLists(base, metadata) : [])
    }

    /// - Errors: `CAT-301`.
    func check(
        _ requirements: [TableRequirement], of commit: TableCommit, against base: TableMetadata
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
        _ commit: TableCommit, to base: TableMetadata, previousFile: String
    ) throws -> TableMetadata {
        do {
            return try base.applying(
                commit.updates, at: clock.now, previousFile: previousFile,
                expiring: commit.expiresSnapshots)
        } catch  where error.code == .staleSequenceNumber {
            throw conflict(commit, error)
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
    private func planCreation(_ commit: TableCommit) throws -> PlannedChange {
        guard commit.requirements.contains(.create) else {
            throw CatalogError.noSuchTable(commit.identifier, in: commit.warehouse)
        }
        try NameRules(limits: limits).check(tableName: commit.identifier.name)
        var change = TableChange(creating: UniqueID.random(from: randomness), at: clock.now)
        for update in commit.updates { try change.apply(update) }
        if change.metadata.location.isEmpty {
            let text = DefaultLocation.text(
                for: commit.identifier, uuid: change.metadata.uuid, in: commit.warehouse)
            try change.apply(.setLocation(text))
        }
        let metadata = try change.finish(previousFile: nil)
        let location = try LocationRules.check(metadata.location, in: commit.warehouse)
        try LocationRules.check(metadata, in: location)
        try PropertyRules(limits: limits).check(metadata.properties)
        let file = files.newLocation(in: location, number: 0)
        return PlannedChange(
            warehouse: commit.warehouse, identifier: commit.identifier, metadata: metadata,
            metadataLocation: file,
            pointer: .insert(newRow(commit.identifier, metadata, at: location, metadataLocation: file)))
    }

    /// Files the new log no longer names. `write.metadata.delete-after-commit.enabled` is true unless set: as at the
    /// hosted service, and because a pipeline would leave a file behind every few seconds.
    private func obsoleteFiles(_ base: TableMetadata, _ new: TableMetadata, previousFile: String) -> [String]
    {
        guard new.properties["write.metadata.delete-after-commit.enabled"] != "false" else { return [] }
        let kept = Set(new.metadataLog.map(\.metadataFile))
        return (base.metadataLog.map(\.metadataFile) + [previousFile]).filter { !kept.contains($0) }
    }

    /// The manifest list a writer brought along with an append that was rebased, unless somebody needs it: the path is
    /// what the writer says it is, also that of another snapshot.
    private func unreferenced(_ list: String?, by tables: [TableMetadata]) -> [String] {
        guard let list, !tables.contains(where: { $0.snapshots.contains { $0.manifestList == list } }) else {
            return []
        }
        return [list]
    }

    /// Manifest lists of snapshots that this change takes away. Who reads such a snapshot may do so a while longer.
    private func expiredLists(_ base: TableMetadata, _ new: TableMetadata) -> [String] {
        let kept = Set(new.snapshots.compactMap(\.manifestList))
        return base.snapshots.compactMap(\.manifestList).filter { !kept.contains($0) }
    }
}
