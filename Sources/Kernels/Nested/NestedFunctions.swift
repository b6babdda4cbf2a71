import Columnar

/// Functions over lists, maps and structs.
enum NestedFunctions {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        switch call.function {
        case .getField: return try field(call)
        case .structure: return try structure(call, call.arguments)
        case .namedStructure:
            return try structure(
                call, call.arguments.indices.filter { $0 % 2 == 1 }.map { call.arguments[$0] })
        case .arrowTypeOf:
            return .constant(.string(ArrowTypeName.of(call.arguments[0].type)), .string, count: call.rowCount)
        case .typeOf:
            return .constant(.string("\(call.arguments[0].type)"), .string, count: call.rowCount)
        case .makeArray: return try makeArray(call)
        case .mapKeys, .mapValues: return try entries(call)
        case .stringToArray: return try TextCuts.evaluate(call)
        case .arrayToString: return try ListJoining.evaluate(call)
        case .anyElement, .allElements: return try Quantifiers.evaluate(call)
        case .makeMap, .mapEntries: return try MapFunctions.evaluate(call)
        default: return try scalars(call)
        }
    }

    private static func field(_ call: KernelCall) throws(KernelError) -> Column {
        let column = call.arguments[0].flattened()
        guard case .structure(let fields) = column.type, case .structure(let parts) = column.values,
            let name = call.constantText(1)
        else {
            if case .map = column.type { return try scalars(call) }
            throw call.unsupported()
        }
        guard let index = fields.firstIndex(where: { $0.name == name }) else {
            throw KernelError(
                .invalidArgument, "the struct has no such field", ["field": name, "type": "\(column.type)"])
        }
        let part = parts[index].flattened()
        let validity = intersect(part.mayHaveNulls ? part.validityBits() : nil, column.validity)
        return try Column(
            part.type, count: part.count, part.values, validity: part.type == .null ? nil : validity
        )
        .cast(to: call.result)
    }

    private static func structure(_ call: KernelCall, _ values: [Column]) throws(KernelError) -> Column {
        guard case .structure(let fields) = call.result, fields.count == values.count else {
            throw call.unsupported()
        }
        var parts: [Column] = []
        for (field, value) in zip(fields, values) { parts.append(try value.cast(to: field.type).flattened()) }
        return Column(call.result, count: call.rowCount, .structure(parts))
    }

    private static func makeArray(_ call: KernelCall) throws(KernelError) -> Column {
        guard case .list(let element) = call.result else { throw call.unsupported() }
        var parts: [Column] = []
        for argument in call.arguments { parts.append(try argument.cast(to: element.type)) }
        return try call.allRows.scalars(call.result) { row throws(KernelError) in
            .list(parts.map { $0.scalar(at: row) })
        }
    }

    private static func entries(_ call: KernelCall) throws(KernelError) -> Column {
        let column = call.arguments[0].flattened()
        guard case .map(let offsets, let keys, let values) = column.values else { throw call.unsupported() }
        return Column(
            call.result, count: call.rowCount,
            .list(offsets: offsets, element: call.function == .mapKeys ? keys : values),
            validity: column.validity)
    }

    private static func scalars(_ call: KernelCall) throws(KernelError) -> Column {
        let column = call.arguments[0]
        var sought = call.has(1) ? call.arguments[1] : nil
        // What is looked for among elements or keys has their type, so that 2 as long finds 2 as int.
        switch (call.function, column.type) {
        case (.arrayHas, .list(let element)): sought = try sought?.cast(to: element.type)
        case (.mapExtract, .map(let key, _)), (.getField, .map(let key, _)):
            sought = try sought?.cast(to: key.type)
        default: break
        }
        let rows = call.function == .arrayHas ? call.allRows : call.rows
        return try rows.scalars(call.result) { row throws(KernelError) in
            let other = sought?.scalar(at: row) ?? .null
            switch (call.function, column.scalar(at: row)) {
            case (.arrayHas, .null): return .null
            // As in DataFusion nothing is known of null, even where the list has one.
            case (.arrayHas, .list(let elements)):
                return other.isNull ? .null : .boolean(elements.contains(other))
            case (.arrayLength, .list(let elements)) where call.has(1):
                return length(elements, dimension: other, call)
            case (.arrayLength, .list(let elements)): return count(elements.count, call)
            case (.cardinality, .list(let elements)): return count(leaves(elements, column.type), call)
            case (.cardinality, .map(let pairs)): return count(pairs.count, call)
            case (.arrayElement, .list(let elements)): return element(elements, other)
            case (.getField, .map(let pairs)): return pairs.first { $0.key == other }?.value ?? .null
            case (.mapExtract, .map(let pairs)):
                return .list(pairs.first { $0.key == other }.map { [$0.value] } ?? [])
            default: throw call.unsupported()
            }
        }
    }

    /// Dimensions count from one; of those inside, the first list tells.
    private static func length(_ elements: [Scalar], dimension: Scalar, _ call: KernelCall) -> Scalar {
        guard case .long(var wanted) = dimension, wanted >= 1 else { return .null }
        var list = elements
        while wanted > 1 {
            guard case .list(let inner)? = list.first else { return .null }
            list = inner
            wanted -= 1
        }
        return count(list.count, call)
    }

    /// The elements of a list, those of lists inside each by itself.
    private static func leaves(_ elements: [Scalar], _ type: DataType) -> Int {
        guard case .list(let element) = type, case .list = element.type else { return elements.count }
        var total = 0
        for case .list(let inner) in elements { total += leaves(inner, element.type) }
        return total
    }

    private static func count(_ value: Int, _ call: KernelCall) -> Scalar {
        call.result == .int ? .int(Int32(clamping: value)) : .long(Int64(value))
    }

    private static func element(_ elements: [Scalar], _ index: Scalar) -> Scalar {
        let wanted = Int64(index) ?? (Int32(index).map { Int64($0) }) ?? 0
        let place = wanted > 0 ? wanted - 1 : wanted < 0 ? Int64(elements.count) &+ wanted : -1
        return place >= 0 && place < elements.count ? elements[Int(place)] : .null
    }
}
