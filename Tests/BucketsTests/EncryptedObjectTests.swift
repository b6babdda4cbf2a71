import Blobs
import Effects
import Foundation
import JSONText
import Octets
import Scheduling
import Signing
import Synchronization
import TestKit
import Testing

@testable import Buckets

/// Encrypted objects in a store: who may read them, and what lies on the disk.
@Suite("Encrypted objects")
struct EncryptedObjectTests {
    let directory: TemporaryDirectory
    let ioPool = IOPool(name: "test-io", threads: 4)
    let keyFile = KeyFile(key: [UInt8](repeating: 3, count: 32))
    let key: CustomerKey
    let other: CustomerKey
    /// Inline, at the limit, in a file, and over several blocks of the stage.
    static let sizes = [0, 1, 5000, 65_536, 65_537, 300_000, 2_500_000]

    init() throws {
        directory = try TemporaryDirectory()
        key = try #require(CustomerKey(Array("0123456789abcdef0123456789ABCDEF".utf8)))
        other = try #require(CustomerKey([UInt8](repeating: 7, count: 32)))
    }

    func open(_ keyFile: KeyFile?) async throws -> BucketStore {
        try await BucketStore.open(
            directory: directory.path + "/objects", ioPool: ioPool, keyFile: keyFile)
    }

    func open() async throws -> BucketStore { try await open(keyFile) }

    func path(_ key: String) -> BlobPath { BlobPath(bucket: "lake", key: key) }

    /// Text that would be found on the disk.
    func bytes(_ size: Int) -> [UInt8] {
        Array(String(repeating: "the plain text ", count: size / 15 + 1).utf8.prefix(size))
    }

    func put(
        _ store: BucketStore, _ name: String, _ bytes: [UInt8], _ encryption: WriteEncryption
    ) async throws -> BlobInfo {
        let upload = try store.startObject(path(name), hashesMD5: true, encryption: encryption)
        for start in stride(from: 0, to: bytes.count, by: 700_000) {
            try await upload.append(Array(bytes[start..<min(start + 700_000, bytes.count)]))
        }
        return try await upload.complete(
            if: .always, metadata: ObjectMetadata([.init("x-amz-meta-a", "b")]))
    }

    func expect(_ code: BucketsError.Code, _ body: () async throws -> Void) async {
        let error = await #expect(throws: BucketsError.self) { try await body() }
        #expect(error?.code == code)
    }

    /// Whether the text stands in any file of the store.
    func isOnDisk(_ text: some Sequence<UInt8>) throws -> Bool {
        let wanted = Data(text)
        let files = try #require(FileManager.default.enumerator(atPath: directory.path))
        for case let name as String in files {
            guard let data = FileManager.default.contents(atPath: directory.path + "/" + name) else {
                continue
            }
            if data.range(of: wanted) != nil { return true }
        }
        return false
    }

