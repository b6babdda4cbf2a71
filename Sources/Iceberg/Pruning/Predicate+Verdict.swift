package import Columnar

/// What the values of a partition tell of all its rows at once.
package enum PartitionVerdict: Sendable, Hashable {
    case allRows
    case noRows
    case someRows
}

extension Predicate {
    /// Whether a leaf holds for every row of a partition, for none, or for rows that only their own values tell.
    ///
    /// Nothing is said of nulls under `<>`, NOT IN and NOT STARTS WITH: readers differ on whether those match.
    ///
    /// Source: Iceberg table specification, "Scan Planning", inclusive and strict projection.
    package func verdict(
        in partition: [Scalar], of spec: PartitionSpec, _ schema: IcebergSchema
    ) -> PartitionVerdict {
        guard let source = fieldIDs.first, let type = schema.field(withID: source)?.type else {
            return .someRows
        }
        for (field, value) in zip(spec.fields, partition) where field.sourceID == source {
            let verdict = field.transform.verdict(self, type, value)
            if verdict != .someRows { return verdict }
        }
        return .someRows
    }

    /// The same rows, and those that are null where the predicate denies something: some readers count them in.
    package var admittingNulls: Predicate {
        switch self {
        case .and(let parts): .all(parts.map(\.admittingNulls))
        case .or(let parts): .any(parts.map(\.admittingNulls))
        case .not: normalized.admittingNulls
        case .compare(let id, .notEqual, _), .isNotIn(let id, _), .doesNotStartWith(let id, _),
            .isNotNaN(let id):
            .any([self, .isNull(fieldID: id)])
        default: self
        }
    }
}

extension Transform {
    fileprivate func verdict(_ leaf: Predicate, _ type: DataType, _ value: Scalar) -> PartitionVerdict {
        if self == .void { return .someRows }
        if case .unknown = self { return .someRows }
        if value.isNull { return Self.verdictOnNulls(leaf) }
        switch leaf {
        case .isNull: return .noRows
        case .isNotNull: return .allRows
        case .isNaN where ScalarOrder.isNaN(value): return .allRows
        case .isNotNaN where ScalarOrder.isNaN(value): return .noRows
        default: break
        }
        if ScalarOrder.isNaN(value) { return .someRows }
        let projected = project(leaf, type, to: 0)
        if !projected.mightMatch({ _ in ColumnStatistics(constant: value) }) { return .noRows }
        return holdsForAll(leaf, type, value) ? .allRows : .someRows
    }

    /// A partition value is null exactly where the column is.
    private static func verdictOnNulls(_ leaf: Predicate) -> PartitionVerdict {
        switch leaf {
        case .isNull: .allRows
        case .isNotNull, .isIn, .startsWith, .isNaN: .noRows
        case .compare(_, let comparison, _): comparison == .notEqual ? .someRows : .noRows
        default: .someRows
        }
    }

    private func holdsForAll(_ leaf: Predicate, _ type: DataType, _ value: Scalar) -> Bool {
        switch leaf {
        case .compare(_, let comparison, let literal):
            if literal.isNull || ScalarOrder.isNaN(literal) { return false }
            if self != .identity { return isStrict(comparison, literal, type, value) }
            return ScalarOrder.compare(value, literal).map { comparison.holds($0) } ?? false
        case .isIn(_, let literals):
            return self == .identity && literals.contains { ScalarOrder.compare(value, $0) == 0 }
        case .isNotIn(_, let literals): return literals.allSatisfy { differs(value, from: $0, type) }
        case .isNotNaN: return self == .identity
        case .startsWith(_, let prefix): return keeps(prefix) && Self.starts(value, prefix) ?? false
        case .doesNotStartWith(_, let prefix):
            if keeps(prefix) { return Self.starts(value, prefix).map { !$0 } ?? false }
            // Only of a truncated prefix does another value mean another beginning: a bucket mixes them.
            guard case .truncate = self else { return false }
            return differs(value, from: .string(prefix), type)
        default: return false
        }
    }

    /// The strict projection: what holds of the partition's value only if the comparison holds of all its rows.
    private func isStrict(
        _ comparison: Predicate.Comparison, _ literal: Scalar, _ type: DataType, _ value: Scalar
    ) -> Bool {
        if comparison == .notEqual { return differs(value, from: literal, type) }
        guard preservesOrder, comparison != .equal else { return false }
        // `x <= 5` is `x < 6` where there is a next value.
        let step = comparison == .lessOrEqual ? 1 : comparison == .greaterOrEqual ? -1 : 0
        guard let edge = step == 0 ? literal : Self.neighbour(of: literal, step),
            let image = apply(edge, type)
        else { return false }
        switch comparison {
        case .less, .lessOrEqual: return ScalarOrder.compare(value, image).map { $0 < 0 } ?? false
        default: return ScalarOrder.compare(earliest(value), image).map { $0 > 0 } ?? false
        }
    }

    /// No row of the partition can have the literal.
    private func differs(_ value: Scalar, from literal: Scalar, _ type: DataType) -> Bool {
        if literal.isNull || ScalarOrder.isNaN(literal) { return false }
        guard let image = apply(literal, type) else { return false }
        let images = isTimeUnit ? [image, Self.allowingOldRounding(image)] : [image]
        return images.allSatisfy { ScalarOrder.compare(value, $0).map { $0 != 0 } ?? false }
    }

    /// The lowest unit that rows of a time partition may be of: early writers rounded towards zero.
    private func earliest(_ value: Scalar) -> Scalar {
        if isTimeUnit, case .int(let units) = value, units <= 0, units > Int32.min { return .int(units - 1) }
        return value
    }

    /// The whole prefix can be read off the partition's value.
    private func keeps(_ prefix: String) -> Bool {
        switch self {
        case .identity: true
        case .truncate(let width): prefix.unicodeScalars.count <= width
        default: false
        }
    }

    private static func starts(_ value: Scalar, _ prefix: String) -> Bool? {
        guard case .string(let text) = value else { return nil }
        return text.utf8.starts(with: prefix.utf8)
    }
}

extension Predicate.Comparison {
    /// `order` is that of the left side to the right one, as `ScalarOrder` tells it.
    fileprivate func holds(_ order: Int) -> Bool {
        switch self {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }
}
