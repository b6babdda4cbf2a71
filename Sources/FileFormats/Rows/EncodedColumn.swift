/// The JSON text of every value of a column, one after the other.
///
///     bytes   1nullabc   ends  1, 5, …
///
/// Constants and dictionaries keep one text a distinct value: `indices` then says which one a row has.
package struct EncodedColumn {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    var indices: [Int32]?

    /// Closes the text that was appended to `bytes` since the last call.
    mutating func endValue() { ends.append(bytes.count) }

    mutating func appendNull() {
        bytes.append(contentsOf: JSONWords.null)
        endValue()
    }

    package func append(row: Int, to output: inout [UInt8]) {
        let index = indices.map { Int($0[row]) } ?? row
        let start = index == 0 ? 0 : ends[index - 1]
        output.append(contentsOf: bytes[start..<ends[index]])
    }
}

/// Words of JSON as bytes.
enum JSONWords {
    static let null = Array("null".utf8)
    static let `true` = Array("true".utf8)
    static let `false` = Array("false".utf8)
}
