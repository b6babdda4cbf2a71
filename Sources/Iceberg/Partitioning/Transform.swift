package import Columnar

/// Derives a partition or sort value from a column's value.
///
/// Source: Iceberg table specification, "Partition Transforms".
package enum Transform: Sendable, Hashable {
    case identity
    /// Hash modulo this many.
    case bucket(Int)
    /// The first characters or bytes of this width, or numbers rounded down to a multiple of it.
    case truncate(Int)
    /// Years since 1970.
    case year
    /// Months since 1970-01.
    case month
    /// Days since 1970-01-01.
    case day
    /// Hours since 1970-01-01T00.
    case hour
    /// Always null: a partition field that was dropped.
    case void
    /// One of a later specification. Its values are carried; nothing is pruned by them, nothing is written.
    case unknown(String)

    /// Never fails: what is not known is `unknown`.
    package init(_ text: String) {
        switch text {
        case "identity": self = .identity
        case "year": self = .year
        case "month": self = .month
        case "day": self = .day
        case "hour": self = .hour
        case "void": self = .void
        default:
            if let count = Transform.parameter(text, "bucket") {
                self = .bucket(count)
            } else if let width = Transform.parameter(text, "truncate") {
                self = .truncate(width)
            } else {
                self = .unknown(text)
            }
        }
    }

    private static func parameter(_ text: String, _ name: String) -> Int? {
        guard text.hasPrefix(name + "["), text.hasSuffix("]") else { return nil }
        guard let number = Int32(text.dropFirst(name.count + 1).dropLast()), number > 0 else { return nil }
        return Int(number)
    }

    /// Whether rows stay in their partitions when a column of type `old` is promoted to `new`.
    ///
    /// Source: Iceberg table specification, "Schema Evolution": days are other numbers than the time they begin at.
    package func keepsPartitions(of old: DataType, promotedTo new: DataType) -> Bool {
        guard old == .date, new.isTimestamp else { return true }
        switch self {
        case .year, .month, .day, .hour, .void: return true
        case .identity, .bucket, .truncate, .unknown: return false
        }
    }

    /// The type of the values it gives; nil when it does not take `source`.
    package func resultType(of source: DataType) -> DataType? {
        switch self {
        case .identity: return source.isNested || source == .interval ? nil : source
        case .bucket:
            switch source {
            case .int, .long, .decimal, .date, .time, .string, .uuid, .fixed, .binary, .json: return .int
            default: return source.isTimestamp ? .int : nil
            }
        case .truncate:
            switch source {
            case .int, .long, .decimal, .string, .binary, .json: return source
            default: return nil
            }
        case .year, .month: return source == .date || source.isTimestamp ? .int : nil
        case .day: return source == .date || source.isTimestamp ? .date : nil
        case .hour: return source.isTimestamp ? .int : nil
        case .void: return source.isNested ? .int : source
        case .unknown: return .string
        }
    }

    /// Keeps the order of its inputs, so that ranges of the source become ranges of the result.
    package var preservesOrder: Bool {
        switch self {
        case .identity, .truncate, .year, .month, .day, .hour: true
        case .bucket, .void, .unknown: false
        }
    }
}

extension Transform: CustomStringConvertible {
    package var description: String {
        switch self {
        case .identity: "identity"
        case .bucket(let count): "bucket[\(count)]"
        case .truncate(let width): "truncate[\(width)]"
        case .year: "year"
        case .month: "month"
        case .day: "day"
        case .hour: "hour"
        case .void: "void"
        case .unknown(let text): text
        }
    }
}
