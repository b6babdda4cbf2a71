package import Columnar
package import JSONText

/// A filter as a client of scan planning wrote it, bound to the columns of a schema.
///
/// It keeps the client's own words: what is left to check in a file goes back in the form that came, the deprecated one
/// included. NOT stands at leaves only.
///
/// Source: Iceberg REST catalog specification, schema `Predicate`.
package indirect enum ScanFilter: Sendable, Hashable {
    case always
    case never
    case and(ScanFilter, ScanFilter)
    case or(ScanFilter, ScanFilter)
    /// One test of one column, and how the client wrote it.
    case test(Predicate, text: JSONValue)
    /// What only the client can evaluate: a function, or two columns compared.
    case foreign(text: JSONValue)

    /// True for at least the rows the client may take for matching; prunes partitions, files and manifests.
    package var pruning: Predicate {
        switch self {
        case .always, .foreign: .always
        case .never: .never
        case .and(let left, let right): .all([left.pruning, right.pruning])
        case .or(let left, let right): .any([left.pruning, right.pruning])
        case .test(let predicate, _): predicate.admittingNulls
        }
    }

    /// What is left to check in the rows of a partition.
    package func residual(
        in partition: [Scalar], of spec: PartitionSpec, _ schema: IcebergSchema
    ) -> ScanFilter {
        switch self {
        case .always, .never, .foreign: return self
        case .and(let left, let right):
            return Self.both(
                left.residual(in: partition, of: spec, schema),
                right.residual(in: partition, of: spec, schema))
        case .or(let left, let right):
            return Self.either(
                left.residual(in: partition, of: spec, schema),
                right.residual(in: partition, of: spec, schema))
        case .test(let predicate, _):
            switch predicate.verdict(in: partition, of: spec, schema) {
            case .allRows: return .always
            case .noRows: return .never
            case .someRows: return self
            }
        }
    }

    static func both(_ left: ScanFilter, _ right: ScanFilter) -> ScanFilter {
        switch (left, right) {
        case (.never, _), (_, .never): .never
        case (.always, let rest), (let rest, .always): rest
        default: .and(left, right)
        }
    }

    static func either(_ left: ScanFilter, _ right: ScanFilter) -> ScanFilter {
        switch (left, right) {
        case (.always, _), (_, .always): .always
        case (.never, let rest), (let rest, .never): rest
        default: .or(left, right)
        }
    }

    /// `{"type": "and", "left": {…}, "right": {…}}`; `true` and `false` where nothing is left to check.
    package var json: JSONValue {
        switch self {
        case .always: true
        case .never: false
        case .and(let left, let right): ["type": "and", "left": left.json, "right": right.json]
        case .or(let left, let right): ["type": "or", "left": left.json, "right": right.json]
        case .test(_, let text), .foreign(let text): text
        }
    }
}
