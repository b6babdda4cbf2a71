import Columnar
import Iceberg

/// Sorts the rows of batches by the partition they belong to.
struct PartitionSplitter {
    struct Part {
        /// Equal for rows of one partition, over all batches of a splitter.
        var key: [Int32]
        var partition: [Scalar]
        /// Positions in the batch, ascending; nil when it is the whole batch.
        var rows: [Int32]?
    }

    private let transforms: [Transform]
    private let sources: [ColumnPath]
    /// Numbers for the values seen in each field, so that rows compare numbers.
    private var codes: [[Scalar: Int32]]
    private var values: [[Scalar]]

    /// - Errors: `ICE-105` when a source column is gone.
    init(spec: PartitionSpec, schema: IcebergSchema) throws(IcebergError) {
        transforms = spec.fields.map(\.transform)
        sources = try spec.fields.map { (field) throws(IcebergError) -> ColumnPath in
            if field.transform == .void { return ColumnPath([]) }
            guard let path = ColumnPath(to: field.sourceID, in: schema.fields) else {
                throw IcebergError(
                    .invalidPartitionSpec, "no column has the source id of a partition field",
                    ["partition field": field.name, "source-id": field.sourceID])
            }
            return path
        }
        codes = spec.fields.map { _ in [:] }
        values = spec.fields.map { _ in [] }
    }

    /// The parts of a dense batch of the table's schema, in the order their first rows come.
    ///
    /// - Cost: one pass a partition field, one over the rows when they are not all in one partition.
    mutating func split(_ batch: Batch) throws(IcebergError) -> [Part] {
        if batch.rowCount == 0 { return [] }
        var rowCodes: [[Int32]?] = []
        var firstCodes: [Int32] = []
        for field in transforms.indices {
            let (first, all) = try encode(field, batch)
            firstCodes.append(first)
            rowCodes.append(all)
        }
        let varying = rowCodes.indices.filter { rowCodes[$0] != nil }
        if varying.isEmpty { return [Part(key: firstCodes, partition: partition(firstCodes), rows: nil)] }
        return group(rowCodes, firstCodes, varying, batch.rowCount)
    }

    private func partition(_ codes: [Int32]) -> [Scalar] { codes.indices.map { values[$0][Int(codes[$0])] } }

    private func group(
        _ rowCodes: [[Int32]?], _ firstCodes: [Int32], _ varying: [Int], _ rowCount: Int
    ) -> [Part] {
        var parts: [Part] = []
        var known: [[Int32]: Int] = [:]
        var key = firstCodes
        var lastKey: [Int32] = []
        var last = 0
        for row in 0..<rowCount {
            for field in varying { key[field] = rowCodes[field]?[row] ?? 0 }
            if key != lastKey {
                if let index = known[key] {
                    last = index
                } else {
                    last = parts.count
                    known[key] = last
                    parts.append(Part(key: key, partition: partition(key), rows: []))
                }
                lastKey = key
            }
            parts[last].rows?.append(Int32(truncatingIfNeeded: row))
        }
        return parts
    }

    /// The code of the first row, and the codes of all rows unless they are the same.
    private mutating func encode(_ field: Int, _ batch: Batch) throws(IcebergError) -> (Int32, [Int32]?) {
        if transforms[field] == .void { return (code(of: .null, field), nil) }
        let column = try transforms[field].apply(to: sources[field].column(in: batch))
        if let constant = column.constantValue { return (code(of: constant, field), nil) }
        let all = codes(of: column, field)
        let first = all[0]
        return (first, all.contains { $0 != first } ? all : nil)
    }

    private mutating func codes(of column: Column, _ field: Int) -> [Int32] {
        switch column.values {
        case .int32(let items):
            return runs(column, field, isSame: { items[$0] == items[$1] }, scalar: { .int(items[$0]) })
        case .int64(let items):
            return runs(column, field, isSame: { items[$0] == items[$1] }, scalar: { .long(items[$0]) })
        default:
            return runs(column, field, isSame: { _, _ in false }, scalar: { column.scalar(at: $0) })
        }
    }

    /// Looks a value up only when it differs from the row before.
    private mutating func runs(
        _ column: Column, _ field: Int, isSame: (Int, Int) -> Bool, scalar: (Int) -> Scalar
    ) -> [Int32] {
        var result = [Int32](repeating: 0, count: column.count)
        var nullCode: Int32?
        var previous: Int?
        for row in 0..<column.count {
            if column.isNull(row) {
                let known = nullCode ?? code(of: .null, field)
                nullCode = known
                result[row] = known
            } else if let previous, isSame(row, previous) {
                result[row] = result[previous]
            } else {
                result[row] = code(of: scalar(row), field)
                previous = row
            }
        }
        return result
    }

    private mutating func code(of value: Scalar, _ field: Int) -> Int32 {
        if let known = codes[field][value] { return known }
        let new = Int32(truncatingIfNeeded: values[field].count)
        codes[field][value] = new
        values[field].append(value)
        return new
    }
}
