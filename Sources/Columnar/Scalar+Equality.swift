/// Values are equal as SQL has it, but for null, which equals null here: texts byte for byte, NaN equals NaN, and -0.0 equals 0.0.
///
/// Swift's own `==` takes "é" in one code point and in two for the same text; as keys of partitions they would be mixed up.
extension Scalar: Hashable {
    package static func == (left: Scalar, right: Scalar) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let left), .boolean(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.long(let left), .long(let right)): left == right
        case (.int128(let left), .int128(let right)): left == right
        case (.float(let left), .float(let right)): left == right || (left.isNaN && right.isNaN)
        case (.double(let left), .double(let right)): left == right || (left.isNaN && right.isNaN)
        // What differs to `==` differs in bytes, and it is quick to say so.
        case (.string(let left), .string(let right)): left == right && left.utf8.elementsEqual(right.utf8)
        case (.bytes(let left), .bytes(let right)): left == right
        case (.interval(let left), .interval(let right)): left == right
        case (.list(let left), .list(let right)): left == right
        case (.map(let left), .map(let right)): left == right
        case (.structure(let left), .structure(let right)): left == right
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .boolean(let value): hasher.combine(value)
        case .int(let value): hasher.combine(value)
        case .long(let value): hasher.combine(value)
        case .int128(let value): hasher.combine(value)
        case .float(let value): hasher.combine(value.isNaN ? .nan : value)
        case .double(let value): hasher.combine(value.isNaN ? .nan : value)
        case .string(let value): hasher.combine(value)
        case .bytes(let value): hasher.combine(value)
        case .interval(let value): hasher.combine(value)
        case .list(let values): hasher.combine(values)
        case .map(let entries): hasher.combine(entries)
        case .structure(let values): hasher.combine(values)
        }
    }
}
