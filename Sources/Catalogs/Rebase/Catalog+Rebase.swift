import Blobs
import Effects
import Faults
import Iceberg
import Tables

/// A commit made anew on top of what the table is now.
struct RebasedCommit: Sendable {
    var commit: TableCommit
    var manifestList: PlannedChange.ManifestList
    /// What the writer's snapshot consisted of; of no use once the rebased one has landed.
    var writersList: String?
}

extension Catalog {
    /// An append, put on top of what the table is now.
    ///
    /// - Errors: `NotRebased` where it stays a conflict, `CAT-301` when another requirement does not hold, `CAT-205` for a path outside the table, and the store's.
    /// - Cost: three manifest lists, the append's own manifests and those that came meanwhile are read.
    func rebase(
        _ commit: TableCommit, on state: GroupState
    ) async throws -> RebasedCommit {
        let base = state.metadata
        let rebase = try AppendRebase(commit, on: base)
        try check(rebase.otherRequirements(of: commit), of: commit, against: base)
        let location = try TableLocation(base.location)
        do {
            var seen: [ManifestFile] = []
            if let parent = rebase.parent { seen = try await manifests(of: parent, state, location) }
            let own = try await ownManifests(rebase, seen, state, location)
            let added = try await countAdded(own, rebase, base, location)
            let headManifests = try await manifests(of: rebase.head, state, location)
            // The snapshot may have been here and gone again.
            guard Set(own.map(\.path)).isDisjoint(with: headManifests.map(\.path)) else {
                throw NotRebased("the table has its manifests already")
            }
            let known = Set(seen.map(\.path))
            let meanwhile = headManifests.filter { !known.contains($0.path) }
            try await requireNew(added.dataFiles, meanwhile, base, location)
            try await requireUntouched(added.references, meanwhile, headManifests, base, location)
            let path = try location.blob(
                "\(location.uri)/metadata/snap-\(rebase.snapshot.snapshotID)-\(UniqueID.random(from: randomness)).avro"
            )
            let rebased = rebase.rebased(
                onto: base, headManifests: headManifests, own: own,
                added: added,
                manifestList: path.uri)
            guard let rebased else { throw NotRebased("a number of the table would become too large") }
            let bytes = try ManifestListFile.write(
                rebased.manifests, of: rebased.snapshot, formatVersion: base.formatVersion,
                sync: randomness.bytes(16))
            var result = commit
            result.requirements = rebase.otherRequirements(of: commit)
            result.updates[0] = .addSnapshot(rebased.snapshot)
            return RebasedCommit(
                commit: result,
                manifestList: PlannedChange.ManifestList(
                    path: path, bytes: bytes, manifests: rebased.manifests),
                writersList: rebase.snapshot.manifestList)
        } catch let error as TablesError where error.code == .manifestUnreadable {
            // What cannot be read cannot be shown to be a pure append.
            throw NotRebased("a manifest cannot be read: \(error.message)")
        } catch let error as CatalogError where error.code == .limitExceeded {
            throw NotRebased(error.message)
        }
    }

    private func ownManifests(
        _ rebase: AppendRebase, _ seen: [ManifestFile], _ state: GroupState, _ location: TableLocation
    ) async throws -> [ManifestFile] {
        let list = try await manifests(of: rebase.snapshot, state, location)
        let own = try rebase.ownManifests(in: list, parent: seen)
        guard own.count <= limits.rebasedManifests else {
            throw NotRebased("it brings more than \(limits.rebasedManifests) manifests")
        }
        return own
    }

    /// - Errors: `NotRebased` when a manifest does more than add files, or does not hold what its list says.
    private func countAdded(
        _ own: [ManifestFile], _ rebase: AppendRebase, _ base: TableMetadata, _ location: TableLocation
    ) async throws -> AddedFiles {
        var added = AddedFiles()
        for manifest in own {
            let entries = try await entries(of: AppendRebase.probed(manifest), base, location)
            guard rebase.isPure(entries), manifest.files?.added == Int64(entries.count) else {
                throw NotRebased("a manifest does more than add files, or numbers its rows: \(manifest.path)")
            }
            let rowsBefore = added.listedRows
            for entry in entries {
                _ = try location.blob(entry.file.path)
                guard added.count(entry.file) else {
                    throw NotRebased("a file's counts or paths cannot be: \(entry.file.path)")
                }
            }
            // Row ids of version 3 are given out by the list's count.
            guard manifest.rows?.added == added.listedRows - rowsBefore else {
                throw NotRebased("a manifest has other rows than its list counts: \(manifest.path)")
            }
        }
        return added
    }

    func entries(
        of manifest: ManifestFile, _ metadata: TableMetadata, _ location: TableLocation
    ) async throws -> [ManifestEntry] {
        let bytes = try await readWhole(location.blob(manifest.path))
        let reader = ManifestReader(metadata: metadata, manifest: manifest)
        return try await work.run(size: bytes.count) { try reader.entries(bytes) }
    }

    func manifests(
        of snapshot: Snapshot, _ state: GroupState, _ location: TableLocation
    ) async throws -> [ManifestFile] {
        guard let list = snapshot.manifestList else { return [] }
        if let pending = state.pendingManifests(list) { return pending }
        return try await manifests(at: location.blob(list))
    }

    /// - Errors: `TAB-102` when the list is missing, which is the cause then, or unreadable.
    func manifests(at list: BlobPath) async throws -> [ManifestFile] {
        let bytes = try await readWhole(list)
        return try await work.run(size: bytes.count) { try ManifestListFile.read(bytes, path: list.uri) }
    }

    func readWhole(_ path: BlobPath) async throws -> [UInt8] {
        let reader: any BlobReader
        do {
            reader = try await store.open(path)
        } catch let error as BlobsError where error.code == .notFound {
            throw TablesError(.manifestUnreadable, "a manifest is missing", ["path": path], cause: error)
        }
        guard reader.info.size <= Int64(limits.manifestBytes) else {
            throw CatalogError(
                .limitExceeded, "a manifest is too large",
                ["path": path, "bytes": reader.info.size, "most": limits.manifestBytes])
        }
        return try await reader.read([0..<reader.info.size])[0]
    }
}
