import Columnar

/// `||`, concat and concat_ws.
enum TextJoining {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        var parts: [TextOperand] = []
        var present: [Bitmap?] = []
        for index in call.arguments.indices {
            parts.append(try call.text(index))
            present.append(call.arguments[index].mayHaveNulls ? call.arguments[index].validityBits() : nil)
        }
        switch call.function {
        case .concatOperator:
            return try call.rows.text(call.result) { row, buffer throws(KernelError) in
                for part in parts { part.withBytes(at: row) { buffer.append(copying: $0) } }
                return true
            }
        case .concat:
            let rows = RowPlan(count: call.rowCount)
            return try rows.text(call.result) { row, buffer throws(KernelError) in
                for (part, valid) in zip(parts, present) where valid?[row] ?? true {
                    part.withBytes(at: row) { buffer.append(copying: $0) }
                }
                return true
            }
        default:
            // The first is the separator; only its null makes the row null.
            let rows = RowPlan(count: call.rowCount, validity: present[0])
            return try rows.text(call.result) { row, buffer throws(KernelError) in
                var isFirst = true
                for (part, valid) in zip(parts, present).dropFirst() where valid?[row] ?? true {
                    if !isFirst { parts[0].withBytes(at: row) { buffer.append(copying: $0) } }
                    part.withBytes(at: row) { buffer.append(copying: $0) }
                    isFirst = false
                }
                return true
            }
        }
    }
}
