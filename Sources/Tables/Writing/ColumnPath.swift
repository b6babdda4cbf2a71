import Columnar

/// The way from a batch to a column, through structs.
struct ColumnPath: Sendable {
    /// Position in the batch, then in each struct on the way.
    private let positions: [Int]

    init(_ positions: [Int]) { self.positions = positions }

    /// The same way in a batch with so many more columns before.
    func moved(by count: Int) -> ColumnPath {
        ColumnPath([positions[0] + count] + positions.dropFirst())
    }

    /// Nil when no field has the id, or only one inside a list or map.
    init?(to id: Int, in fields: [Field]) {
        guard let positions = Self.find(id, in: fields) else { return nil }
        self.positions = positions
    }

    private static func find(_ id: Int, in fields: [Field]) -> [Int]? {
        for (index, field) in fields.enumerated() {
            if field.id == id { return [index] }
            if case .structure(let children) = field.type, let rest = find(id, in: children) {
                return [index] + rest
            }
        }
        return nil
    }

    func column(in batch: Batch) -> Column {
        var column = batch.columns[positions[0]]
        for index in positions.dropFirst() {
            let outer = column.flattened()
            // A struct of nothing but nulls may be a constant without members; then so is what is inside.
            guard case .structure(let children) = outer.values else { return outer }
            let child = children[index].flattened()
            // A null struct has null members.
            column = Column(
                child.type, count: child.count, child.values,
                validity: intersect(outer.validity, child.validity))
        }
        return column
    }
}

extension [Field] {
    /// The field with the id; one inside structs comes alone in its structs. Nil when it is not there, or inside a list or
    /// map.
    func pruned(to id: Int) -> Field? {
        for field in self {
            if field.id == id { return field }
            guard case .structure(let children) = field.type, let child = children.pruned(to: id) else {
                continue
            }
            var outer = field
            outer.type = .structure([child])
            return outer
        }
        return nil
    }
}
