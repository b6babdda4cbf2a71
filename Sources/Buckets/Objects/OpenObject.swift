package import Blobs
import JSONText
import Octets
import Scheduling
import Telemetry

/// One version of an object, open for reading: an overwrite or delete does not touch it.
package struct OpenObject: BlobReader {
    package let info: BlobInfo
    package let metadata: ObjectMetadata
    let path: BlobPath
    let file: any DiskFile
    /// Where in the file the object begins.
    let base: Int64
    let checksum: UInt32
    let effects: StoreEffects

    /// Reads the ranges; a read of the whole object checks its bytes.
    ///
    /// - Errors: `BLB-104`, `BLB-201`.
    package func read(_ ranges: [Range<Int64>]) async throws -> [[UInt8]] {
        try info.check(ranges, of: path)
        guard ranges.contains(where: { !$0.isEmpty }) else { return ranges.map { _ in [] } }
        return try await effects.ioPool.run { [self] in
            try ranges.map { range in
                let bytes = try file.readExactly(at: base + range.lowerBound, count: range.count)
                if range == 0..<info.size { try check(bytes) }
                return bytes
            }
        }
    }

    private func check(_ bytes: [UInt8]) throws(BlobsError) {
        guard CRC32C.checksum(bytes.span) != checksum else { return }
        effects.storeMetrics.corruptReads.add()
        effects.log.error("an object's bytes do not match their checksum", ["path": .string(path.uri)])
        throw BlobsError(.corrupt, "the object's bytes do not match their checksum", ["path": path])
    }

    /// A descriptor of the file and the offset at which the object begins; the caller must close the descriptor.
    package func descriptor() throws(BlobsError) -> (descriptor: Int32, offset: Int64) {
        (try file.duplicateDescriptor(), base)
    }
}
