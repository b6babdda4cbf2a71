import Columnar
import Kernels

extension FunctionRegistry {
    /// Dates become timestamps, as in DataFusion; other times keep their type.
    private static let truncated = ResultRule.rule { $0[1] == .date ? .timestamp : $0[1] }

    static let time: [FunctionDefinition] = [
        FunctionDefinition(
            .now, aliases: ["current_timestamp"], [], .type(.timestamptz),
            ("now() >= TIMESTAMP '1970-01-01'", "true")),
        FunctionDefinition(
            .currentDate, aliases: ["today"], [], .type(.date),
            ("current_date() >= DATE '1970-01-01'", "true")),
        FunctionDefinition(.currentTime, [], .type(.time), ("current_time() IS NOT NULL", "true")),
        FunctionDefinition(
            .dateTruncate, aliases: ["datetrunc"], [.text, .timestamp], truncated,
            ("date_trunc('hour', TIMESTAMP '2026-01-31 12:34:56')", "timestamp '2026-01-31T12:00:00'")),
        FunctionDefinition(
            .dateBin, [.interval, .timestamp], optional: [.timestamp], .argument(1),
            (
                "date_bin(INTERVAL '15 minutes', TIMESTAMP '2026-01-31 12:34:56')",
                "timestamp '2026-01-31T12:30:00'"
            )),
        FunctionDefinition(
            .makeDate, [.integer, .integer, .integer], .type(.date),
            ("make_date(2026, 1, 31)", "date '2026-01-31'")),
        FunctionDefinition(
            .makeTime, [.integer, .integer, .integer], .type(.time),
            ("make_time(12, 34, 56)", "time '12:34:56'")),
        FunctionDefinition(
            .lastDay, [.time], .type(.date), ("last_day(DATE '2024-02-01')", "date '2024-02-29'")),
        FunctionDefinition(
            .dateDiff, aliases: ["date_diff"], [.text, .timestamp, .timestamp], .type(.long),
            ("datediff('day', DATE '2026-01-01', DATE '2026-01-31')", "30")),
    ]

    static let timeConversions: [FunctionDefinition] = [
        FunctionDefinition(
            .toTimestamp, [.any], rest: .text, .type(.timestamp),
            ("to_timestamp(0)", "timestamp '1970-01-01T00:00:00'")),
        FunctionDefinition(
            .toTimestampSeconds, [.any], rest: .text, .type(.timestamp),
            ("to_timestamp_seconds(60)", "timestamp '1970-01-01T00:01:00'")),
        FunctionDefinition(
            .toTimestampMillis, [.any], rest: .text, .type(.timestamp),
            ("to_timestamp_millis(1500)", "timestamp '1970-01-01T00:00:01.500000'")),
        FunctionDefinition(
            .toTimestampMicros, [.any], rest: .text, .type(.timestamp),
            ("to_timestamp_micros(1000000)", "timestamp '1970-01-01T00:00:01'")),
        FunctionDefinition(
            .toTimestampNanos, [.any], rest: .text, .type(.timestampNanos),
            ("to_timestamp_nanos(5)", "timestamp_ns '5 ns'")),
        FunctionDefinition(
            .toDate, [.any], rest: .text, .type(.date), ("to_date('2026-01-31')", "date '2026-01-31'")),
        FunctionDefinition(
            .toTime, [.text], rest: .text, .type(.time), ("to_time('12:34:56')", "time '12:34:56'")),
        FunctionDefinition(
            .toUnixTime, [.any], .type(.long), ("to_unixtime(TIMESTAMP '1970-01-01 00:01:00')", "60")),
        FunctionDefinition(
            .fromUnixTime, [.integer], optional: [.text],
            .rule { $0.count > 1 ? .timestamptz : .timestamp },
            ("from_unixtime(60)", "timestamp '1970-01-01T00:01:00'")),
        FunctionDefinition(
            .toChar, aliases: ["date_format", "strftime"], [.time, .text], .type(.string),
            ("to_char(DATE '2026-01-31', '%Y/%m')", "'2026/01'")),
        FunctionDefinition(
            .timeZone, [.text, .timestamp],
            .rule { types in
                switch types[1] {
                case .timestamp: .timestamptz
                case .timestampNanos: .timestamptzNanos
                case .timestamptzNanos: .timestampNanos
                default: .timestamp
                }
            },
            (
                "timezone('Europe/Berlin', TIMESTAMPTZ '2026-07-01T12:00:00Z')",
                "timestamp '2026-07-01T14:00:00'"
            )),
        FunctionDefinition(
            .toLocalTime, [.timestamp], .rule { $0[0] == .timestamptzNanos ? .timestampNanos : .timestamp },
            ("to_local_time('2026-01-31T12:00:00Z'::timestamptz)", "timestamp '2026-01-31T12:00:00'")),
    ]
}
