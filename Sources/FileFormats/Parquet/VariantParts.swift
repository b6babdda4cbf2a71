import CArrowParquet
import Columnar

/// The columns a variant is stored in.
struct VariantParts: Sendable {
    let metadata: ParquetProjection
    let value: ParquetProjection

    var projections: [ParquetProjection] { [metadata, value] }

    static func isVariant(_ children: [ParquetNode]) -> Bool {
        children.contains { $0.name == "metadata" && $0.isBinaryLeaf }
            && children.contains { $0.name == "value" && $0.isBinaryLeaf || $0.name == "typed_value" }
    }

    /// - Errors: `FMT-202` for variants of which a part is stored as columns of its own.
    init(_ children: [ParquetNode]) throws(FileFormatsError) {
        guard children.count == 2, let metadata = children.first(where: { $0.name == "metadata" }),
            let value = children.first(where: { $0.name == "value" })
        else {
            throw FileFormatsError(
                .unsupportedFile, "a variant column is shredded, which this version does not read",
                ["parts": children.map(\.name)], hint: "write it with shredding turned off")
        }
        let matching = ParquetMatching(byID: false, missing: [:])
        self.metadata = try matching.match(Field(metadata.name, .binary), in: [metadata])
        self.value = try matching.match(Field(value.name, .binary), in: [value])
    }
}

extension ParquetNode {
    fileprivate var isBinaryLeaf: Bool {
        if case .leaf(let raw, _) = shape { raw.physical == FIRN_ARROW_BYTE_ARRAY } else { false }
    }
}

extension NestedAssembly {
    /// Puts both columns together to JSON text.
    func variant(
        _ node: ParquetNode, _ parts: VariantParts, _ projection: ParquetProjection, _ count: Int
    ) throws(FileFormatsError) -> Column {
        let metadata = try column(parts.metadata, count: count).flattened()
        let values = try column(parts.value, count: count).flattened()
        guard case .string(let names) = metadata.values, case .string(let bytes) = values.values else {
            return .nulls(.json, count: count)
        }
        var texts = StringColumn()
        var validity = Bitmap()
        var known: (bytes: [UInt8], text: VariantText)?
        var text: [UInt8] = []
        for row in 0..<count {
            let isThere = !metadata.isNull(row) && !values.isNull(row)
            validity.append(isThere)
            guard isThere else {
                texts.appendEmpty()
                continue
            }
            // Neighbouring rows mostly have the same names.
            let dictionary = names.bytes(at: row)
            if known?.bytes != dictionary { known = (dictionary, try VariantText(metadata: dictionary)) }
            text.removeAll(keepingCapacity: true)
            try known?.text.append(bytes.bytes(at: row), to: &text)
            texts.append(text)
        }
        return Column(
            .json, count: count, .string(texts), validity: validity.isAllSet ? nil : validity)
    }
}
