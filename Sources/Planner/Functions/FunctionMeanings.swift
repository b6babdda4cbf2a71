import Kernels

extension AggregateFunction {
    /// What it does, in one line, for documentation.
    var meaning: String {
        switch self {
        case .countAll: "The number of rows"
        case .count: "The number of values that are not null"
        case .sum:
            "The sum: of integers as bigint, of decimals exact, where overflow is an error; of others as double, where it is Infinity"
        case .average: "The mean: of decimals as decimal, of intervals as interval, else as double"
        case .minimum: "The smallest"
        case .maximum: "The largest"
        case .boolAnd: "True when all are"
        case .boolOr: "True when any is"
        case .bitAnd: "Bitwise and of all"
        case .bitOr: "Bitwise or of all"
        case .bitXor: "Bitwise exclusive or of all"
        case .varianceSample: "The sample variance; null for fewer than two"
        case .variancePopulation: "The population variance"
        case .deviationSample: "The sample standard deviation; null for fewer than two"
        case .deviationPopulation: "The population standard deviation"
        case .covarianceSample: "The sample covariance of two"
        case .covariancePopulation: "The population covariance of two"
        case .correlation: "The correlation of two"
        case .median: "The middle value: of decimals as decimal, else as double"
        case .percentileContinuous: "The interpolated value at a fraction; also WITHIN GROUP (ORDER BY …)"
        case .approximateDistinct: "About how many distinct values; HyperLogLog"
        case .approximateMedian: "About the middle value"
        case .approximatePercentile: "About the value at a fraction; also WITHIN GROUP (ORDER BY …)"
        case .anyValue: "Some value that is not null"
        case .firstValue: "The value of the first row"
        case .lastValue: "The value of the last row"
        case .stringAggregate: "Values joined by a delimiter"
        case .arrayAggregate: "All values as a list, nulls too"
        case .regressionSlope: "The slope of the line through points (y, x)"
        case .regressionIntercept: "Where the line through points (y, x) meets x = 0"
        case .regressionCount: "The number of points (y, x) where both are there"
        case .regressionR2: "The square of the correlation of points (y, x)"
        case .regressionAverageX: "The mean of x over points (y, x)"
        case .regressionAverageY: "The mean of y over points (y, x)"
        case .regressionSXX: "The squared distances of x from its mean"
        case .regressionSYY: "The squared distances of y from its mean"
        case .regressionSXY: "The products of the distances of x and y from their means"
        case .percentileDiscrete: "The first value at or behind a fraction; also WITHIN GROUP (ORDER BY …)"
        case .mode: "The most frequent value, the smallest of equals; also WITHIN GROUP (ORDER BY …)"
        case .approximateWeightedPercentile: "The first value at or behind a fraction of all weights"
        case .approximateTop: "The k most frequent values with their counts, as structs"
        case .nthValue: "The value of the row with a number given second, from 1"
        case .argumentMinimum:
            "The first where the second is smallest; rows where either is null are left out"
        case .argumentMaximum: "The first where the second is largest; rows where either is null are left out"
        }
    }
}

extension WindowFunction {
    /// What it does, in one line, for documentation.
    var meaning: String {
        switch self {
        case .rowNumber: "The number of the row in its partition, from 1"
        case .rank: "The number of the first row that sorts like this one, from 1"
        case .denseRank: "The number of the group of rows that sort alike, from 1"
        case .percentRank: "(rank - 1) / (rows - 1), from 0 to 1"
        case .cumeDist: "The share of the partition's rows that sort up to this one"
        case .ntile: "The number of the row's part when the partition is cut into so many even ones"
        case .lag: "The value so many rows before (1), else the default"
        case .lead: "The value so many rows behind (1), else the default"
        case .firstValue: "The value of the frame's first row"
        case .lastValue: "The value of the frame's last row"
        case .nthValue: "The value of the frame's row with this number, from 1"
        }
    }
}

extension WindowDefinition {
    /// The function with what it takes.
    var usage: String {
        let arguments =
            switch function {
            case .ntile: "parts"
            case .lag, .lead: "value[, offset[, default]]"
            case .firstValue, .lastValue: "value"
            case .nthValue: "value, number"
            default: ""
            }
        return "\(function.name)(\(arguments))"
    }
}
