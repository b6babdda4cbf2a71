import Blobs
import Effects
import TestKit
import Testing

@testable import S3Client

/// Objects in an external store that are durable and unseen.
@Suite("Sealed objects of an external store")
struct S3SealedTests {
    private func seal(_ world: S3World, _ key: String, _ bytes: [UInt8]) async throws -> SealedBlob {
        let upload = try await world.store.startUpload(world.path(key))
        try await upload.append(bytes)
        return try await upload.seal()
    }

    @Test("appear once, whatever becomes of requests and answers", arguments: 0..<200)
    func faults(seed: Int) async throws {
        let world = try S3World(
            seed: UInt64(seed), perMille: 250,
            faults: [.notConnected, .resetBefore, .resetAfter, .errorBefore, .errorAfter, .slowDown]
        ) { $0.attempts = 3 }
        let bytes = (0..<(seed % 4) * 1500 + 1).map { UInt8(truncatingIfNeeded: $0) }
        var sealed: SealedBlob?
        for _ in 0..<50 where sealed == nil { sealed = try? await seal(world, "x", bytes) }
        let blob = try #require(sealed)
        #expect(world.server.object("base/lake/x") == nil)
        var isPublished = false
        for _ in 0..<50 where !isPublished {
            do {
                #expect(try await world.store.publish(blob).size == Int64(bytes.count))
                isPublished = true
            } catch let error as BlobsError {
                // Nothing that says it never will be: it is there, or comes.
                #expect([.unavailable, .writeUnresolved].contains(error.code), "seed \(seed): \(error)")
            }
        }
        #expect(isPublished && world.server.object("base/lake/x")?.bytes == bytes)
    }

    @Test("are not aborted by age while somebody has promised them")
    func age() async throws {
        let world = try S3World()
        let promised = try await seal(world, "promised", [1])
        let forgotten = try await seal(world, "forgotten", [2])
        world.clock.advance(microseconds: 10_000_000)
        #expect(try await world.store.abortOldUploads(before: world.clock.now, except: [promised]) == 1)
        _ = try await world.store.publish(promised)
        let gone = await #expect(throws: BlobsError.self) { try await world.store.publish(forgotten) }
        #expect(gone?.code == .uploadGone)
    }

    @Test("whose receipt is damaged are an error and no request")
    func damaged() async throws {
        let world = try S3World()
        var sealed = try await seal(world, "x", [1])
        sealed.receipt = "u1"
        let requests = world.server.requestCount
        let error = await #expect(throws: BlobsError.self) { try await world.store.publish(sealed) }
        #expect(error?.code == .corrupt && world.server.requestCount == requests)
    }
}
