import Blobs
import Effects
import Foundation
import HTTPClient
import Scheduling
import Telemetry
import TestKit
import Testing

@testable import S3Client

/// The contract of every store over real ones: moto, and a Firn.
@Suite("S3BlobStore over other stores", .serialized)
struct S3ContractTests {
    private func store(_ server: S3ForTests, prefix: String = "base") throws -> S3BlobStore {
        let metrics = MetricsRegistry()
        return S3BlobStore(
            address: try S3Address(parsing: "s3://\(server.bucket)/\(prefix)?endpoint=\(server.url)"),
            keys: FixedS3Keys(S3Keys(accessKey: server.accessKey, secret: server.secretKey)),
            transport: HTTPTransport(HTTPClient()),
            effects: S3Effects(
                clock: LiveClock(), randomness: LiveRandomness(), pool: IOPool(name: "test", threads: 2),
                meters: S3Meters(metrics), log: .silent))
    }

    @Test("moto keeps the contract")
    func moto() async throws {
        let server = try S3ForTests(.moto)
        defer { withExtendedLifetime(server) {} }
        var promises = BlobStorePromises.external
        promises.pieceBytes = [4_000_000]
        // It looks and then writes, without a lock: of racing writes two may win.
        promises.decidesRaces = false
        // It answers 500 where no upload has the id.
        promises.tellsGoneUploads = false
        let store = try store(server)
        try await store.probe(bucket: ".firn")
        try await checkBlobStore(store, bucket: "lake", promises: promises)
    }

    @Test("a Firn keeps the contract", .enabled(if: S3ContractTests.hasFirn))
    func firn() async throws {
        let server = try S3ForTests(.firn)
        defer { withExtendedLifetime(server) {} }
        var promises = BlobStorePromises.external
        promises.pieceBytes = [4_000_000]
        let store = try store(server)
        try await store.probe(bucket: ".firn")
        try await checkBlobStore(store, bucket: "lake", promises: promises)
    }

    @Test(
        "what a Firn acknowledged over a failing network is there, once",
        .enabled(if: S3ContractTests.hasFirn),
        arguments: 0..<4)
    func failingNetwork(seed: Int) async throws {
        let server = try S3ForTests(.firn, faults: 120, seed: seed)
        defer { withExtendedLifetime(server) {} }
        let store = try store(server)
        let tally = try await CounterHistory(store: store, path: BlobPath(bucket: "lake", key: "n")).run()
        #expect(tally.isPossible, "seed \(seed): \(tally)")
        var sizes: [String: Int] = [:]
        for (index, size) in [0, 1, 70_000, 9_000_000, 34_000_000].enumerated() {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ index) }
            let path = BlobPath(bucket: "lake", key: "o\(index)")
            do {
                _ = try await store.put(path, bytes, if: .ifAbsent)
            } catch let error as BlobsError where [.unavailable, .writeUnresolved].contains(error.code) {
                continue
            }
            sizes[path.key] = size
            #expect(try await store.read(path) == bytes, "seed \(seed), \(size) bytes")
        }
        #expect(sizes.count >= 3, "most writes get through")
    }

    /// Built apart: `make build` makes it before the tests of a whole run.
    static let hasFirn: Bool = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return FileManager.default.isExecutableFile(atPath: root.path + "/.build/release/firn")
    }()
}
