import Kernels

/// What the binder knows of an aggregate beyond its types.
extension AggregateFunction {
    /// The place of the argument that holds for the whole group: a fraction, a delimiter, a number.
    var constantArgument: Int? {
        switch self {
        case .percentileContinuous, .approximatePercentile, .stringAggregate, .percentileDiscrete,
            .approximateTop, .nthValue:
            1
        case .approximateWeightedPercentile: 2
        default: nil
        }
    }

    /// Sorts its values itself: of an ORDER BY it takes the direction of WITHIN GROUP, and nothing else.
    var sortsItself: Bool {
        switch self {
        case .percentileContinuous, .approximatePercentile, .approximateWeightedPercentile,
            .percentileDiscrete, .mode, .median, .approximateMedian, .approximateTop:
            true
        default: false
        }
    }

    /// Takes IGNORE NULLS.
    var picksRows: Bool {
        switch self {
        case .firstValue, .lastValue, .nthValue, .arrayAggregate: true
        default: false
        }
    }
}
