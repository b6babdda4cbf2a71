/// Finds where rows of CSV end, also in text that comes in pieces.
///
/// A quote opens a field only where the field begins, as in `CSVRow.split`; anywhere else it is a letter. A row ends
/// with LF or CRLF. In a text whose first row ends with CR alone, rows end with CR, as old spreadsheets write them.
/// Elsewhere a CR alone is refused: whether it ends a row or belongs to the field nobody can tell.
///
/// Source: RFC 4180.
package struct CSVRowScanner: Sendable {
    private enum Place { case fieldStart, plain, quoted, closingQuote, carriageReturn }
    private enum Ending { case lineFeed, carriageReturn }

    private var place = Place.fieldStart
    /// Of the present row's bytes, those that were looked at.
    private var scanned = 0
    /// Nil until the first row has ended.
    private var ending: Ending?

    package init() {}

    /// Where the row at `start` ends, and where the next begins. Nil when more bytes must come first, or when nothing is
    /// left; the row may then lie elsewhere in the next call's buffer.
    ///
    /// - Errors: a quoted field that does not end, a CR that may be anything.
    package mutating func rowEnd(
        _ buffer: [UInt8], from start: Int, isLast: Bool
    ) throws(CSVFault) -> (row: Int, next: Int)? {
        var index = start + scanned
        while index < buffer.count {
            let byte = buffer[index]
            if place == .carriageReturn {
                let isPair = byte == UInt8(ascii: "\n")
                return try endAtReturn(isPair, row: index - 1, next: isPair ? index + 1 : index)
            }
            if place == .quoted {
                if byte == UInt8(ascii: "\"") { place = .closingQuote }
                index += 1
                continue
            }
            switch byte {
            case UInt8(ascii: "\n"):
                if ending == nil { ending = .lineFeed }
                return ended(row: index, next: index + 1)
            case UInt8(ascii: "\r"): place = .carriageReturn
            case UInt8(ascii: ","): place = .fieldStart
            // Two quotes inside a quoted field stand for one.
            case UInt8(ascii: "\"") where place != .plain: place = .quoted
            default: place = .plain
            }
            index += 1
        }
        scanned = index - start
        guard isLast else { return nil }
        if place == .quoted { throw CSVFault("a quoted field does not end") }
        if place == .carriageReturn { return ended(row: index - 1, next: index) }
        return index > start ? ended(row: index, next: index) : nil
    }

    private mutating func endAtReturn(
        _ isPair: Bool, row: Int, next: Int
    ) throws(CSVFault) -> (row: Int, next: Int) {
        if ending == nil { ending = isPair ? .lineFeed : .carriageReturn }
        guard isPair || ending == .carriageReturn else {
            throw CSVFault(
                "a carriage return stands alone, and the first line ends otherwise",
                hint: "end all lines alike, and quote fields that hold line ends")
        }
        return ended(row: row, next: next)
    }

    private mutating func ended(row: Int, next: Int) -> (row: Int, next: Int) {
        scanned = 0
        place = .fieldStart
        return (row, next)
    }
}
