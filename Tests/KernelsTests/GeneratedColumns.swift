import Columnar
import Effects

/// Random columns in every form, with nulls and awkward values, from a seed.
struct GeneratedColumns {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    static let types: [DataType] = [
        .boolean, .int, .long, .float, .double, .decimal(precision: 9, scale: 2),
        .decimal(precision: 30, scale: 4),
        .date, .time, .timestamp, .timestamptz, .string, .binary, .interval,
    ]

    mutating func number(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }

    mutating func scalar(_ type: DataType) -> Scalar {
        let small = Int64(number(7)) - 3
        switch type {
        case .boolean: return .boolean(number(2) == 0)
        case .int: return .int(number(10) == 0 ? [.max, .min, 0][number(3)] : Int32(small))
        case .long: return .long(number(10) == 0 ? [.max, .min, 0][number(3)] : small)
        case .date: return .int(Int32(small) * 400)
        case .time: return .long(Int64(number(5)) * 3_600_000_000)
        case .timestamp, .timestamptz: return .long(small * 90_000_000_000)
        case .float: return .float(number(8) == 0 ? [.nan, .infinity, -0.0][number(3)] : Float(small) / 2)
        case .double:
            return .double(number(8) == 0 ? [.nan, -.infinity, -0.0][number(3)] : Double(small) / 2)
        case .decimal(let precision, _):
            return precision <= 18 ? .long(small * 125) : .int128(Int128(small) * 125)
        case .string:
            return .string(
                ["", "a", "b", "ab", "ünï", "a longer text of words", "a longer text of wordz"][number(7)])
        case .binary: return .bytes([[], [0], [255, 0], [UInt8](repeating: 7, count: 20)][number(4)])
        case .interval: return .interval(Interval(months: Int32(number(3)), days: Int32(number(3)) * 30))
        default: return .null
        }
    }

    /// A column of `count` rows: flat, constant or dictionary, with or without nulls.
    mutating func column(_ type: DataType, count: Int) -> Column {
        switch number(5) {
        case 0: return .constant(number(4) == 0 ? .null : scalar(type), type, count: count)
        case 1:
            let size = 1 + number(5)
            let values = Column(type, (0..<size).map { _ in scalar(type) })
            let indices = (0..<count).map { _ in Int32(number(size)) }
            let validity = number(2) == 0 ? nil : Bitmap((0..<count).map { _ in number(4) > 0 })
            return Column(
                type, count: count, .dictionary(indices: indices, values: values), validity: validity)
        case 2: return Column(type, (0..<count).map { _ in scalar(type) })
        default: return Column(type, (0..<count).map { _ in number(4) == 0 ? .null : scalar(type) })
        }
    }
}
