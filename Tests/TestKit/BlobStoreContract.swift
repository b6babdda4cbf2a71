package import Blobs
import Effects

/// Says which promise of a contract was broken.
package struct ContractViolation: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// Where implementations may differ.
package struct BlobStorePromises: Sendable {
    /// A reader keeps seeing the version it opened; otherwise it is told that it is gone.
    package var keepsVersions = true
    /// The longest key in the bucket of the test.
    package var keyBytes = ObjectKey.byteLimit
    /// Of racing conditional writes one wins. A store for tests may only take turns.
    package var decidesRaces = true
    /// An upload that was ended is told as gone. A store for tests may fail there, so that nothing is known.
    package var tellsGoneUploads = true
    /// Besides small ones, an upload comes in nine pieces of each of these sizes.
    package var pieceBytes: [Int] = []

    package static let own = BlobStorePromises()
    /// Another store, below a short prefix.
    package static let external = BlobStorePromises(keepsVersions: false, keyBytes: ObjectKey.byteLimit - 100)
}

/// Checks what every `BlobStore` promises. `bucket` exists and is empty; it is left with objects in it.
///
/// - Errors: `ContractViolation`, or what the store throws where it should not.
package func checkBlobStore(
    _ store: any BlobStore, bucket: String, promises: BlobStorePromises = .own
) async throws {
    let contract = BlobStoreContract(store: store, bucket: bucket, promises: promises)
    try await contract.checkPutAndRead()
    try await contract.checkConditions()
    try await contract.checkReadersKeepTheirVersion()
    try await contract.checkUploads()
    try await contract.checkSealed()
    try await contract.checkNames()
    if promises.decidesRaces { try await contract.checkRaces() }
    try await contract.checkListing()
}

private struct BlobStoreContract {
    let store: any BlobStore
    let bucket: String
    let promises: BlobStorePromises

    func path(_ key: String) -> BlobPath { BlobPath(bucket: bucket, key: key) }

    func require(_ condition: Bool, _ promise: String) throws {
        guard condition else { throw ContractViolation(promise) }
    }

    func expect<Result>(_ code: BlobsError.Code, _ promise: String, _ body: () async throws -> Result)
        async throws
    {
        do {
            _ = try await body()
        } catch let error as BlobsError where error.code == code {
            return
        } catch {
            throw ContractViolation("\(promise), but it failed with \(error)")
        }
        throw ContractViolation("\(promise), but it succeeded")
    }

