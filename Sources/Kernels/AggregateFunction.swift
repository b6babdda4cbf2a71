/// Every aggregate, by an id that plans carry; ids are never renumbered nor used again.
///
/// Nulls are left out unless a line says otherwise; of no values the answer is null, of counts 0. DISTINCT is not part
/// of the id: the plan says it beside.
package enum AggregateFunction: Int32, Sendable, Hashable, CaseIterable {
    // Counts.
    /// The number of rows
    case countAll = 1
    /// The number of values that are not null
    case count = 2

    // Sums and extremes.
    /// The sum: of integers as long, of decimals exact; overflow is an error
    case sum = 10
    /// The mean: of decimals as decimal, of intervals as interval, else as double
    case average = 11
    /// The smallest
    case minimum = 12
    /// The largest
    case maximum = 13

    // Logic and bits.
    /// True when all are
    case boolAnd = 20
    /// True when any is
    case boolOr = 21
    /// Bitwise and of all
    case bitAnd = 22
    /// Bitwise or of all
    case bitOr = 23
    /// Bitwise exclusive or of all
    case bitXor = 24

    // Spread.
    /// The sample variance; null for fewer than two
    case varianceSample = 30
    /// The population variance
    case variancePopulation = 31
    /// The sample standard deviation; null for fewer than two
    case deviationSample = 32
    /// The population standard deviation
    case deviationPopulation = 33
    /// The sample covariance of two
    case covarianceSample = 34
    /// The population covariance of two
    case covariancePopulation = 35
    /// The correlation of two
    case correlation = 36
    /// The slope of the line through points (y, x)
    case regressionSlope = 37
    /// Where the line through points (y, x) meets x = 0
    case regressionIntercept = 38
    /// The number of points (y, x) where both are there
    case regressionCount = 39
    /// The square of the correlation of points (y, x)
    case regressionR2 = 40
    /// The mean of x over points (y, x)
    case regressionAverageX = 41
    /// The mean of y over points (y, x)
    case regressionAverageY = 42
    /// The squared distances of x from its mean
    case regressionSXX = 43
    /// The squared distances of y from its mean
    case regressionSYY = 44
    /// The products of the distances of x and y from their means
    case regressionSXY = 45

    // Order statistics.
    /// The middle value, as a double
    case median = 50
    /// The interpolated value at a fraction given second
    case percentileContinuous = 51
    /// About how many distinct values; HyperLogLog
    case approximateDistinct = 52
    /// About the middle value
    case approximateMedian = 53
    /// About the value at a fraction given second
    case approximatePercentile = 54
    /// The first value at or behind a fraction; also WITHIN GROUP (ORDER BY …)
    case percentileDiscrete = 55
    /// The most frequent value, the smallest of equals; also WITHIN GROUP (ORDER BY …)
    case mode = 56
    /// The first value at or behind a fraction of all weights
    case approximateWeightedPercentile = 57
    /// The k most frequent values with their counts, as structs
    case approximateTop = 58

    // Picks and collections.
    /// Some value that is not null
    case anyValue = 70
    /// The value of the first row
    case firstValue = 71
    /// The value of the last row
    case lastValue = 72
    /// Values joined by a delimiter given second
    case stringAggregate = 73
    /// All values as a list, nulls too
    case arrayAggregate = 74
    /// The value of the row with a number given second, from 1
    case nthValue = 75
    /// The first where the second is smallest; rows where either is null are left out
    case argumentMinimum = 76
    /// The first where the second is largest; rows where either is null are left out
    case argumentMaximum = 77

    /// The canonical spelling in SQL.
    package var name: String {
        switch self {
        case .countAll: "count(*)"
        case .count: "count"
        case .sum: "sum"
        case .average: "avg"
        case .minimum: "min"
        case .maximum: "max"
        case .boolAnd: "bool_and"
        case .boolOr: "bool_or"
        case .bitAnd: "bit_and"
        case .bitOr: "bit_or"
        case .bitXor: "bit_xor"
        case .varianceSample: "var_samp"
        case .variancePopulation: "var_pop"
        case .deviationSample: "stddev_samp"
        case .deviationPopulation: "stddev_pop"
        case .covarianceSample: "covar_samp"
        case .covariancePopulation: "covar_pop"
        case .correlation: "corr"
        case .median: "median"
        case .percentileContinuous: "percentile_cont"
        case .approximateDistinct: "approx_distinct"
        case .approximateMedian: "approx_median"
        case .approximatePercentile: "approx_percentile_cont"
        case .anyValue: "any_value"
        case .firstValue: "first_value"
        case .lastValue: "last_value"
        case .stringAggregate: "string_agg"
        case .arrayAggregate: "array_agg"
        case .regressionSlope: "regr_slope"
        case .regressionIntercept: "regr_intercept"
        case .regressionCount: "regr_count"
        case .regressionR2: "regr_r2"
        case .regressionAverageX: "regr_avgx"
        case .regressionAverageY: "regr_avgy"
        case .regressionSXX: "regr_sxx"
        case .regressionSYY: "regr_syy"
        case .regressionSXY: "regr_sxy"
        case .percentileDiscrete: "percentile_disc"
        case .mode: "mode"
        case .approximateWeightedPercentile: "approx_percentile_cont_with_weight"
        case .approximateTop: "approx_top_k"
        case .nthValue: "nth_value"
        case .argumentMinimum: "arg_min"
        case .argumentMaximum: "arg_max"
        }
    }
}
