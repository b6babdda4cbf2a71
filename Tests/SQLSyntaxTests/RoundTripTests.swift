import Testing

@testable import SQLSyntax

@Suite("A printed statement reads back as the same tree")
struct RoundTripTests {
    @Test(
        "definitions",
        arguments: [
            (
                "create table if not exists a.b (c bigint not null comment 'x', d struct<e int not null, f: string>) "
                    + "using iceberg partitioned by (days(c) as day, bucket(4, d.e), d.f) "
                    + "order by (c desc nulls last) comment 'it''s' location 's3://l/x' "
                    + "with (write.target-file-size-bytes = 1000, 'k' 'v')",
                "CREATE TABLE IF NOT EXISTS a.b (c BIGINT NOT NULL COMMENT 'x', d STRUCT<e INT NOT NULL, f STRING>) "
                    + "PARTITIONED BY (days(c) AS day, bucket(4, d.e), d.f) SORTED BY (c DESC NULLS LAST) "
                    + "LOCATION 's3://l/x' TBLPROPERTIES ('comment' = 'it''s', "
                    + "'write.target-file-size-bytes' = '1000', 'k' = 'v')"
            ),
            ("create table t as (select 1)", "CREATE TABLE t AS (SELECT 1)"),
            (
                "alter table a.t add column x.y int after z, add columns (p int, q string comment 'c' first), "
                    + "drop column if exists r, rename column s to t, alter column u type bigint",
                "ALTER TABLE a.t ADD COLUMN x.y INT AFTER z, ADD COLUMN p INT, "
                    + "ADD COLUMN q STRING COMMENT 'c' FIRST, DROP COLUMN IF EXISTS r, RENAME COLUMN s TO t, "
                    + "ALTER COLUMN u TYPE BIGINT"
            ),
            (
                "alter table t alter v set not null, alter v drop not null, alter v comment 'd', alter v first, "
                    + "alter v after w",
                "ALTER TABLE t ALTER COLUMN v SET NOT NULL, ALTER COLUMN v DROP NOT NULL, "
                    + "ALTER COLUMN v COMMENT 'd', ALTER COLUMN v FIRST, ALTER COLUMN v AFTER w"
            ),
            (
                "alter table t add partition field truncate(a, 3) as x, drop partition field bucket(4, b), "
                    + "replace partition field c with year(c), write ordered by (a, b desc), write unordered",
                "ALTER TABLE t ADD PARTITION FIELD truncate(3, a) AS x, DROP PARTITION FIELD bucket(4, b), "
                    + "REPLACE PARTITION FIELD c WITH year(c), WRITE ORDERED BY (a, b DESC), WRITE UNORDERED"
            ),
            (
                "alter table if exists t set tblproperties (a.b = true), unset ('c', d), rename to n.u",
                "ALTER TABLE IF EXISTS t SET ('a.b' = 'true'), UNSET ('c', 'd'), RENAME TO n.u"
            ),
            ("comment on column a.t.c is null", "ALTER TABLE a.t ALTER COLUMN c COMMENT NULL"),
            ("comment on table a.t is 'x'", "ALTER TABLE a.t SET ('comment' = 'x')"),
            ("drop table if exists t purge", "DROP TABLE IF EXISTS t PURGE"),
            ("drop table a, b.c", "DROP TABLE a, b.c"),
            ("drop view if exists a, b.c", "DROP VIEW IF EXISTS a, b.c"),
            ("insert into t default values", "INSERT INTO t DEFAULT VALUES"),
            ("explain insert into t values (1)", "EXPLAIN INSERT INTO t VALUES (1)"),
            ("explain verbose create table t as select 1", "EXPLAIN PASSES CREATE TABLE t AS SELECT 1"),
            (
                "create table t as select 1 with no data",
                "CREATE TABLE t AS (SELECT 1) LIMIT 0"
            ),
            (
                "select a from t order by a offset 1 fetch next (2 + 1) rows with ties",
                "SELECT a FROM t ORDER BY a OFFSET 1 FETCH FIRST (2 + 1) ROWS WITH TIES"
            ),
            (
                "select a collate \"C\", (s).*, timestamp(3) '2026-01-01', a <@ b from t limit (select 1)",
                "SELECT a COLLATE C, s.*, TIMESTAMP(3) '2026-01-01', a <@ b FROM t LIMIT (SELECT 1)"
            ),
            (
                "select current_timestamp(0), timestamp(1) with time zone 'x'",
                "SELECT CAST(current_timestamp() AS TIMESTAMP(0) WITH TIME ZONE), TIMESTAMP(1) WITH TIME ZONE 'x'"
            ),
            ("truncate t", "TRUNCATE TABLE t"),
            ("truncate table n.t, u", "TRUNCATE TABLE n.t, u"),
            (
                "create or replace view a.v (x comment 'c', y) comment 'd' as select 1, 2",
                "CREATE OR REPLACE VIEW a.v (x COMMENT 'c', y) TBLPROPERTIES ('comment' = 'd') AS SELECT 1, 2"
            ),
            ("create view if not exists v as values (1)", "CREATE VIEW IF NOT EXISTS v AS VALUES (1)"),
            ("alter view if exists a.v rename to b.w", "ALTER VIEW IF EXISTS a.v RENAME TO b.w"),
            ("alter view v as select 1", "ALTER VIEW v AS SELECT 1"),
            ("alter view v set ('a' = 'b')", "ALTER VIEW v SET ('a' = 'b')"),
            ("drop view v", "DROP VIEW v"), ("show views from a like 'b'", "SHOW VIEWS IN a LIKE 'b'"),
            ("show create view v", "SHOW CREATE VIEW v"), ("desc extended t", "DESCRIBE EXTENDED t"),
            ("describe extended", "DESCRIBE extended"), ("desc values (1)", "DESCRIBE VALUES (1)"),
            (
                "describe with x as (select 1 as a) select * from x",
                "DESCRIBE WITH x AS (SELECT 1 AS a) SELECT * FROM x"
            ),
            (
                "create schema s comment 'x' with (a = 1)",
                "CREATE NAMESPACE s WITH PROPERTIES ('comment' = 'x', 'a' = '1')"
            ),
            ("alter database s unset dbproperties if exists ('a')", "ALTER NAMESPACE s UNSET ('a')"),
            ("set timeout_ms to 5", "SET timeout_ms = '5'"), ("reset all", "RESET ALL"),
            ("reset x", "RESET x"), ("show all", "SHOW SETTINGS"), ("show timeout_ms", "SHOW timeout_ms"),
            (
                "select * from a.t for system_time as of '2026-01-01' x, b.t version as of 3",
                "SELECT * FROM a.t FOR TIMESTAMP AS OF '2026-01-01' AS x, b.t FOR VERSION AS OF 3"
            ),
        ])
    func definitions(text: String, printed: String) throws {
        let tree = try SQLParser.statement(text)
        #expect("\(tree)" == printed)
        #expect(try SQLParser.statement(printed) == tree)
    }

