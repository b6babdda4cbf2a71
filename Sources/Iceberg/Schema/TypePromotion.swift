package import Columnar

/// Which types may become which without touching a file.
///
/// Source: Iceberg table specification, "Schema Evolution", "Valid Type Promotions".
package enum TypePromotion {
    package static func isAllowed(_ from: DataType, to target: DataType, formatVersion: Int) -> Bool {
        switch (from, target) {
        case (.int, .long), (.float, .double): true
        // A column of the type `unknown`, which has no values.
        case (.null, _): formatVersion > 2
        case (.decimal(let precision, let scale), .decimal(let wider, let same)):
            wider >= precision && same == scale
        case (.date, .timestamp), (.date, .timestampNanos): formatVersion > 2
        default: false
        }
    }

    package static func hint(_ type: DataType, formatVersion: Int) -> String {
        switch type {
        case .int: return "an INT may become a BIGINT"
        case .float: return "a FLOAT may become a DOUBLE"
        case .decimal(let precision, let scale):
            return "a DECIMAL(\(precision), \(scale)) may get more digits, as many behind the point"
        case .date where formatVersion > 2: return "a DATE may become a TIMESTAMP"
        default: return "add a column of the new type instead"
        }
    }
}
