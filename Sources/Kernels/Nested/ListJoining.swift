import Columnar

/// array_to_string: the elements with a text between, those of lists inside one after the other.
///
/// - Nulls: left out, unless a third argument stands for them.
enum ListJoining {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        guard case .list(let offsets, let element) = call.arguments[0].flattened().values else {
            throw call.unsupported()
        }
        let elements = try Elements(element)
        let delimiters = try call.text(1)
        let fillers: TextOperand? = call.has(2) ? try call.text(2) : nil
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            var isFirst = true
            try elements.forEach(Int(offsets[row])..<Int(offsets[row + 1])) {
                index, writer throws(KernelError) in
                if index == nil, fillers == nil { return }
                if !isFirst {
                    try delimiters.withBytes(at: row) { bytes throws(KernelError) in
                        try buffer.grow(by: bytes)
                    }
                }
                isFirst = false
                if let index {
                    try writer.append(index, to: &buffer)
                } else {
                    try fillers?.withBytes(at: row) { bytes throws(KernelError) in
                        try buffer.grow(by: bytes)
                    }
                }
            }
            return true
        }
    }

    /// The elements of lists, down to those that are no lists.
    private indirect enum Elements {
        case plain(Column, ValueWriter)
        case lists(Column, [Int32], Elements)

        init(_ element: Column) throws(KernelError) {
            let column = element.flattened()
            if case .list(let offsets, let inner) = column.values {
                self = .lists(column, offsets, try Elements(inner))
            } else {
                self = .plain(column, try ValueWriter(column))
            }
        }

        private var writer: ValueWriter {
            switch self {
            case .plain(_, let writer): writer
            case .lists(_, _, let inner): inner.writer
            }
        }

        /// Calls `body` with the place of each element, nil for a null, and what writes it.
        func forEach(
            _ range: Range<Int>, _ body: (Int?, ValueWriter) throws(KernelError) -> Void
        ) throws(KernelError) {
            switch self {
            case .plain(let column, let writer):
                for index in range { try body(column.isNull(index) ? nil : index, writer) }
            case .lists(let column, let offsets, let inner):
                for index in range {
                    if column.isNull(index) {
                        try body(nil, writer)
                    } else {
                        try inner.forEach(Int(offsets[index])..<Int(offsets[index + 1]), body)
                    }
                }
            }
        }
    }
}
