import Columnar
import Testing

@testable import Planner

@Suite("Types and values of expressions")
struct TypingTests {
    @Test(
        "constants",
        arguments: [
            ("1 + 2", "3"), ("7 / 2", "3"), ("-7 / 2", "-3"), ("7 % 3", "1"), ("1.5 + 1", "2.5"),
            ("1.50 * 2", "3.00"),
            ("1 / 3.0", "0.3333333333333333"), ("2 ^ 3", "8.0"), ("1e3", "1000.0"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("9999999999", "9999999999"), ("'a' || 1 || 'b'", "'a1b'"), ("'a' || NULL", "null"),
            ("NULL AND FALSE", "false"), ("NULL OR TRUE", "true"), ("NULL = NULL", "null"),
            ("NOT NULL", "null"),
            ("NULL IS DISTINCT FROM 1", "true"), ("1 IN (2, NULL)", "null"), ("1 IN (1, NULL)", "true"),
            ("1 NOT IN (2, 3)", "true"), ("NULL IN (1)", "null"), ("3 BETWEEN 1 AND 5", "true"),
            ("NULL IS NULL", "true"),
            ("(1 = 1) IS TRUE", "true"), ("NULL::boolean IS UNKNOWN", "true"),
            ("CASE WHEN 1 = 2 THEN 'a' WHEN NULL THEN 'b' ELSE 'c' END", "'c'"),
            ("CASE 2 WHEN 1 THEN 'x' WHEN 2 THEN 'y' END", "'y'"),
            ("CASE WHEN FALSE THEN 1 END", "null"), ("if(1 < 2, 'y', 'n')", "'y'"),
            ("'2026-01-31'::date", "date '2026-01-31'"), ("DATE '2026-01-31' + 1", "date '2026-02-01'"),
            ("DATE '2026-03-01' - DATE '2026-02-01'", "28"),
            ("DATE '2026-01-31' + INTERVAL '1 month'", "timestamp '2026-02-28T00:00:00'"),
            ("TIMESTAMP '2026-01-01 00:00:00' + INTERVAL 90 MINUTE", "timestamp '2026-01-01T01:30:00'"),
            ("TIMESTAMP '2026-01-02' - TIMESTAMP '2026-01-01'", "interval '0 months 1 days 0 microseconds'"),
            ("CURRENT_DATE", "date '2026-01-31'"),
            ("CURRENT_DATE - INTERVAL 7 DAY", "timestamp '2026-01-24T00:00:00'"),
            ("extract(year FROM DATE '2026-01-31')", "2026"),
            ("date_part('second', TIMESTAMP '2026-01-31 12:34:56.7')", "56"),
            ("extract(epoch FROM TIMESTAMP '1970-01-01 00:00:01.5')", "1.5"),
            ("TRY_CAST('x' AS int)", "null"), ("CAST(2.5 AS int)", "3"), ("CAST('12' AS long)", "12"),
            ("'abc' LIKE 'a%'", "true"), ("'abc' NOT LIKE 'a_c'", "false"), ("'ABC' ILIKE 'a%'", "true"),
            ("'abc' ~ '^a'", "true"),
            ("'10%' LIKE '10!%' ESCAPE '!'", "true"), ("'abc' SIMILAR TO '(a|b)%'", "true"),
            ("coalesce(NULL, 1, 2.5)", "1.0"), ("greatest(1, 2.5)", "2.5"), ("length(NULL)", "null"),
            ("[1, 2, 3][2]", "2"), ("named_struct('a', 1, 'b', 'x').b", "'x'"),
            ("'{\"a\": {\"b\": 5}}' -> 'a' ->> 'b'", "'5'"), ("json_get_int('{}', 'a')", "null"),
            ("1 = '1'", "true"), ("DATE '2026-01-01' < '2026-02-01'", "true"), ("TRUE = 'true'", "true"),
            ("5 & 3 | 8", "9"),
            ("1 << 4", "16"), ("~5", "-6"),
            ("'2026-01-31T12:00:00Z'::timestamptz AT TIME ZONE 'UTC'", "timestamp '2026-01-31T12:00:00'"),
            ("substring('hello' FROM 2 FOR 3)", "'ell'"), ("trim(BOTH 'x' FROM 'xax')", "'a'"),
            ("position('l' IN 'hello')", "3"),
            ("1.0 / 3", "0.3333333333333333"), ("100.0 * 2 / 3", "66.6666666666666667"),
        ])
    func constants(expression: String, answer: String) throws {
        #expect(try PlannerFixture.literal(expression) == answer, "\(expression)")
    }

    @Test(
        "types",
        arguments: [
            ("year + 1", DataType.int), ("year + distance", .long), ("year * dep_delay", .double),
            ("price + 1", .decimal(precision: 13, scale: 2)),
            ("price * price", .decimal(precision: 18, scale: 4)),
            ("CAST(price AS decimal(38, 20)) * distance", .decimal(precision: 38, scale: 20)),
            ("CAST(price AS decimal(38, 30)) * price", .decimal(precision: 38, scale: 30)),
            ("price / 3 * (price / 3)", .decimal(precision: 38, scale: 24)),
            ("CAST(price AS decimal(38, 2)) * (1 - price) * (1 + price)", .decimal(precision: 38, scale: 6)),
            ("price * 1.5", .decimal(precision: 11, scale: 3)),
            ("sum(year)", .long), ("sum(price)", .decimal(precision: 19, scale: 2)), ("avg(year)", .double),
            ("avg(price)", .decimal(precision: 13, scale: 6)), ("count(*)", .long), ("min(origin)", .string),
            ("max(day)", .date),
            ("sum(dep_delay)", .double), ("stddev(year)", .double), ("median(year)", .double),
            ("approx_distinct(origin)", .long),
            ("length(origin)", .int), ("round(dep_delay)", .double), ("abs(year)", .int),
            ("round(price, 1)", .decimal(precision: 9, scale: 1)),
            ("round(price)", .decimal(precision: 9, scale: 0)),
            ("round(price, 7)", .decimal(precision: 9, scale: 2)),
            ("trunc(price, 1)", .decimal(precision: 9, scale: 1)),
            ("round(price, -1)", .decimal(precision: 10, scale: 2)), ("round(year, 1)", .int),
            ("trunc(year)", .double),
            ("round(price, year)", .decimal(precision: 10, scale: 2)),
            ("ceil(price)", .decimal(precision: 10, scale: 2)),
            ("date_trunc('day', at)", .timestamp),
            ("date_trunc('month', day)", .timestamp), ("extract(hour FROM at)", .int), ("day - 1", .date),
            ("at - at", .interval),
            ("now()", .timestamptz), ("tags[1]", .string), ("who.age", .int), ("who['name']", .string),
            ("doc -> 'a'", .json),
            ("doc ->> 'a'", .string), ("m['k']", .long),
            ("CASE WHEN cancelled THEN 1 ELSE 2.5 END", .decimal(precision: 11, scale: 1)),
            ("coalesce(year, distance)", .long), ("NULL", .string),
            (
                "sum(CASE WHEN NOT cancelled THEN 1 ELSE 0 END) * 100.0 / count(*)",
                .decimal(precision: 38, scale: 16)
            ),
            ("regexp_match(origin, 'x')", .list(Field("element", .string))),
            ("bool_and(cancelled)", .boolean), ("array_agg(year)", .list(Field("element", .int))),
        ])
    func types(expression: String, type: DataType) throws {
        #expect(try PlannerFixture.type(expression) == type, "\(expression)")
    }
}
