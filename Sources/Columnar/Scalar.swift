/// One value. Its meaning comes from the `DataType` beside it; this is the payload.
///
/// | type | payload |
/// |---|---|
/// | int, date | `int` (date: days) |
/// | long, time, timestamps | `long` (microseconds; nanoseconds for the `_ns` types) |
/// | decimal | unscaled: `long` up to 18 digits, else `int128` |
/// | string, json | `string` |
/// | binary, uuid, fixed | `bytes` |
package indirect enum Scalar: Sendable {
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
