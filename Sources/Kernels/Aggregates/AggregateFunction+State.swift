package import Columnar

extension AggregateFunction {
    /// An empty state with room for group 0.
    ///
    /// - Errors: `unsupported` for argument types the aggregate does not take.
    package func makeState(
        argumentTypes: [DataType], result: DataType, isDistinct: Bool = false, order: [SortDirection] = []
    ) throws(KernelError) -> any AggregateState {
        let inner = try state(argumentTypes, result, order)
        // Of distinct values and of all, the extremes are the same.
        guard isDistinct, self != .minimum, self != .maximum, self != .anyValue, !argumentTypes.isEmpty else {
            return inner
        }
        return DistinctState(argumentTypes: argumentTypes, inner: inner)
    }

    private func state(
        _ types: [DataType], _ result: DataType, _ order: [SortDirection]
    ) throws(KernelError) -> any AggregateState {
        switch self {
        case .countAll, .count: return CountState(result: result)
        case .sum: return try sumState(types, result)
        case .average: return try averageState(types, result)
        case .minimum, .maximum: return extremeState(result)
        case .boolAnd, .boolOr: return TruthState(isAnd: self == .boolAnd)
        case .bitAnd: return FixedState(BitsAnd.self, input: .long, output: .long, result: result)
        case .bitOr: return FixedState(BitsOr.self, input: .long, output: .long, result: result)
        case .bitXor: return FixedState(BitsXor.self, input: .long, output: .long, result: result)
        case .varianceSample: return spread(VarianceSample.self, result)
        case .variancePopulation: return spread(VariancePopulation.self, result)
        case .deviationSample: return spread(DeviationSample.self, result)
        case .deviationPopulation: return spread(DeviationPopulation.self, result)
        case .covarianceSample, .covariancePopulation, .correlation, .regressionSlope, .regressionIntercept,
            .regressionCount, .regressionR2, .regressionAverageX, .regressionAverageY, .regressionSXX,
            .regressionSYY, .regressionSXY:
            return CovarianceState(self, result: result)
        case .argumentMinimum, .argumentMaximum:
            return KeyedPickState(isMaximum: self == .argumentMaximum, result: result, keyType: types[1])
        case .approximateDistinct: return DistinctCounter(result: result)
        case .anyValue: return ScalarPickState(self, result: result)
        case .median, .percentileContinuous, .approximateMedian, .approximatePercentile, .firstValue,
            .lastValue,
            .stringAggregate, .arrayAggregate, .percentileDiscrete, .mode, .approximateWeightedPercentile,
            .approximateTop, .nthValue:
            return CollectState(self, argumentTypes: types, directions: order, result: result)
        }
    }

    private func spread<Kind: SpreadKind>(_: Kind.Type, _ result: DataType) -> any AggregateState {
        FixedState(Spread<Kind>.self, input: .double, output: .double, result: result)
    }

    private func unsupported(_ types: [DataType]) -> KernelError {
        KernelError(
            .unsupported, "the aggregate does not take these types",
            ["aggregate": name, "types": types.map { "\($0)" }.joined(separator: ", ")])
    }

    private func sumState(_ types: [DataType], _ result: DataType) throws(KernelError) -> any AggregateState {
        switch types[0] {
        case .int, .long, .null:
            return FixedState(ExactSum<Int64, Int64>.self, input: .long, output: .long, result: result)
        case .float, .double:
            return FixedState(DoubleSum.self, input: .double, output: .double, result: result)
        case .decimal(let precision, let scale):
            let output: DataType =
                result.isDecimal ? result : .decimal(precision: DataType.maximumPrecision, scale: scale)
            guard output.decimalShape.scale == scale else { throw unsupported(types) }
            let wide = DataType.decimal(precision: DataType.maximumPrecision, scale: scale)
            return precision <= DataType.longPrecision
                ? FixedState(ExactSum<Int64, Int128>.self, input: types[0], output: wide, result: result)
                : FixedState(ExactSum<Int128, Int128>.self, input: types[0], output: wide, result: result)
        case .interval: return IntervalState(isMean: false)
        default: throw unsupported(types)
        }
    }

    private func averageState(_ types: [DataType], _ result: DataType) throws(KernelError)
        -> any AggregateState
    {
        switch types[0] {
        case .int, .long, .null:
            return FixedState(IntegerMean.self, input: .long, output: .double, result: result)
        case .float, .double:
            return FixedState(DoubleMean.self, input: .double, output: .double, result: result)
        case .decimal:
            // As a double it has more digits than a double shows.
            let scale =
                result.isDecimal ? result.decimalShape.scale : min(28, types[0].decimalShape.scale + 12)
            let wide = DataType.decimal(precision: DataType.maximumPrecision, scale: scale)
            return types[0].physical == .int64
                ? FixedState(DecimalMean<Int64>.self, input: types[0], output: wide, result: result)
                : FixedState(DecimalMean<Int128>.self, input: types[0], output: wide, result: result)
        case .interval: return IntervalState(isMean: true)
        default: throw unsupported(types)
        }
    }

    private func extremeState(_ type: DataType) -> any AggregateState {
        let isMaximum = self == .maximum
        func fixed<Value: FixedValue>(_: Value.Type) -> any AggregateState {
            isMaximum
                ? FixedState(Largest<Value>.self, input: type, output: type, result: type)
                : FixedState(Smallest<Value>.self, input: type, output: type, result: type)
        }
        switch type.physical {
        case .int32: return fixed(Int32.self)
        case .int64: return fixed(Int64.self)
        case .int128: return fixed(Int128.self)
        case .float:
            // By way of doubles, which hold every float.
            return isMaximum
                ? FixedState(Largest<Double>.self, input: .double, output: .double, result: type)
                : FixedState(Smallest<Double>.self, input: .double, output: .double, result: type)
        case .double: return fixed(Double.self)
        case .boolean: return TruthState(isAnd: !isMaximum)
        case .string: return TextExtremeState(isMaximum: isMaximum, result: type)
        case .null, .interval, .list, .map, .structure: return ScalarPickState(self, result: type)
        }
    }
}
