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
    /// For an object that is encrypted: every chunk of it is checked when it is opened.
    let decryptor: ObjectDecryptor?
    package let encryption: EncryptionKind?
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
                if let decryptor { return try decrypt(range, decryptor) }
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
            if let decryptor {
                let plain = try decrypt(range, decryptor) { file.readCached(at: $0, count: $1) }
                guard let plain else { return nil }
                pieces.append(plain)
                continue
            }
            guard let bytes = file.readCached(at: base + range.lowerBound, count: range.count) else {
                return nil
            }
            if range == 0..<info.size { try check(bytes) }
            pieces.append(bytes)
        }
        return pieces
    }

    /// Blocks.
    private func decrypt(_ range: Range<Int64>, _ decryptor: ObjectDecryptor) throws(BlobsError) -> [UInt8] {
        let plain = try decrypt(range, decryptor) { (offset, count) throws(BlobsError) in
            try file.readExactly(at: offset, count: count)
        }
        guard let plain else { preconditionFailure("a file that is read has bytes") }
        return plain
    }

    /// Nil where `read` is. - Errors: `BLB-201`.
    private func decrypt(
        _ range: Range<Int64>, _ decryptor: ObjectDecryptor,
        reading read: (Int64, Int) throws(BlobsError) -> [UInt8]?
    ) throws(BlobsError) -> [UInt8]? {
        var plain: [UInt8] = []
        for stretch in decryptor.stretches(range) {
            guard let stored = try read(base + stretch.stored.lowerBound, stretch.stored.count) else {
                return nil
            }
            guard let opened = decryptor.open(stored, stretch) else { throw damaged() }
            plain = plain.isEmpty ? opened : plain + opened
        }
        return plain
    }

    /// Reads an object in order and knows at the end whether it is what was stored.
    package struct OrderedCheck {
        let object: OpenObject
        private var checksum: UInt32 = 0

        init(_ object: OpenObject) { self.object = object }

        /// Ranges must follow one another from the first byte on.
        package mutating func read(_ range: Range<Int64>) async throws -> [UInt8] {
            let (object, seed) = (object, checksum)
            if let decryptor = object.decryptor {
                return try await object.effects.ioPool.run { try object.decrypt(range, decryptor) }
            }
            let (bytes, next) = try await object.effects.ioPool.run {
                let bytes = try object.file.readExactly(
                    at: object.base + range.lowerBound, count: range.count)
                return (bytes, CRC32C.checksum(bytes.span, seed: seed))
            }
            checksum = next
            return bytes
        }

        /// - Errors: `BLB-201`.
        package func finish() throws(BlobsError) {
            if object.decryptor == nil { try object.check(checksum) }
        }
    }

    package func startCheck() -> OrderedCheck { OrderedCheck(self) }

    private func check(_ bytes: [UInt8]) throws(BlobsError) { try check(CRC32C.checksum(bytes.span)) }

    private func check(_ found: UInt32) throws(BlobsError) {
        guard found == checksum else { throw damaged() }
    }

    private func damaged() -> BlobsError {
        effects.storeMetrics.corruptReads.add()
        effects.log.error("an object's bytes do not match their checksum", ["path": .string(path.uri)])
        return BlobsError(.corrupt, "the object's bytes do not match their checksum", ["path": path])
    }

    /// Whether the bytes on the disk are the object's own.
    package var isPlain: Bool { decryptor == nil }

    /// A descriptor of the file and the offset at which the object begins, which must be plain; the caller must close the
    /// descriptor.
    package func descriptor() throws(BlobsError) -> (descriptor: Int32, offset: Int64) {
        precondition(isPlain, "what is on the disk is not what a reader asks for")
        return (try file.duplicateDescriptor(), base)
    }
}
