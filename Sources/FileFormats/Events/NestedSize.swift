/// Counts what a list or struct of an event unfolds to, before anything is made of it.
///
/// A few bytes of text may stand for many values: each element of a list has all columns of its type, named or not. So
/// elements count as often as their type has columns, and members of objects, which only the way through `JSONValue`
/// keeps, count once.
///
/// - Cost: one pass over the text of lists and structs.
struct NestedSize {
    /// What one event may unfold to in one field: about 100 MB on the way into its column.
    static let eventLimit = 1 << 20

    private let elementWidth: Int
    /// Of objects that are maps, members are elements.
    private let memberWidth: Int

    init(_ type: StreamType) {
        elementWidth = Self.widestElement(type)
        memberWidth = Self.hasMap(type) ? elementWidth : 1
    }

    private static func hasMap(_ type: StreamType) -> Bool {
        switch type {
        case .map: true
        case .list(let element): hasMap(element.type)
        case .structure(let fields): fields.contains { hasMap($0.type) }
        default: false
        }
    }

    /// The columns of the widest list element anywhere in the type.
    fileprivate static func widestElement(_ type: StreamType) -> Int {
        switch type {
        case .list(let element): max(element.type.columnWidth, widestElement(element.type))
        case .structure(let fields): fields.map { widestElement($0.type) }.max() ?? 1
        case .map(_, let value): max(1 + value.type.columnWidth, widestElement(value.type))
        default: 1
        }
    }

    /// `span` holds one well-formed value.
    func values(in body: [UInt8], _ span: Range<Int>) -> Int {
        var elements = 0
        var members = 0
        // One a level: whether the open container is an array.
        var isArray: [Bool] = []
        var position = span.lowerBound
        while position < span.upperBound {
            switch body[position] {
            case UInt8(ascii: "\""):
                position += 1
                while body[position] != UInt8(ascii: "\"") {
                    position += body[position] == UInt8(ascii: "\\") ? 2 : 1
                }
            case UInt8(ascii: "["):
                isArray.append(true)
                elements += 1
            case UInt8(ascii: "{"):
                isArray.append(false)
                members += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): isArray.removeLast()
            case UInt8(ascii: ","): if isArray.last == true { elements += 1 } else { members += 1 }
            default: break
            }
            position += 1
        }
        return elements * elementWidth + members * memberWidth
    }
}

extension StreamSchema {
    /// A copy of the largest event, which may be all of the body, and four bytes a structural character, which in the
    /// worst text is every one.
    private static let indexFactor = 5
    /// A slot of the widest flat value, once in the reader's buffers and once in a batch.
    private static let cellBytes = 2 * 16
    /// What a value inside lists and structs takes as a `JSONValue`, as a `Scalar` and in its column.
    private static let nestedBytes = 96

    /// The most that reading a body of so many bytes and events part by part holds at once, besides the body.
    package func readingBytes(body: Int, events: Int) -> Int {
        let cells = min(cellCount(body: body, events: events), max(columnWidth, EventParser.cellLimit))
        let nested = min(nestedCount(body: body), NestedSize.eventLimit)
        return body * Self.indexFactor + cells * Self.cellBytes + nested * Self.nestedBytes
    }

    /// The most values that a body of so many bytes and events unfolds to.
    package func cellCount(body: Int, events: Int) -> Int {
        let (flat, overflow) = events.multipliedReportingOverflow(by: columnWidth)
        return overflow ? .max / 64 : flat + nestedCount(body: body)
    }

    /// Those inside lists and structs: none is shorter than a character and a comma.
    private func nestedCount(body: Int) -> Int {
        guard case .fields(let fields) = self else { return 0 }
        let widest = fields.map { $0.type.isNested ? NestedSize.widestElement($0.type) : 0 }.max() ?? 0
        return body / 2 * widest
    }

    /// Columns that hold single values, over all fields.
    package var columnWidth: Int {
        switch self {
        case .fields(let fields): fields.reduce(0) { $0 + $1.type.columnWidth }
        case .unstructured: 1
        }
    }
}

extension StreamType {
    fileprivate var isNested: Bool {
        switch self {
        case .list, .structure, .map: true
        default: false
        }
    }

    /// Columns that hold single values: one for each leaf of the type.
    package var columnWidth: Int {
        switch self {
        case .list(let element): element.type.columnWidth
        case .structure(let fields): max(1, fields.reduce(0) { $0 + $1.type.columnWidth })
        case .map(_, let value): 1 + value.type.columnWidth
        default: 1
        }
    }
}
