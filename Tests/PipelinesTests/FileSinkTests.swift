import Blobs
import Columnar
import Effects
import FileFormats
import JSONText
import Metastore
import Scheduling
import Streams
import Telemetry
import TestKit
import Testing

@testable import Pipelines

/// Files of a sink: each row in one of them once, seen when it is counted, over faults between any two steps.
@Suite struct FileSinkTests {
    private static let folder = "logs/year=2023/month=11/day=14/"

    private func makeNode(
        _ format: JSONValue = ["type": "json"], naming: JSONValue = .null
    ) async throws -> SmallNode {
        let node = try await SmallNode()
        try await node.makeEvents()
        _ = try await node.service.createSink([
            "name": "files", "type": "r2", "format": format,
            "config": [
                "bucket": "lake", "path": "logs", "file_naming": naming,
                "credentials": ["access_key_id": "id", "secret_access_key": "secret"],
                "rolling_policy": ["interval_seconds": 3600],
            ],
        ])
        return node
    }

    private static let pipeline: JSONValue = [
        "name": "p", "sql": "INSERT INTO files SELECT id, 10 / ratio AS part FROM events WHERE id > 0",
    ]

    private func keys(_ node: SmallNode, _ prefix: String = "logs/") async throws -> [String] {
        try await node.store.list(bucket: "lake", prefix: prefix, after: nil, limit: 1000).entries.map(\.key)
    }

    private func lines(_ node: SmallNode, _ prefix: String = "logs/") async throws -> [String] {
        try await node.fileLines(prefix).values.joined().sorted()
    }

    @Test func aValueOfJSONStandsInItsLineAsWhatItIs() async throws {
        let node = try await makeNode()
        try await node.send(#"[{"id":1,"more":{"a":[1, "x"]}},{"id":2}]"#)
        try await node.whileRunning {
            _ = try await node.service.createPipeline([
                "name": "p",
                "sql": "INSERT INTO files SELECT id, more, CAST(more AS STRING) AS text FROM events",
            ])
            try await node.service.flush(stream: "events")
        }
        #expect(
            try await lines(node) == [
                #"{"id":1,"more":{"a":[1, "x"]},"text":"{\"a\":[1, \"x\"]}"}"#,
                #"{"id":2,"more":null,"text":null}"#,
            ])
    }

    @Test func rowsLandInFilesAndRejectsBesideThem() async throws {
        let node = try await makeNode()
        try await node.send(#"[{"id":1,"ratio":2},{"id":0,"ratio":1},{"id":2,"ratio":0},{"id":"no"}]"#)
        try await node.whileRunning {
            _ = try await node.service.createPipeline(Self.pipeline)
            try await node.service.flush(stream: "events")
            let counts = try await node.service.stats("p").counts
            #expect(counts.passed == 1 && counts.filtered == 1 && counts.rejected == 2)
            let echoed = try await node.service.sink("files").json.description
            #expect(!echoed.contains("secret"))
            let refused = await #expect(throws: PipelinesError.self) {
                try await node.service.replayRejects("p")
            }
            #expect(refused?.code == .unsupportedSink)
        }
        let found = try await keys(node)
        #expect(found.count == 1 && found[0].hasPrefix(Self.folder) && found[0].hasSuffix(".json"))
        #expect(try await lines(node) == [#"{"id":1,"part":5}"#])
        let rejects = try await lines(node, "rejects/events/")
        #expect(rejects.count == 2 && rejects.allSatisfy { $0.contains(#""pipeline":"p""#) })
        #expect(node.store.sealedCount == 0)
    }

