package import Blobs
package import Columnar

/// A Parquet file in an object store: its footer, and its column chunks on request.
///
/// Reading has two steps, so that I/O and CPU stay apart: `fetch` gets the bytes of what is asked for, and a
/// `RowGroupDecoder` over them decodes on whatever thread does the query's work.
///
/// - Errors: `FMT-201` for damaged files, `FMT-202` for features this build does not read, `FMT-203` for types that
///   do not fit; and what the store throws.
package struct ParquetFile: Sendable {
    let reader: any BlobReader
    let footer: ParquetFooter
    /// With the ids of the file, or of a name mapping.
    private(set) var columns: [ParquetNode]
    /// By field id, what a column the file lacks holds in every row; null where there is nothing.
    private var missing: [Int: Scalar] = [:]

    /// - Cost: one request, or two when the footer is larger than 64 KiB; none when the cache has it.
    package static func open(
        _ reader: any BlobReader, path: BlobPath? = nil, cache: ParquetFooterCache? = nil
    ) async throws -> ParquetFile {
        let info = reader.info
        if let path, let footer = cache?.footer(path, info) {
            return ParquetFile(reader: reader, footer: footer)
        }
        let (footer, byteCount) = try await ParquetFooterReader.read(reader)
        if let path { cache?.insert(footer, path, info, byteCount: byteCount) }
        return ParquetFile(reader: reader, footer: footer)
    }

    private init(reader: any BlobReader, footer: ParquetFooter) {
        self.reader = reader
        self.footer = footer
        columns = footer.columns
    }

    /// The columns of the file, as its own annotations type them, with field ids where it has them.
    ///
    /// - Errors: `FMT-202` for a column of a type this build does not know.
    package func fields() throws(FileFormatsError) -> [Field] {
        var fields: [Field] = []
        for column in columns { fields.append(try column.field()) }
        return fields
    }

    /// Whether columns can be found by id.
    package var hasFieldIDs: Bool { columns.contains(where: \.hasFieldIDs) }

    /// The same file as a table's: `names` gives ids to columns without, `missing` says by field id what a column holds
    /// that the file lacks.
    package func resolved(names: NameMapping?, missing: [Int: Scalar]) -> ParquetFile {
        var file = self
        if let names { file.columns = names.apply(to: columns) }
        file.missing = missing
        return file
    }

    /// Whether the file itself has the column.
    package func has(_ field: Field) -> Bool {
        let byID = hasFieldIDs && field.id != nil
        return columns.contains { byID ? $0.fieldID == field.id : $0.name == field.name }
    }

    /// Whether the file itself has the column of plain values, which may lie inside structs.
    package func hasLeaf(_ field: Field) -> Bool {
        ParquetRowGroup.find(columns, field, byID: hasFieldIDs && field.id != nil) != nil
    }

    package var rowCount: Int { footer.rowCount }
    package var createdBy: String { footer.createdBy }
    package var rowGroupCount: Int { footer.rowGroups.count }
    package func metadata(_ key: String) -> String? { footer.metadata(key) }

    package var rowGroups: [ParquetRowGroup] {
        let hasIDs = hasFieldIDs
        return footer.rowGroups.indices.map {
            ParquetRowGroup(footer: footer, columns: columns, hasFieldIDs: hasIDs, index: $0)
        }
    }

    /// Fetches what the asked columns of a row group need: one call of the reader, neighbouring chunks together.
    ///
    /// - Parameter fields: With field ids; in a file without any, names count. What the file lacks is what
    ///   `resolved` was told, else null.
    /// - Parameter rows: Those that will be decoded; all where nil. For a small part of them only their pages are
    ///   fetched, where the file has an index of these: at the cost of one more request.
    /// - Parameter reserve: Hears how many bytes will be fetched, and refuses by throwing.
    package func fetch(
        rowGroup: Int, fields: [Field], rows: RowRanges? = nil,
        reserve: (_ bytes: Int) throws -> Void = { _ in }
    ) async throws -> RowGroupData {
        guard footer.rowGroups.indices.contains(rowGroup) else {
            throw FileFormatsError(
                .internalFailure, "the file has no such row group", ["row-group": rowGroup])
        }
        let group = footer.rowGroups[rowGroup]
        let projections = try projections(fields)
        let leaves = Set(projections.flatMap(\.leaves))
        var choices: [Int: ParquetPageChoice] = [:]
        if let rows, rows.count * 2 <= group.rowCount, group.rowCount >= Self.smallestSplit {
            let flat = projections.filter { !$0.isWhole }.flatMap(\.leaves)
            choices = try await pages(rowGroup, Set(flat), rows)
        }
        let ranges = RangeCoalescing.join(
            leaves.flatMap { choices[$0]?.segments ?? [group.chunks[$0].range] })
        try reserve(ranges.reduce(0) { $0 + $1.count })
        let bytes = ranges.isEmpty ? [] : try await reader.read(ranges)
        return RowGroupData(
            footer: footer, rowGroup: rowGroup, rowCount: group.rowCount, fields: fields,
            projections: projections, rows: rows ?? RowRanges(all: group.rowCount), pages: choices,
            chunks: zip(ranges, bytes).map { (offset: $0.lowerBound, bytes: $1) })
    }

    /// Smaller row groups are read whole.
    private static let smallestSplit = 16_384

    /// The pages of the leaves that hold the rows; nothing for leaves without an index.
    private func pages(
        _ rowGroup: Int, _ leaves: Set<Int>, _ rows: RowRanges
    ) async throws -> [Int: ParquetPageChoice] {
        let group = footer.rowGroups[rowGroup]
        let indexed = leaves.sorted().compactMap { leaf in
            group.chunks[leaf].offsetIndex.map { (leaf: leaf, place: $0) }
        }
        if indexed.isEmpty { return [:] }
        let bytes = try await readIndexes(indexed.map(\.place))
        var choices: [Int: ParquetPageChoice] = [:]
        for (entry, bytes) in zip(indexed, bytes) {
            let index = try ParquetPageIndex(footer, leaf: entry.leaf, columnIndex: nil, offsetIndex: bytes)
            let chunk = group.chunks[entry.leaf]
            let choice = try ParquetPageChoice(index, chunk: chunk, rowCount: group.rowCount, wanted: rows)
            // Without a page the whole chunk would be read.
            if !choice.rows.isEmpty { choices[entry.leaf] = choice }
        }
        return choices
    }

    /// - Errors: `FMT-201` for a place outside the file.
    func readIndexes(_ places: [Range<Int64>]) async throws -> [[UInt8]] {
        for place in places where place.upperBound > reader.info.size {
            throw FileFormatsError(
                .corruptFile, "a page index lies outside its file", ["offset": place.lowerBound])
        }
        return try await reader.read(places)
    }

    /// Fetches and decodes a row group on the calling thread. `fields` as in `fetch`.
    package func read(rowGroup: Int, fields: [Field]) async throws -> [Batch] {
        let data = try await fetch(rowGroup: rowGroup, fields: fields)
        return try RowGroupDecoder(data).rest()
    }

    private func projections(_ fields: [Field]) throws(FileFormatsError) -> [ParquetProjection] {
        let matching = ParquetMatching(byID: hasFieldIDs, missing: missing)
        var projections: [ParquetProjection] = []
        for field in fields { projections.append(try matching.match(field, in: columns)) }
        return projections
    }
}

