import Blobs
import Columnar
import Iceberg
import Scheduling
import Tables
import Testing

@Suite("Planning with deletes")
struct DeletePlanningTests {
    private func delete(
        _ name: String, _ content: DataFile.Content, day: Int32 = 1, sequence: Int64, target: String? = nil
    ) -> ManifestEntry {
        var file = TableFixtures.file(name, day: day, text: "x", ids: 1...2)
        file.content = content
        file.lowerBounds = nil
        file.upperBounds = nil
        file.nullCounts = nil
        file.referencedDataFile = target.map { "s3://lake/t/data/\($0).parquet" }
        if content == .equalityDeletes { file.equalityIDs = [1] }
        return ManifestEntry(
            .existing, file, snapshotID: 7, sequenceNumber: sequence, fileSequenceNumber: sequence)
    }

    private func data(_ name: String, day: Int32 = 1, sequence: Int64, ids: ClosedRange<Int64> = 1...2)
        -> ManifestEntry
    {
        ManifestEntry(
            .existing, TableFixtures.file(name, day: day, text: "x", ids: ids), snapshotID: 7,
            sequenceNumber: sequence, fileSequenceNumber: sequence)
    }

    private func plan(
        _ data: [ManifestEntry], _ deletes: [ManifestEntry], predicate: Predicate = .always,
        memory: MemoryBudget? = nil
    ) async throws -> ([String: [String]], PlanCounts) {
        let store = MemoryBlobStore()
        let metadata = try await TableFixtures.table(
            [data, deletes], deleteGroups: [1], store: store, formatVersion: 3)
        let plan = try TableReader(metadata: metadata, store: store, caches: TableCaches()).plan(
            predicate: predicate, memory: memory)
        func name(_ path: String) -> String {
            String(path.dropFirst("s3://lake/t/data/".count).prefix { $0 != "." })
        }
        var found: [String: [String]] = [:]
        for try await task in plan {
            let deletes = (task.deletes.positions + task.deletes.equality.flatMap(\.files)).map {
                name($0.file.path)
            }
            found[name(task.file.path)] = deletes.sorted()
        }
        return (found, plan.counts)
    }

    @Test(
        "position deletes reach data that is not newer, equality deletes data that is older, in their partition"
    )
    func followsSequence() async throws {
        let (found, counts) = try await plan(
            [
                data("a", sequence: 1), data("b", sequence: 2), data("c", sequence: 3),
                data("other", day: 2, sequence: 1),
            ],
            [
                delete("p", .positionDeletes, sequence: 2), delete("e", .equalityDeletes, sequence: 2),
                delete("named", .positionDeletes, sequence: 3, target: "c"),
            ])
        #expect(found == ["a": ["e", "p"], "b": ["p"], "c": ["named"], "other": []])
        #expect(counts.deleteFiles == 3)
    }

    @Test("deletes of partitions that are not read, or whose bounds do not meet the file's, are left out")
    func prunesDeletes() async throws {
        var far = delete("far", .equalityDeletes, sequence: 2)
        far.file.lowerBounds = [1: SingleValue.encode(.long(100), .long) ?? []]
        far.file.upperBounds = [1: SingleValue.encode(.long(200), .long) ?? []]
        far.file.nullCounts = [1: 0]
        let near = data("near", sequence: 1, ids: 150...160)
        #expect(try await plan([data("a", sequence: 1), near], [far]).0 == ["a": [], "near": ["far"]])
        // Nulls have no bounds: they may be equal.
        far.file.nullCounts = [1: 1]
        var nullable = data("a", sequence: 1)
        nullable.file.nullCounts = nil
        #expect(try await plan([nullable], [far]).0 == ["a": ["far"]])
        let day: Int64 = 86_400_000_000
        let (found, counts) = try await plan(
            [data("a", day: 1, sequence: 1), data("b", day: 2, sequence: 1)],
            [
                delete("p", .positionDeletes, day: 1, sequence: 1),
                delete("q", .positionDeletes, day: 2, sequence: 1),
            ],
            predicate: .compare(fieldID: 2, .less, .long(2 * day)))
        #expect(found == ["a": ["p"]] && counts.deleteFiles == 1)
    }

    @Test(
        "deletes that cannot be applied are refused: two vectors, other formats, no columns, too little memory"
    )
    func refuses() async throws {
        func refused(_ deletes: [ManifestEntry], memory: MemoryBudget? = nil) async -> Bool {
            do {
                _ = try await plan([data("a", sequence: 1)], deletes, memory: memory)
                return false
            } catch { return error is TablesError || error is SchedulingError }
        }
        var vector = delete("v", .positionDeletes, sequence: 1, target: "a")
        vector.file.format = "PUFFIN"
        #expect(await refused([vector]))
        vector.file.contentOffset = 4
        vector.file.contentSize = 40
        #expect(await !refused([vector]))
        #expect(await refused([vector, vector]))
        var orc = delete("o", .positionDeletes, sequence: 1)
        orc.file.format = "ORC"
        #expect(await refused([orc]))
        var bare = delete("e", .equalityDeletes, sequence: 1)
        bare.file.equalityIDs = nil
        #expect(await refused([bare]))
        var outside = delete("p", .positionDeletes, sequence: 1)
        outside.file.path = "s3://lake/other/p.parquet"
        #expect(await refused([outside]))
        let small = MemoryBudget(ledger: MemoryLedger(limit: 4096), limit: 1500)
        #expect(
            await refused(
                [delete("p", .positionDeletes, sequence: 1), delete("q", .positionDeletes, sequence: 1)],
                memory: small))
        #expect(await refused([data("misplaced", sequence: 1)]))
    }
}
