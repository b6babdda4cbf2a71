import Columnar

/// One asked column, matched with what the file has.
///
/// What the file lacks is one value in every row.
indirect enum ParquetProjection: Sendable {
    case missing(DataType, Scalar)
    case leaf(ParquetNode, leaf: Int, LeafConversion)
    case structure(ParquetNode, [ParquetProjection], DataType)
    case list(ParquetNode, elementLevel: Int16, ParquetProjection, DataType)
    case variant(ParquetNode, VariantParts)
    case map(ParquetNode, elementLevel: Int16, key: ParquetProjection, value: ParquetProjection, DataType)

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
        case .variant(_, let parts): return parts.projections.flatMap(\.leaves)
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
        case .variant(let node, let parts):
            node.repetition > 0 || parts.projections.contains(where: \.isWhole)
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
        case .variant(_, let parts):
            return parts.projections.reduce(into: [:]) { $0.merge($1.conversions) { first, _ in first } }
        }
    }
}