    @Test func parquetFilesHoldTheColumnsOfTheSQLAlone() async throws {
        let node = try await makeNode(["type": "parquet", "compression": "snappy"])
        try await node.send(#"[{"id":1,"ratio":2},{"id":2,"ratio":5}]"#)
        try await node.whileRunning {
            _ = try await node.service.createPipeline(Self.pipeline)
            try await node.service.flush(stream: "events")
        }
        let key = try #require(try await keys(node).first)
        let file = try await ParquetFile.open(try await node.store.open(BlobPath(bucket: "lake", key: key)))
        #expect(key.hasSuffix(".parquet") && file.rowGroups.map(\.rowCount) == [2])
        #expect(try file.fields().map(\.name) == ["id", "part"])
    }

    @Test func serialNamesHaveNoGapWhateverFailsInBetween() async throws {
        let node = try await makeNode(naming: ["strategy": "serial", "prefix": "e"])
        try await node.run(node.service) {
            _ = try await node.service.createPipeline(Self.pipeline)
            for id in 1...3 {
                node.faults.failNext(.seal, afterEffect: id == 2)
                try await node.send(#"[{"id":\#(id),"ratio":1}]"#)
                let isLanded = try await eventually {
                    do { try await node.service.flush(stream: "events") } catch is BlobsError { return false }
                    return true
                }
                #expect(isLanded)
            }
        }
        let names = ["e-00000-000.json", "e-00001-000.json", "e-00002-000.json"]
        #expect(try await keys(node) == names.map { Self.folder + $0 })
        // Another process goes on where this one stood; another pipeline has a number of its own.
        let service = try await node.reopen()
        try await node.run(service) {
            _ = try await service.createPipeline([
                "name": "q", "sql": "INSERT INTO files SELECT id, ratio AS part FROM events",
            ])
            try await node.send(#"[{"id":4,"ratio":1}]"#)
            try await service.flush(stream: "events")
        }
        await node.registry.close()
        let more = try await keys(node).map { String($0.dropFirst(Self.folder.count)) }
        #expect(more == ["e-00000-000.json", "e-00000-001.json"] + names.dropFirst() + ["e-00003-000.json"])
    }

    @Test func aSinkMadeAnewPassesOverTheNamesOfTheOneBefore() async throws {
        let node = try await makeNode(naming: ["strategy": "serial"])
        for serial in 0..<5 {
            let path = BlobPath(
                bucket: "lake", key: Self.folder + FileNaming.serialName(Int64(serial), writer: 0) + ".json")
            _ = try await node.store.put(path, [1], if: .always)
        }
        try await node.send(#"[{"id":1,"ratio":1}]"#)
        try await node.whileRunning {
            _ = try await node.service.createPipeline(Self.pipeline)
            try await node.service.flush(stream: "events")
        }
        #expect(try await keys(node).count == 6)
        #expect(try await lines(node).contains(#"{"id":1,"part":10}"#))
    }

    @Test(
        arguments: [
            ([3, 4], 5), ([0], 1), ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10), ([0, 1, 2, 4, 5, 6, 7], 3),
        ] as [([Int64], Int64)])
    func numbersThatOthersHaveArePassedOverAndNoOthers(_ taken: [Int64], _ next: Int64) async throws {
        let node = try await makeNode(naming: ["strategy": "serial"])
        func key(_ serial: Int64) -> String {
            Self.folder + FileNaming.serialName(serial, writer: 0) + ".json"
        }
        for serial in taken {
            _ = try await node.store.put(BlobPath(bucket: "lake", key: key(serial)), [1], if: .always)
        }
        let first = taken.first == 0 ? 0 : 3
        try await node.whileRunning {
            _ = try await node.service.createPipeline(Self.pipeline)
            for id in 1...first + 1 {
                try await node.send(#"[{"id":\#(id),"ratio":1}]"#)
                try await node.service.flush(stream: "events")
            }
        }
        let numbers = Set(0..<Int64(first)).union(taken).union([next])
        #expect(try await keys(node) == numbers.sorted().map(key))
    }

    @Test func twoSinksNeverCountInOneFolder() async throws {
        let node = try await makeNode(naming: ["strategy": "serial"])
        func make(_ name: String, _ changes: JSONObject, format: String = "json") async -> PipelinesError
            .Code?
        {
            var config: JSONObject = [
                "bucket": "lake", "path": "logs", "file_naming": ["strategy": "serial"],
            ]
            for (name, value) in changes.members { config[name] = value }
            do {
                _ = try await node.service.createSink([
                    "name": .string(name), "type": "r2", "format": ["type": .string(format)],
                    "config": .object(config),
                ])
                return nil
            } catch { return (error as? PipelinesError)?.code }
        }
        #expect(await make("same", [:]) == .invalidDefinition)
        let ofTime: JSONValue = ["time_pattern": "%Y/%m/%d"]
        #expect(await make("perhaps", ["partitioning": ofTime]) == .invalidDefinition)
        let fixed: JSONValue = ["time_pattern": "month=%m/day=%d"]
        #expect(
            await make("joined", ["path": "logs/year=2026", "partitioning": fixed]) == .invalidDefinition)
        #expect(await make("deeper", ["path": "logs/more"]) == nil)
        #expect(await make("flat", ["partitioning": ["time_pattern": ""]]) == nil)
        #expect(await make("called", ["file_naming": ["strategy": "serial", "prefix": "b"]]) == nil)
        #expect(await make("random", ["file_naming": ["strategy": "ulid"]]) == nil)
        #expect(await make("parquet", [:], format: "parquet") == nil)
        // Once the first is gone its folder is free.
        try await node.service.deleteSink("files")
        #expect(await make("same", [:]) == nil)
        await node.registry.close()
    }

    @Test func whatACommitPromisedIsShownByTheNextProcess() async throws {
        let node = try await makeNode()
        try await node.send(#"[{"id":1,"ratio":1}]"#)
        node.faults.failNext(.publish, count: 1_000)
        try await node.run(node.service) {
            _ = try await node.service.createPipeline(Self.pipeline)
            await #expect(throws: BlobsError.self) { try await node.service.flush(stream: "events") }
            // Counted, and kept by the log until it is seen.
            #expect(try await node.service.stats("p").counts.passed == 1)
            #expect(try await node.service.pipeline("p").status == .retrying)
        }
        #expect(try await keys(node).isEmpty && node.store.sealedCount == 1)
        node.faults.forgetOrders()
        let service = try await node.reopen()
        try await node.run(service) { try await service.flush(stream: "events") }
        await node.registry.close()
        #expect(try await lines(node) == [#"{"id":1,"part":10}"#])
        #expect(node.store.sealedCount == 0)
    }

    @Test func thePromisesOfADeletedPipelineAreKept() async throws {
        let node = try await makeNode()
        try await node.send(#"[{"id":1,"ratio":1}]"#)
        node.faults.failNext(.publish, count: 1_000)
        try await node.run(node.service) {
            _ = try await node.service.createPipeline(Self.pipeline)
            await #expect(throws: BlobsError.self) { try await node.service.flush(stream: "events") }
            try await node.service.deletePipeline("p")
            try await node.service.deleteSink("files")
        }
        node.faults.forgetOrders()
        let service = try await node.reopen()
        try await node.run(service) {
            let isShown = try await eventually { try await !keys(node).isEmpty }
            #expect(isShown)
        }
        await node.registry.close()
        #expect(try await lines(node) == [#"{"id":1,"part":10}"#])
    }

    @Test func aFileThatTheStoreLostStopsThePipelineUntilSomebodyGoesOn() async throws {
        let node = try await makeNode()
        try await node.send(#"[{"id":1,"ratio":1}]"#)
        node.faults.failNext(.publish, count: 1_000)
        try await node.run(node.service) {
            _ = try await node.service.createPipeline(Self.pipeline)
            await #expect(throws: BlobsError.self) { try await node.service.flush(stream: "events") }
        }
        node.faults.forgetOrders()
        try await node.store.discardSealed(except: [])
        let service = try await node.reopen()
        try await node.run(service) {
            let hasFailed = try await eventually { try await service.pipeline("p").status == .failed }
            #expect(hasFailed)
            let reason = try await service.pipeline("p").failureReason ?? ""
            #expect(reason.contains("let go of a file") && reason.contains("0..<1"), "\(reason)")
            _ = try await service.resume("p")
            try await node.send(#"[{"id":2,"ratio":1}]"#)
            try await service.flush(stream: "events")
        }
        await node.registry.close()
        #expect(try await lines(node) == [#"{"id":2,"part":10}"#])
    }

    @Test func anothersObjectOfAFilesNameStays() async throws {
        let node = try await makeNode(naming: ["strategy": "serial"])
        try await node.send(#"[{"id":1,"ratio":1}]"#)
        node.faults.failNext(.publish, count: 1_000)
        try await node.run(node.service) {
            _ = try await node.service.createPipeline(Self.pipeline)
            await #expect(throws: BlobsError.self) { try await node.service.flush(stream: "events") }
        }
        let path = BlobPath(bucket: "lake", key: Self.folder + "00000-000.json")
        _ = try await node.store.put(path, [9], if: .always)
        node.faults.forgetOrders()
        let service = try await node.reopen()
        try await node.run(service) {
            let hasSaidSo = try await eventually {
                try await service.pipeline("p").failureReason?.contains("another object has the name") == true
            }
            #expect(hasSaidSo)
            #expect(try await node.store.read(path) == [9])
            try await node.store.delete([path])
            let isLanded = try await eventually {
                do { try await service.flush(stream: "events") } catch is PipelinesError { return false }
                return true
            }
            #expect(isLanded)
        }
        await node.registry.close()
        #expect(try await lines(node) == [#"{"id":1,"part":10}"#])
    }

    @Test func aRowLimitRollsFiles() async throws {
        let policy = try RollingPolicy(json: ["interval_seconds": 3600, "file_rows": 100])
        #expect(try RollingPolicy(json: policy.json) == policy)
        var timing = CommitTiming(policy: policy)
        timing.noteEvents(logBytes: 1, at: 0)
        #expect(!timing.isDue(writtenBytes: 0, writtenRows: 99, landingBytes: 1 << 29, at: 1))
        #expect(timing.isDue(writtenBytes: 0, writtenRows: 100, landingBytes: 1 << 29, at: 1))
    }
}