    @Test(
        "statements",
        arguments: [
            ("select 1", "SELECT 1"),
            ("select ? from t where a = ? limit ?", "SELECT $1 FROM t WHERE a = $2 LIMIT $3"),
            ("select 'a''\u{301}' as \"x\"\"\u{301}\"", "SELECT 'a''\u{301}' AS \"x\"\"\u{301}\""),
            ("select E'\\x41\\102\\xc3\\xa9'", "SELECT 'AB\u{e9}'"),
            (
                "select * from ((values (1)) a join b on true)",
                "SELECT * FROM (VALUES (1)) AS a JOIN b ON TRUE"
            ),
            (
                "select * from (((select 1) a cross join b) cross join c)",
                "SELECT * FROM (SELECT 1) AS a CROSS JOIN b CROSS JOIN c"
            ),
            (
                "select * from ((select 1) union (select 2)) a",
                "SELECT * FROM ((SELECT 1) UNION (SELECT 2)) AS a"
            ),
            ("select * from (((select 1))) a", "SELECT * FROM (((SELECT 1))) AS a"),
            (
                "select * from a join b left join c on x on y join d on z",
                "SELECT * FROM a JOIN (b LEFT JOIN c ON x) ON y JOIN d ON z"
            ),
            (
                "select {'a': 1, b: [2]}, map {'k': 1}",
                "SELECT named_struct('a', 1, 'b', ARRAY[2]), map(ARRAY['k'], ARRAY[1])"
            ),
            (
                "select a = any([1, 2]), a <> all (l), a > any (array[1, 2]), a < all ([b])",
                "SELECT a IN (1, 2), a <> ALL (l), a > ANY (ARRAY[1, 2]), a < ALL (ARRAY[b])"
            ),
            (
                "select a between symmetric 2 and 1, b isnull, c notnull",
                "SELECT a BETWEEN 2 AND 1 OR a BETWEEN 1 AND 2, b IS NULL, c IS NOT NULL"
            ),
            (
                "select interval '1-2' year to month, interval '3 4:05' day to minute",
                "SELECT INTERVAL '1-2' YEAR TO MONTH, INTERVAL '3 4:05' DAY TO MINUTE"
            ),
            (
                "select interval '1:30' minute to second, interval '1 2:03:04' day to hour",
                "SELECT INTERVAL '1:30' MINUTE TO SECOND, INTERVAL '1 2:03:04' DAY TO HOUR"
            ),
            ("select overlay(a placing b from 2 for 3)", "SELECT overlay(a, b, 2, 3)"),
            ("explain (analyze, format json) select 1", "EXPLAIN ANALYZE FORMAT JSON SELECT 1"),
            ("show columns from a.t", "DESCRIBE a.t"),
            (
                "SELECT DISTINCT a, b AS c FROM ns.t x WHERE a = 1",
                "SELECT DISTINCT a, b AS c FROM ns.t AS x WHERE a = 1"
            ),
            ("select a + b * c - d / e % f ^ 2 from t", "SELECT a + b * c - d / e % f ^ 2 FROM t"),
            ("select (a + b) * -c", "SELECT (a + b) * -c"),
            ("select - - 1, -(-1)", "SELECT -(-1), -(-1)"),
            ("select a and b and (c and d) or not e", "SELECT a AND b AND (c AND d) OR NOT e"),
            ("select a between 1 and 2 and b", "SELECT a BETWEEN 1 AND 2 AND b"),
            ("select a not in (1,2), b in (select 1)", "SELECT a NOT IN (1, 2), b IN (SELECT 1)"),
            (
                "select s like 'a%' escape '\\', s not ilike 'b', s similar to 'c'",
                "SELECT s LIKE 'a%' ESCAPE '\\', s NOT ILIKE 'b', s SIMILAR TO 'c'"
            ),
            (
                "select a is not null, b is true, c is distinct from d, e is not distinct from 1",
                "SELECT a IS NOT NULL, b IS TRUE, c IS DISTINCT FROM d, e IS NOT DISTINCT FROM 1"
            ),
            ("select (a is null) = b", "SELECT (a IS NULL) = b"),
            (
                "select case when a then 1 else 2 end, case x when 1 then 'a' end",
                "SELECT CASE WHEN a THEN 1 ELSE 2 END, CASE x WHEN 1 THEN 'a' END"
            ),
            (
                "select a::int, cast(b as decimal(9,2)), try_cast(c as varchar(3)[])",
                "SELECT CAST(a AS INT), CAST(b AS DECIMAL(9, 2)), TRY_CAST(c AS VARCHAR(3)[])"
            ),
            (
                "select '2020-01-01'::timestamp with time zone, x::timestamp(6) without time zone",
                "SELECT CAST('2020-01-01' AS TIMESTAMP WITH TIME ZONE), CAST(x AS TIMESTAMP(6))"
            ),
            (
                "select date '2020-01-01', timestamp '2020-01-01 00:00:00'",
                "SELECT DATE '2020-01-01', TIMESTAMP '2020-01-01 00:00:00'"
            ),
            (
                "select interval '7 days', interval 7 day, interval '3' hours",
                "SELECT INTERVAL '7 days', INTERVAL '7 day', INTERVAL '3' HOUR"
            ),
            (
                "select extract(year from ts), substring(a from 2 for 3), trim(leading 'x' from b), position('a' in b)",
                "SELECT date_part('year', ts), substring(a, 2, 3), ltrim(b, 'x'), strpos(b, 'a')"
            ),
            (
                "select a[1], s.f, s['f'], (s).f.g, f(x).y, [1,2][1]",
                "SELECT a[1], s.f, s['f'], (s).f.g, f(x).y, ARRAY[1, 2][1]"
            ),
            (
                "select count(*), count(distinct x) filter (where x > 1), string_agg(a, ',' order by b desc)",
                "SELECT count(*), count(DISTINCT x) FILTER (WHERE x > 1), string_agg(a, ',' ORDER BY b DESC)"
            ),
            (
                "select percentile_cont(0.95) within group (order by d) as p95",
                "SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY d) AS p95"
            ),
            (
                "select sum(x) over (partition by a order by b rows between 1 preceding and current row)",
                "SELECT sum(x) OVER (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"
            ),
            (
                "select * exclude (a) replace (b+1 as b), t.* from t",
                "SELECT * EXCLUDE (a) REPLACE (b + 1 AS b), t.* FROM t"
            ),
            (
                "select a from t group by all having count(*) > 1",
                "SELECT a FROM t GROUP BY ALL HAVING count(*) > 1"
            ),
            (
                "select a from t group by a, rollup (b, (c, d)), grouping sets ((a), ())",
                "SELECT a FROM t GROUP BY a, ROLLUP ((b), (c, d)), GROUPING SETS ((a), ())"
            ),
            (
                "select 1 from t group by rollup ((a) + 1, (select b), ((a, b))), cube ((a), row(a, b)), grouping sets ((select a), (a, (b)))",
                "SELECT 1 FROM t GROUP BY ROLLUP ((a + 1), ((SELECT b)), (a, b)), CUBE ((a), (a, b)), "
                    + "GROUPING SETS (((SELECT a)), (a, b))"
            ),
            (
                "select a from t order by a desc nulls last, 2 asc limit 10 offset 5",
                "SELECT a FROM t ORDER BY a DESC NULLS LAST, 2 LIMIT 10 OFFSET 5"
            ),
            ("select a from t fetch first 3 rows only", "SELECT a FROM t LIMIT 3"),
            (
                "select \"a b\", \"select\", \"x\"\"y\" from \"T\"",
                "SELECT \"a b\", \"select\", \"x\"\"y\" FROM T"
            ),
            (
                "select left(a, 1), right(b, 2), replace(c, 'x', 'y')",
                "SELECT left(a, 1), right(b, 2), replace(c, 'x', 'y')"
            ),
            (
                "with a as (select 1), b(x) as materialized (select 2) select * from a, b",
                "WITH a AS (SELECT 1), b (x) AS MATERIALIZED (SELECT 2) SELECT * FROM a, b"
            ),
            (
                "select 1 union all select 2 intersect select 3 order by 1",
                "SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 ORDER BY 1"
            ),
            (
                "(select 1 limit 1) union (values (1, 2), (3, 4))",
                "(SELECT 1 LIMIT 1) UNION (VALUES (1, 2), (3, 4))"
            ),
            (
                "select * from a join b on a.x = b.x left outer join c using (y) cross join d natural join e",
                "SELECT * FROM a JOIN b ON a.x = b.x LEFT JOIN c USING (y) CROSS JOIN d NATURAL JOIN e"
            ),
            (
                "select * from (select 1) t(a), lateral unnest(x) u",
                "SELECT * FROM (SELECT 1) AS t (a), LATERAL unnest(x) AS u"
            ),
            ("select * from t for version as of 12", "SELECT * FROM t FOR VERSION AS OF 12"),
            (
                "select current_date - interval 7 day, now()",
                "SELECT current_date() - INTERVAL '7 day', now()"
            ),
            (
                "select j -> 'a' ->> 'b', a || b || c, a ~ 'x'",
                "SELECT j -> 'a' ->> 'b', a || b || c, a ~ 'x'"
            ),
            ("select ts at time zone 'UTC', ?, :name", "SELECT ts AT TIME ZONE 'UTC', $1, :name"),
            (
                "select {'a':id, b:true}, map {'a':id}, l[1:id], l[:id]",
                "SELECT named_struct('a', id, 'b', TRUE), map(ARRAY['a'], ARRAY[id]), array_slice(l, 1, id), l[:id]"
            ),
            ("select cast(x as struct<a:int>)", "SELECT CAST(x AS STRUCT<a INT>)"),
            (
                "select cast(x as struct(a int, \"b c\" text, d struct(e decimal(9, 2))[])[])",
                "SELECT CAST(x AS STRUCT<a INT, \"b c\" TEXT, d STRUCT<e DECIMAL(9, 2)>[]>[])"
            ),
            (
                "select x::map(varchar, map(text, struct<a map(int, date)>)), y::row(a int)",
                "SELECT CAST(x AS MAP<VARCHAR, MAP<TEXT, STRUCT<a MAP<INT, DATE>>>>), CAST(y AS STRUCT<a INT>)"
            ),
            ("select a from t group by ()", "SELECT a FROM t GROUP BY GROUPING SETS (())"),
            ("select array(select a from t order by b)", "SELECT ARRAY(SELECT a FROM t ORDER BY b)"),
            (
                "with x as (select 1) insert into t (a) select * from x",
                "INSERT INTO t (a) WITH x AS (SELECT 1) SELECT * FROM x"
            ),
            (
                "with x as (select 1) insert into t with y as (select * from x) select * from y",
                "INSERT INTO t WITH x AS (SELECT 1) (WITH y AS (SELECT * FROM x) SELECT * FROM y)"
            ),
            ("select x'CAFE', e'a\\n''b', $$it's$$", "SELECT X'cafe', 'a\n''b', 'it''s'"),
            ("select 1.50, .5, 1e3, 1_000, 0x1F", "SELECT 1.50, .5, 1e3, 1000, 31"),
            ("explain format json select 1", "EXPLAIN FORMAT JSON SELECT 1"),
            ("explain passes select 1", "EXPLAIN PASSES SELECT 1"),
            (
                "explain analyze format tree passes (select 1)",
                "EXPLAIN ANALYZE FORMAT TREE PASSES (SELECT 1)"
            ),
            ("explain (passes, analyze, format text) select 1", "EXPLAIN ANALYZE PASSES SELECT 1"),
            ("explain (select passes from t)", "EXPLAIN (SELECT passes FROM t)"),
            ("create schema if not exists a.b", "CREATE NAMESPACE IF NOT EXISTS a.b"),
            ("drop namespace if exists a cascade", "DROP NAMESPACE IF EXISTS a CASCADE"),
            ("show databases", "SHOW NAMESPACES"),
            ("show tables in analytics like 'a%'", "SHOW TABLES IN analytics LIKE 'a%'"),
            ("describe table ns.t", "DESCRIBE ns.t"),
            (
                "insert into sink select a from stream where b",
                "INSERT INTO sink SELECT a FROM stream WHERE b"
            ),
            ("insert into t (a, b) values (1, 'x')", "INSERT INTO t (a, b) VALUES (1, 'x')"),
            ("select /* c /* nested */ */ 1 -- end", "SELECT 1"),
            (
                "select cast(x as map<string, list<list<int>>>), cast(y as struct<a int, b: string>)",
                "SELECT CAST(x AS MAP<STRING, INT[][]>), CAST(y AS STRUCT<a INT, b STRING>)"
            ),
        ])
    func statements(text: String, printed: String) throws {
        let tree = try SQLParser.statement(text)
        #expect(tree.description == printed)
        #expect(try SQLParser.statement(printed) == tree)
    }

    @Test("the seed pipelines and queries read")
    func seedWorkloads() throws {
        let pipeline = """
            INSERT INTO events_table
            SELECT user_id, lower(event) AS event_type, to_timestamp_micros(ts_us) AS event_time,
                   regexp_match(url, '^https?://([^/]+)')[1] AS domain, url, referrer, user_agent
            FROM events_json
            WHERE event = 'page_view' AND NOT regexp_like(user_agent, '(?i)bot|spider');
            INSERT INTO other SELECT * FROM events_json
            """
        let trees = try SQLParser.statements(pipeline)
        #expect(trees.count == 2)
        #expect(try SQLParser.statements(trees.map(\.description).joined(separator: ";")) == trees)
        let query = """
            SELECT function_id, COUNT(*) as invocations, AVG(duration_ms) as avg_duration,
                   SUM(CASE WHEN NOT success THEN 1 ELSE 0 END) * 100.0 / COUNT(*) as error_rate
            FROM analytics.invocations WHERE date >= CURRENT_DATE - INTERVAL 7 DAY
            GROUP BY function_id ORDER BY invocations DESC LIMIT 10;
            """
        let tree = try SQLParser.statement(query)
        #expect(try SQLParser.statement(tree.description) == tree)
    }
}
