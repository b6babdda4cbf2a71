import Blobs
import Foundation
import Octets
import Scheduling
import TestKit
import Testing

@testable import Buckets

@Suite("Versions of the store's journal")
struct JournalVersionTests {
    let directory: TemporaryDirectory
    let ioPool = IOPool(name: "test-io", threads: 2)

    init() throws { directory = try TemporaryDirectory() }

    private func open() async throws -> BucketStore {
        try await BucketStore.open(directory: directory.path + "/objects", ioPool: ioPool)
    }

    /// Says of every file of the journal that it is of this version.
    private func claim(_ version: UInt32) throws {
        let folder = directory.path + "/objects/journal/"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            var bytes = [UInt8](try #require(FileManager.default.contents(atPath: folder + name)))
            func put(_ value: UInt32, at offset: Int) {
                for index in 0..<4 {
                    bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
                }
            }
            put(version, at: 8)
            put(0, at: 12)
            put(CRC32C.checksum(bytes.span.extracting(0..<JournalHeader.byteCount)), at: 12)
            #expect(FileManager.default.createFile(atPath: folder + name, contents: Data(bytes)))
        }
    }

    /// Of the files of the journal, by name.
    private func versions() throws -> [UInt8] {
        let folder = directory.path + "/objects/journal/"
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map {
            try #require(FileManager.default.contents(atPath: folder + $0))[8]
        }
    }

    @Test("the one before is read, and goes on as this one; a newer one is refused")
    func upgrade() async throws {
        let path = BlobPath(bucket: "lake", key: "a")
        let store = try await open()
        _ = try await store.createBucket("lake")
        _ = try await store.put(path, [1, 2, 3], if: .always)
        store.close()
        try claim(JournalHeader.version - 1)
        let next = try await open()
        #expect(try await next.read(path) == [1, 2, 3])
        #expect(try versions() == [1, 2])
        _ = try await next.put(path, [4], if: .always)
        next.close()
        let again = try await open()
        #expect(try await again.read(path) == [4])
        #expect(try versions() == [1, 2])
        again.close()
        try claim(JournalHeader.version + 1)
        let error = await #expect(throws: BucketsError.self) { _ = try await open() }
        #expect(error?.code == .versionTooNew)
    }
}
