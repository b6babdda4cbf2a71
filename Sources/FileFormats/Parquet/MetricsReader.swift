import Columnar

/// Sums a footer's statistics up to a file's metrics.
struct MetricsReader {
    /// Bounds of strings and bytes keep so many characters or bytes, as Iceberg's default metrics mode does.
    static let boundLength = 16

    let footer: ParquetFooter
    let schema: Schema
    let nanCounts: [Int: Int]

    func read() throws(FileFormatsError) -> [Int: ParquetColumnMetrics] {
        var metrics: [Int: ParquetColumnMetrics] = [:]
        for (field, node) in zip(schema.fields, footer.columns) { add(node, field, to: &metrics) }
        return metrics
    }

    private func add(_ node: ParquetNode, _ field: Field, to metrics: inout [Int: ParquetColumnMetrics]) {
        switch (node.shape, field.type) {
        case (.leaf(let raw, let leaf), _):
            guard let id = field.id else { return }
            metrics[id] = summary(raw, leaf, field, hasBounds: node.repetition == 0)
        case (.structure(let children), .structure(let fields)):
            for (child, field) in zip(children, fields) { add(child, field, to: &metrics) }
        case (.list(let element, _), .list(let field)): add(element, field, to: &metrics)
        case (.map(let key, let value, _), .map(let keyField, let valueField)):
            add(key, keyField, to: &metrics)
            add(value, valueField, to: &metrics)
        default: return
        }
    }

    private func summary(
        _ raw: ParquetFooter.Node, _ leaf: Int, _ field: Field, hasBounds: Bool
    ) -> ParquetColumnMetrics {
        var result = ParquetColumnMetrics()
        var isBounded = hasBounds
        for group in footer.rowGroups {
            let chunk = group.chunks[leaf]
            result.byteCount += chunk.compressedBytes
            result.valueCount += chunk.valueCount
            result.nullCount += chunk.nullCount ?? 0
            // A chunk of nothing but null or NaN has no bounds and does not widen those of others.
            if chunk.nullCount == chunk.valueCount { continue }
            guard let lower = ParquetBound.scalar(chunk.minimum, raw, as: field.type),
                let upper = ParquetBound.scalar(chunk.maximum, raw, as: field.type)
            else {
                if !field.type.isFloating { isBounded = false }
                continue
            }
            if result.lower.map({ lower.precedes($0) }) ?? true { result.lower = lower }
            if result.upper.map({ $0.precedes(upper) }) ?? true { result.upper = upper }
        }
        if field.type.isFloating { result.nanCount = field.id.flatMap { nanCounts[$0] } ?? 0 }
        if !isBounded { (result.lower, result.upper) = (nil, nil) }
        result.lower = result.lower.map { Self.cutDown($0) }
        result.upper = result.upper.flatMap { Self.cutUp($0) }
        return result
    }

    private static func cutDown(_ bound: Scalar) -> Scalar {
        switch bound {
        case .string(let text):
            .string(String(String.UnicodeScalarView(text.unicodeScalars.prefix(boundLength))))
        case .bytes(let bytes): .bytes(Array(bytes.prefix(boundLength)))
        default: bound
        }
    }

    /// Cut bounds grow by one in the last place that can; nil when none can.
    private static func cutUp(_ bound: Scalar) -> Scalar? {
        switch bound {
        case .string(let text):
            if text.unicodeScalars.count <= boundLength { return bound }
            var scalars = Array(text.unicodeScalars.prefix(boundLength))
            while let last = scalars.popLast() {
                // The scalar after U+D7FF is U+E000: surrogates are no scalars.
                let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
                if let next = Unicode.Scalar(next) {
                    scalars.append(next)
                    return .string(String(String.UnicodeScalarView(scalars)))
                }
            }
            return nil
        case .bytes(let bytes):
            if bytes.count <= boundLength { return bound }
            var cut = Array(bytes.prefix(boundLength))
            while let last = cut.popLast() {
                if last < 0xFF {
                    cut.append(last + 1)
                    return .bytes(cut)
                }
            }
            return nil
        default: return bound
        }
    }
}

extension Scalar {
    /// Whether this bound is smaller than another of the same type; bytes and text by their bytes.
    fileprivate func precedes(_ other: Scalar) -> Bool {
        switch (self, other) {
        case (.boolean(let left), .boolean(let right)): !left && right
        case (.int(let left), .int(let right)): left < right
        case (.long(let left), .long(let right)): left < right
        case (.int128(let left), .int128(let right)): left < right
        case (.float(let left), .float(let right)): left < right
        case (.double(let left), .double(let right)): left < right
        case (.string(let left), .string(let right)):
            left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.bytes(let left), .bytes(let right)): left.lexicographicallyPrecedes(right)
        default: false
        }
    }
}
