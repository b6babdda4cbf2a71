package import Columnar

extension ScalarFunction {
    /// Computes the function over whole columns.
    ///
    /// - Shapes: every argument has `rowCount` rows, and so has the result.
    /// - Nulls: as the function says; strict ones give null where any argument is null and never fail there.
    /// - Errors: `KernelError` with the first row that failed.
    /// - Cost: constants are computed once; a dictionary beside constants once a distinct value.
    package func evaluate(
        _ arguments: [Column], rowCount: Int, result: DataType, in context: KernelContext = KernelContext()
    ) throws(KernelError) -> Column {
        precondition(arguments.allSatisfy { $0.count == rowCount }, "arguments of unlike length for \(name)")
        let call = KernelCall(
            function: self, arguments: arguments, rowCount: rowCount, result: result, context: context)
        if isVolatile || rowCount == 0 || arguments.isEmpty { return try dispatch(call) }
        if isStrict, arguments.contains(where: { $0.constantValue == .null }) {
            return .nulls(result, count: rowCount)
        }
        if rowCount > 1, arguments.allSatisfy({ $0.constantValue != nil }) {
            return try dispatch(call.resized(to: 1)).repeated(rowCount, as: result)
        }
        if isStrict, let column = try overDictionary(call) { return column }
        return try dispatch(call)
    }

    /// Null in, null out, so one answer a distinct value is enough.
    private var isStrict: Bool {
        switch self {
        case .and, .or, .not, .coalesce, .nullif, .greatest, .least, .nvl2, .nanvl, .concat,
            .concatWithSeparator, .stringToArray,
            .isNull, .isNotNull, .isTrue, .isNotTrue, .isFalse, .isNotFalse, .isDistinctFrom,
            .isNotDistinctFrom,
            .frameAdd, .frameSubtract, .rowLimit, .structure, .namedStructure, .makeArray, .typeOf,
            .arrowTypeOf,
            .random, .uuid,
            .arrayHas, .jsonContains,
            .arrayAppend, .arrayPrepend, .arrayConcat, .arrayHasAll, .arrayHasAny, .arrayPosition,
            .arrayPositions, .arraySort, .arrayReverse, .arrayDistinct, .arrayFlatten, .arraySlice,
            .arrayRemove, .arrayRemoveN, .arrayRemoveAll, .arrayReplace, .arrayReplaceN, .arrayReplaceAll,
            .arrayPopBack, .arrayPopFront, .arrayRepeat, .arrayResize, .arrayIntersect, .arrayUnion,
            .arrayExcept, .arrayMaximum, .arrayMinimum, .arrayAnyValue, .arrayDimensionCount,
            .arrayDimensions, .arrayIsEmpty, .arrayRange, .arraySeries, .anyElement, .allElements:
            false
        default: true
        }
    }

    /// One dictionary beside constants: computes its distinct values. Nil when the shape is another, or when an entry
    /// failed that perhaps no row uses.
    private func overDictionary(_ call: KernelCall) throws(KernelError) -> Column? {
        var found: (place: Int, indices: [Int32], values: Column)?
        for (place, argument) in call.arguments.enumerated() {
            if argument.constantValue != nil { continue }
            guard found == nil, case .dictionary(let indices, let values) = argument.values,
                values.count <= call.rowCount, values.count > 0
            else { return nil }
            found = (place, indices, values)
        }
        guard let found else { return nil }
        var arguments = call.arguments.map {
            Column(
                $0.type, count: found.values.count, .constant($0.constantValue ?? .null))
        }
        arguments[found.place] = found.values
        let inner: Column
        do throws(KernelError) {
            inner = try dispatch(
                KernelCall(
                    function: self, arguments: arguments, rowCount: found.values.count, result: call.result,
                    context: call.context)
            ).flattened()
        } catch {
            guard error.code != .interrupted else { throw error }
            return nil
        }
        let validity = call.arguments[found.place].validity
        if call.result.physical == .string, !inner.mayHaveNulls {
            return Column(
                call.result, count: call.rowCount, .dictionary(indices: found.indices, values: inner),
                validity: validity)
        }
        let spread = try inner.spread(found.indices)
        return Column(
            call.result, count: call.rowCount, spread.values, validity: intersect(spread.validity, validity))
    }

    private func dispatch(_ call: KernelCall) throws(KernelError) -> Column {
        switch self {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isDistinctFrom,
            .isNotDistinctFrom:
            return try Comparison.evaluate(call)
        case .isNull, .isNotNull, .isTrue, .isNotTrue, .isFalse, .isNotFalse:
            return try NullTests.evaluate(call)
        case .and, .or, .not: return try Logic.evaluate(call)
        case .add, .subtract, .multiply, .divide, .modulo, .negate, .bitAnd, .bitOr, .bitXor, .bitNot,
            .shiftLeft, .shiftRight:
            return try Arithmetic.evaluate(call)
        case .raise: return try Power.evaluate(call)
        case .frameAdd, .frameSubtract: return try FrameArithmetic.evaluate(call)
        case .rowLimit: return try RowLimit.evaluate(call)
        case .coalesce, .nullif, .greatest, .least, .nvl2, .nanvl: return try Conditional.evaluate(call)
        default: break
        }
        switch family {
        case .mathematics: return try Mathematics.evaluate(call)
        case .text: return try TextFunctions.evaluate(call)
        case .patterns: return try PatternFunctions.evaluate(call)
        case .time: return try TimeFunctions.evaluate(call)
        case .digests: return try DigestFunctions.evaluate(call)
        case .json: return try JSONFunctions.evaluate(call)
        case .nested: return try NestedFunctions.evaluate(call)
        case .addresses: return try AddressFunctions.evaluate(call)
        case .lists: return try ListFunctions.evaluate(call)
        case .operators: throw call.unsupported()
        }
    }

    private enum Family {
        case operators, mathematics, text, patterns, time, digests, json, nested, addresses, lists
    }

    /// Ids are given out by family; see the gaps in the enum.
    private var family: Family {
        switch rawValue {
        case 120..<200: .mathematics
        case 236..<260: .addresses
        case 200..<280: .text
        case 280..<320: .patterns
        case 320..<380: .time
        case 380..<400: .digests
        case 400..<440: .json
        case 453..<486: .lists
        case 440..<700: .nested
        default: .operators
        }
    }
}

extension KernelCall {
    /// The same call over some of its rows.
    func sliced(_ range: Range<Int>) -> KernelCall {
        KernelCall(
            function: function, arguments: arguments.map { $0.slice(range) }, rowCount: range.count,
            result: result, context: context)
    }

    /// The same call over so many rows; every argument is constant.
    func resized(to count: Int) -> KernelCall {
        KernelCall(
            function: function, arguments: arguments.map { $0.slice(0..<count) }, rowCount: count,
            result: result,
            context: context)
    }
}
