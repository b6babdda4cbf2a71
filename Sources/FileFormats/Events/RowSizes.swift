import Columnar

/// How much JSON each row of a column surely makes: what bounds the memory of turning rows into text.
///
/// A few bytes of Arrow stand for any amount of text: a dictionary's value in every row, a list of a billion nulls.
enum RowSizes {
    /// A single value of any type that is not text, and what follows it.
    private static let valueBytes = 2

    case same(Int)
    case each([Int])

    init(_ column: Column) {
        switch column.values {
        case .constant(.null): self = .same(Self.valueBytes)
        case .constant: self = .same(Self.valueBytes)
        case .string(let items):
            self = .each((0..<column.count).map { items.views[$0].length + Self.valueBytes })
        case .dictionary(let indices, let values):
            switch RowSizes(values) {
            case .same(let size): self = .same(size)
            case .each(let sizes): self = .each(indices.map { sizes[Int($0)] })
            }
        case .list(let offsets, let element): self = Self.sums(of: RowSizes(element), offsets)
        case .map(let offsets, let keys, let values):
            self = Self.sums(of: RowSizes(keys) + RowSizes(values), offsets)
        case .structure(let fields):
            self = fields.reduce(.same(Self.valueBytes)) { $0 + RowSizes($1) }
        default: self = .same(Self.valueBytes)
        }
    }

    subscript(row: Int) -> Int {
        switch self {
        case .same(let size): size
        case .each(let sizes): sizes[row]
        }
    }

    /// - Precondition: sums of a body's sizes fit an integer: its values are counted before.
    static func + (left: RowSizes, right: RowSizes) -> RowSizes {
        switch (left, right) {
        case (.same(let left), .same(let right)): .same(left + right)
        case (.same(let size), .each(let sizes)), (.each(let sizes), .same(let size)):
            .each(sizes.map { $0 + size })
        case (.each(let left), .each(let right)): .each(zip(left, right).map { $0 + $1 })
        }
    }

    private static func sums(of elements: RowSizes, _ offsets: [Int32]) -> RowSizes {
        switch elements {
        case .same(let size):
            return .each(zip(offsets, offsets.dropFirst()).map { Int($1 - $0) * size + valueBytes })
        case .each(let sizes):
            var sizesOfRows: [Int] = []
            sizesOfRows.reserveCapacity(offsets.count)
            for (start, end) in zip(offsets, offsets.dropFirst()) {
                sizesOfRows.append(sizes[Int(start)..<Int(end)].reduce(valueBytes, +))
            }
            return .each(sizesOfRows)
        }
    }
}
