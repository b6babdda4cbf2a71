/// One value. Its meaning comes from the `DataType` beside it; this is the payload.
///
/// | type | payload |
/// |---|---|
/// | int, date | `int` (date: days) |
/// | long, time, timestamps | `long` (microseconds; nanoseconds for the `_ns` types) |
/// | decimal | unscaled: `long` up to 18 digits, else `int128` |
/// | string, json | `string` |
/// | binary, uuid, fixed | `bytes` |
///
/// Equal are those that SQL calls equal: texts of the same bytes, though `String` takes two spellings of `é` for one.
package indirect enum Scalar: Sendable, Hashable {
    case null
    case boolean(Bool)
    case int(Int32)
    case long(Int64)
    case int128(Int128)
    case float(Float)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case interval(Interval)
    case list([Scalar])
    case map([ScalarPair])
    case structure([Scalar])

    package var isNull: Bool { if case .null = self { true } else { false } }

    package static func == (left: Scalar, right: Scalar) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let a), .boolean(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.long(let a), .long(let b)): a == b
        case (.int128(let a), .int128(let b)): a == b
        case (.float(let a), .float(let b)): a == b
        case (.double(let a), .double(let b)): a == b
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.bytes(let a), .bytes(let b)): a == b
        case (.interval(let a), .interval(let b)): a == b
        case (.list(let a), .list(let b)), (.structure(let a), .structure(let b)): a == b
        case (.map(let a), .map(let b)): a == b
        default: false
        }
    }
}

/// One entry of a map value.
package struct ScalarPair: Sendable, Hashable {
    package var key: Scalar
    package var value: Scalar

    package init(_ key: Scalar, _ value: Scalar) {
        self.key = key
        self.value = value
    }
}

/// A span of time in three parts that do not convert into each other: a month has no fixed length, nor has a day.
package struct Interval: Sendable, Hashable, BitwiseCopyable {
    package var months: Int32
    package var days: Int32
    package var microseconds: Int64

    package init(months: Int32 = 0, days: Int32 = 0, microseconds: Int64 = 0) {
        self.months = months
        self.days = days
        self.microseconds = microseconds
    }
}
