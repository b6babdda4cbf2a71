import Columnar
import Kernels
import Synchronization

/// Rows on disk, in as many parts as there are values of some bits of a hash.
///
///     hash    | level 0: 5 bits | level 1: 5 bits | …
///
/// Rows with equal keys meet in one part, whoever wrote them. A part that is still too large is divided by the next
/// bits: as often as there are bits, and then no more, because its rows have one key.
///
/// - Threads: any.
final class SpillPartitions: Sendable {
    static let bits: UInt64 = 5
    static let count = 1 << Int(bits)
    /// Levels of a hash that are used to divide; the low bits are those of hash tables.
    static let levels = 8
    /// A part's rows are written when so many bytes of them have come together.
    private static let bufferBytes = 64 << 10
    /// Rows of a block take about so much, or are one row.
    private static let blockBytes = 4 << 20

    let file: SpillFile
    let schema: Schema
    let level: Int
    private let parts: Mutex<[[SpillBlock]]>

    init(_ file: SpillFile, schema: Schema, level: Int) {
        precondition(level < Self.levels)
        self.file = file
        self.schema = schema
        self.level = level
        parts = Mutex([[SpillBlock]](repeating: [], count: Self.count))
    }

    /// The blocks of a part.
    func blocks(of part: Int) -> [SpillBlock] { parts.withLock { $0[part] } }

    /// Whether the other parts are empty: dividing by these bits did not help.
    func isAll(in part: Int) -> Bool {
        parts.withLock { parts in parts.indices.allSatisfy { $0 == part || parts[$0].isEmpty } }
    }

    fileprivate func write(_ batch: Batch, to part: Int) throws(ExecutionError) {
        let block = try file.write(batch)
        parts.withLock { $0[part].append(block) }
    }

    /// One thread's rows on their way to the parts.
    ///
    /// - Cost: holds up to 64 KiB a part; `finish` writes what is left.
    struct Writer {
        private let target: SpillPartitions
        private var pending: [[Batch]]
        private var pendingBytes: [Int]

        init(_ target: SpillPartitions) {
            self.target = target
            pending = [[Batch]](repeating: [], count: SpillPartitions.count)
            pendingBytes = [Int](repeating: 0, count: SpillPartitions.count)
        }

        /// - Shapes: one hash a row of the dense batch.
        mutating func write(_ batch: Batch, hashes: [UInt64]) throws(ExecutionError) {
            precondition(hashes.count == batch.rowCount)
            for (part, rows) in target.rows(hashes).enumerated() where !rows.isEmpty {
                let piece = Batch(
                    schema: target.schema, columns: batch.columns.map { $0.gather(rows) },
                    rowCount: rows.count)
                pending[part].append(piece)
                pendingBytes[part] += piece.writtenByteCount
                if pendingBytes[part] >= SpillPartitions.bufferBytes { try flush(part) }
            }
        }

        mutating func finish() throws(ExecutionError) {
            for part in 0..<SpillPartitions.count { try flush(part) }
        }

        private mutating func flush(_ part: Int) throws(ExecutionError) {
            guard !pending[part].isEmpty else { return }
            let all = Batch.concatenate(pending[part], schema: target.schema)
            pending[part] = []
            pendingBytes[part] = 0
            for start in stride(from: 0, to: all.rowCount, by: Batch.capacity) {
                let rows = all.slice(start..<min(all.rowCount, start + Batch.capacity))
                for piece in rows.pieces(ofBytes: SpillPartitions.blockBytes) {
                    try target.write(piece, to: part)
                }
            }
        }
    }

    /// The rows of each part, by their hashes.
    private func rows(_ hashes: [UInt64]) -> [[Int32]] {
        var rows = [[Int32]](repeating: [], count: Self.count)
        let shift = 64 - Self.bits * UInt64(level + 1)
        for (row, hash) in hashes.enumerated() {
            rows[Int(hash >> shift & UInt64(Self.count - 1))].append(Int32(truncatingIfNeeded: row))
        }
        return rows
    }
}
