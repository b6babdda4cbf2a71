import Octets

/// Walks the bytes of Avro records. Every read checks that the bytes are there.
///
/// - Errors: `FMT-201` with what was being read.
package struct AvroCursor: ~Copyable {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }
    var remaining: Int { bytes.count - position }

    private func ended(_ what: StaticString) -> FileFormatsError {
        FileFormatsError(
            .corruptFile, "an Avro block ends inside a value", ["reading": "\(what)", "position": position])
    }

    package mutating func long() throws(FileFormatsError) -> Int64 {
        var place = position
        guard let value = Varint.readZigZag(bytes.span, at: &place) else { throw ended("long") }
        position = place
        return value
    }

    package mutating func int() throws(FileFormatsError) -> Int32 {
        guard let value = Int32(exactly: try long()) else {
            throw FileFormatsError(.corruptFile, "an Avro int has more than 32 bits", ["position": position])
        }
        return value
    }

    package mutating func boolean() throws(FileFormatsError) -> Bool {
        guard position < bytes.count else { throw ended("boolean") }
        position += 1
        return bytes[position - 1] != 0
    }

    package mutating func fixed(_ count: Int) throws(FileFormatsError) -> [UInt8] {
        guard count >= 0, count <= remaining else { throw ended("bytes") }
        position += count
        return Array(bytes[position - count..<position])
    }

    package mutating func lengthPrefixed() throws(FileFormatsError) -> [UInt8] { try fixed(length()) }

    package mutating func string() throws(FileFormatsError) -> String {
        guard let text = String(validating: try lengthPrefixed(), as: UTF8.self) else {
            throw FileFormatsError(.corruptFile, "an Avro string is no UTF-8", ["position": position])
        }
        return text
    }

    package mutating func float() throws(FileFormatsError) -> Float {
        Float(bitPattern: UInt32(truncatingIfNeeded: try littleEndian(4)))
    }

    package mutating func double() throws(FileFormatsError) -> Double {
        Double(bitPattern: try littleEndian(8))
    }

    private mutating func littleEndian(_ count: Int) throws(FileFormatsError) -> UInt64 {
        guard count <= remaining else { throw ended("number") }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += count
        return value
    }

    private mutating func length() throws(FileFormatsError) -> Int {
        let count = try long()
        guard count >= 0, count <= Int64(remaining) else { throw ended("length") }
        return Int(count)
    }

    /// How many elements follow in the next run of an array or map; zero ends it. No element takes no bytes, so more
    /// elements than bytes are a lie.
    mutating func runCount() throws(FileFormatsError) -> Int {
        var count = try long()
        if count < 0 {
            // The run's size in bytes stands before it.
            guard try long() >= 0, count != .min else { throw ended("array") }
            count = -count
        }
        guard count <= Int64(remaining) else { throw ended("array") }
        return Int(count)
    }

    /// Which branch of a union follows.
    package mutating func branch(_ branches: [AvroSchema]) throws(FileFormatsError) -> AvroSchema {
        let index = try long()
        guard index >= 0, index < Int64(branches.count) else {
            throw FileFormatsError(.corruptFile, "an Avro union has no such branch", ["branch": index])
        }
        return branches[Int(index)]
    }

    /// The type that follows: the schema, or the branch of it that is there.
    package mutating func resolve(_ schema: AvroSchema) throws(FileFormatsError) -> AvroSchema {
        if case .union(let branches) = schema { return try resolve(branch(branches)) }
        return schema
    }

    /// Calls `body` before each element of an array, which must read it.
    package mutating func forEachElement(
        _ body: (inout AvroCursor) throws(FileFormatsError) -> Void
    ) throws(FileFormatsError) {
        while true {
            let count = try runCount()
            if count == 0 { return }
            for _ in 0..<count {
                let before = position
                try body(&self)
                if position == before { throw ended("element") }
            }
        }
    }

    package mutating func skip(_ schema: AvroSchema) throws(FileFormatsError) {
        switch schema {
        case .null: return
        case .boolean: _ = try boolean()
        case .int, .long, .enumeration: _ = try long()
        case .float: _ = try littleEndian(4)
        case .double: _ = try littleEndian(8)
        case .bytes, .string:
            let count = try length()
            position += count
        case .fixed(_, let size):
            guard size <= remaining else { throw ended("fixed") }
            position += size
        case .record(_, let fields): for field in fields { try skip(field.schema) }
        case .array(let element, _, _):
            try forEachElement { (cursor) throws(FileFormatsError) in try cursor.skip(element) }
        case .map(let value):
            try forEachElement { (cursor) throws(FileFormatsError) in
                _ = try cursor.lengthPrefixed()
                try cursor.skip(value)
            }
        case .union(let branches): try skip(branch(branches))
        }
    }
}
