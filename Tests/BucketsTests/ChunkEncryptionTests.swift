import Blobs
import Effects
import TestKit
import Testing

@testable import Buckets

@Suite("Chunks of encrypted objects")
struct ChunkEncryptionTests {
    private let path = BlobPath(bucket: "lake", key: "a/b")
    private let chunk = Int(ChunkFormat.plainBytes)
    private let storedChunk = Int(ChunkFormat.storedBytes)

    private struct Made {
        var plain: [UInt8]
        var stored: [UInt8]
        var decryptor: ObjectDecryptor
    }

    /// An object of pieces of these sizes, each written in blocks that the seed cuts.
    private func make(_ sizes: [Int], seed: UInt64, at path: BlobPath? = nil) throws -> Made {
        var generator = SeededGenerator(seed: seed)
        let randomness = SeededRandomness(seed: seed &+ 1)
        let path = path ?? self.path
        let key = try #require(CustomerKey(SeededRandomness(seed: 9).bytes(32)))
        let salt = randomness.bytes(16)
        let bare = ObjectEncryption(
            key: .customer(check: ObjectEncryption.check(key, salt: salt)), salt: salt, pieces: [])
        let opened = OpenedEncryption(encryption: bare, key: key.bytes)
        var (plain, stored): ([UInt8], [UInt8]) = ([], [])
        var pieces: [ObjectEncryption.Piece] = []
        for (index, size) in sizes.enumerated() {
            let progress = opened.start(index * 2 + 1, salt: randomness.bytes(16), at: path)
            var encryptor = progress.encryptor
            let bytes = randomness.bytes(size)
            var rest = bytes[...]
            while !rest.isEmpty, generator.next() % 16 != 0 {
                let count = min(rest.count, Int(generator.next() % UInt64(3 * chunk)))
                stored += encryptor.take(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            stored += encryptor.finish(Array(rest))
            plain += bytes
            pieces += progress.ended(plainSize: Int64(size)).pieces
        }
        let encryption = bare.with(pieces)
        #expect(Int(encryption.storedSize) == stored.count && Int(encryption.plainSize) == plain.count)
        let decryptor = ObjectDecryptor(
            OpenedEncryption(encryption: encryption, key: key.bytes), of: path)
        return Made(plain: plain, stored: stored, decryptor: decryptor)
    }

    /// Nil when a chunk does not open.
    private func read(_ made: Made, _ range: Range<Int>) -> [UInt8]? {
        var plain: [UInt8] = []
        for stretch in made.decryptor.stretches(Int64(range.lowerBound)..<Int64(range.upperBound)) {
            guard stretch.stored.upperBound <= made.stored.count else { return nil }
            let stored = made.stored[Int(stretch.stored.lowerBound)..<Int(stretch.stored.upperBound)]
            guard let opened = made.decryptor.open(Array(stored), stretch) else { return nil }
            plain += opened
        }
        return plain
    }

    @Test("objects of any size, in one piece or several, come back", arguments: 0..<60)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let sizes = (0..<Int(1 + generator.next() % 4)).map { _ in
            let near = Int(generator.next() % 4) * chunk
            return generator.next() % 2 == 0
                ? Int(generator.next() % 200_000) : max(0, near + Int(generator.next() % 3) - 1)
        }
        let made = try make(sizes, seed: seed)
        #expect(read(made, 0..<made.plain.count) == made.plain, "sizes \(sizes)")
        for _ in 0..<20 where !made.plain.isEmpty {
            let first = Int(generator.next() % UInt64(made.plain.count))
            let end = first + 1 + Int(generator.next() % UInt64(made.plain.count - first))
            #expect(read(made, first..<end) == Array(made.plain[first..<end]), "sizes \(sizes)")
        }
    }

    @Test("every range that begins or ends near the border of a chunk or of a piece is right")
    func borders() throws {
        let sizes = [2 * chunk + 5, chunk, 0, chunk + 1, 1]
        let made = try make(sizes, seed: 1)
        var edges: Set<Int> = []
        var start = 0
        for size in sizes {
            for border in stride(from: start, through: start + size, by: chunk) + [start + size] {
                edges.formUnion([border - 1, border, border + 1])
            }
            start += size
        }
        let inside = edges.filter { (0...made.plain.count).contains($0) }.sorted()
        for first in inside {
            for end in inside where end >= first {
                #expect(read(made, first..<end) == Array(made.plain[first..<end]), "\(first)..<\(end)")
            }
        }
    }

    @Test("a changed bit anywhere is found by whoever reads the chunk, and by nobody else")
    func damage() throws {
        let made = try make([3 * chunk + 100], seed: 2)
        for offset in stride(from: 0, to: made.stored.count, by: 4093) {
            var broken = made
            broken.stored[offset] ^= 1 << UInt8(offset % 8)
            let at = offset / storedChunk
            for index in 0..<4 {
                let range = index * chunk..<min((index + 1) * chunk, made.plain.count)
                #expect((read(broken, range) == nil) == (index == at), "offset \(offset), chunk \(index)")
            }
        }
    }

    @Test("chunks in another order, left out, doubled or cut off at the end do not open")
    func order() throws {
        let made = try make([3 * chunk], seed: 3)
        let chunks = (0..<3).map { Array(made.stored[$0 * storedChunk..<($0 + 1) * storedChunk]) }
        for order in [[1, 0, 2], [0, 2, 1], [0, 0, 2], [2, 1, 0], [1, 2, 0]] {
            var broken = made
            broken.stored = order.flatMap { chunks[$0] }
            #expect(read(broken, 0..<made.plain.count) == nil, "order \(order)")
        }
        // An entry that says the object is shorter: the last chunk it then has was not written as the last.
        let short = try make([2 * chunk], seed: 3)
        var broken = short
        broken.stored = chunks[0] + chunks[1]
        #expect(read(broken, 0..<2 * chunk) == nil)
    }

    @Test("what was moved from another object, another key's place or another part does not open")
    func splice() throws {
        let made = try make([chunk, chunk], seed: 4)
        let elsewhere = try make([chunk, chunk], seed: 4, at: BlobPath(bucket: "lake", key: "a/c"))
        let other = try make([chunk, chunk], seed: 5)
        for foreign in [elsewhere, other] {
            var broken = made
            broken.stored = Array(foreign.stored[..<storedChunk] + made.stored[storedChunk...])
            #expect(read(broken, 0..<10) == nil)
            #expect(read(broken, chunk..<chunk + 10) == Array(made.plain[chunk..<chunk + 10]))
        }
        var swapped = made
        swapped.stored = Array(made.stored[storedChunk...] + made.stored[..<storedChunk])
        #expect(read(swapped, 0..<10) == nil && read(swapped, chunk..<chunk + 10) == nil)
    }

    @Test("a customer's key prints without its bytes")
    func printing() throws {
        let key = try #require(CustomerKey([UInt8](repeating: 65, count: 32)))
        var dumped = ""
        dump(key, to: &dumped)
        for text in [
            "\(key)", String(reflecting: key), "\([key])", "\(WriteEncryption.customer(key))", dumped,
        ] {
            #expect(!text.contains("65") && !text.contains("AAAA"))
        }
        #expect(CustomerKey([UInt8](repeating: 65, count: 31)) == nil)
    }
}
