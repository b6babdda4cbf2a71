import Columnar

/// Puts leaves together to structs, lists and maps by their levels.
struct NestedAssembly {
    /// What was read of each leaf, and for leaves that give values, the column of their entries.
    var leaves: [Int: (values: LeafValues, column: Column?)]
    var rowCount: Int

    /// The column of all entries of the projection's place: rows, or elements of the list around it.
    func column(_ projection: ParquetProjection, count: Int) throws(FileFormatsError) -> Column {
        switch projection {
        case .missing(let type, let value): return .constant(value, type, count: count)
        case .leaf(let node, let leaf, _):
            guard let column = leaves[leaf]?.column else {
                throw FileFormatsError(.internalFailure, "a leaf was not read", ["column": node.name])
            }
            return try checked(column, count, node)
        case .structure(let node, let fields, let type):
            var columns: [Column] = []
            for field in fields { columns.append(try column(field, count: count)) }
            let validity = try structValidity(projection, node, count)
            return Column(type, count: count, .structure(columns), validity: validity)
        case .variant(let node, let parts):
            return try variant(node, parts, projection, count)
        case .list(let node, let elementLevel, let element, let type):
            let runs = try runs(projection, node, elementLevel, count)
            let elements = try column(element, count: runs.elementCount)
            return Column(
                type, count: count, .list(offsets: runs.offsets, element: elements), validity: runs.validity)
        case .map(let node, let elementLevel, let key, let value, let type):
            let runs = try runs(projection, node, elementLevel, count)
            let keys = try column(key, count: runs.elementCount)
            let values = try column(value, count: runs.elementCount)
            if keys.mayHaveNulls, keys.nullCount > 0 {
                throw FileFormatsError(.corruptFile, "a map has a null key", ["column": node.name])
            }
            return Column(
                type, count: count, .map(offsets: runs.offsets, keys: keys, values: values),
                validity: runs.validity)
        }
    }

    private func checked(
        _ column: Column, _ count: Int, _ node: ParquetNode
    ) throws(FileFormatsError) -> Column {
        if column.count == count { return column }
        throw FileFormatsError(
            .corruptFile, "the columns of a struct or list do not agree on its length",
            ["column": node.name, "expected": count, "found": column.count])
    }

    /// Levels of the first leaf below, which places the node in its rows as well as any other.
    private func levels(_ projection: ParquetProjection) -> LeafValues? {
        projection.leaves.first.flatMap { leaves[$0]?.values }
    }

    private func structValidity(
        _ projection: ParquetProjection, _ node: ParquetNode, _ count: Int
    ) throws(FileFormatsError) -> Bitmap? {
        guard node.isOptional, let levels = levels(projection) else { return nil }
        var bits = Bitmap()
        for (index, definition) in levels.definitions.enumerated() {
            if definition < node.ancestorDefinition { continue }
            // A deeper list continues: the struct was counted at its first entry.
            if !levels.repetitions.isEmpty, levels.repetitions[index] > node.repetition { continue }
            bits.append(definition >= node.definition)
        }
        guard bits.count == count else {
            throw FileFormatsError(
                .corruptFile, "a struct's levels do not match its rows", ["column": node.name])
        }
        return bits.isAllSet ? nil : bits
    }

    private struct Runs {
        var offsets: [Int32] = [0]
        var validity: Bitmap?
        var elementCount = 0
    }

    private func runs(
        _ projection: ParquetProjection, _ node: ParquetNode, _ elementLevel: Int16, _ count: Int
    ) throws(FileFormatsError) -> Runs {
        guard let levels = levels(projection) else {
            throw FileFormatsError(.internalFailure, "a list was not read", ["column": node.name])
        }
        var runs = Runs()
        var validity = Bitmap()
        runs.offsets = []
        runs.offsets.reserveCapacity(count + 1)
        var elements = 0
        for index in levels.definitions.indices {
            let definition = levels.definitions[index]
            let repetition = levels.repetitions[index]
            if definition < node.ancestorDefinition { continue }
            if repetition <= node.repetition {
                runs.offsets.append(Int32(truncatingIfNeeded: elements))
                validity.append(definition >= node.definition)
            }
            if repetition <= node.repetition + 1, definition >= elementLevel { elements += 1 }
        }
        guard validity.count == count, elements <= Int(Int32.max) else {
            throw FileFormatsError(
                .corruptFile, "a list's levels do not match its rows", ["column": node.name])
        }
        runs.offsets.append(Int32(elements))
        runs.elementCount = elements
        runs.validity = validity.isAllSet ? nil : validity
        return runs
    }
}
