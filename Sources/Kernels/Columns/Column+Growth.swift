package import Columnar

extension Column {
    /// Elements of lists and maps up to which one value is kept as a constant: each is a box of its own there.
    private static let constantElementLimit = 100_000

    /// Fails where a constant stands for more than a computed column may hold: whoever keeps the rows writes each out.
    ///
    /// - Errors: `KRN-106`; fewer rows may do.
    package func checkGrowth() throws(KernelError) {
        guard case .constant(let value) = values, count > 1 else { return }
        var size = ScalarSize()
        try size.add(value)
        try RowPlan.check(elements: size.elements.multipliedClamped(by: count))
        let bytes = size.bytes.multipliedClamped(by: count)
        guard bytes <= RowPlan.columnLimit else {
            throw KernelError(
                .tooLarge, "values are too large", ["limit": RowPlan.columnLimit, "bytes": bytes])
        }
    }

    /// This only row, `count` times.
    ///
    /// - Errors: `KRN-106`.
    func repeated(_ count: Int, as type: DataType) throws(KernelError) -> Column {
        let elements = elementCount
        guard elements > Self.constantElementLimit else {
            return .constant(scalar(at: 0), type, count: count)
        }
        try RowPlan.check(elements: elements.multipliedClamped(by: count))
        return gather([Int32](repeating: 0, count: count))
    }

    /// The rows at `indices`, from a column of distinct values.
    ///
    /// - Errors: `KRN-106`.
    func spread(_ indices: [Int32]) throws(KernelError) -> Column {
        if let offsets = listOffsets {
            var elements = 0
            for index in indices { elements += Int(offsets[Int(index) + 1] - offsets[Int(index)]) }
            try RowPlan.check(elements: elements)
        }
        return gather(indices)
    }

    private var listOffsets: [Int32]? {
        switch values {
        case .list(let offsets, _), .map(let offsets, _, _): offsets
        default: nil
        }
    }

    /// Of all lists and maps, those inside others included.
    private var elementCount: Int {
        switch values {
        case .list(_, let element): element.count + element.elementCount
        case .map(_, let keys, let values): keys.count + keys.elementCount + values.elementCount
        case .structure(let fields): fields.reduce(0) { $0 + $1.elementCount }
        default: 0
        }
    }
}

extension [UInt8] {
    /// Appends a part of a text that grows beyond its sources.
    ///
    /// - Errors: `KRN-106` when it grows beyond what one text may have.
    mutating func grow(by bytes: Span<UInt8>) throws(KernelError) {
        guard bytes.count <= RowPlan.textLimit - count else {
            throw KernelError(
                .tooLarge, "a text is too large", ["limit": RowPlan.textLimit, "bytes": count + bytes.count])
        }
        append(copying: bytes)
    }

    /// The same part again and again; short ones in blocks, so that the copies are few.
    ///
    /// - Errors: `KRN-106`.
    mutating func grow(by bytes: Span<UInt8>, times: Int) throws(KernelError) {
        guard times > 0, bytes.count > 0 else { return }
        guard times <= (RowPlan.textLimit - count) / bytes.count else {
            throw KernelError(.tooLarge, "a text is too large", ["limit": RowPlan.textLimit])
        }
        let inBlock = Swift.min(times, Swift.max(1, Self.blockBytes / bytes.count))
        reserveCapacity(count + times * bytes.count)
        var block: [UInt8] = []
        block.reserveCapacity(inBlock * bytes.count)
        for _ in 0..<inBlock { block.append(copying: bytes) }
        for _ in 0..<times / inBlock { append(contentsOf: block) }
        for _ in 0..<times % inBlock { append(copying: bytes) }
    }

    private static let blockBytes = 4096
}
