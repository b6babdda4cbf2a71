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
                for part in parts {
                    try part.withBytes(at: row) { bytes throws(KernelError) in try buffer.grow(by: bytes) }
                }
                return true
            }
        case .concat:
            let rows = call.allRows
            return try rows.text(call.result) { row, buffer throws(KernelError) in
                for (part, valid) in zip(parts, present) where valid?[row] ?? true {
                    try part.withBytes(at: row) { bytes throws(KernelError) in try buffer.grow(by: bytes) }
                }
                return true
            }
        default:
            // The first is the separator; only its null makes the row null.
            let rows = call.plan(present[0])
            return try rows.text(call.result) { row, buffer throws(KernelError) in
                var isFirst = true
                for (part, valid) in zip(parts, present).dropFirst() where valid?[row] ?? true {
                    if !isFirst {
                        try parts[0].withBytes(at: row) { bytes throws(KernelError) in
                            try buffer.grow(by: bytes)
                        }
                    }
                    try part.withBytes(at: row) { bytes throws(KernelError) in try buffer.grow(by: bytes) }
                    isFirst = false
                }
                return true
            }
        }
    }
}
