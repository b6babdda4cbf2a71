package import Columnar
import Effects

extension Transform {
    private static let microsecondsPerDay: Int64 = 86_400_000_000
    private static let microsecondsPerHour: Int64 = 3_600_000_000

    /// The result for one value; null stays null. Nil when the payload is not one of `type` or the transform does not
    /// take it.
    package func apply(_ value: Scalar, _ type: DataType) -> Scalar? {
        if value.isNull || self == .void { return .null }
        switch self {
        case .identity: return value
        case .bucket(let count): return Self.hash(value, type).map { .int(Self.bucket($0, count)) }
        case .truncate(let width): return Self.truncated(value, width)
        case .year, .month, .day, .hour: return timeUnits(value, type).map { .int($0) }
        case .void: return .null
        case .unknown: return nil
        }
    }

    @inline(__always)
    static func bucket(_ hash: Int32, _ count: Int) -> Int32 {
        (hash & Int32.max) % Int32(truncatingIfNeeded: count)
    }

    /// Equal values of types that may be promoted into each other hash alike: int and long, date only with itself.
    private static func hash(_ value: Scalar, _ type: DataType) -> Int32? {
        switch (type, value) {
        case (.decimal, .long(let number)): return Murmur3.hash(SingleValue.minimalBigEndian(Int128(number)))
        case (.decimal, .int128(let number)): return Murmur3.hash(SingleValue.minimalBigEndian(number))
        case (.timestampNanos, .long(let number)), (.timestamptzNanos, .long(let number)):
            return Murmur3.hash(number.floorDivided(by: 1000))
        case (_, .int(let number)): return Murmur3.hash(Int64(number))
        case (_, .long(let number)): return Murmur3.hash(number)
        case (_, .string(let text)): return Murmur3.hash(Array(text.utf8))
        case (_, .bytes(let bytes)): return Murmur3.hash(bytes)
        default: return nil
        }
    }

    private static func truncated(_ value: Scalar, _ width: Int) -> Scalar? {
        switch value {
        case .int(let number): return .int(roundedDown(number, Int32(truncatingIfNeeded: width)))
        case .long(let number): return .long(roundedDown(number, Int64(width)))
        case .int128(let number): return .int128(roundedDown(number, Int128(width)))
        case .string(let text):
            var short = String.UnicodeScalarView()
            short.append(contentsOf: text.unicodeScalars.prefix(width))
            return .string(String(short))
        case .bytes(let bytes): return .bytes(Array(bytes.prefix(width)))
        default: return nil
        }
    }

    /// The multiple of `width` at or below `number`; wraps below the least number, as other implementations do.
    @inline(__always)
    static func roundedDown<Number: FixedWidthInteger & SignedInteger>(_ number: Number, _ width: Number)
        -> Number
    {
        let rest = number % width
        return number &- (rest < 0 ? rest &+ width : rest)
    }

    private func timeUnits(_ value: Scalar, _ type: DataType) -> Int32? {
        switch (type, value) {
        case (.date, .int(let days)): self == .hour ? nil : units(ofDay: Int64(days))
        case (.timestamp, .long(let time)), (.timestamptz, .long(let time)): units(ofMicroseconds: time)
        case (.timestampNanos, .long(let time)), (.timestamptzNanos, .long(let time)):
            units(ofMicroseconds: time.floorDivided(by: 1000))
        default: nil
        }
    }

    @inline(__always)
    func units(ofMicroseconds time: Int64) -> Int32 {
        if self == .hour { return Int32(truncatingIfNeeded: time.floorDivided(by: Self.microsecondsPerHour)) }
        return units(ofDay: time.floorDivided(by: Self.microsecondsPerDay))
    }

    @inline(__always)
    func units(ofDay day: Int64) -> Int32 {
        if self == .day { return Int32(truncatingIfNeeded: day) }
        let date = CivilDate(daysSinceEpoch: Int(day))
        let years = date.year - 1970
        return Int32(truncatingIfNeeded: self == .year ? years : years * 12 + date.month - 1)
    }
}
