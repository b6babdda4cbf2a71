import Columnar
import Kernels

/// One aggregate of the language.
struct AggregateDefinition: Sendable {
    let function: AggregateFunction
    let names: [String]
    let required: [ParameterKind]
    let result: ResultRule
    /// Takes its value from WITHIN GROUP (ORDER BY value), its fraction as an argument.
    let isOrderedSet: Bool

    init(
        _ function: AggregateFunction, aliases: [String] = [], _ required: [ParameterKind],
        _ result: ResultRule,
        isOrderedSet: Bool = false
    ) {
        self.function = function
        names = [function.name] + aliases
        self.required = required
        self.result = result
        self.isOrderedSet = isOrderedSet
    }
}

/// All aggregates, by any of their names.
enum AggregateRegistry {
    /// Sums of integers are longs and of decimals get ten more digits, as in DataFusion.
    private static let sum = ResultRule.rule { types in
        switch types[0] {
        case .int, .long: .long
        case .float, .double: .double
        case .decimal(let precision, let scale):
            .decimal(precision: min(DataType.maximumPrecision, precision + 10), scale: scale)
        case .interval: .interval
        default: nil
        }
    }

    /// Means of decimals get four more digits before and behind the point, as in DataFusion.
    private static let mean = ResultRule.rule { types in
        if types[0] == .interval { return .interval }
        guard case .decimal(let precision, let scale) = types[0] else { return .double }
        let limit = DataType.maximumPrecision
        return .decimal(precision: min(limit, precision + 4), scale: min(limit, scale + 4))
    }

    private static let list = ResultRule.rule { .list(Field("element", $0[0])) }

    private static let counted = ResultRule.rule {
        .list(Field("element", .structure([Field("value", $0[0]), Field("count", .long)])))
    }

    static let all: [AggregateDefinition] = [
        AggregateDefinition(.count, [.any], .type(.long)),
        AggregateDefinition(.sum, [.amount], sum),
        AggregateDefinition(.average, aliases: ["mean"], [.amount], mean),
        AggregateDefinition(.minimum, [.any], .argument(0)),
        AggregateDefinition(.maximum, [.any], .argument(0)),
        AggregateDefinition(.boolAnd, aliases: ["every"], [.boolean], .type(.boolean)),
        AggregateDefinition(.boolOr, [.boolean], .type(.boolean)),
        AggregateDefinition(.bitAnd, [.number], .rule { $0[0].isInteger ? $0[0] : nil }),
        AggregateDefinition(.bitOr, [.number], .rule { $0[0].isInteger ? $0[0] : nil }),
        AggregateDefinition(.bitXor, [.number], .rule { $0[0].isInteger ? $0[0] : nil }),
        AggregateDefinition(
            .varianceSample, aliases: ["var", "variance", "var_sample"], [.double], .type(.double)),
        AggregateDefinition(.variancePopulation, aliases: ["var_population"], [.double], .type(.double)),
        AggregateDefinition(.deviationSample, aliases: ["stddev"], [.double], .type(.double)),
        AggregateDefinition(.deviationPopulation, [.double], .type(.double)),
        AggregateDefinition(.covarianceSample, aliases: ["covar"], [.double, .double], .type(.double)),
        AggregateDefinition(.covariancePopulation, [.double, .double], .type(.double)),
        AggregateDefinition(.correlation, [.double, .double], .type(.double)),
        AggregateDefinition(.regressionSlope, [.double, .double], .type(.double)),
        AggregateDefinition(.regressionIntercept, [.double, .double], .type(.double)),
        AggregateDefinition(.regressionCount, [.double, .double], .type(.long)),
        AggregateDefinition(.regressionR2, [.double, .double], .type(.double)),
        AggregateDefinition(.regressionAverageX, [.double, .double], .type(.double)),
        AggregateDefinition(.regressionAverageY, [.double, .double], .type(.double)),
        AggregateDefinition(.regressionSXX, [.double, .double], .type(.double)),
        AggregateDefinition(.regressionSYY, [.double, .double], .type(.double)),
        AggregateDefinition(.regressionSXY, [.double, .double], .type(.double)),
        AggregateDefinition(.median, [.number], .rule { $0[0].isDecimal ? $0[0] : .double }),
        AggregateDefinition(.percentileContinuous, [.double, .double], .type(.double), isOrderedSet: true),
        AggregateDefinition(.approximateDistinct, [.any], .type(.long)),
        AggregateDefinition(.approximateMedian, [.double], .type(.double)),
        AggregateDefinition(
            .approximatePercentile, aliases: ["approx_percentile"], [.double, .double], .type(.double),
            isOrderedSet: true),
        AggregateDefinition(
            .approximateWeightedPercentile, [.double, .double, .double], .type(.double), isOrderedSet: true),
        AggregateDefinition(.percentileDiscrete, [.any, .double], .argument(0), isOrderedSet: true),
        AggregateDefinition(.mode, [.any], .argument(0), isOrderedSet: true),
        AggregateDefinition(.approximateTop, [.any, .integer], counted),
        AggregateDefinition(.argumentMinimum, aliases: ["min_by"], [.any, .any], .argument(0)),
        AggregateDefinition(.argumentMaximum, aliases: ["max_by"], [.any, .any], .argument(0)),
        AggregateDefinition(.anyValue, [.any], .argument(0)),
        AggregateDefinition(.firstValue, aliases: ["first"], [.any], .argument(0)),
        AggregateDefinition(.lastValue, aliases: ["last"], [.any], .argument(0)),
        AggregateDefinition(.nthValue, [.any, .integer], .argument(0)),
        AggregateDefinition(
            .stringAggregate, aliases: ["listagg", "group_concat"], [.text, .text], .type(.string)),
        AggregateDefinition(.arrayAggregate, aliases: ["list"], [.any], list),
    ]

    private static let byName: [String: AggregateDefinition] = {
        var table: [String: AggregateDefinition] = [:]
        for definition in all {
            for name in definition.names {
                precondition(
                    table.updateValue(definition, forKey: name) == nil, "two aggregates are called \(name)")
            }
        }
        return table
    }()

    static func find(_ name: String) -> AggregateDefinition? { byName[name.lowercased()] }

    static var names: [String] { byName.keys.sorted() }
}