/// What the footer says about one row group.
package struct ParquetRowGroup: Sendable {
    let footer: ParquetFooter
    let columns: [ParquetNode]
    let hasFieldIDs: Bool
    package let index: Int

    package var rowCount: Int { footer.rowGroups[index].rowCount }
    /// Where its first chunk begins.
    package var offset: Int64 { footer.rowGroups[index].chunks.map(\.offset).min() ?? 0 }
    /// Compressed, over all columns.
    package var byteCount: Int { footer.rowGroups[index].chunks.reduce(0) { $0 + $1.compressedBytes } }

    /// Statistics of a column outside lists, bounds as values of the field's type. Nil when the file has no such
    /// column, or a type that the field's does not accept.
    package func statistics(_ field: Field) -> ParquetStatistics? {
        guard let (raw, leaf) = Self.find(columns, field, byID: field.id != nil && hasFieldIDs),
            (try? ParquetLeafType.isReadable(raw, as: field.type)) == true
        else { return nil }
        let chunk = footer.rowGroups[index].chunks[leaf]
        return ParquetStatistics(
            valueCount: chunk.valueCount, nullCount: chunk.nullCount,
            minimum: ParquetBound.scalar(chunk.minimum, raw, as: field.type),
            maximum: ParquetBound.scalar(chunk.maximum, raw, as: field.type))
    }

    static func find(
        _ nodes: [ParquetNode], _ field: Field, byID: Bool
    ) -> (ParquetFooter.Node, Int)? {
        for node in nodes {
            switch node.shape {
            case .leaf(let raw, let leaf):
                if byID ? node.fieldID == field.id : node.name == field.name { return (raw, leaf) }
            case .structure(let children) where byID:
                if let found = find(children, field, byID: byID) { return found }
            default: continue
            }
        }
        return nil
    }
}
