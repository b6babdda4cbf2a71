import Columnar

/// array_repeat: a value so many times, gathered from its column.
///
/// - Nulls: a null value is repeated as any other; a null count gives null.
enum ListRepetition {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let values = call.arguments[0]
        let counts = try call.long(1)
        let validity = call.arguments[1].mayHaveNulls ? call.arguments[1].validityBits() : nil
        var size = ScalarSize(call.context.supervisor)
        var watch = KernelWatch(call.context.supervisor)
        var rows: [Int32] = []
        var offsets: [Int32] = [0]
        offsets.reserveCapacity(call.rowCount + 1)
        for row in 0..<call.rowCount {
            if validity?[row] ?? true {
                let count = Int(clamping: max(0, counts[row]))
                do throws(KernelError) {
                    try size.add(listOf: values.scalar(at: row), count: count)
                    try watch.look(bytes: size.bytes)
                } catch {
                    throw error.at(row: row)
                }
                rows.append(contentsOf: repeatElement(Int32(row), count: count))
            }
            offsets.append(Int32(rows.count))
        }
        return Column(
            call.result, count: call.rowCount,
            .list(offsets: offsets, element: values.gather(rows).flattened()), validity: validity)
    }
}
