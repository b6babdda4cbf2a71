import Columnar

/// Functions that make lists of lists, as DataFusion has them: positions count from one, null elements are equal.
enum ListFunctions {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        switch call.function {
        case .arraySeries, .arrayRange: return try ListSeries.evaluate(call)
        case .arrayRepeat: return try ListRepetition.evaluate(call)
        case .arrayFlatten: return try ListFlattening.evaluate(call)
        default: break
        }
        let arguments = call.arguments
        var watch = StepWatch(call.context.supervisor)
        return try call.allRows.scalars(call.result) { row throws(KernelError) in
            let values = arguments.map { $0.scalar(at: row) }
            switch call.function {
            case .arrayAppend, .arrayPrepend, .arrayConcat, .arrayUnion:
                return try made(call.function, values, &watch)
            default:
                guard case .list(let elements) = values[0] else { return .null }
                return try changed(call.function, elements, Array(values.dropFirst()), &watch)
            }
        }
    }

    /// Null lists are empty here.
    private static func made(
        _ function: ScalarFunction, _ values: [Scalar], _ watch: inout StepWatch
    ) throws(KernelError) -> Scalar {
        switch function {
        case .arrayAppend: return .list(elements(values[0]) + [values[1]])
        case .arrayPrepend: return .list([values[0]] + elements(values[1]))
        case .arrayConcat:
            return values.allSatisfy(\.isNull) ? .null : .list(try joined(values))
        default:
            if values.contains(where: \.isNull) { return .null }
            return .list(try distinct(try joined(values), &watch))
        }
    }

    private static func changed(
        _ function: ScalarFunction, _ list: [Scalar], _ rest: [Scalar], _ watch: inout StepWatch
    ) throws(KernelError) -> Scalar {
        switch function {
        case .arrayHasAll:
            guard case .list(let wanted) = rest[0] else { return .null }
            let known = try set(of: list, &watch)
            return .boolean(wanted.allSatisfy { known.contains($0) && isFound($0, rest) })
        case .arrayHasAny:
            guard case .list(let wanted) = rest[0] else { return .null }
            let known = try set(of: list, &watch)
            return .boolean(wanted.contains { known.contains($0) && isFound($0, rest) })
        case .arrayPosition: return position(list, rest)
        case .arrayPositions:
            return .list(list.indices.filter { list[$0] == rest[0] }.map { .long(Int64($0) + 1) })
        case .arraySort: return .list(try sorted(list, rest, &watch))
        case .arrayReverse: return .list(list.reversed())
        case .arrayDistinct: return .list(try distinct(list, &watch))
        case .arraySlice: return try slice(list, rest)
        case .arrayRemove, .arrayRemoveN, .arrayRemoveAll:
            // As in DataFusion: nobody can say which elements are the same as null.
            if rest[0].isNull { return .null }
            return removed(list, rest[0], count: count(function, rest.count > 1 ? rest[1] : nil))
        case .arrayReplace, .arrayReplaceN, .arrayReplaceAll:
            return replaced(list, rest[0], rest[1], count: count(function, rest.count > 2 ? rest[2] : nil))
        case .arrayPopBack: return .list(Array(list.dropLast()))
        case .arrayPopFront: return .list(Array(list.dropFirst()))
        case .arrayResize: return try resized(list, rest)
        case .arrayIntersect, .arrayExcept:
            guard case .list(let other) = rest[0] else { return .null }
            let known = try set(of: other, &watch)
            return .list(
                try distinct(list, &watch).filter { known.contains($0) == (function == .arrayIntersect) })
        case .arrayMaximum: return extreme(list) { $0.order(comparedTo: $1) > 0 }
        case .arrayMinimum: return extreme(list) { $0.order(comparedTo: $1) < 0 }
        case .arrayAnyValue: return list.first { !$0.isNull } ?? .null
        case .arrayDimensionCount: return .long(Int64(dimensions(.list(list)).count))
        case .arrayDimensions:
            return list.isEmpty ? .null : .list(dimensions(.list(list)).map { .long($0) })
        default: return .boolean(list.isEmpty)
        }
    }

    /// For the operators `@>`, `<@` and `&&`, which say so behind the lists, null elements are equal to nothing.
    private static func isFound(_ element: Scalar, _ rest: [Scalar]) -> Bool {
        !element.isNull || rest.count == 1
    }

    private static func elements(_ value: Scalar) -> [Scalar] {
        if case .list(let elements) = value { elements } else { [] }
    }

    private static func whole(_ value: Scalar) -> Int64? {
        switch value {
        case .long(let number): number
        case .int(let number): Int64(number)
        default: nil
        }
    }

    private static func check(_ count: Int64) throws(KernelError) {
        try RowPlan.check(elements: Int(clamping: count))
    }

    private static func joined(_ lists: [Scalar]) throws(KernelError) -> [Scalar] {
        var result: [Scalar] = []
        for list in lists {
            let more = elements(list)
            try RowPlan.check(elements: result.count + more.count)
            result += more
        }
        return result
    }

    /// Each once, in the order they first come.
    private static func distinct(
        _ list: [Scalar], _ watch: inout StepWatch
    ) throws(KernelError) -> [Scalar] {
        var seen = Set<Scalar>()
        var result: [Scalar] = []
        for element in list {
            try watch.step()
            if seen.insert(element).inserted { result.append(element) }
        }
        return result
    }

    private static func set(of list: [Scalar], _ watch: inout StepWatch) throws(KernelError) -> Set<Scalar> {
        var set = Set<Scalar>()
        for element in list {
            try watch.step()
            set.insert(element)
        }
        return set
    }

    private static func position(_ list: [Scalar], _ rest: [Scalar]) -> Scalar {
        let start = rest.count > 1 ? max(1, whole(rest[1]) ?? 1) - 1 : 0
        guard start < list.count, let place = list[Int(start)...].firstIndex(of: rest[0]) else {
            return .null
        }
        return .long(Int64(place) + 1)
    }

    /// Nulls first unless the third argument says otherwise, in both directions: DataFusion's default.
    private static func sorted(
        _ list: [Scalar], _ rest: [Scalar], _ watch: inout StepWatch
    ) throws(KernelError) -> [Scalar] {
        func word(_ index: Int, _ first: String, _ second: String) throws(KernelError) -> Bool {
            guard index < rest.count, case .string(let text) = rest[index] else { return true }
            let upper = text.uppercased()
            guard upper == first || upper == second else {
                throw KernelError(
                    .invalidArgument, "array_sort takes \(first) or \(second) here", ["found": text])
            }
            return upper == first
        }
        let isAscending = try word(0, "ASC", "DESC")
        let nullsFirst = try word(1, "NULLS FIRST", "NULLS LAST")
        let nulls = list.filter(\.isNull)
        // `sorted` rethrows any error: once the work is not wanted all elements are equal, and it ends by itself.
        var fault: KernelError?
        let known = list.filter { !$0.isNull }.sorted { left, right in
            do throws(KernelError) { try watch.step() } catch { fault = error }
            let order = fault == nil ? left.order(comparedTo: right) : 0
            return isAscending ? order < 0 : order > 0
        }
        if let fault { throw fault }
        return nullsFirst ? nulls + known : known + nulls
    }

    /// From and to count from one, from the end when negative; both ends are included.
    private static func slice(_ list: [Scalar], _ rest: [Scalar]) throws(KernelError) -> Scalar {
        guard let from = whole(rest[0]), let to = whole(rest[1]) else { return .null }
        let count = Int64(list.count)
        let step = rest.count > 2 ? whole(rest[2]) ?? 1 : 1
        guard step != 0 else { throw KernelError(.invalidArgument, "the step of a slice is not 0") }
        func place(_ number: Int64) -> Int64 { number < 0 ? count &+ number : number &- 1 }
        let (first, last) = (place(from == 0 ? 1 : from), place(to))
        if step > 0 {
            let (low, high) = (max(0, first), min(count - 1, last))
            guard low <= high else { return .list([]) }
            return .list(
                stride(from: Int(low), through: Int(high), by: Int(min(step, count))).map { list[$0] })
        }
        let (high, low) = (min(count - 1, first), max(0, last))
        guard low <= high else { return .list([]) }
        return .list(
            stride(from: Int(high), through: Int(low), by: Int(max(step, -count))).map { list[$0] })
    }

    private static func count(_ function: ScalarFunction, _ number: Scalar?) -> Int {
        switch function {
        case .arrayRemove, .arrayReplace: 1
        case .arrayRemoveN, .arrayReplaceN: Int(clamping: number.flatMap(whole) ?? 0)
        default: .max
        }
    }

    private static func removed(_ list: [Scalar], _ element: Scalar, count: Int) -> Scalar {
        var left = count
        return .list(
            list.filter {
                guard left > 0, $0 == element else { return true }
                left -= 1
                return false
            })
    }

    private static func replaced(_ list: [Scalar], _ element: Scalar, _ other: Scalar, count: Int) -> Scalar {
        var left = count
        return .list(
            list.map {
                guard left > 0, $0 == element else { return $0 }
                left -= 1
                return other
            })
    }

    private static func resized(_ list: [Scalar], _ rest: [Scalar]) throws(KernelError) -> Scalar {
        guard let size = whole(rest[0]) else { return .null }
        guard size >= 0 else { throw KernelError(.invalidArgument, "a list's length is not negative") }
        try check(size)
        let filler = rest.count > 1 ? rest[1] : .null
        return .list(
            Array(list.prefix(Int(size))) + Array(repeating: filler, count: max(0, Int(size) - list.count)))
    }

    private static func extreme(_ list: [Scalar], _ isBetter: (Scalar, Scalar) -> Bool) -> Scalar {
        var best = Scalar.null
        for element in list where !element.isNull {
            if best.isNull || isBetter(element, best) { best = element }
        }
        return best
    }

    /// The length of the list, of its first element, and so on.
    private static func dimensions(_ value: Scalar) -> [Int64] {
        guard case .list(let elements) = value else { return [] }
        return [Int64(elements.count)] + (elements.first.map(dimensions) ?? [])
    }
}
