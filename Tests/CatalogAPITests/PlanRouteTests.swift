import Blobs
import Columnar
import Effects
import Iceberg
import JSONText
import Tables
import TestKit
import Testing
import Wire

@testable import CatalogAPI
@testable import Catalogs

@Suite("Planning scans for clients")
struct PlanRouteTests {
    private let tables = APIFixture.base + "/namespaces/web%1Fraw/tables"

    /// A table of `manifests` manifests with `files` files each, whose ids count on.
    private func fixture(
        _ limits: PlanLimits, manifests: Int, files: Int, deletes: Int = 0
    ) async throws -> APIFixture {
        let fixture = try await APIFixture(planLimits: limits)
        try await fixture.populate()
        let name = TableIdentifier(namespace: Namespace(["web", "raw"]), name: "clicks")
        let warehouse = try await fixture.catalog.warehouse(named: "local_lake")
        let table = try await fixture.catalog.loadTable(name, in: warehouse)
        let metadata = table.metadata
        let folder = metadata.location
        let sync = [UInt8](repeating: 9, count: 16)
        func put(_ path: String, _ bytes: [UInt8]) async throws {
            let blob = try #require(BlobPath(uri: path))
            _ = try await fixture.store.put(blob, bytes, if: .always)
        }
        var made: [ManifestFile] = []
        for number in 0..<(manifests + deletes) {
            let isDelete = number >= manifests
            var writer = ManifestWriter(
                metadata: metadata, spec: metadata.defaultSpec, snapshotID: 7, sync: sync)
            for place in 0..<files {
                let id = Int64(number * files + place)
                var file = DataFile(
                    path: "\(folder)/data/\(number)-\(place).parquet", specID: 0, partition: [],
                    recordCount: 10, fileSize: 100)
                file.lowerBounds = [1: try #require(SingleValue.encode(.long(id), .long))]
                file.upperBounds = file.lowerBounds
                if isDelete {
                    file.content = .equalityDeletes
                    file.equalityIDs = [1]
                }
                try writer.append(ManifestEntry(.added, file))
            }
            let path = "\(folder)/metadata/m\(number).avro"
            var (bytes, manifest) = try writer.finish(path: path, sequenceNumber: 1)
            if isDelete { manifest.content = .deletes }
            try await put(path, bytes)
            made.append(manifest)
        }
        let list = "\(folder)/metadata/list.avro"
        let snapshot = Snapshot(
            snapshotID: 7, parentID: nil, sequenceNumber: 1, timestampMilliseconds: 1_700_000_000_000,
            manifestList: list)
        try await put(
            list, try ManifestListFile.write(made, of: snapshot, formatVersion: 2, sync: sync))
        _ = try await fixture.catalog.commit([
            TableCommit(
                warehouse: warehouse, identifier: name, requirements: [],
                updates: [
                    .addSnapshot(snapshot),
                    .setSnapshotRef(name: "main", SnapshotRef(snapshotID: 7)),
                ])
        ])
        return fixture
    }

    private func fetchAll(
        _ fixture: APIFixture, _ first: JSONValue
    ) async throws -> (paths: [String], requests: Int) {
        var paths: [String] = []
        var requests = 0
        var waiting = [first]
        while let page = waiting.popLast() {
            for task in page["file-scan-tasks"]?.array ?? [] {
                paths.append(try #require(task["data-file"]?["file-path"]?.string))
            }
            for task in page["plan-tasks"]?.array ?? [] {
                requests += 1
                let more = try await fixture.send("POST", tables + "/clicks/tasks", ["plan-task": task])
                #expect(more.status == 200)
                waiting.append(more.body)
            }
        }
        return (paths, requests)
    }

    @Test("a large plan goes in pages; each file is in exactly one", arguments: [1, 3, 7, 100])
    func pages(size: Int) async throws {
        var limits = PlanLimits()
        limits.tasksPerPage = size
        limits.partsAtOnce = 3
        let fixture = try await fixture(limits, manifests: 9, files: 5)
        let first = try await fixture.send("POST", tables + "/clicks/plan", [:])
        #expect(first.status == 200 && first.body["status"] == "completed")
        #expect((first.body["file-scan-tasks"]?.array?.count ?? 0) == min(size, 45))
        let (paths, requests) = try await fetchAll(fixture, first.body)
        #expect(paths.count == 45 && Set(paths).count == 45)
        #expect(size >= 45 ? requests == 0 : requests >= 2)
        let filter: JSONValue = ["type": "gt-eq", "term": "id", "value": 40]
        let some = try await fixture.send("POST", tables + "/clicks/plan", ["filter": filter])
        #expect(try await fetchAll(fixture, some.body).paths.count == 5)
    }

    @Test("plan tasks outlive the server, not their time, their plan's end or another's signature")
    func tokens() async throws {
        var limits = PlanLimits()
        limits.tasksPerPage = 2
        let fixture = try await fixture(limits, manifests: 2, files: 3)
        let first = try await fixture.send("POST", tables + "/clicks/plan", [:])
        let task = try #require(first.body["plan-tasks"]?.array?.first)
        func fetch(_ task: JSONValue) async throws -> APIFixture.Answer {
            try await fixture.send("POST", tables + "/clicks/tasks", ["plan-task": task])
        }
        let again = PlanService(
            catalog: fixture.catalog, resources: fixture.planResources, limits: limits)
        let warehouse = try await fixture.catalog.warehouse(named: "local_lake")
        let table = try await fixture.catalog.loadTable(
            TableIdentifier(namespace: Namespace(["web", "raw"]), name: "clicks"), in: warehouse)
        #expect(try await again.page(ofTask: task.string ?? "", of: table).tasks.count > 0)
        #expect(try await fetch(task).status == 200)
        for forged in ["", "x", "\(task.string ?? "")A", "A\(task.string ?? "")", "e30=.e30="] {
            let answer = try await fetch(.string(forged))
            #expect(answer.status == 404 && answer.errorType == "NoSuchPlanTaskException")
        }
        let made = try await fixture.send("POST", tables, ["name": "other", "schema": APIFixture.schema])
        #expect(made.status == 200)
        let foreign = try await fixture.send("POST", tables + "/other/tasks", ["plan-task": task])
        #expect(foreign.status == 404)
        let id = try #require(first.body["plan-id"]?.string)
        #expect(try await fixture.send("DELETE", tables + "/clicks/plan/" + id).status == 204)
        #expect(try await fetch(task).status == 404)
        let second = try await fixture.send("POST", tables + "/clicks/plan", [:])
        fixture.clock.advance(microseconds: 3_600_000_000)
        #expect(try await fetch(try #require(second.body["plan-tasks"]?.array?.first)).status == 404)
        let old = try await fixture.send(
            "GET", tables + "/clicks/plan/" + (second.body["plan-id"]?.string ?? ""))
        #expect(old.status == 404 && old.errorType == "NoSuchPlanIdException")
    }

    private static func key(_ number: UInt64) -> [String: String] {
        ["idempotency-key": UniqueID(high: 0x0190_0000_0000_7000 | number, low: 1 << 63).description]
    }

    /// The table becomes empty; what was there before stays in its history.
    private func empty(_ fixture: APIFixture) async throws {
        let name = TableIdentifier(namespace: Namespace(["web", "raw"]), name: "clicks")
        let warehouse = try await fixture.catalog.warehouse(named: "local_lake")
        let metadata = try await fixture.catalog.loadTable(name, in: warehouse).metadata
        let snapshot = Snapshot(
            snapshotID: 8, parentID: 7, sequenceNumber: 2, timestampMilliseconds: 1_700_000_000_001,
            manifestList: "\(metadata.location)/metadata/empty.avro")
        let list = try ManifestListFile.write(
            [], of: snapshot, formatVersion: 2, sync: [UInt8](repeating: 9, count: 16))
        let path = try #require(BlobPath(uri: snapshot.manifestList ?? ""))
        _ = try await fixture.store.put(path, list, if: .always)
        _ = try await fixture.catalog.commit([
            TableCommit(
                warehouse: warehouse, identifier: name, requirements: [],
                updates: [
                    .addSnapshot(snapshot), .setSnapshotRef(name: "main", SnapshotRef(snapshotID: 8)),
                ])
        ])
    }

    @Test("a scan planned again with the same key is the same plan, whatever the table is by then")
    func repeats() async throws {
        let fixture = try await fixture(PlanLimits(), manifests: 3, files: 5)
        let path = tables + "/clicks/plan"
        let first = try await fixture.send("POST", path, [:], headers: Self.key(1))
        #expect(first.body["file-scan-tasks"]?.array?.count == 15)
        try await empty(fixture)
        #expect(try await fixture.send("POST", path, [:]).body["file-scan-tasks"] == [])
        let again = try await fixture.send("POST", path, [:], headers: Self.key(1))
        #expect(again.status == 200 && again.body == first.body)
        // The plan's id is forgotten by then, as after a restart; the key is not.
        fixture.clock.advance(microseconds: 900_000_000)
        let late = try await fixture.send("POST", path, [:], headers: Self.key(1))
        #expect(late.status == 200 && late.body == first.body)
        let id = try #require(first.body["plan-id"]?.string)
        #expect(try await fixture.send("GET", path + "/" + id).status == 200)
        let other = try await fixture.send("POST", path, ["select": ["id"]], headers: Self.key(1))
        #expect(other.status == 422)
        let wrong = try await fixture.send("POST", path, [:], headers: ["idempotency-key": "no"])
        #expect(wrong.status == 400)
        for _ in 0..<2 {
            let gone = try await fixture.send("DELETE", path + "/" + id, headers: Self.key(2))
            #expect(gone.status == 204)
        }
        let cancelled = try await fixture.send("POST", path, [:], headers: Self.key(1))
        #expect(cancelled.status == 404 && cancelled.errorType == "NoSuchPlanIdException")
    }

    @Test(
        "a plan that is being worked on is not begun twice; a refusal and a plan task come again as they were"
    )
    func repeatsSubmitted() async throws {
        var limits = PlanLimits()
        limits.deleteBytesAtOnce = 1
        limits.openPlans = 1
        limits.tasksPerPage = 2
        let fixture = try await fixture(limits, manifests: 2, files: 3, deletes: 1)
        let path = tables + "/clicks/plan"
        let first = try await fixture.send("POST", path, [:], headers: Self.key(1))
        #expect(first.body["status"] == "submitted")
        let again = try await fixture.send("POST", path, [:], headers: Self.key(1))
        #expect(again.status == 200 && again.body == first.body)
        let id = try #require(first.body["plan-id"]?.string)
        await fixture.plans.work(onPlan: id)
        let done = try await fixture.send("POST", path, [:], headers: Self.key(1))
        #expect(done.body["status"] == "completed" && done.body["plan-id"]?.string == id)
        let task: JSONValue = ["plan-task": try #require(done.body["plan-tasks"]?.array?.first)]
        let tasks = tables + "/clicks/tasks"
        let some = try await fixture.send("POST", tasks, task, headers: Self.key(2))
        #expect(some.status == 200)
        #expect(try await fixture.send("POST", tasks, task, headers: Self.key(2)).body == some.body)
        for _ in 0..<2 {
            let none = try await fixture.send("POST", tables + "/none/plan", [:], headers: Self.key(3))
            #expect(none.status == 404 && none.errorType == "NoSuchTableException")
        }
        let made = try await fixture.send("POST", tables, ["name": "none", "schema": APIFixture.schema])
        #expect(made.status == 200)
        #expect(
            try await fixture.send("POST", tables + "/none/plan", [:], headers: Self.key(3)).status == 404)
    }

    @Test("a token's plans push out its own, not another's")
    func owners() async throws {
        var limits = PlanLimits()
        limits.openPlansPerOwner = 2
        let fixture = try await fixture(limits, manifests: 1, files: 1, deletes: 0)
        let path = tables + "/clicks/plan"
        func plan(_ token: String) async throws -> String {
            try #require(
                try await fixture.send("POST", path, [:], as: token).body["plan-id"]?.string)
        }
        let first = try await plan("reader")
        var own: [String] = []
        for _ in 0..<4 { own.append(try await plan("root")) }
        var statuses: [Int] = []
        for id in [first] + own { statuses.append(try await fixture.send("GET", path + "/" + id).status) }
        #expect(statuses == [200, 404, 404, 200, 200])
    }

    @Test("a plan with many deletes is submitted, worked on, polled, cancelled")
    func submitted() async throws {
        var limits = PlanLimits()
        limits.deleteBytesAtOnce = 1
        limits.openPlans = 2
        let fixture = try await fixture(limits, manifests: 2, files: 3, deletes: 1)
        let path = tables + "/clicks/plan"
        let first = try await fixture.send("POST", path, [:])
        #expect(first.body["status"] == "submitted" && first.body["file-scan-tasks"] == nil)
        let id = try #require(first.body["plan-id"]?.string)
        #expect(try await fixture.send("GET", path + "/" + id).body == ["status": "submitted"])
        let second = try await fixture.send("POST", path, [:])
        let other = try #require(second.body["plan-id"]?.string)
        // Both are being worked on, so none makes room.
        let busy = try await fixture.send("POST", path, [:])
        #expect(busy.status == 503 && busy.headers["retry-after"] != nil)
        #expect(try await fixture.send("DELETE", path + "/" + other).status == 204)
        #expect(try await fixture.send("GET", path + "/" + other).body == ["status": "cancelled"])
        await fixture.plans.work(onPlan: other)
        #expect(try await fixture.send("GET", path + "/" + other).body == ["status": "cancelled"])
        await fixture.plans.work(onPlan: id)
        let done = try await fixture.send("GET", path + "/" + id)
        #expect(done.body["status"] == "completed" && done.body["plan-id"] == nil)
        #expect(done.body["file-scan-tasks"]?.array?.count == 6)
        // Equality deletes of the same commit are not newer than the data.
        #expect(done.body["delete-files"] == [])
    }

    @Test("a plan that fails in the background says why")
    func fails() async throws {
        var limits = PlanLimits()
        limits.deleteBytesAtOnce = 1
        let fixture = try await fixture(limits, manifests: 1, files: 1, deletes: 1)
        let path = tables + "/clicks/plan"
        let id = try #require(try await fixture.send("POST", path, [:]).body["plan-id"]?.string)
        let listed = try await fixture.store.list(bucket: "lake", prefix: "", after: nil, limit: 1000)
        let manifest = try #require(listed.entries.first { $0.key.hasSuffix("m1.avro") })
        try await fixture.store.delete([BlobPath(bucket: "lake", key: manifest.key)])
        await fixture.plans.work(onPlan: id)
        let failed = try await fixture.send("GET", path + "/" + id)
        #expect(failed.status == 200 && failed.body["status"] == "failed")
        #expect(failed.body["error"]?["code"] == 500 && failed.body["error"]?["message"] != nil)
    }

    @Test("filters and other parts that are too long are refused")
    func bounded() async throws {
        var limits = PlanLimits()
        limits.filterBytes = 100
        let fixture = try await fixture(limits, manifests: 1, files: 1)
        let long: JSONValue = [
            "type": "in", "term": "id", "values": .array((0..<100).map { .integer($0) }),
        ]
        let answer = try await fixture.send("POST", tables + "/clicks/plan", ["filter": long])
        #expect(
            answer.status == 400 && answer.body["error"]?["message"]?.string?.contains("too long") == true)
    }
}
