package import Blobs
import JSONText
import Octets
import Scheduling
import Telemetry

/// One version of an object, open for reading: an overwrite or delete does not touch it.
package struct OpenObject: BlobReader {
    package let info: BlobInfo
    package let metadata: ObjectMetadata
    package let path: BlobPath
    let file: any DiskFile
    /// Where in the file the object begins.
    let base: Int64
    let checksum: UInt32
    let effects: StoreEffects

    /// Up to here bytes that are in memory are copied and checked where the caller stands: some microseconds.
    private static let readHereBytes: Int64 = 64 << 10

    /// Reads the ranges; a read of the whole object checks its bytes.
    ///
    /// - Errors: `BLB-104`, `BLB-201`.
    package func read(_ ranges: [Range<Int64>]) async throws -> [[UInt8]] {
        try info.check(ranges, of: path)
        guard ranges.contains(where: { !$0.isEmpty }) else { return ranges.map { _ in [] } }
        if let cached = try readCached(ranges) { return cached }
        return try await effects.ioPool.run { [self] in
            try ranges.map { range in
                let bytes = try file.readExactly(at: base + range.lowerBound, count: range.count)
                if range == 0..<info.size { try check(bytes) }
                return bytes
            }
        }
    }

    /// Nil when it is much, or not in memory.
    private func readCached(_ ranges: [Range<Int64>]) throws(BlobsError) -> [[UInt8]]? {
        guard ranges.reduce(0, { $0 + Int64($1.count) }) <= Self.readHereBytes else { return nil }
        var pieces: [[UInt8]] = []
        for range in ranges {
            guard let bytes = file.readCached(at: base + range.lowerBound, count: range.count) else {
                return nil
            }
            if range == 0..<info.size { try check(bytes) }
            pieces.append(bytes)
        }
        return pieces
    }

    /// Reads an object in order and knows at the end whether it is what was stored.
    package struct OrderedCheck {
        let object: OpenObject
        private var checksum: UInt32 = 0

        init(_ object: OpenObject) { self.object = object }

        /// Ranges must follow one another from the first byte on.
        package mutating func read(_ range: Range<Int64>) async throws -> [UInt8] {
            let (object, seed) = (object, checksum)
            let (bytes, next) = try await object.effects.ioPool.run {
                let bytes = try object.file.readExactly(
                    at: object.base + range.lowerBound, count: range.count)
                return (bytes, CRC32C.checksum(bytes.span, seed: seed))
            }
            checksum = next
            return bytes
        }

        /// - Errors: `BLB-201`.
        package func finish() throws(BlobsError) { try object.check(checksum) }
    }

    package func startCheck() -> OrderedCheck { OrderedCheck(self) }

    private func check(_ bytes: [UInt8]) throws(BlobsError) { try check(CRC32C.checksum(bytes.span)) }

    private func check(_ found: UInt32) throws(BlobsError) {
        guard found != checksum else { return }
        effects.storeMetrics.corruptReads.add()
        effects.log.error("an object's bytes do not match their checksum", ["path": .string(path.uri)])
        throw BlobsError(.corrupt, "the object's bytes do not match their checksum", ["path": path])
    }

    /// A descriptor of the file and the offset at which the object begins; the caller must close the descriptor.
    package func descriptor() throws(BlobsError) -> (descriptor: Int32, offset: Int64) {
        (try file.duplicateDescriptor(), base)
    }
}
