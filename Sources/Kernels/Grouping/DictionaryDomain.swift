import Columnar

/// Key columns in dictionary form, read as one small number a row: a code.
///
///     code = index of the first key * size of the second + index of the second …; a null is one more index
struct DictionaryDomain {
    private let keys: [(indices: [Int32], validity: Bitmap?, size: Int)]
    /// Codes lie in `0..<size`.
    let size: Int
    private let rowCount: Int

    /// Nil unless every key is a dictionary (or constant) and there are few codes, fewer than rows.
    init?(_ columns: [Column], rowCount: Int, limit: Int) {
        var keys: [(indices: [Int32], validity: Bitmap?, size: Int)] = []
        var size = 1
        for column in columns {
            if column.constantValue != nil { continue }
            guard case .dictionary(let indices, let values) = column.values else { return nil }
            let codes = values.count + (column.validity == nil ? 0 : 1)
            let (product, overflow) = size.multipliedReportingOverflow(by: max(1, codes))
            guard !overflow, product <= limit, product <= rowCount else { return nil }
            size = product
            keys.append((indices, column.validity, max(1, codes)))
        }
        self.keys = keys
        self.size = size
        self.rowCount = rowCount
    }

    /// The code of each row, and for each code that occurs the first row that has it.
    func codes() -> (codes: [Int32], representatives: (codes: [Int], rows: [Int32])) {
        var codes = [Int32](repeating: 0, count: rowCount)
        for key in keys {
            let size = Int32(truncatingIfNeeded: key.size)
            precondition(key.indices.count == rowCount)
            for row in 0..<rowCount { codes[row] = codes[row] &* size &+ key.indices[row] }
            guard let validity = key.validity else { continue }
            for row in 0..<rowCount where !validity[row] {
                codes[row] = codes[row] &- key.indices[row] &+ size &- 1
            }
        }
        var first = [Int32](repeating: -1, count: size)
        for row in 0..<rowCount where first[Int(codes[row])] < 0 {
            first[Int(codes[row])] = Int32(truncatingIfNeeded: row)
        }
        let used = first.indices.filter { first[$0] >= 0 }.sorted { first[$0] < first[$1] }
        return (codes, (used, used.map { first[$0] }))
    }
}
