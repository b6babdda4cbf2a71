package import Columnar

/// The bytes of a row group's asked columns, fetched and not yet decoded.
package struct RowGroupData: Sendable {
    let footer: ParquetFooter
    package let rowGroup: Int
    package let rowCount: Int
    package let fields: [Field]
    let projections: [ParquetProjection]
    let rows: RowRanges
    /// By leaf, where not the whole chunk was fetched.
    let pages: [Int: ParquetPageChoice]
    let chunks: [(offset: Int64, bytes: [UInt8])]

    /// Bytes held, still compressed.
    package var byteCount: Int { chunks.reduce(0) { $0 + $1.bytes.count } }

    /// How many rows of the group take so many bytes decompressed, as the footer has it: one at least, a batch at most.
    func rows(ofBytes bytes: Int) -> Int {
        let all = footer.rowGroups[rowGroup].chunks
        let total = Set(projections.flatMap(\.leaves)).reduce(0.0) { $0 + Double(all[$1].uncompressedBytes) }
        let rowBytes = max(1, total / Double(max(1, rowCount)))
        return min(Batch.capacity, max(1, Int(Double(bytes) / rowBytes)))
    }
}

/// Decodes columns of one row group, or of some of its rows, a batch of neighbouring rows at a time; no I/O.
///
/// String columns whose pages are all dictionary-encoded come in dictionary form, one dictionary for all batches.
/// Columns with lists are decoded whole at the first batch.
///
/// A batch of ordinary rows has `Batch.capacity` of them; of long rows, by what the footer says of them, fewer.
///
/// - Threads: one at a time; belongs on a worker of the morsel pool.
package final class RowGroupDecoder {
    /// About so much of a row group a batch has.
    private static let batchBytes = 16 << 20

    package let schema: Schema
    package let rowCount: Int
    /// The row of the group that the next batch begins with.
    package private(set) var position = 0
    private let ranges: [Range<Int>]
    private var range = 0
    private let projections: [ParquetProjection]
    /// By projection, then by leaf.
    private var leaves: [[Int: (reader: ParquetLeafCursor, conversion: LeafConversion?)]] = []
    private var whole: [Int: Column] = [:]
    private let batchRows: Int
    private let memory: DecodingMemory

    /// - Parameter reserve: Hears how many bytes are held in all, the fetched ones among them, before they are taken, and
    ///   refuses by throwing. Batches given before are not counted: they are the caller's.
    package init(
        _ data: RowGroupData, reserve: @escaping (_ bytes: Int) throws -> Void = { _ in }
    ) throws {
        memory = DecodingMemory(reserve)
        batchRows = data.rows(ofBytes: Self.batchBytes)
        schema = Schema(data.fields)
        rowCount = data.rowCount
        projections = data.projections
        ranges = data.rows.ranges
        position = ranges.first?.lowerBound ?? 0
        let group = try ParquetGroupReader(
            footer: data.footer, rowGroup: data.rowGroup, chunks: data.chunks, memory: memory)
        for projection in projections {
            let conversions = projection.conversions
            var opened: [Int: (reader: ParquetLeafCursor, conversion: LeafConversion?)] = [:]
            for leaf in projection.leaves where opened[leaf] == nil {
                let conversion = conversions[leaf]
                let reader = try ParquetLeafReader(
                    group, leaf: leaf, wantsDictionary: conversion?.wantsDictionary ?? false,
                    asNumber: conversion?.isNumber ?? false, pages: data.pages[leaf])
                let stored = data.pages[leaf]?.rows ?? [0..<rowCount]
                opened[leaf] = (ParquetLeafCursor(reader, stored), conversion)
            }
            leaves.append(opened)
        }
    }

    /// Rows of the next batch; zero at the end.
    private var nextCount: Int {
        range < ranges.count ? min(batchRows, ranges[range].upperBound - position) : 0
    }

    /// The rows of the group that the next batch has; empty at the end.
    package var nextRows: Range<Int> { position..<position + nextCount }

    private func advance(_ count: Int) {
        position += count
        if position < ranges[range].upperBound { return }
        range += 1
        if range < ranges.count { position = ranges[range].lowerBound }
    }

    /// The next rows, at most `Batch.capacity`; nil at the end.
    package func next() throws -> Batch? {
        memory.startBatch()
        return try decode()
    }

    private func decode() throws -> Batch? {
        let count = nextCount
        if count == 0 { return nil }
        var columns: [Column] = []
        columns.reserveCapacity(projections.count)
        for (index, projection) in projections.enumerated() {
            columns.append(try column(projection, index, count))
        }
        advance(count)
        return Batch(schema: schema, columns: columns, rowCount: count)
    }

    /// Moves past the rows that `next` would give, without decoding them; answers how many.
    package func skip() -> Int {
        let count = nextCount
        if count > 0 { advance(count) }
        return count
    }

    /// All remaining rows.
    package func rest() throws -> [Batch] {
        var batches: [Batch] = []
        while let batch = try decode() { batches.append(batch) }
        return batches
    }

    private func column(
        _ projection: ParquetProjection, _ index: Int, _ count: Int
    ) throws -> Column {
        switch projection {
        case .missing(let type, let value): return .constant(value, type, count: count)
        case .leaf(_, let leaf, _) where !projection.isWhole:
            guard let column = try read(index, leaf, position..<position + count).column else {
                throw FileFormatsError(.internalFailure, "a column was read without its type")
            }
            return column
        default: break
        }
        if projection.isWhole {
            if whole[index] == nil {
                whole[index] = try memory.keeping { try assemble(projection, index, 0..<rowCount) }
            }
            guard let all = whole[index] else {
                throw FileFormatsError(.internalFailure, "a column was not kept")
            }
            return all.slice(position..<position + count)
        }
        return try assemble(projection, index, position..<position + count)
    }

    private func assemble(
        _ projection: ParquetProjection, _ index: Int, _ rows: Range<Int>
    ) throws -> Column {
        var assembly = NestedAssembly(leaves: [:], rowCount: rows.count)
        for leaf in projection.leaves where assembly.leaves[leaf] == nil {
            assembly.leaves[leaf] = try read(index, leaf, rows)
        }
        return try assembly.column(projection, count: rows.count)
    }

    private func read(
        _ index: Int, _ leaf: Int, _ rows: Range<Int>
    ) throws -> (values: LeafValues, column: Column?) {
        guard let (reader, conversion) = leaves[index][leaf] else {
            throw FileFormatsError(.internalFailure, "a column was not opened")
        }
        let values = try reader.read(rows)
        guard let conversion else { return (values, nil) }
        var dictionary: StringColumn?
        if case .indices = values.payload { dictionary = try reader.leaf.dictionary() }
        return (values, try conversion.column(values, dictionary: dictionary))
    }
}

extension LeafConversion {
    fileprivate var wantsDictionary: Bool { type.physical == .string }
}
