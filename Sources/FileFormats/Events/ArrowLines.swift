import Columnar

/// The lines of JSON that batches of one schema become, piece by piece.
struct ArrowLines {
    /// Text is made at once of rows that surely make so much, or of one row.
    private static let pieceBytes = 256 << 10
    /// What a value may make of the two bytes it surely makes: a timestamp, or six letters for one that is escaped.
    private static let growth = 18

    private let limit: Int
    private(set) var text: [UInt8] = []
    private var keys: [[UInt8]] = []
    private var rowCount = 0

    init(limit: Int) { self.limit = limit }

    /// `reserve` hears what the lines and the making of the next ones take.
    ///
    /// - Errors: `FMT-102` for two columns of one name, `FMT-103` with the row; what `reserve` throws.
    mutating func append(_ batch: Batch, reserve: (Int) throws -> Void) throws {
        if keys.isEmpty { keys = try Self.keys(batch.schema) }
        let keyBytes = keys.reduce(0) { $0 + $1.count } + 2
        let sizes = batch.columns.reduce(RowSizes.same(keyBytes)) { $0 + RowSizes($1) }
        var start = 0
        while start < batch.rowCount {
            var end = start
            var size = 0
            while end < batch.rowCount, end - start < Batch.capacity,
                end == start || size + sizes[end] <= Self.pieceBytes
            {
                size += sizes[end]
                end += 1
            }
            guard text.count + size <= limit else { throw tooLarge(start) }
            // As the array grows.
            try reserve(3 * text.count + Self.growth * size)
            append(batch.slice(start..<end))
            guard text.count <= limit else { throw tooLarge(start) }
            start = end
        }
        rowCount += batch.rowCount
    }

    private mutating func append(_ piece: Batch) {
        let columns = piece.columns.map { ColumnEncoder.encode($0.withoutDictionaries) }
        for row in 0..<piece.rowCount {
            RowEncoder.appendObject(row: row, keys: keys, columns, to: &text)
            text.append(UInt8(ascii: "\n"))
        }
    }

    private func tooLarge(_ row: Int) -> FileFormatsError {
        FileFormatsError(.tooLarge, "the rows make too much JSON", ["limit": limit, "row": rowCount + row])
    }

    private static func keys(_ schema: Schema) throws(FileFormatsError) -> [[UInt8]] {
        var seen = Set<String>()
        for field in schema.fields where !seen.insert(field.name).inserted {
            throw FileFormatsError(.malformedBody, "two columns have one name", ["column": field.name])
        }
        return RowEncoder.keys(schema.fields.map(\.name))
    }
}

extension Column {
    /// The same rows with every value in its place: of a piece, whose values are counted, that is what they make.
    fileprivate var withoutDictionaries: Column {
        switch values {
        case .dictionary: flattened()
        case .list(let offsets, let element):
            Column(
                type, count: count, .list(offsets: offsets, element: element.withoutDictionaries),
                validity: validity)
        case .map(let offsets, let keys, let values):
            Column(
                type, count: count,
                .map(
                    offsets: offsets, keys: keys.withoutDictionaries, values: values.withoutDictionaries),
                validity: validity)
        case .structure(let fields):
            Column(type, count: count, .structure(fields.map(\.withoutDictionaries)), validity: validity)
        default: self
        }
    }
}
