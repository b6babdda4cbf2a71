import Columnar

/// One asked column, matched with what the file has.
///
/// Fields are matched by id, or by name in a file that knows no ids. What the file lacks is null.
indirect enum ParquetProjection {
    case missing(DataType)
    case leaf(ParquetNode, leaf: Int, LeafConversion)
    case structure(ParquetNode, [ParquetProjection], DataType)
    case list(ParquetNode, elementLevel: Int16, ParquetProjection, DataType)
    case map(ParquetNode, elementLevel: Int16, key: ParquetProjection, value: ParquetProjection, DataType)

    /// Matches `field` among `nodes`, the columns of the file or the fields of a struct.
    static func match(
        _ field: Field, in nodes: [ParquetNode], byID: Bool
    ) throws(FileFormatsError) -> ParquetProjection {
        let node = nodes.first { node in
            byID && field.id != nil ? node.fieldID == field.id : node.name == field.name
        }
        guard let node else { return .missing(field.type) }
        return try match(field, node, byID: byID)
    }

    private static func match(
        _ field: Field, _ node: ParquetNode, byID: Bool
    ) throws(FileFormatsError) -> ParquetProjection {
        switch (node.shape, field.type) {
        case (.leaf(let raw, let leaf), let type) where !type.isNested:
            return .leaf(node, leaf: leaf, try LeafConversion(raw, as: type))
        case (.structure(let children), .structure(let fields)):
            var matched: [ParquetProjection] = []
            for field in fields { matched.append(try match(field, in: children, byID: byID)) }
            return .structure(node, matched, field.type)
        case (.list(let element, let level), .list(let inner)):
            return .list(node, elementLevel: level, try match(inner, element, byID: byID), field.type)
        case (.map(let key, let value, let level), .map(let keyField, let valueField)):
            return .map(
                node, elementLevel: level, key: try match(keyField, key, byID: byID),
                value: try match(valueField, value, byID: byID), field.type)
        default:
            throw FileFormatsError(
                .incompatibleType, "a column of the file cannot be read as the table's type",
                ["column": node.name, "file": try node.field().type, "table": field.type])
        }
    }

    /// The leaves to read. Where a struct or list has none of its fields asked for, one leaf tells its shape.
    var leaves: [Int] {
        switch self {
        case .missing: return []
        case .leaf(_, let leaf, _): return [leaf]
        case .structure(let node, let fields, _):
            let inner = fields.flatMap(\.leaves)
            return inner.isEmpty ? Array(node.leaves.prefix(1)) : inner
        case .list(let node, _, let element, _):
            return element.leaves.isEmpty ? Array(node.leaves.prefix(1)) : element.leaves
        case .map(_, _, let key, let value, _): return key.leaves + value.leaves
        }
    }

    /// Whether the column can only be read for the whole row group.
    var isWhole: Bool {
        switch self {
        case .missing: false
        case .leaf(let node, _, _): node.repetition > 0
        case .structure(let node, let fields, _):
            // The leaf that tells an empty struct's shape may lie in a list.
            fields.contains(where: \.isWhole)
                || (fields.allSatisfy { $0.leaves.isEmpty } && node.isInsideOrHasList)
        case .list, .map: true
        }
    }

    /// Conversions of the leaves that give values; a leaf that only tells a shape has none.
    var conversions: [Int: LeafConversion] {
        switch self {
        case .missing: return [:]
        case .leaf(_, let leaf, let conversion): return [leaf: conversion]
        case .structure(_, let fields, _):
            return fields.reduce(into: [:]) { $0.merge($1.conversions) { first, _ in first } }
        case .list(_, _, let element, _): return element.conversions
        case .map(_, _, let key, let value, _):
            return key.conversions.merging(value.conversions) { first, _ in first }
        }
    }
}
