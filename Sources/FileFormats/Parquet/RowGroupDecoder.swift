package import Columnar

/// The bytes of a row group's asked columns, fetched and not yet decoded.
package struct RowGroupData: Sendable {
    let footer: ParquetFooter
    package let rowGroup: Int
    package let rowCount: Int
    package let fields: [Field]
    let projections: [ParquetProjection]
    let chunks: [(offset: Int64, bytes: [UInt8])]

    /// Bytes held, still compressed.
    package var byteCount: Int { chunks.reduce(0) { $0 + $1.bytes.count } }
}

/// Decodes the columns of one row group, a batch at a time; no I/O.
///
/// String columns whose pages are all dictionary-encoded come in dictionary form, one dictionary for all batches.
/// Columns with lists are decoded whole at the first batch.
///
/// - Threads: one at a time; belongs on a worker of the morsel pool.
package final class RowGroupDecoder {
    package let schema: Schema
    package let rowCount: Int
    package private(set) var position = 0
    private let projections: [ParquetProjection]
    /// By projection, then by leaf.
    private var leaves: [[Int: (reader: ParquetLeafReader, conversion: LeafConversion?)]] = []
    private var whole: [Int: Column] = [:]

    package init(_ data: RowGroupData) throws(FileFormatsError) {
        schema = Schema(data.fields)
        rowCount = data.rowCount
        projections = data.projections
        let group = try ParquetGroupReader(
            footer: data.footer, rowGroup: data.rowGroup, chunks: data.chunks)
        for projection in projections {
            let conversions = projection.conversions
            var opened: [Int: (reader: ParquetLeafReader, conversion: LeafConversion?)] = [:]
            for leaf in projection.leaves where opened[leaf] == nil {
                let conversion = conversions[leaf]
                let reader = try ParquetLeafReader(
                    group, leaf: leaf, wantsDictionary: conversion?.wantsDictionary ?? false,
                    asNumber: conversion?.isNumber ?? false)
                opened[leaf] = (reader, conversion)
            }
            leaves.append(opened)
        }
    }

    /// The next rows, at most `Batch.capacity`; nil at the end.
    package func next() throws(FileFormatsError) -> Batch? {
        let count = min(Batch.capacity, rowCount - position)
        if count == 0 { return nil }
        var columns: [Column] = []
        columns.reserveCapacity(projections.count)
        for (index, projection) in projections.enumerated() {
            columns.append(try column(projection, index, count))
        }
        position += count
        return Batch(schema: schema, columns: columns, rowCount: count)
    }

    /// Moves past the rows that `next` would give, without decoding what need not be; answers how many.
    package func skip() throws(FileFormatsError) -> Int {
        let count = min(Batch.capacity, rowCount - position)
        for (index, projection) in projections.enumerated() where count > 0 && !projection.isWhole {
            for leaf in projection.leaves { try leaves[index][leaf]?.reader.skip(count) }
        }
        position += count
        return count
    }

    /// All remaining rows.
    package func rest() throws(FileFormatsError) -> [Batch] {
        var batches: [Batch] = []
        while let batch = try next() { batches.append(batch) }
        return batches
    }

    private func column(
        _ projection: ParquetProjection, _ index: Int, _ count: Int
    ) throws(FileFormatsError) -> Column {
        switch projection {
        case .missing(let type, let value): return .constant(value, type, count: count)
        case .leaf(_, let leaf, _) where !projection.isWhole:
            guard let column = try read(index, leaf, count).column else {
                throw FileFormatsError(.internalFailure, "a column was read without its type")
            }
            return column
        default: break
        }
        if projection.isWhole {
            if whole[index] == nil { whole[index] = try assemble(projection, index, rowCount) }
            guard let all = whole[index] else {
                throw FileFormatsError(.internalFailure, "a column was not kept")
            }
            return all.slice(position..<position + count)
        }
        return try assemble(projection, index, count)
    }

    private func assemble(
        _ projection: ParquetProjection, _ index: Int, _ count: Int
    ) throws(FileFormatsError) -> Column {
        var assembly = NestedAssembly(leaves: [:], rowCount: count)
        for leaf in projection.leaves where assembly.leaves[leaf] == nil {
            assembly.leaves[leaf] = try read(index, leaf, count)
        }
        return try assembly.column(projection, count: count)
    }

    private func read(
        _ index: Int, _ leaf: Int, _ count: Int
    ) throws(FileFormatsError) -> (values: LeafValues, column: Column?) {
        guard let (reader, conversion) = leaves[index][leaf] else {
            throw FileFormatsError(.internalFailure, "a column was not opened")
        }
        let values = try reader.next(count)
        guard let conversion else { return (values, nil) }
        var dictionary: StringColumn?
        if case .indices = values.payload { dictionary = try reader.dictionary() }
        return (values, try conversion.column(values, dictionary: dictionary))
    }
}

extension LeafConversion {
    fileprivate var wantsDictionary: Bool { type.physical == .string }
}
