import Columnar

/// string_to_array: a text cut at its delimiters, byte for byte.
///
/// - Nulls: a null delimiter cuts between all characters; parts that are the third argument become null.
/// - Source: DataFusion 55.
enum TextCuts {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let text = try call.text(0)
        let delimiters = try call.text(1)
        let markers: TextOperand? = call.has(2) ? try call.text(2) : nil
        let isValid = call.arguments.map { $0.validityBits() }
        return try TextLists.column(call, validity: isValid[0]) { row, lists throws(KernelError) in
            let marker = isValid.count > 2 && isValid[2][row] ? markers?.bytes(at: row) : nil
            try text.withBytes(at: row) { bytes throws(KernelError) in
                guard bytes.count > 0 else { return }
                guard isValid[1][row] else { return try cutAll(bytes, marker, into: &lists) }
                try delimiters.withBytes(at: row) { delimiter throws(KernelError) in
                    try cut(bytes, at: delimiter, marker, into: &lists)
                }
            }
            return true
        }
    }

    private static func cut(
        _ text: Span<UInt8>, at delimiter: Span<UInt8>, _ marker: [UInt8]?, into lists: inout TextLists
    ) throws(KernelError) {
        var start = 0
        while delimiter.count > 0, let found = UTF8Text.find(delimiter, in: text, from: start) {
            try append(text.extracting(start..<found), marker, to: &lists)
            start = found + delimiter.count
        }
        try append(text.extracting(start..<text.count), marker, to: &lists)
    }

    private static func cutAll(
        _ text: Span<UInt8>, _ marker: [UInt8]?, into lists: inout TextLists
    ) throws(KernelError) {
        var start = 0
        while start < text.count {
            var end = start + 1
            while end < text.count, !UTF8Text.isStart(text[end]) { end += 1 }
            try append(text.extracting(start..<end), marker, to: &lists)
            start = end
        }
    }

    private static func append(
        _ part: Span<UInt8>, _ marker: [UInt8]?, to lists: inout TextLists
    ) throws(KernelError) {
        if let marker, UTF8Text.isSame(part, marker.span) {
            try lists.appendNull()
        } else {
            try lists.append(part)
        }
    }
}
