import Columnar

/// Key columns in dictionary form, read as one small number a row: a code.
///
///     code = index of the first key * size of the second + index of the second …; a null is one more index
struct DictionaryDomain {
    /// Nil for constants, which all codes share.
    private let dictionaries: [Column?]
    private let constants: [Scalar]
    /// Codes lie in `0..<size`.
    let size: Int

    /// Nil unless every key is a dictionary (or constant) and there are few codes, for the rows there are.
    init?(_ columns: [Column], rowCount: Int, limit: Int) {
        var dictionaries: [Column?] = []
        var constants: [Scalar] = []
        var size = 1
        for column in columns {
            if let scalar = column.constantValue {
                dictionaries.append(nil)
                constants.append(scalar)
                continue
            }
            guard case .dictionary(_, let values) = column.values else { return nil }
            let (product, overflow) = size.multipliedReportingOverflow(by: values.count + 1)
            guard !overflow, product <= limit, product <= rowCount * 8 + 1024 else { return nil }
            size = product
            dictionaries.append(values)
        }
        self.dictionaries = dictionaries
        self.constants = constants
        self.size = size
    }

    /// Whether codes mean the same: the dictionaries are the same memory, the constants the same values.
    func isSame(as other: DictionaryDomain) -> Bool {
        guard constants == other.constants, dictionaries.count == other.dictionaries.count else {
            return false
        }
        return zip(dictionaries, other.dictionaries).allSatisfy { left, right in
            switch (left, right) {
            case (nil, nil): true
            case (let left?, let right?): left.sharesValues(with: right)
            default: false
            }
        }
    }

    /// The code of each row of `keys`, the columns this was made from.
    func codes(_ keys: [Column]) -> [Int32] {
        var codes = [Int32](repeating: 0, count: keys.first?.count ?? 0)
        var output = codes.mutableSpan
        for (key, dictionary) in zip(keys, dictionaries) {
            guard let dictionary, case .dictionary(let indices, _) = key.values else { continue }
            let size = Int32(truncatingIfNeeded: dictionary.count + 1)
            let input = indices.span
            precondition(input.count == output.count)
            if let validity = key.validity {
                for row in 0..<input.count {
                    output[row] = output[row] &* size &+ (validity[row] ? input[row] : size &- 1)
                }
            } else {
                for row in 0..<input.count { output[row] = output[row] &* size &+ input[row] }
            }
        }
        return codes
    }
}