    @Test("come back whole, in ranges and after a restart; the disk has neither text nor key")
    func roundTrip() async throws {
        var store = try await open()
        _ = try await store.createBucket("lake")
        for size in Self.sizes {
            let info = try await put(store, "c\(size)", bytes(size), .customer(key))
            #expect(info.size == Int64(size) && info.etag.utf8.count == 32)
            #expect(info.etag != Hex.encode(MD5.hash(bytes(size))))
            #expect(
                try await put(store, "s\(size)", bytes(size), .store).etag
                    == Hex.encode(MD5.hash(bytes(size))))
        }
        for restart in 0..<3 {
            for size in Self.sizes {
                for (name, key) in [("c\(size)", key), ("s\(size)", nil)] {
                    let object = try await store.openObject(path(name), key: key)
                    #expect(object.info.size == Int64(size) && object.metadata["x-amz-meta-a"] == "b")
                    #expect(try await object.read([0..<Int64(size)])[0] == bytes(size))
                    guard size > 100 else { continue }
                    let range = Int64(size) / 2 - 20..<Int64(size) / 2 + 30
                    #expect(
                        try await object.read([range])[0]
                            == Array(bytes(size)[Int(range.lowerBound)..<Int(range.upperBound)]))
                }
            }
            if restart == 0 { store.checkpoint() }
            store.close()
            store = try await open()
        }
        let listed = try store.listObjects(bucket: "lake", prefix: "", delimiter: nil, after: nil, limit: 100)
        #expect(
            listed.items.compactMap { if case .key(_, let info) = $0 { Int(info.size) } else { nil } }
                .sorted()
                == (Self.sizes + Self.sizes).sorted())
        #expect(try store.bucketInfo("lake").byteCount == Int64(2 * Self.sizes.reduce(0, +)))
        store.close()
        #expect(try !isOnDisk("the plain text".utf8))
        #expect(try !isOnDisk(key.bytes.prefix(16)) && !isOnDisk(key.bytes.suffix(16)))
        #expect(try isOnDisk("x-amz-meta-a".utf8))
    }

    @Test("a customer's key must come, be the right one, and not come without need")
    func refusals() async throws {
        let store = try await open()
        _ = try await store.createBucket("lake")
        _ = try await put(store, "c", bytes(100), .customer(key))
        _ = try await put(store, "s", bytes(100), .store)
        _ = try await put(store, "p", bytes(100), .ofBucket)
        await expect(.keyMissing) { _ = try await store.openObject(path("c")) }
        await expect(.keyMissing) { _ = try await store.open(path("c")) }
        await expect(.keyWrong) { _ = try await store.openObject(path("c"), key: other) }
        await expect(.keyWrong) { _ = try store.objectFacts(path("c"), key: other) }
        for name in ["s", "p"] {
            await expect(.keyUnwanted) { _ = try await store.openObject(path(name), key: key) }
        }
        #expect(try store.objectFacts(path("p")).encryption == nil)
        #expect(try store.objectFacts(path("c"), key: key).encryption == .customer)
        store.close()
        // Without its key file, or under another one, the store's own are lost; nothing else is.
        let without = try await open(nil)
        await expect(.keyFileMissing) { _ = try await without.openObject(path("s")) }
        #expect(try await without.openObject(path("c"), key: key).read([0..<100])[0] == bytes(100))
        without.close()
        let strange = try await open(KeyFile(key: [UInt8](repeating: 4, count: 32)))
        await #expect(throws: SigningError.self) { _ = try await strange.openObject(path("s")) }
        strange.close()
    }

    @Test("a bucket that encrypts does so for whoever writes, pipelines too, and until it is told not to")
    func bucketSetting() async throws {
        let store = try await open()
        _ = try await store.createBucket("lake")
        await expect(.settingInvalid) {
            try await store.set(.encryption, of: "lake", to: ["algorithm": "aws:kms"])
        }
        try await store.set(.encryption, of: "lake", to: ["algorithm": "AES256"])
        _ = try await store.put(path("put"), bytes(5000), if: .always)
        let upload = try await store.startUpload(path("sealed"))
        try await upload.append(bytes(100_000))
        let sealed = try await upload.seal()
        #expect(sealed.size == 100_000)
        _ = try await store.publish(sealed)
        try await checkBlobStore(store, bucket: "lake")
        #expect(try !isOnDisk("the plain text".utf8))
        try await store.set(.encryption, of: "lake", to: nil)
        _ = try await store.put(path("plain"), bytes(5000), if: .always)
        store.close()
        let again = try await open()
        #expect(try await again.read(path("put")) == bytes(5000))
        #expect(try await again.read(path("sealed")) == bytes(100_000))
        #expect(try again.objectFacts(path("sealed")).encryption == .store)
        #expect(try again.objectFacts(path("plain")).encryption == nil)
        again.close()
        #expect(try isOnDisk("the plain text".utf8))
    }

    /// Parts 2, 3 and 7, one of them sent twice, and one more that nobody wants.
    private func uploaded(
        _ store: BucketStore, _ encryption: WriteEncryption, _ key: CustomerKey?
    ) async throws -> (id: String, parts: [(number: Int, etag: String)], bytes: [UInt8]) {
        let id = try await store.startMultipart(
            path("m"), metadata: ObjectMetadata(), encryption: encryption)
        var parts: [(number: Int, etag: String)] = []
        let sizes = [5 << 20, (5 << 20) + 1, 70_000]
        for (number, size) in [(2, 100), (2, sizes[0]), (3, sizes[1]), (5, 300), (7, sizes[2])] {
            let part = try store.startPart(path("m"), upload: id, number: number, key: key)
            try await part.append(bytes(size))
            let info = try await part.complete()
            #expect(info.size == size && info.etag.utf8.count == 32)
            if size > 1000 { parts.append((number, info.etag)) }
        }
        return (id, parts, sizes.flatMap { bytes($0) })
    }

    @Test("parts become an object without the customer's key, and with it where a checksum is asked for")
    func multipart() async throws {
        let store = try await open()
        _ = try await store.createBucket("lake")
        for (encryption, key) in [(WriteEncryption.customer(key), key), (.store, nil)] {
            let upload = try await uploaded(store, encryption, key)
            if key != nil {
                for wrong in [nil, other] {
                    await expect(.partKeyWrong) {
                        _ = try store.startPart(path("m"), upload: upload.id, number: 1, key: wrong)
                    }
                }
                await expect(.partKeyWrong) {
                    _ = try await store.completeMultipart(
                        path("m"), upload: upload.id, parts: upload.parts, if: .always, key: other)
                }
                await expect(.keyMissing) {
                    _ = try await store.completeMultipart(
                        path("m"), upload: upload.id, parts: upload.parts, if: .always, observing: { _ in })
                }
            }
            _ = try await store.completeMultipart(
                path("m"), upload: upload.id, parts: upload.parts, if: .always)
            let object = try await store.openObject(path("m"), key: key)
            #expect(object.info.size == upload.bytes.count)
            #expect(try await object.read([0..<object.info.size])[0] == upload.bytes)
            for border in [5 << 20, (10 << 20) + 1] {
                let range = Int64(border) - 3..<Int64(border) + 3
                #expect(
                    try await object.read([range])[0]
                        == Array(upload.bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
            }
            let next = try await uploaded(store, encryption, key)
            let seen = Mutex<[UInt8]>([])
            _ = try await store.completeMultipart(
                path("m"), upload: next.id, parts: next.parts, if: .always, key: key,
                observing: { bytes in seen.withLock { $0 += bytes } })
            #expect(seen.withLock { $0 } == next.bytes)
        }
        store.close()
        #expect(try !isOnDisk("the plain text".utf8))
    }

    @Test("damage is found by readers with the key, and by the background check without it")
    func damage() async throws {
        let store = try await open()
        _ = try await store.createBucket("lake")
        _ = try await put(store, "c", bytes(300_000), .customer(key))
        let file = try #require(
            FileManager.default.enumerator(atPath: directory.path + "/objects/data")?.compactMap {
                $0 as? String
            }
            .first { $0.contains("/") })
        let handle = try #require(FileHandle(forUpdatingAtPath: directory.path + "/objects/data/" + file))
        // Two chunks change places: as a range of either shows, and as the checksum does.
        let chunk = Int(ChunkFormat.storedBytes)
        let data = try #require(try handle.read(upToCount: 2 * chunk))
        try handle.seek(toOffset: 0)
        try handle.write(contentsOf: data.suffix(chunk) + data.prefix(chunk))
        try handle.close()
        let object = try await store.openObject(path("c"), key: key)
        for range in [0..<10 as Range<Int64>, 70_000..<70_010, 0..<300_000] {
            let error = await #expect(throws: BlobsError.self) { _ = try await object.read([range]) }
            #expect(error?.code == .corrupt)
        }
        #expect(try await object.read([200_000..<300_000])[0] == Array(bytes(300_000)[200_000...]))
        #expect(try await store.scrub(from: BucketStore.ScrubCursor(), byteLimit: 1 << 30) == nil)
        let error = await #expect(throws: BlobsError.self) {
            _ = try await store.openObject(path("c"), key: key)
        }
        #expect(error?.code == .corrupt)
        store.close()
    }

    @Test("the index is made anew from files alone, without any key")
    func rebuild() async throws {
        let store = try await open()
        _ = try await store.createBucket("lake")
        _ = try await put(store, "c", bytes(300_000), .customer(key))
        _ = try await put(store, "s", bytes(100_000), .store)
        let upload = try await uploaded(store, .customer(key), key)
        _ = try await store.completeMultipart(
            path("m"), upload: upload.id, parts: upload.parts, if: .always)
        store.close()
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path + "/objects/journal") {
            try FileManager.default.removeItem(atPath: directory.path + "/objects/journal/" + name)
        }
        var rebuild = BucketRebuild(directory: directory.path + "/objects")
        let report = try rebuild.run()
        #expect(report.restored == 3 && report.lostCount == 0)
        let again = try await open()
        #expect(try await again.openObject(path("c"), key: key).read([0..<300_000])[0] == bytes(300_000))
        #expect(try await again.read(path("s")) == bytes(100_000))
        let object = try await again.openObject(path("m"), key: key)
        #expect(try await object.read([0..<object.info.size])[0] == upload.bytes)
        again.close()
    }
}
