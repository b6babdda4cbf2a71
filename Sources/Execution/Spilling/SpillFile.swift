import Columnar
import Octets
import Synchronization

/// Where a batch lies in a spill file.
struct SpillBlock: Sendable {
    fileprivate var offset: Int
    fileprivate(set) var byteCount: Int
    fileprivate var checksum: UInt32
    var rowCount: Int
    /// What the rows took in memory.
    var memoryBytes: Int

    /// The same block where it is not; for tests.
    func moved(by bytes: Int) -> SpillBlock {
        var copy = self
        copy.offset += bytes
        return copy
    }
}

/// Batches of one operator on disk, in any order, each found by its block.
///
/// - Threads: any; blocks are written side by side.
/// - Errors: `EXE-301` no room, `EXE-302` the disk fails, `EXE-303` a block is not what was written.
final class SpillFile: Sendable {
    private let descriptor: SpillDescriptor
    private let area: SpillArea
    private let profile: OperatorProfile?
    private let end = Atomic<Int>(0)

    init(_ descriptor: SpillDescriptor, area: SpillArea, _ profile: OperatorProfile?) {
        self.descriptor = descriptor
        self.area = area
        self.profile = profile
    }

    deinit { area.release(byteCount) }

    /// Bytes written so far.
    var byteCount: Int { end.load(ordering: .relaxed) }

    func write(_ batch: Batch) throws(ExecutionError) -> SpillBlock {
        let dense = batch.dense()
        let bytes = BatchBytes.encode(dense)
        try area.take(bytes.count)
        // Taken with the area first: what the file covers is what it gives back.
        let offset = end.add(bytes.count, ordering: .relaxed).oldValue
        try descriptor.write(bytes.span, at: offset)
        profile?.spilled(bytes: bytes.count)
        return SpillBlock(
            offset: offset, byteCount: bytes.count, checksum: CRC32C.checksum(bytes.span),
            rowCount: dense.rowCount, memoryBytes: dense.writtenByteCount)
    }

    func read(_ block: SpillBlock, schema: Schema) throws(ExecutionError) -> Batch {
        let bytes = try descriptor.read(at: block.offset, count: block.byteCount)
        guard bytes.count == block.byteCount, CRC32C.checksum(bytes.span) == block.checksum else {
            throw ExecutionError(
                .spillCorrupt, "rows put aside on disk are not what was written",
                ["offset": block.offset, "bytes": block.byteCount],
                hint: "check the disk below the data directory")
        }
        return try BatchBytes.decode(bytes, schema: schema, rowCount: block.rowCount)
    }
}

extension Batch {
    /// Bytes of the rows themselves; see `Column.ownByteCount`.
    var ownByteCount: Int { columns.reduce(0) { $0 + $1.ownByteCount } }
}
