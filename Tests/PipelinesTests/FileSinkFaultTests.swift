import Blobs
import Columnar
import Effects
import FileFormats
import JSONText
import Scheduling
import Streams
import Telemetry
import TestKit
import Testing

@testable import Pipelines

/// A sink of files over a store that fails before and after its effects, and runners that end anywhere.
@Suite struct FileSinkFaultTests {
    private static let operations: Set<BlobOperation> = [
        .startUpload, .append, .seal, .publish, .discard, .head,
    ]

    private struct World {
        let bench: PipelineBench
        let memory: MemoryBlobStore
        let store: FailingBlobStore

        init(seed: UInt64, planted: Set<PlantedBug>) async throws {
            bench = try await PipelineBench()
            bench.planted = planted
            memory = MemoryBlobStore(buckets: ["lake"])
            store = FailingBlobStore(
                memory, seed: seed, perMille: 120, operations: FileSinkFaultTests.operations)
            let definition = try SinkDefinition(
                creating: [
                    "name": "k", "type": "r2", "format": ["type": "json", "compression": "gzip"],
                    "config": [
                        "bucket": "lake", "path": "rows", "partitioning": ["time_pattern": "%s"],
                        "file_naming": ["strategy": "serial"],
                    ],
                ], id: bench.key.sinkID, now: bench.clock.now)
            guard case .files(let place) = definition.target else { preconditionFailure("a sink of files") }
            let stream = try StreamDefinition(
                creating: ["name": "s"], id: bench.streamID, now: bench.clock.now)
            bench.otherSink = FileSink(
                definition: definition, place: place, stream: stream, pipelineName: "p", key: bench.key,
                columns: Schema([Field("id", .long), Field("__ingest_ts", .timestamptz, isRequired: true)]),
                services: FileServices(
                    store: store, metastore: bench.metastore, pool: bench.morsels,
                    ledger: MemoryLedger(limit: 1 << 30), clock: bench.clock, randomness: LiveRandomness(),
                    log: .silent, planted: PlantedBugs(planted)))
        }
    }

    @Test(arguments: 0..<80)
    func everyRowIsInOneFile(seed: UInt64) async throws {
        #expect(try await fault(seed: seed) == nil)
    }

    @Test(arguments: [PlantedBug.filesShownEarly, .promisesForgotten])
    func aPlantedBugIsFound(bug: PlantedBug) async throws {
        for seed in 0..<80 where try await fault(seed: UInt64(seed), planted: [bug]) != nil { return }
        Issue.record("no seed finds \(bug)")
    }

    /// What went wrong, if anything did.
    private func fault(seed: UInt64, planted: Set<PlantedBug> = []) async throws -> String? {
        let world = try await World(seed: seed, planted: planted)
        let bench = world.bench
        var random = SeededGenerator(seed: seed &+ 1000)
        var sent: [Int64] = []
        var runner: PipelineRunner?
        for _ in 0..<12 {
            let ids = (0..<Int64(random.next() % 9)).map { Int64(sent.count) + $0 }
            sent += ids
            try await bench.send("[" + ids.map { "{\"id\":\($0)}" }.joined(separator: ",") + "]")
            bench.clock.advance(microseconds: Int64(random.next() % 700_000))
            do {
                if runner == nil { runner = try await bench.makeRunner() }
                _ = try await runner?.step()
                // As a kill would: nobody takes anything away.
                if random.next() % 5 == 0 { runner = nil }
            } catch {
                if random.next() % 2 == 0 { await runner?.abandon() }
                runner = nil
                try await bench.restartLog()
            }
            if let wrong = try await twins(world) { return wrong }
        }
        await runner?.abandon()
        return try await finish(world, sent)
    }

    /// Nothing fails any more: all that was sent is there.
    private func finish(_ world: World, _ sent: [Int64]) async throws -> String? {
        let bench = world.bench
        var isDone = false
        for _ in 0..<200 where !isDone {
            do {
                var runner = try await bench.makeRunner()
                _ = try await runner.step()
                try await runner.commit()
                isDone = true
            } catch is BlobsError {}
        }
        let found = try await ids(world)
        let wanted = sent.filter { $0 % 10 != 0 && $0 % 10 != 7 }
        if found.sorted() != wanted { return "rows are \(found.sorted()), should be \(wanted)" }
        let stats = try await bench.stats()
        guard stats.pending == 0, stats.counts.passed == Int64(wanted.count),
            stats.accepted == stats.counts.events
        else { return "the counters do not add up: \(stats)" }
        let rejects = try await lines(world, "rejects/s/")
        if rejects.count != sent.count(where: { $0 % 10 == 7 }) { return "rejects are \(rejects)" }
        return try await gap(world)
    }

    private func twins(_ world: World) async throws -> String? {
        let found = try await ids(world)
        return Set(found).count == found.count ? nil : "rows are there twice: \(found.sorted())"
    }

    /// The serial numbers of all files are one run: what a fault took back leaves no hole.
    private func gap(_ world: World) async throws -> String? {
        let names = try await keys(world, "rows/").map {
            $0.split(separator: "/").last.map(String.init) ?? ""
        }
        let wanted = names.indices.map { FileNaming.serialName(Int64($0), writer: 0) + ".json.gz" }
        return names.sorted() == wanted ? nil : "files are \(names.sorted())"
    }

    private func keys(_ world: World, _ prefix: String) async throws -> [String] {
        try await world.memory.list(bucket: "lake", prefix: prefix, after: nil, limit: 1000).entries.map(
            \.key)
    }

    private func lines(_ world: World, _ prefix: String) async throws -> [JSONValue] {
        var lines: [JSONValue] = []
        for key in try await keys(world, prefix) {
            var bytes = try await world.memory.read(BlobPath(bucket: "lake", key: key))
            if key.hasSuffix(".gz") { bytes = try Unfolder(.gzip).run(bytes[...], limit: 1 << 20).output }
            lines += try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONParser.parse(Array($0)) }
        }
        return lines
    }

    private func ids(_ world: World) async throws -> [Int64] {
        try await lines(world, "rows/").compactMap { $0["id"]?.integer }
    }
}
