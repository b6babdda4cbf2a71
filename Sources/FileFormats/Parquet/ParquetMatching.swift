import Columnar

/// Finds asked columns in a file: by id, or by name in a file that knows no ids.
struct ParquetMatching {
    let byID: Bool
    /// By field id, what a column holds that the file lacks.
    let missing: [Int: Scalar]

    /// Matches `field` among `nodes`, the columns of the file or the fields of a struct.
    ///
    /// - Errors: `FMT-203` when the table's type does not accept the file's.
    func match(_ field: Field, in nodes: [ParquetNode]) throws(FileFormatsError) -> ParquetProjection {
        // `unknown` holds nothing but nulls, whatever a file has there.
        if field.type == .null { return .missing(.null, .null) }
        let node = nodes.first { node in
            byID && field.id != nil ? node.fieldID == field.id : node.name == field.name
        }
        guard let node else {
            return .missing(field.type, field.id.flatMap { missing[$0] } ?? .null)
        }
        return try match(field, node)
    }

    private func match(_ field: Field, _ node: ParquetNode) throws(FileFormatsError) -> ParquetProjection {
        switch (node.shape, field.type) {
        case (_, .null): return .missing(.null, .null)
        case (.leaf(let raw, let leaf), let type) where !type.isNested:
            return .leaf(node, leaf: leaf, try LeafConversion(raw, as: type))
        case (.structure(let children), .json) where VariantParts.isVariant(children):
            return .variant(node, try VariantParts(children))
        case (.structure(let children), .structure(let fields)):
            var matched: [ParquetProjection] = []
            for field in fields { matched.append(try match(field, in: children)) }
            return .structure(node, matched, field.type)
        case (.list(let element, let level), .list(let inner)):
            return .list(node, elementLevel: level, try match(inner, element), field.type)
        case (.map(let key, let value, let level), .map(let keyField, let valueField)):
            return .map(
                node, elementLevel: level, key: try match(keyField, key), value: try match(valueField, value),
                field.type)
        default:
            throw FileFormatsError(
                .incompatibleType, "a column of the file cannot be read as the table's type",
                ["column": node.name, "file": try node.field().type, "table": field.type])
        }
    }
}
