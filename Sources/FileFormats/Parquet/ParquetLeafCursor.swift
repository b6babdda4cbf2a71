/// Reads ranges of rows out of a leaf, of which perhaps only some pages are there.
final class ParquetLeafCursor {
    let leaf: ParquetLeafReader
    /// Rows of the row group that the leaf's values are, ascending.
    private let stored: [Range<Int>]
    private var part = 0
    private var position: Int

    init(_ leaf: ParquetLeafReader, _ stored: [Range<Int>]) {
        self.leaf = leaf
        self.stored = stored
        position = stored.first?.lowerBound ?? 0
    }

    /// Rows behind those that were read before.
    func read(_ rows: Range<Int>) throws -> LeafValues {
        var skipped = 0
        while part < stored.count, stored[part].upperBound <= rows.lowerBound {
            skipped += stored[part].upperBound - position
            part += 1
            if part < stored.count { position = stored[part].lowerBound }
        }
        guard part < stored.count, position <= rows.lowerBound else {
            throw FileFormatsError(.internalFailure, "rows were asked for that were not fetched")
        }
        skipped += rows.lowerBound - position
        if skipped > 0 { try leaf.skip(skipped) }
        position = rows.lowerBound
        let values = try leaf.next(rows.count)
        // The rows may lie in several pages that follow each other.
        var left = rows.count
        while left > 0 {
            let step = min(left, stored[part].upperBound - position)
            left -= step
            position += step
            if position == stored[part].upperBound, left > 0 {
                guard part + 1 < stored.count, stored[part + 1].lowerBound == position else {
                    throw FileFormatsError(.internalFailure, "rows were asked for that were not fetched")
                }
                part += 1
            }
        }
        return values
    }
}
