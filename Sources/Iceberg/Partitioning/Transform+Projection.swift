package import Columnar

extension Predicate {
    /// What must hold of a partition's values for one of its rows to match: inclusive, so a partition that fails it has
    /// no matching row. The field ids of the answer are those of the partition fields.
    ///
    /// Source: Iceberg table specification, "Scan Planning", inclusive projection.
    package func projected(through spec: PartitionSpec, _ schema: IcebergSchema) -> Predicate {
        switch normalized {
        case .and(let parts): return .all(parts.map { $0.projected(through: spec, schema) })
        case .or(let parts): return .any(parts.map { $0.projected(through: spec, schema) })
        case .never: return .never
        case .always, .not: return .always
        case let leaf:
            guard let source = leaf.fieldIDs.first, let type = schema.field(withID: source)?.type else {
                return .always
            }
            let fields = spec.fields.filter { $0.sourceID == source }
            return .all(fields.map { $0.transform.project(leaf, type, to: $0.fieldID) })
        }
    }
}

extension Transform {
    /// A leaf about the source as one about the partition value; `always` where nothing can be said.
    func project(_ leaf: Predicate, _ type: DataType, to id: Int) -> Predicate {
        if self == .void { return .always }
        if case .unknown = self { return .always }
        switch leaf {
        case .isNull: return .isNull(fieldID: id)
        case .isNotNull: return .isNotNull(fieldID: id)
        case .isNaN where self == .identity: return .isNaN(fieldID: id)
        case .isNotNaN where self == .identity: return .isNotNaN(fieldID: id)
        case .compare(_, let comparison, let value): return project(comparison, value, type, to: id)
        case .isIn(_, let values): return projectSet(values, type, to: id)
        case .isNotIn(_, let values) where self == .identity: return .isNotIn(fieldID: id, values)
        case .startsWith(_, let prefix): return project(prefix: prefix, to: id)
        case .doesNotStartWith(_, let prefix) where self == .identity:
            return .doesNotStartWith(fieldID: id, prefix)
        default: return .always
        }
    }

    private func project(
        _ comparison: Predicate.Comparison, _ value: Scalar, _ type: DataType, to id: Int
    ) -> Predicate {
        if value.isNull { return .never }
        if ScalarOrder.isNaN(value) { return .always }
        if self == .identity { return .compare(fieldID: id, comparison, value) }
        guard let image = apply(value, type) else { return .always }
        switch comparison {
        case .equal: return equal(image, to: id)
        case .notEqual: return .always
        case .less, .lessOrEqual:
            guard preservesOrder else { return .always }
            // `ts < midnight` ends the day before: the greatest value allowed decides.
            let greatest = comparison == .less ? Self.neighbour(of: value, -1) : value
            guard let greatest, let limit = apply(greatest, type), !hasWrapped(greatest, limit) else {
                return .always
            }
            let most = isTimeUnit ? Self.allowingOldRounding(limit) : limit
            return .any(
                [.compare(fieldID: id, .lessOrEqual, most)] + wrappedImages(like: limit, ofLow: true, to: id))
        case .greater, .greaterOrEqual:
            guard preservesOrder else { return .always }
            let least = comparison == .greater ? Self.neighbour(of: value, 1) : value
            guard let least, let limit = apply(least, type), !hasWrapped(least, limit) else { return .always }
            return .any(
                [.compare(fieldID: id, .greaterOrEqual, limit)]
                    + wrappedImages(like: limit, ofLow: false, to: id))
        }
    }

    /// Hours that no `int` holds, of times beyond the year 246,000, begin again at the other end: those from here on.
    private static let wrappedHour = Int32(Int64.max / 3_600_000_000 - (Int64(1) << 32)) * -1

    /// Whether a range's limit is one of the values whose image lies at the other end of its type.
    private func hasWrapped(_ value: Scalar, _ image: Scalar) -> Bool {
        switch (self, value, image) {
        case (.truncate, .int(let value), .int(let image)): image > value
        case (.truncate, .long(let value), .long(let image)): image > value
        case (.hour, .long(let time), .int(let hours)): (time < 0) != (hours < 0)
        default: false
        }
    }

    /// Where the images lie of values at one end of their type that wrap around to the other.
    private func wrappedImages(like image: Scalar, ofLow: Bool, to id: Int) -> [Predicate] {
        switch (self, image) {
        case (.truncate(let width), .int) where ofLow:
            return [.compare(fieldID: id, .greater, .int(Int32.max &- Int32(truncatingIfNeeded: width)))]
        case (.truncate(let width), .long) where ofLow:
            return [.compare(fieldID: id, .greater, .long(Int64.max - Int64(width)))]
        case (.hour, .int):
            return [
                ofLow
                    ? .compare(fieldID: id, .greaterOrEqual, .int(Self.wrappedHour - 1))
                    : .compare(fieldID: id, .lessOrEqual, .int(1 - Self.wrappedHour))
            ]
        default: return []
        }
    }

    private func projectSet(_ values: [Scalar], _ type: DataType, to id: Int) -> Predicate {
        var images: Set<Scalar> = []
        for value in values where !value.isNull {
            guard !ScalarOrder.isNaN(value), let image = apply(value, type) else { return .always }
            images.insert(image)
            if isTimeUnit { images.insert(Self.allowingOldRounding(image)) }
        }
        return .isIn(fieldID: id, Array(images))
    }

    private func equal(_ image: Scalar, to id: Int) -> Predicate {
        let old = isTimeUnit ? Self.allowingOldRounding(image) : image
        return old == image ? .compare(fieldID: id, .equal, image) : .isIn(fieldID: id, [image, old])
    }

    private func project(prefix: String, to id: Int) -> Predicate {
        switch self {
        case .identity: return .startsWith(fieldID: id, prefix)
        case .truncate(let width):
            let scalars = prefix.unicodeScalars
            if scalars.count < width { return .startsWith(fieldID: id, prefix) }
            guard let image = apply(.string(prefix), .string) else { return .always }
            return .compare(fieldID: id, .equal, image)
        default: return .always
        }
    }

    var isTimeUnit: Bool {
        switch self {
        case .year, .month, .day, .hour: true
        default: false
        }
    }

    /// Whether the partition `told` may hold a row whose value has this image; true where nothing can be said.
    package func mayName(_ told: Scalar, rowsOf image: Scalar) -> Bool {
        if told.isNull || image.isNull { return told.isNull && image.isNull }
        if ScalarOrder.isNaN(told) || ScalarOrder.isNaN(image) {
            return ScalarOrder.isNaN(told) && ScalarOrder.isNaN(image)
        }
        let isSame = ScalarOrder.compare(told, image).map { $0 == 0 } ?? true
        return isSame || isTimeUnit && told == Self.allowingOldRounding(image)
    }

    /// Early writers rounded times before 1970 towards zero, so such a partition may be named one too high.
    static func allowingOldRounding(_ image: Scalar) -> Scalar {
        if case .int(let units) = image, units < 0 { .int(units + 1) } else { image }
    }

    /// The next value up or down, where a type has such; the value itself, which is only less sharp, elsewhere.
    static func neighbour(of value: Scalar, _ step: Int) -> Scalar? {
        switch value {
        case .int(let number):
            let (next, overflow) = number.addingReportingOverflow(Int32(step))
            return overflow ? nil : .int(next)
        case .long(let number):
            let (next, overflow) = number.addingReportingOverflow(Int64(step))
            return overflow ? nil : .long(next)
        case .int128(let number):
            let (next, overflow) = number.addingReportingOverflow(Int128(step))
            return overflow ? nil : .int128(next)
        default: return value
        }
    }
}
