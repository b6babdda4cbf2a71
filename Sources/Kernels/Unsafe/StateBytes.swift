import Columnar

/// Accumulators as byte strings of fixed length, one a group: what a spilled aggregation keeps of them.
///
/// Only this very build reads them back.
enum StateBytes {
    static func column<Kind: BitwiseCopyable>(_ states: [Kind], _ range: Range<Int>) -> Column {
        let size = MemoryLayout<Kind>.stride
        var heap: [UInt8] = []
        heap.reserveCapacity(range.count * size)
        heap.append(rawBytesOf: Array(states[range]))
        var strings = StringColumn()
        strings.views.reserveCapacity(range.count)
        let bytes = heap.span
        let isInline = size <= StringView.inlineLimit
        for place in 0..<range.count {
            let start = place &* size
            let head = UInt64(size) | StringColumn.load(bytes, start, start + Swift.min(4, size)) << 32
            strings.views.append(
                StringView(
                    head: head,
                    tail: isInline
                        ? StringColumn.load(bytes, start + 4, start + Swift.max(4, size))
                        : UInt64(start) << 32))
        }
        if !isInline { strings.heaps = [heap] }
        return Column(.binary, count: range.count, .string(strings))
    }

    /// Calls `body` with each row's state; rows are what `column` wrote for the same kind.
    @inline(__always)
    static func forEach<Kind: BitwiseCopyable>(_ column: Column, _: Kind.Type, _ body: (Int, Kind) -> Void) {
        guard case .string(let strings) = column.flattened().values else {
            preconditionFailure("states are byte strings")
        }
        for row in 0..<strings.count {
            let state = strings.withBytes(at: row) { bytes -> Kind in
                precondition(bytes.count == MemoryLayout<Kind>.stride, "a state is read as what it was")
                // SAFETY: the bytes are as many as a `Kind` takes, and were those of one.
                return unsafe bytes.bytes.unsafeLoadUnaligned(as: Kind.self)
            }
            body(row, state)
        }
    }
}
