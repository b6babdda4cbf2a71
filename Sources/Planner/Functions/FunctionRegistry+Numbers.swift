import Columnar
import Kernels

extension FunctionRegistry {
    static let conditional: [FunctionDefinition] = [
        FunctionDefinition(
            .coalesce, aliases: ["nvl", "ifnull"], [.common], rest: .common, .common,
            ("coalesce(NULL, 2, 3)", "2")),
        FunctionDefinition(.nullif, [.common, .common], .common, ("nullif(1, 1)", "null")),
        FunctionDefinition(.greatest, [.common], rest: .common, .common, ("greatest(1, 3, NULL, 2)", "3")),
        FunctionDefinition(.least, [.common], rest: .common, .common, ("least(2, 1, NULL)", "1")),
        FunctionDefinition(.nvl2, [.any, .common, .common], .common, ("nvl2(NULL, 1, 2)", "2")),
        FunctionDefinition(.nanvl, [.double, .double], .type(.double), ("nanvl('NaN'::double, 1.0)", "1.0")),
        FunctionDefinition(.typeOf, [.any], .type(.string), ("typeof(1)", "'int'")),
        FunctionDefinition(.arrowTypeOf, [.any], .type(.string), ("arrow_typeof(1)", "'Int32'")),
    ]

    /// Decimals stay exact, as in PostgreSQL; whole numbers give doubles, as in DataFusion.
    private static let rounded = ResultRule.rule { types in
        switch types[0] {
        case .int, .long: .double
        case .decimal(let precision, let scale):
            // 9.9 becomes 10.0: one digit more.
            .decimal(precision: min(DataType.maximumPrecision, precision + 1), scale: scale)
        case let type: type
        }
    }

    /// Of whole numbers a double, as in DataFusion; else the argument's type, with a digit before the point: 1 is no
    /// decimal(2, 2).
    private static let signs = ResultRule.rule { types in
        if types[0].isInteger { return .double }
        guard case .decimal(let precision, let scale) = types[0], precision == scale else { return types[0] }
        let limit = DataType.maximumPrecision
        return .decimal(precision: min(limit, precision + 1), scale: min(limit - 1, scale))
    }

    static let mathematics: [FunctionDefinition] = [
        FunctionDefinition(.abs, [.number], .argument(0), ("abs(-5)", "5")),
        FunctionDefinition(.ceil, aliases: ["ceiling"], [.number], rounded, ("ceil(1.2)", "2.0")),
        FunctionDefinition(.floor, [.number], rounded, ("floor(-1.2)", "-2.0")),
        FunctionDefinition(
            .round, [.number], optional: [.integer], .digits(keepsWhole: true), ("round(2.345, 2)", "2.35")),
        FunctionDefinition(
            .trunc, aliases: ["truncate"], [.number], optional: [.integer], .digits(keepsWhole: false),
            ("trunc(2.789, 1)", "2.7")),
        FunctionDefinition(.sign, aliases: ["sign"], [.number], signs, ("sign(-7)", "-1.0")),
        FunctionDefinition(.sqrt, [.double], .type(.double), ("sqrt(9)", "3.0")),
        FunctionDefinition(.cbrt, [.double], .type(.double), ("round(cbrt(27), 6)", "3.0")),
        FunctionDefinition(.exp, [.double], .type(.double), ("exp(0)", "1.0")),
        FunctionDefinition(.ln, [.double], .type(.double), ("ln(1)", "0.0")),
        FunctionDefinition(.log10, [.double], .type(.double), ("log10(1000)", "3.0")),
        FunctionDefinition(.log2, [.double], .type(.double), ("log2(8)", "3.0")),
        FunctionDefinition(.log, [.double], optional: [.double], .type(.double), ("log(2, 8)", "3.0")),
        FunctionDefinition(
            .power, aliases: ["pow"], [.number, .number], .type(.double), ("power(2, 10)", "1024.0")),
        FunctionDefinition(.pi, [], .type(.double), ("pi()", "3.141592653589793")),
        FunctionDefinition(.gcd, [.integer, .integer], .type(.long), ("gcd(12, 18)", "6")),
        FunctionDefinition(.lcm, [.integer, .integer], .type(.long), ("lcm(4, 6)", "12")),
        FunctionDefinition(.factorial, [.integer], .type(.long), ("factorial(5)", "120")),
        FunctionDefinition(
            .modulo, aliases: ["mod"], [.number, .number],
            .rule { ArithmeticTypes.result(.modulo, $0[0], $0[1]) }, ("mod(7, 3)", "1")),
        FunctionDefinition(.isNaN, [.double], .type(.boolean), ("isnan('NaN'::double)", "true")),
        FunctionDefinition(.isZero, [.double], .type(.boolean), ("iszero(0.0)", "true")),
        FunctionDefinition(.random, [], .type(.double), ("random() < 1", "true")),
    ]

    static let trigonometry: [FunctionDefinition] = [
        FunctionDefinition(.degrees, [.double], .type(.double), ("degrees(0)", "0.0")),
        FunctionDefinition(.radians, [.double], .type(.double), ("radians(0)", "0.0")),
        FunctionDefinition(.sin, [.double], .type(.double), ("sin(0)", "0.0")),
        FunctionDefinition(.cos, [.double], .type(.double), ("cos(0)", "1.0")),
        FunctionDefinition(.tan, [.double], .type(.double), ("tan(0)", "0.0")),
        FunctionDefinition(.cot, [.double], .type(.double), ("round(cot(1), 3)", "0.642")),
        FunctionDefinition(.asin, [.double], .type(.double), ("asin(0)", "0.0")),
        FunctionDefinition(.acos, [.double], .type(.double), ("acos(1)", "0.0")),
        FunctionDefinition(.atan, [.double], .type(.double), ("atan(0)", "0.0")),
        FunctionDefinition(.atan2, [.double, .double], .type(.double), ("atan2(0, 1)", "0.0")),
        FunctionDefinition(.sinh, [.double], .type(.double), ("sinh(0)", "0.0")),
        FunctionDefinition(.cosh, [.double], .type(.double), ("cosh(0)", "1.0")),
        FunctionDefinition(.tanh, [.double], .type(.double), ("tanh(0)", "0.0")),
        FunctionDefinition(.asinh, [.double], .type(.double), ("asinh(0)", "0.0")),
        FunctionDefinition(.acosh, [.double], .type(.double), ("acosh(1)", "0.0")),
        FunctionDefinition(.atanh, [.double], .type(.double), ("atanh(0)", "0.0")),
    ]
}
