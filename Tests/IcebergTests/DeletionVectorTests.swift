import Effects
import Iceberg
import Octets
import TestKit
import Testing

@Suite("Deletion vectors")
struct DeletionVectorTests {
    /// Roaring bitmaps of 64 bits by their specification, written the other way round than the decoder reads.
    private static func blob(_ chunks: [(key: UInt32, containers: [(UInt16, [UInt8], Int, Bool)])]) -> [UInt8]
    {
        func little(_ number: UInt64, _ width: Int) -> [UInt8] {
            (0..<width).map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) }
        }
        var vector = little(UInt64(chunks.count), 8)
        for (key, containers) in chunks {
            vector += little(UInt64(key), 4)
            let hasRuns = containers.contains { $0.3 }
            if hasRuns {
                vector += little(12_347 | UInt64(containers.count - 1) << 16, 4)
                var flags = [UInt8](repeating: 0, count: (containers.count + 7) / 8)
                for (index, container) in containers.enumerated() where container.3 {
                    flags[index / 8] |= 1 << UInt8(index % 8)
                }
                vector += flags
            } else {
                vector += little(12_346, 4) + little(UInt64(containers.count), 4)
            }
            for (low, _, count, _) in containers {
                vector += little(UInt64(low), 2) + little(UInt64(count - 1), 2)
            }
            if !hasRuns || containers.count >= 4 {
                vector += [UInt8](repeating: 0, count: containers.count * 4)
            }
            for (_, bytes, _, _) in containers { vector += bytes }
        }
        let body = [0xD1, 0xD3, 0x39, 0x64] + vector
        let checksum = CRC.crc32.checksum(body.span)
        return Array(little(UInt64(body.count), 4).reversed()) + body + little(UInt64(checksum), 4).reversed()
    }

    private static func array(_ low: UInt16, _ values: [UInt16]) -> (UInt16, [UInt8], Int, Bool) {
        (low, values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }, values.count, false)
    }

    @Test("arrays, bitmaps and runs of several keys are the positions they stand for")
    func decodes() throws {
        let everyOther = [UInt8](repeating: 0x55, count: 8192)
        let runs: [UInt8] = [2, 0, 10, 0, 4, 0, 0xFE, 0xFF, 1, 0]
        let set = try DeletionVector.decode(
            Self.blob([
                (0, [Self.array(0, [0, 7, 65_535]), (3, everyOther, 32_768, false)]),
                (1, [(9, runs, 7, true)]),
            ]))
        #expect(set.count == 3 + 32_768 + 7 && set.last == 1 << 32 + 9 << 16 + 65_535)
        for position in [
            0, 7, 65_535, 3 << 16, 3 << 16 + 65_534, 1 << 32 + 9 << 16 + 10, 1 << 32 + 9 << 16 + 65_535,
        ] {
            #expect(set.contains(Int64(position)), "\(position)")
        }
        for position in [1, 65_536, 3 << 16 + 1, 1 << 32 + 9 << 16 + 15, 2 << 32] {
            #expect(!set.contains(Int64(position)), "\(position)")
        }
        let even = try DeletionVector.decode(Self.blob([(0, [(3, everyOther, 32_768, false)])]))
        let highest: Int64 = 3 << 16 + 65_534
        #expect(even.last == highest)
        let empty = try DeletionVector.decode(Self.blob([]))
        #expect(empty.count == 0 && empty.last == nil)
    }

    @Test("a vector with any byte changed, cut or added is refused")
    func refusesDamage() throws {
        let good = Self.blob([(0, [Self.array(0, [1, 2, 3]), (5, [1, 0, 1, 0, 9, 0], 10, true)])])
        #expect(try DeletionVector.decode(good).count == 13)
        for index in good.indices {
            var bad = good
            bad[index] ^= 0x10
            #expect(throws: IcebergError.self, "byte \(index)") { try DeletionVector.decode(bad) }
            #expect(throws: IcebergError.self) { try DeletionVector.decode(Array(good.prefix(index))) }
        }
        #expect(throws: IcebergError.self) { try DeletionVector.decode(good + [0]) }
    }

    /// The checksum does not protect from who can compute it.
    @Test(
        "vectors that are wrong inside are refused, or read, but never trap",
        arguments: 0..<200 as Range<UInt64>)
    func survivesMutation(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let good = Self.blob([
            (0, [Self.array(0, [1, 2, 3]), (5, [2, 0, 1, 0, 9, 0, 50, 0, 1, 0], 12, true)]),
            (7, [Self.array(1, [4, 9])]),
        ])
        for _ in 0..<FuzzRounds.count(50) {
            var body = Array(good[4..<(good.count - 4)])
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                body[Int.random(in: 4..<body.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) { body.removeLast(Int.random(in: 0..<8, using: &generator)) }
            let checksum = CRC.crc32.checksum(body.span)
            let length = UInt32(body.count)
            var bad = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
            bad += body
            bad += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> $0) }
            do {
                let set = try DeletionVector.decode(bad)
                var words = [UInt64](repeating: 0, count: 16)
                _ = set.mark(&words, base: 0, count: 1000)
                _ = set.mark(&words, base: 7 << 32, count: 1000)
            } catch {
                #expect(error.code == .malformedDeletionVector)
            }
        }
    }

    @Test("a set of positions says of each row whether it is one of them", arguments: 0..<20 as Range<UInt64>)
    func marks(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let limit = Int64([100, 70_000, 300_000][Int(seed % 3)])
        let positions = (0..<Int.random(in: 0...20_000, using: &generator)).map { _ in
            Int64.random(in: 0..<limit, using: &generator)
        }
        let known = Set(positions)
        let set = try #require(PositionSet(positions))
        #expect(set.count == Int64(known.count) && set.last == known.max())
        var base: Int64 = 0
        while base < limit {
            let count = Int.random(in: 1...9000, using: &generator)
            var words = [UInt64](repeating: 0, count: (count + 63) / 64)
            let found = set.mark(&words, base: base, count: count)
            let marked = (0..<count).filter { words[$0 >> 6] >> UInt64($0 & 63) & 1 == 1 }.map {
                base + Int64($0)
            }
            let expected = (base..<(base + Int64(count))).filter { known.contains($0) }
            #expect(marked == expected && found == !expected.isEmpty)
            base += Int64(count)
        }
        #expect(PositionSet([3, -1]) == nil)
    }
}
