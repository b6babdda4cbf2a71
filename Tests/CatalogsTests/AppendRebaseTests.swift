import Effects
import Iceberg
import TestKit
import Testing

@testable import Catalogs

@Suite("AppendRebase")
struct AppendRebaseTests {
    private let location = "s3://lake/t"

    private func snapshot(_ id: Int64, parent: Int64?, _ sequence: Int64, operation: String = "append")
        -> Snapshot
    {
        var snapshot = Snapshot(
            snapshotID: id, parentID: parent, sequenceNumber: sequence,
            timestampMilliseconds: 1000 + sequence,
            manifestList: "\(location)/metadata/\(id).avro")
        snapshot.summary = [
            "operation": operation, "total-records": "\(sequence * 10)", "total-data-files": "\(sequence)",
        ]
        return snapshot
    }

    /// Snapshots 1, 2, 3, each the child of the one before.
    private func table(version: Int = 2, properties: [String: String] = [:]) throws -> TableMetadata {
        var metadata = try NewTable(
            schema: CatalogFixture.schema, location: location,
            properties: properties.merging(["format-version": "\(version)"]) { $1 }
        ).metadata(uuid: UniqueID(high: 1, low: 2), at: Instant(microseconds: 1_000_000))
        var updates: [TableUpdate] = []
        for id in 1...3 as ClosedRange<Int64> {
            var next = snapshot(id, parent: id > 1 ? id - 1 : nil, id)
            if version > 2 { (next.firstRowID, next.addedRows) = ((id - 1) * 10, 10) }
            updates += [.addSnapshot(next), .setSnapshotRef(name: "main", SnapshotRef(snapshotID: id))]
        }
        metadata = try metadata.applying(updates, at: Instant(microseconds: 2_000_000), previousFile: nil)
        return metadata
    }

    private func commit(
        _ snapshot: Snapshot, more: [TableUpdate] = [], requirements: [TableRequirement]? = nil
    ) -> TableCommit {
        TableCommit(
            warehouse: Warehouse(
                id: "w", account: "local", bucket: "lake", isActive: true, createdAt: Instant(microseconds: 0)
            ),
            identifier: TableIdentifier(namespace: Namespace(["web"]), name: "t"),
            requirements: requirements ?? [.refSnapshotID(ref: "main", snapshot.parentID)],
            updates: [
                .addSnapshot(snapshot),
                .setSnapshotRef(name: "main", SnapshotRef(snapshotID: snapshot.snapshotID)),
            ] + more)
    }

    private func manifest(_ path: String, by id: Int64, _ sequence: Int64, added: Int64 = 1) -> ManifestFile {
        var manifest = ManifestFile(path: path, length: 100, specID: 0, addedSnapshotID: id)
        manifest.sequenceNumber = sequence
        manifest.minimumSequenceNumber = sequence
        manifest.files = ManifestFile.Counts(added: added)
        manifest.rows = ManifestFile.Counts(added: added * 10)
        return manifest
    }

    /// Why it stays a conflict; nil when it does not.
    private func refusal(_ commit: TableCommit, on table: TableMetadata) -> String? {
        do throws(NotRebased) {
            _ = try AppendRebase(commit, on: table)
            return nil
        } catch { return error.reason }
    }

    private func refusal(
        _ rebase: AppendRebase, _ list: [ManifestFile], parent: [ManifestFile]
    ) -> String? {
        do throws(NotRebased) {
            _ = try rebase.ownManifests(in: list, parent: parent)
            return nil
        } catch { return error.reason }
    }

    @Test("an append whose parent is an ancestor can be rebased, one of an empty table too")
    func accepts() throws {
        let table = try table()
        for parent in [nil, 1, 2] as [Int64?] {
            let rebase = try AppendRebase(commit(snapshot(9, parent: parent, 2)), on: table)
            #expect(rebase.head.snapshotID == 3 && rebase.parent?.snapshotID == parent)
        }
    }

