/// Cuts a row of CSV into fields.
///
/// Source: RFC 4180.
package enum CSVRow {
    /// Puts the row's fields, unquoted, one after the other into `text`, and where each ends into `ends`. False when text
    /// follows a quoted field.
    package static func split(
        _ buffer: [UInt8], _ row: Range<Int>, text: inout [UInt8], ends: inout [Int]
    ) -> Bool {
        text.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        var index = row.lowerBound
        while true {
            if index < row.upperBound, buffer[index] == UInt8(ascii: "\"") {
                index += 1
                while index < row.upperBound {
                    if buffer[index] == UInt8(ascii: "\"") {
                        index += 1
                        // Two quotes inside a quoted field stand for one.
                        guard index < row.upperBound, buffer[index] == UInt8(ascii: "\"") else { break }
                    }
                    text.append(buffer[index])
                    index += 1
                }
                guard index == row.upperBound || buffer[index] == UInt8(ascii: ",") else { return false }
            } else {
                while index < row.upperBound, buffer[index] != UInt8(ascii: ",") {
                    text.append(buffer[index])
                    index += 1
                }
            }
            ends.append(text.count)
            guard index < row.upperBound else { return true }
            index += 1
        }
    }

    /// The first of the fields whose bytes are no UTF-8, from zero; nil when all are.
    ///
    /// - Cost: most bytes are ASCII, which a look at each tells without making a string.
    package static func firstInvalidField(_ text: [UInt8], _ ends: [Int]) -> Int? {
        if text.allSatisfy({ $0 < 0x80 }) { return nil }
        var start = 0
        for (index, end) in ends.enumerated() {
            if String(validating: text[start..<end], as: UTF8.self) == nil { return index }
            start = end
        }
        return nil
    }
}
