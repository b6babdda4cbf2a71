import Kernels

/// The reference page of all functions, written from the registry.
package enum FunctionPage {
    package static var text: String {
        var lines = [
            "# Functions", "",
            "Written from the registry; every example is a test. Names go without regard to case. A function is null when an",
            "argument is, unless its line says otherwise.", "", "## Functions over rows", "",
            "| function | takes | does | example | gives |", "|---|---|---|---|---|",
        ]
        lines += FunctionRegistry.all.map(row)
        lines += [
            "",
            "Further forms: `if(condition, a, b)`, `date_part(part, time)` = `EXTRACT(part FROM time)`, `struct(…)`,",
            "`named_struct(name, value, …)`, `arrow_cast(value, 'type')`, `CASE`, `CAST`, `TRY_CAST`, `value::type`,",
            "`SUBSTRING(… FROM … FOR …)`, `TRIM(BOTH … FROM …)`, `POSITION(… IN …)`.", "", "## Aggregates",
            "",
            "All take `DISTINCT` and `FILTER (WHERE …)`; those that depend on it take `ORDER BY` behind their arguments.",
            "",
            "| aggregate | does |", "|---|---|", "| `count(*)` | \(AggregateFunction.countAll.meaning) |",
        ]
        lines += AggregateRegistry.all.map { "| \(names($0.names)) | \($0.function.meaning) |" }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ definition: FunctionDefinition) -> String {
        var kinds = definition.required.map(\.word) + definition.optional.map { "[\($0.word)]" }
        if let rest = definition.rest { kinds.append("\(rest.word)…") }
        let (call, answer) = definition.example
        let example = call == answer ? "" : "`\(escaped(call))`"
        return
            "| \(names(definition.names)) | \(kinds.joined(separator: ", ")) | \(escaped(definition.function.summary)) | "
            + "\(example) | \(example.isEmpty ? "" : "`\(escaped(answer))`") |"
    }

    private static func names(_ names: [String]) -> String {
        names.map { "`\(escaped($0))`" }.joined(separator: ", ")
    }

    /// A bar would end a cell.
    private static func escaped(_ text: String) -> String { text.replacing("|", with: "\\|") }
}

extension ParameterKind {
    fileprivate var word: String {
        switch self {
        case .text: "text"
        case .anyAsText, .any: "any"
        case .integer: "integer"
        case .double, .number: "number"
        case .boolean: "boolean"
        case .date: "date"
        case .time: "date or time"
        case .timestamp: "timestamp"
        case .interval: "interval"
        case .json: "JSON"
        case .jsonStep: "step"
        case .bytes: "text or bytes"
        case .common: "value"
        case .list: "list"
        case .map: "map"
        case .structure: "struct"
        }
    }
}

extension AggregateFunction {
    /// What it does, in one line.
    fileprivate var meaning: String {
        switch self {
        case .countAll: "The number of rows"
        case .count: "The number of values that are not null"
        case .sum: "The sum: of integers as bigint, of decimals exact, overflow is an error"
        case .average: "The mean: of decimals as decimal, else as double"
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
        case .median: "The middle value, as a double"
        case .percentileContinuous: "The interpolated value at a fraction; also WITHIN GROUP (ORDER BY …)"
        case .approximateDistinct: "About how many distinct values; HyperLogLog"
        case .approximateMedian: "About the middle value"
        case .approximatePercentile: "About the value at a fraction; also WITHIN GROUP (ORDER BY …)"
        case .anyValue: "Some value that is not null"
        case .firstValue: "The value of the first row"
        case .lastValue: "The value of the last row"
        case .stringAggregate: "Values joined by a delimiter"
        case .arrayAggregate: "All values as a list, nulls too"
        }
    }
}
