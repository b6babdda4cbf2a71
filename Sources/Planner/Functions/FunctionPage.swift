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
            "Further forms: `if(condition, a, b)`, `date_part(part, time)` = `EXTRACT(part FROM time)` = `year(time)` and so on,",
            "`struct(…)`, `named_struct(name, value, …)` = `{'name': value, …}`, `MAP {key: value, …}`, `arrow_cast(value, 'type')`,",
            "`CASE`, `CAST`, `TRY_CAST`, `value::type`, `SUBSTRING(… FROM … FOR …)`, `TRIM(BOTH … FROM …)`, `POSITION(… IN …)`,",
            "`OVERLAY(… PLACING … FROM … FOR …)`.", "", "## Aggregates",
            "",
            "All take `DISTINCT` and `FILTER (WHERE …)`; those that depend on it take `ORDER BY` behind their arguments.",
            "",
            "| aggregate | does |", "|---|---|", "| `count(*)` | \(AggregateFunction.countAll.meaning) |",
        ]
        lines += AggregateRegistry.all.map { "| \(names($0.names)) | \($0.function.meaning) |" }
        lines += [
            "", "## Window functions", "",
            "These and all aggregates stand before `OVER (PARTITION BY … ORDER BY … frame)`; those that pick a value take",
            "`IGNORE NULLS`.", "", "| function | does |", "|---|---|",
        ]
        lines += WindowRegistry.all.map { "| `\($0.usage)` | \($0.function.meaning) |" }
        lines += timeFormats
        return lines.joined(separator: "\n") + "\n"
    }

    private static let timeFormats = [
        "", "## Time formats", "",
        "Pieces of a format, to write by and to read by, as in DataFusion; all else stands for itself. `%-d` fills a number up with",
        "nothing, `%_d` with spaces, `%0d` with zeros. A piece that does not exist is an error, and so is a zone to write of a time without",
        "one.", "", "| piece | is |", "|---|---|",
        "| `%Y`, `%C`, `%y`, `%q` | the year, its century, its last two digits, the quarter |",
        "| `%m`, `%b` = `%h`, `%B` | the month as number, short and long name |",
        "| `%d`, `%e`, `%j` | the day of the month, filled up with a space, of the year |",
        "| `%a`, `%A`, `%u`, `%w` | the weekday as short and long name, as number from Monday (1), from Sunday (0) |",
        "| `%G`, `%g`, `%V` | the year of the ISO week, its last two digits, the ISO week |",
        "| `%U`, `%W` | the week from the first Sunday, from the first Monday on |",
        "| `%H`, `%k`, `%I`, `%l`, `%p`, `%P` | the hour to 23, filled up with a space, to 12, likewise, AM, am |",
        "| `%M`, `%S`, `%f`, `%.f`, `%3f`, `%.3f` | the minute, the second, its fraction, with a point, three digits of it |",
        "| `%z`, `%:z`, `%Z`, `%s` | `+0000`, `+00:00`, `UTC`, seconds since 1970 |",
        "| `%F`, `%D` = `%x`, `%v` | `%Y-%m-%d`, `%m/%d/%y`, `%e-%b-%Y` |",
        "| `%T` = `%X`, `%R`, `%r` | `%H:%M:%S`, `%H:%M`, `%I:%M:%S %p` |",
        "| `%c`, `%+` | `%a %b %e %T %Y`, `%FT%T%.f%:z` |",
        "| `%%`, `%n`, `%t` | a percent sign, a line break, a tab |",
    ]

    /// One name of one function.
    package struct Entry: Sendable {
        package let name: String
        /// `scalar`, `aggregate` or `window`
        package let kind: String
        package let arguments: String
        package let summary: String
        package let example: String?
    }

    /// Every name of every function, in order.
    package static var entries: [Entry] {
        let scalars = FunctionRegistry.all.flatMap { definition in
            definition.names.map { name in
                Entry(
                    name: name, kind: "scalar", arguments: kinds(definition),
                    summary: definition.function.summary,
                    example: definition.example.call == definition.example.answer
                        ? nil : definition.example.call)
            }
        }
        let aggregates = AggregateRegistry.all.flatMap { definition in
            definition.names.map { name in
                Entry(
                    name: name, kind: "aggregate",
                    arguments: definition.required.map(\.word).joined(separator: ", "),
                    summary: definition.function.meaning, example: nil)
            }
        }
        let windows = WindowRegistry.all.map { definition in
            Entry(
                name: definition.function.name, kind: "window",
                arguments: (definition.required.map(\.word) + definition.optional.map { "[\($0.word)]" })
                    .joined(separator: ", "), summary: definition.function.meaning, example: nil)
        }
        return (scalars + aggregates + windows).sorted { ($0.name, $0.kind) < ($1.name, $1.kind) }
    }

    private static func kinds(_ definition: FunctionDefinition) -> String {
        var kinds = definition.required.map(\.word) + definition.optional.map { "[\($0.word)]" }
        if let rest = definition.rest { kinds.append("\(rest.word)…") }
        return kinds.joined(separator: ", ")
    }

    private static func row(_ definition: FunctionDefinition) -> String {
        let (call, answer) = definition.example
        let example = call == answer ? "" : "`\(escaped(call))`"
        return
            "| \(names(definition.names)) | \(kinds(definition)) | \(escaped(definition.function.summary)) | "
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
        case .amount: "number or interval"
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