    @Test("what may depend on what its writer read cannot")
    func refuses() throws {
        let table = try table()
        let good = snapshot(9, parent: 1, 2)
        #expect(refusal(commit(good), on: table) == nil)
        for operation in ["overwrite", "delete", "replace"] {
            let other = commit(snapshot(9, parent: 1, 2, operation: operation))
            #expect(refusal(other, on: table)?.hasPrefix("the operation is \(operation)") == true)
        }
        let moreThanOne = "the commit does more than add one snapshot to one branch"
        #expect(refusal(commit(good, more: [.setProperties([:])]), on: table) == moreThanOne)
        #expect(refusal(commit(good, requirements: []), on: table) == moreThanOne)
        #expect(
            refusal(commit(good, requirements: [.refSnapshotID(ref: "main", 2)]), on: table) == moreThanOne)
        let strange = refusal(commit(snapshot(9, parent: 7, 2)), on: table)
        #expect(strange == "the branch no longer leads to the snapshot the writer saw")
        let again = refusal(commit(snapshot(2, parent: 1, 2)), on: table)
        #expect(again == "the table has this snapshot already")
        let off = try self.table(properties: ["firn.commit.rebase": "false"])
        #expect(refusal(commit(good), on: off) == "the table says firn.commit.rebase=false")
    }

    @Test("deletes and overwrites need every command they may come from to be content with a snapshot")
    func isolation() throws {
        let levels = ["delete", "update", "merge"].map { "write.\($0).isolation-level" }
        for count in 0...3 {
            let properties = Dictionary(uniqueKeysWithValues: levels.prefix(count).map { ($0, "snapshot") })
            let table = try table(properties: properties)
            let delete = commit(snapshot(9, parent: 1, 2, operation: "delete"))
            #expect((refusal(delete, on: table) == nil) == (count >= 1))
            let overwrite = commit(snapshot(9, parent: 1, 2, operation: "overwrite"))
            #expect((refusal(overwrite, on: table) == nil) == (count == 3))
        }
    }

    @Test("a snapshot that left the branch is no ancestor")
    func rolledBack() throws {
        let table = try table().applying(
            [.setSnapshotRef(name: "main", SnapshotRef(snapshotID: 1))], at: Instant(microseconds: 3_000_000),
            previousFile: nil)
        #expect(refusal(commit(snapshot(9, parent: 3, 4)), on: table) != nil)
        #expect(refusal(commit(snapshot(9, parent: 1, 4)), on: table) == nil)
    }

    @Test("only the parent's manifests, unchanged, and manifests of added data files make a pure append")
    func ownManifests() throws {
        let rebase = try AppendRebase(commit(snapshot(9, parent: 1, 2)), on: try table())
        let old = manifest("a", by: 1, 1)
        let new = manifest("n", by: 9, 2)
        #expect(try rebase.ownManifests(in: [new, old], parent: [old]) == [new])
        #expect(try rebase.ownManifests(in: [new], parent: []) == [new])
        #expect(refusal(rebase, [new], parent: [old]) != nil)
        #expect(refusal(rebase, [new, new, old], parent: [old]) != nil)
        func changed(_ manifest: ManifestFile, _ edit: (inout ManifestFile) -> Void) -> ManifestFile {
            var copy = manifest
            edit(&copy)
            return copy
        }
        for odd in [
            changed(old) { $0.sequenceNumber = 2 }, changed(old) { $0.length = 1 },
            changed(old) { $0.content = .deletes },
        ] { #expect(refusal(rebase, [new, odd], parent: [old]) != nil) }
        for odd in [
            changed(new) { $0.content = .deletes }, changed(new) { $0.addedSnapshotID = 1 },
            changed(new) { $0.files = nil }, changed(new) { $0.files?.existing = 1 },
            changed(new) { $0.files?.deleted = 1 },
        ] { #expect(refusal(rebase, [odd, old], parent: [old]) != nil) }
    }

    @Test("entries that bring their own numbers are not what a rebase can change")
    func entries() throws {
        let rebase = try AppendRebase(commit(snapshot(9, parent: 1, 2)), on: try table())
        let file = DataFile(
            path: "\(location)/data/a.parquet", specID: 0, partition: [], recordCount: 1, fileSize: 2)
        func isPure(_ entry: ManifestEntry) -> Bool {
            var entry = entry
            entry.inherit(from: AppendRebase.probed(manifest("n", by: 9, 2)))
            return rebase.isPure([entry])
        }
        #expect(isPure(ManifestEntry(.added, file)) && isPure(ManifestEntry(.added, file, snapshotID: 9)))
        #expect(!isPure(ManifestEntry(.existing, file)))
        #expect(!isPure(ManifestEntry(.deleted, file)))
        #expect(!isPure(ManifestEntry(.added, file, snapshotID: 1)))
        #expect(!isPure(ManifestEntry(.added, file, sequenceNumber: 2)))
        #expect(!isPure(ManifestEntry(.added, file, fileSequenceNumber: 2)))
        var numbered = file
        numbered.firstRowID = 0
        #expect(!isPure(ManifestEntry(.added, numbered)))
    }

    @Test("the snapshot gets the numbers it would have had", arguments: [2, 3])
    func renumbers(version: Int) throws {
        let table = try table(version: version)
        let rebase = try AppendRebase(commit(snapshot(9, parent: 1, 2)), on: table)
        var added = AddedFiles()
        for rows in [3, 4] as [Int64] {
            let isCounted = added.count(
                DataFile(
                    path: "\(location)/\(rows)", specID: 0, partition: [], recordCount: rows, fileSize: 100))
            #expect(isCounted)
        }
        let head = manifest("h", by: 3, 3)
        let own = [manifest("n", by: 9, 2), manifest("m", by: 9, 2, added: 2)]
        let result = try #require(
            rebase.rebased(onto: table, headManifests: [head], own: own, added: added, manifestList: "new"))
        #expect(result.snapshot.parentID == 3 && result.snapshot.sequenceNumber == 4)
        #expect(result.snapshot.manifestList == "new" && result.snapshot.snapshotID == 9)
        #expect(result.manifests.map(\.path) == ["n", "m", "h"])
        #expect(version == 3 || result.manifests[2] == head)
        #expect(
            result.manifests.prefix(2).allSatisfy { $0.sequenceNumber == 4 && $0.minimumSequenceNumber == 4 })
        let summary = result.snapshot.summary
        #expect(summary["added-records"] == "7" && summary["total-records"] == "37")
        #expect(summary["total-data-files"] == "5" && summary["total-files-size"] == nil)
        if version == 3 {
            // The last one is from before the table was of version 3.
            #expect(result.manifests.map(\.firstRowID) == [30, 40, 60])
            #expect(result.snapshot.firstRowID == 30 && result.snapshot.addedRows == 40)
        } else {
            #expect(result.manifests.allSatisfy { $0.firstRowID == nil } && result.snapshot.firstRowID == nil)
        }
    }

    @Test("counts that cannot be are not added up")
    func overflow() {
        var added = AddedFiles()
        let verdicts = [Int64.max, 1, -1].map { rows in
            added.count(
                DataFile(path: "\(location)/p", specID: 0, partition: [], recordCount: rows, fileSize: 1))
        }
        #expect(verdicts == [true, false, false] && added.files == 1)
    }
}
