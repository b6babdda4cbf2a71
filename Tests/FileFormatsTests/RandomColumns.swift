import Columnar
import Effects

/// Makes schemas and batches of every type from a seed.
struct RandomColumns {
    var random: SeededGenerator
    private var nextID = 1

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func schema() -> Schema {
        let count = 1 + random.next(below: 6)
        return Schema((0..<count).map { field("c\($0)", depth: 0) })
    }

    mutating func field(_ name: String, depth: Int) -> Field {
        let id = nextID
        nextID += 1
        return Field(id: id, name, type(depth: depth), isRequired: random.chance(3))
    }

    mutating func type(depth: Int) -> DataType {
        let flat: [DataType] = [
            .boolean, .int, .long, .float, .double, .decimal(precision: 9, scale: 2),
            .decimal(precision: 18, scale: 0), .decimal(precision: 38, scale: 10), .date, .time, .timestamp,
            .timestamptz, .timestampNanos, .timestamptzNanos, .string, .binary, .uuid, .fixed(5),
        ]
        if depth < 3, random.chance(3) {
            switch random.next(below: 3) {
            case 0: return .list(field("element", depth: depth + 1))
            case 1:
                var key = field("key", depth: 3)
                key.isRequired = true
                return .map(key: key, value: field("value", depth: depth + 1))
            default:
                return .structure((0..<(1 + random.next(below: 3))).map { field("f\($0)", depth: depth + 1) })
            }
        }
        return flat[random.next(below: flat.count)]
    }

    mutating func batch(_ schema: Schema, rowCount: Int) -> Batch {
        Batch(
            schema: schema,
            columns: schema.fields.map { field in
                Column(field.type, (0..<rowCount).map { _ in scalar(field) })
            }, rowCount: rowCount)
    }

    mutating func scalar(_ field: Field) -> Scalar {
        if !field.isRequired, random.chance(4) { return .null }
        switch field.type {
        case .null: return .null
        case .boolean: return .boolean(random.chance(2))
        case .int: return .int(Int32(truncatingIfNeeded: small()))
        case .date: return .int(Int32(random.next(below: 40_000)) - 10_000)
        case .long, .timestamp, .timestamptz, .timestampNanos, .timestamptzNanos: return .long(small())
        case .time: return .long(Int64(random.next(below: 86_400_000_000)))
        case .float: return .float(random.chance(9) ? .nan : Float(random.next(below: 1000)) / 8)
        case .double: return .double(random.chance(9) ? -.infinity : Double(random.next(below: 100_000)) / 16)
        case .decimal(let precision, _):
            let digits = random.next(below: 1_000_000_000)
            if precision <= 18 { return .long(Int64(digits) * (random.chance(2) ? 1 : -1)) }
            return .int128(Int128(digits) * 10_000_000_000_000_000_000 * (random.chance(2) ? 1 : -1))
        case .string, .json: return .string(text())
        case .binary: return .bytes(Array(text().utf8))
        case .uuid: return .bytes((0..<16).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        case .fixed(let length):
            return .bytes((0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        case .interval: return .interval(Interval(months: 1, days: 2, microseconds: 3))
        case .list(let element): return .list((0..<random.next(below: 4)).map { _ in scalar(element) })
        case .map(let key, let value):
            return .map((0..<random.next(below: 4)).map { _ in ScalarPair(scalar(key), scalar(value)) })
        case .structure(let fields): return .structure(fields.map { scalar($0) })
        }
    }

    /// Few different values, or many.
    private mutating func small() -> Int64 {
        random.chance(2) ? Int64(random.next(below: 20)) : Int64(bitPattern: random.next())
    }

    private mutating func text() -> String {
        let words = [
            "", "a", "exactly12byt", "thirteen byte", "å∂ƒ", "a much longer text that lies in the heap",
        ]
        return words[random.next(below: words.count)]
            + (random.chance(3) ? "\(random.next(below: 100_000))" : "")
    }
}

/// Whether two lists of values are the same, NaN equal to itself.
func isSame(_ left: [Scalar], _ right: [Scalar]) -> Bool { "\(left)" == "\(right)" }