    func checkPutAndRead() async throws {
        // Sizes on both sides of every limit an implementation is likely to have.
        for size in [0, 1, 4095, 65_535, 65_536, 65_537, 1_000_003] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
            let put = try await store.put(path("read/\(size)"), bytes, if: .always)
            try require(put.size == Int64(size), "a put tells the size")
            let head = try await store.head(path("read/\(size)"))
            try require(head.size == put.size && head.etag == put.etag, "head tells what put told")
            try require(
                try await store.read(path("read/\(size)")) == bytes, "what was put is read, \(size) bytes")
            let reader = try await store.open(path("read/\(size)"))
            let middle = Int64(size / 2)
            let answers = try await reader.read([middle..<Int64(size), 0..<middle, 0..<0])
            try require(
                answers.count == 3 && answers[1] + answers[0] == bytes, "ranges are answered in order")
            try await expect(.rangeInvalid, "a range past the end fails") {
                try await reader.read([0..<Int64(size + 1)])
            }
        }
        try await expect(.notFound, "head of a missing object fails") {
            try await store.head(path("missing"))
        }
        try await expect(.notFound, "a missing object does not open") {
            try await store.open(path("missing"))
        }
        try await store.delete([path("missing"), path("read/0")])
        try await expect(.notFound, "a deleted object is gone") { try await store.open(path("read/0")) }
    }

    func checkConditions() async throws {
        let first = try await store.put(path("condition"), [1], if: .ifAbsent)
        try await expect(.conditionFailed, "ifAbsent fails over an object") {
            try await store.put(path("condition"), [2], if: .ifAbsent)
        }
        let second = try await store.put(path("condition"), [3], if: .ifMatch(etag: first.etag))
        try require(first.etag != second.etag, "other bytes have another etag")
        try await expect(.conditionFailed, "ifMatch fails with an old etag") {
            try await store.put(path("condition"), [4], if: .ifMatch(etag: first.etag))
        }
        try await expect(.notFound, "ifMatch fails where nothing is") {
            try await store.put(path("condition2"), [4], if: .ifMatch(etag: first.etag))
        }
        try require(try await store.read(path("condition")) == [3], "a failed put changes nothing")
        try await store.delete([path("condition")])
        _ = try await store.put(path("condition"), [5], if: .ifAbsent)
    }

    func checkReadersKeepTheirVersion() async throws {
        for size in [10, 200_000] {
            let old = [UInt8](repeating: 1, count: size)
            _ = try await store.put(path("version"), old, if: .always)
            let reader = try await store.open(path("version"))
            _ = try await store.put(path("version"), [2], if: .always)
            try await checkOld(reader, old, after: "an overwrite", code: .versionGone)
            try await store.delete([path("version")])
            try await checkOld(reader, old, after: "a delete", code: .notFound)
        }
    }

    private func checkOld(
        _ reader: any BlobReader, _ old: [UInt8], after change: String, code: BlobsError.Code
    ) async throws {
        guard promises.keepsVersions else {
            return try await expect(code, "a reader does not see another version after \(change)") {
                try await reader.read([0..<Int64(old.count)])
            }
        }
        try require(
            try await reader.read([0..<Int64(old.count)])[0] == old, "a reader outlives \(change)")
    }

    func checkUploads() async throws {
        for partSize in [7, 100_000] + promises.pieceBytes {
            let upload = try await store.startUpload(path("upload/\(partSize)"))
            var whole: [UInt8] = []
            for index in 0..<9 {
                let part = [UInt8](repeating: UInt8(index), count: partSize)
                try await upload.append(part)
                whole += part
            }
            try await expect(.notFound, "an upload is invisible before it completes") {
                try await store.head(path("upload/\(partSize)"))
            }
            let info = try await upload.complete(if: .ifAbsent)
            try require(info.size == Int64(whole.count), "complete tells the size")
            try require(
                try await store.read(path("upload/\(partSize)")) == whole, "an upload keeps its order")
        }
        let loser = try await store.startUpload(path("upload/7"))
        try await loser.append([1])
        try await expect(.conditionFailed, "complete checks its condition") {
            try await loser.complete(if: .ifAbsent)
        }
        let aborted = try await store.startUpload(path("upload/aborted"))
        try await aborted.append([UInt8](repeating: 1, count: 100_000))
        await aborted.abort()
        try await expect(.notFound, "an aborted upload leaves nothing") {
            try await store.head(path("upload/aborted"))
        }
        let empty = try await store.startUpload(path("upload/empty"))
        try require(try await empty.complete(if: .always).size == 0, "an upload may be empty")
    }

    private func seal(_ key: String, _ bytes: [UInt8]) async throws -> SealedBlob {
        let upload = try await store.startUpload(path(key))
        try await upload.append(bytes)
        return try await upload.seal()
    }

    func checkSealed() async throws {
        let gone: BlobsError.Code = promises.tellsGoneUploads ? .uploadGone : .writeUnresolved
        for size in [0, 7, 100_000, 300_001] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ size) }
            let key = "sealed/\(size)"
            let sealed = try await seal(key, bytes)
            try require(sealed.size == Int64(size), "a sealed object tells its size")
            try await expect(.notFound, "a sealed object is unseen") { try await store.head(path(key)) }
            let listed = try await store.list(bucket: bucket, prefix: key, after: nil, limit: 10)
            try require(listed.entries.isEmpty, "a sealed object is not listed")
            try require(try await store.publish(sealed).size == Int64(size), "publishing tells the size")
            try require(try await store.read(path(key)) == bytes, "what was sealed is read")
            try require(try await store.publish(sealed).size == Int64(size), "publishing twice is publishing")
            try await store.delete([path(key)])
            try await expect(gone, "what was deleted does not come back") { try await store.publish(sealed) }
        }
        let taken = try await seal("sealed/taken", [1])
        _ = try await store.put(path("sealed/taken"), [2], if: .always)
        try await expect(.conditionFailed, "another's object stays") { try await store.publish(taken) }
        try require(try await store.read(path("sealed/taken")) == [2], "another's object is untouched")
        try await store.delete([path("sealed/taken")])
        _ = try await store.publish(taken)
        try require(try await store.read(path("sealed/taken")) == [1], "it comes when the name is free")
        let unwanted = try await seal("sealed/unwanted", [3])
        try await store.discard(unwanted)
        try await store.discard(unwanted)
        try await expect(gone, "what was let go is gone") { try await store.publish(unwanted) }
    }

    func checkNames() async throws {
        let longest = String(repeating: "k", count: promises.keyBytes)
        let keys = [
            "n", "n/b", "n/", "/n", "n//b", "n/../b", "é", "e\u{301}", "\u{1}", "%2F", "a b+c", longest,
        ]
        for (index, key) in keys.enumerated() {
            _ = try await store.put(path(key), [UInt8(index)], if: .ifAbsent)
        }
        for (index, key) in keys.enumerated() {
            try require(
                try await store.read(path(key)) == [UInt8(index)],
                "the key \(key.debugDescription) is its own")
        }
        try await expect(.invalidName, "an empty key is refused") {
            try await store.put(path(""), [], if: .always)
        }
        try await expect(.invalidName, "a key of 1,025 bytes is refused") {
            try await store.put(
                path(String(repeating: "k", count: ObjectKey.byteLimit + 1)), [], if: .always)
        }
        try await store.delete(keys.map(path))
    }

    func checkRaces() async throws {
        let winners = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<32 {
                group.addTask {
                    let info = try? await store.put(
                        path("race"), [UInt8](repeating: UInt8(index), count: 9), if: .ifAbsent)
                    return info != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try require(winners == 1, "one of many ifAbsent puts wins, not \(winners)")
        let bytes = try await store.read(path("race"))
        try require(Set(bytes).count == 1 && bytes.count == 9, "the winner's bytes are whole")
    }

    func checkListing() async throws {
        var generator = SeededGenerator(seed: 11)
        let alphabet = ["a", "b", "/", "é", "\u{1}", "z"]
        var keys: Set<ObjectKey> = []
        for _ in 0..<200 {
            let key =
                "list/"
                + (0...Int(generator.next() % 5)).map { _ in alphabet[Int(generator.next() % 6)] }.joined()
            keys.insert(ObjectKey(key))
            _ = try await store.put(path(key), [1], if: .always)
        }
        for prefix in ["list/", "list/a", "list/é", "list/zz", "nothing"] {
            let expected = keys.filter { $0.hasPrefix(ObjectKey(prefix)) }.sorted()
            for limit in [1, 7, 1000] {
                var found: [ObjectKey] = []
                var after: String?
                repeat {
                    let page = try await store.list(
                        bucket: bucket, prefix: prefix, after: after, limit: limit)
                    try require(page.entries.count <= limit, "a page keeps its limit")
                    found += page.entries.map { ObjectKey($0.key) }
                    after = page.next
                } while after != nil && found.count <= expected.count
                try require(
                    found == expected, "a listing of \(prefix) is complete and in byte order, limit \(limit)")
            }
        }
        let tail = try await store.list(bucket: bucket, prefix: "list/", after: "list/b", limit: 1000)
        let expected = keys.filter { $0 > ObjectKey("list/b") }.sorted()
        try require(tail.entries.map { ObjectKey($0.key) } == expected, "a listing starts after a key")
    }
}
