"""Makes typed SQL queries at random over one small table, for comparison with another engine."""

import random

ROWS = """(1, 2, 1.5, 1.25, 'abc', 'b', TRUE, '2024-02-29', '2024-02-29 12:34:56'),
    (2, -3, -2.25, 10.00, 'Hello World', 'o', FALSE, '2023-12-31', '2023-12-31 23:59:59.5'),
    (NULL, 0, 0.0, NULL, NULL, 'x', NULL, NULL, NULL),
    (4, NULL, NULL, -7.77, '', '', TRUE, '1969-07-20', '1969-07-20 20:17:40'),
    (5, 7, 100.125, 0.01, 'naïve', 'ï', FALSE, '2026-01-01', '2026-01-01 00:00:00'),
    (1, 2, 1e10, 99999.99, 'abc', 'c', NULL, '2024-02-29', '2024-03-01 00:00:01')"""
TYPES = [("a", "bigint"), ("b", "int"), ("c", "double"), ("d", "decimal(9,2)"), ("s", "varchar"), ("t", "varchar"),
         ("p", "boolean"), ("dt", "date"), ("ts", "timestamp")]
TABLE = "(SELECT {} FROM (VALUES {}) v({})) x".format(
    ", ".join(f"CAST({n} AS {t}) AS {n}" for n, t in TYPES), " ".join(ROWS.split()), ", ".join(n for n, _ in TYPES))


class Maker:
    """One seed, one endless list of queries. `k` below is how deep an expression may still nest."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, *choices):
        return self.random.choice(choices)

    def maybe(self, word):
        return self.one("", word + " ")

    def number(self, k):
        if k <= 0:
            return self.one("a", "b", "c", "d", "1", "2", "-3", "0.5", "10", "NULL")
        n, t, one = self.number, self.text, self.one
        form = self.random.randrange(11)
        return [
            lambda: f"({n(k - 1)} {one('+', '-', '*')} {n(k - 1)})", lambda: f"abs({n(k - 1)})",
            lambda: f"coalesce({n(k - 1)}, {n(k - 1)})", lambda: f"nullif({n(k - 1)}, {n(k - 1)})",
            lambda: f"{one('greatest', 'least')}({n(k - 1)}, {n(k - 1)})",
            lambda: f"CASE WHEN {self.truth(k - 1)} THEN {n(k - 1)} ELSE {n(k - 1)} END",
            lambda: f"length({t(k - 1)})", lambda: f"round(CAST({n(k - 1)} AS double), {one(0, 1, 2)})",
            lambda: f"{one('floor', 'ceil')}(CAST({n(k - 1)} AS double))",
            lambda: f"extract({one('year', 'month', 'day', 'hour', 'minute', 'quarter', 'doy', 'dow', 'week')} FROM {self.time(k - 1)})",
            lambda: f"strpos({t(k - 1)}, {t(0)})",
        ][form]()

    def text(self, k):
        if k <= 0:
            return self.one("s", "t", "'b'", "'Hello'", "''", "'ab c'", "NULL::varchar")
        t, one = self.text, self.one
        form = self.random.randrange(11)
        return [
            lambda: f"{one('upper', 'lower', 'trim', 'ltrim', 'rtrim', 'reverse')}({t(k - 1)})",
            lambda: f"concat({t(k - 1)}, {t(k - 1)})", lambda: f"({t(k - 1)} || {t(k - 1)})",
            lambda: f"substr({t(k - 1)}, {one(1, 2, 3)}, {one(0, 1, 2, 5)})", lambda: f"replace({t(k - 1)}, t, {t(0)})",
            lambda: f"{one('left', 'right')}({t(k - 1)}, {one(0, 1, 2, -1)})",
            lambda: f"{one('lpad', 'rpad')}({t(k - 1)}, {one(0, 3, 8)}, '*-')",
            lambda: f"CASE WHEN {self.truth(k - 1)} THEN {t(k - 1)} END", lambda: f"coalesce({t(k - 1)}, {t(k - 1)})",
            lambda: f"split_part({t(k - 1)}, ' ', {one(1, 2, -1)})", lambda: f"repeat({t(k - 1)}, {one(0, 1, 2)})",
        ][form]()

    def time(self, k):
        if k <= 0:
            return self.one("ts", "TIMESTAMP '2024-05-06 07:08:09'", "CAST(dt AS timestamp)")
        form = self.random.randrange(3)
        return [
            lambda: f"date_trunc('{self.one('hour', 'day', 'week', 'month', 'quarter', 'year')}', {self.time(k - 1)})",
            lambda: f"({self.time(k - 1)} {self.one('+', '-')} INTERVAL '{self.one('1 day', '2 hours', '1 month', '90 minutes')}')",
            lambda: f"CASE WHEN {self.truth(k - 1)} THEN {self.time(k - 1)} ELSE {self.time(k - 1)} END",
        ][form]()

    def truth(self, k):
        if k <= 0:
            return self.one("p", "a > 1", "b = 2", "s = 'abc'", "c < 1.5", "TRUE", "d >= 1", "dt > DATE '2024-01-01'",
                            "ts IS NULL", "s LIKE '%b%'", "NULL::boolean")
        n, t, one, maybe = self.number, self.text, self.one, self.maybe
        sign = one("=", "<>", "<", "<=", ">", ">=")
        form = self.random.randrange(12)
        return [
            lambda: f"({self.truth(k - 1)} {one('AND', 'OR')} {self.truth(k - 1)})", lambda: f"(NOT {self.truth(k - 1)})",
            lambda: f"({n(k - 1)} {sign} {n(k - 1)})", lambda: f"({t(k - 1)} {sign} {t(k - 1)})",
            # DuckDB 1.5 drops nulls when it rewrites comparisons of date_trunc: no nesting here.
            lambda: f"({self.time(0)} {sign} {self.time(0)})",
            lambda: f"({self.random.choice([n, t, self.time])(k - 1)} IS {maybe('NOT')}NULL)",
            lambda: f"({n(k - 1)} {maybe('NOT')}IN ({', '.join(one('1', '2', '-3', '0.5', 'NULL', '7') for _ in range(3))}))",
            lambda: f"({n(k - 1)} {maybe('NOT')}BETWEEN {n(0)} AND {n(0)})",
            lambda: f"({t(k - 1)} {maybe('NOT')}{one('LIKE', 'ILIKE')} '{one('a%', '%o%', '_b_', '%', '', 'H_llo%')}')",
            lambda: f"({self.truth(k - 1)} IS {maybe('NOT')}{one('TRUE', 'FALSE')})",
            lambda: f"({n(k - 1)} IS {maybe('NOT')}DISTINCT FROM {n(k - 1)})",
            lambda: f"{one('starts_with', 'ends_with', 'contains')}({t(k - 1)}, {t(0)})",
        ][form]()

    def value(self, k):
        return self.random.choice([self.number, self.text, self.truth, self.time])(k)

    def aggregate(self):
        form = self.random.randrange(6)
        return [
            lambda: f"count({self.maybe('DISTINCT')}{self.value(1)})", lambda: f"sum({self.number(1)})",
            lambda: f"avg(CAST({self.number(1)} AS double))",
            lambda: f"{self.one('min', 'max')}({self.random.choice([self.number, self.text, self.time])(1)})",
            lambda: f"count(*) FILTER (WHERE {self.truth(1)})", lambda: f"bool_{self.one('and', 'or')}({self.truth(1)})",
        ][form]()

    def key(self):
        """What rows are partitioned or grouped by: few values, nulls among them."""
        return self.one("a", "b", "s", "t", "p", "dt", "(a > 1)", "length(s)", "coalesce(b, 0)")

    def order(self):
        """An order without ties but for the two rows that are told apart by `ts`; None has ties on purpose."""
        return ", ".join(f"{k} {self.one('', 'ASC', 'DESC')} NULLS {self.one('FIRST', 'LAST')}" for k in self.random.sample(
            ["a", "b", "d", "s", "t"], self.one(1, 2)))

    def frame(self):
        """ROWS over a total order, or a frame that peers share; bounds in order."""
        bounds = ["UNBOUNDED PRECEDING", "2 PRECEDING", "1 PRECEDING", "CURRENT ROW", "1 FOLLOWING", "3 FOLLOWING", "UNBOUNDED FOLLOWING"]
        start, end = sorted((self.random.randrange(7), self.random.randrange(7)))
        start, end = min(start, 5), max(end, 1)
        between = f"BETWEEN {bounds[start]} AND {bounds[end]}"
        exclude = self.one("", "", "", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS")
        part = f"PARTITION BY {self.key()} " if self.random.random() < 0.6 else ""
        form = self.random.randrange(5)
        if form == 0:
            return f"{part}ORDER BY t {self.one('', 'DESC')}, ts NULLS FIRST ROWS {between}{exclude}"
        if form == 1:
            return f"{part}ORDER BY {self.order()} GROUPS {between}{exclude}"
        if form == 2:
            return f"{part}ORDER BY {self.one('a', 'b', 'd')} {self.one('', 'DESC')} NULLS {self.one('FIRST', 'LAST')} RANGE {between}{exclude}"
        if form == 3:
            span = self.one("1 day", "2 hours", "1 month", "400 days")
            return f"{part}ORDER BY ts RANGE BETWEEN INTERVAL '{span}' PRECEDING AND {self.one('CURRENT ROW', 'UNBOUNDED FOLLOWING')}"
        return f"{part}ORDER BY {self.order()}" if self.random.random() < 0.7 else part

    def window(self):
        total = f"PARTITION BY {self.key()} ORDER BY t {self.one('', 'DESC')}, ts NULLS FIRST"
        form = self.random.randrange(9)
        return [
            lambda: f"{self.one('row_number()', 'ntile(3)')} OVER ({total})",
            lambda: f"{self.one('rank()', 'dense_rank()', 'percent_rank()', 'cume_dist()')} OVER (PARTITION BY {self.key()} ORDER BY {self.order()})",
            lambda: f"{self.one('lag', 'lead')}({self.one('a', 's', 'd')}{self.one('', ', 2', ', 1')}{self.one('', ' IGNORE NULLS')}) OVER ({total})",
            lambda: f"{self.one('first_value', 'last_value')}({self.one('b', 's', 'ts')}{self.one('', ' IGNORE NULLS')}) OVER ({total} ROWS BETWEEN {self.one(1, 2)} PRECEDING AND {self.one('CURRENT ROW', '1 FOLLOWING')})",
            lambda: f"nth_value({self.one('b', 's')}, 2) OVER ({total} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING)",
            lambda: f"{self.one('sum', 'min', 'max', 'count')}({self.one('a', 'b', 'd')}) OVER ({self.frame()})",
            lambda: f"{self.one('avg', 'median', 'stddev_pop')}(CAST({self.one('a', 'b', 'd')} AS double)) OVER ({self.frame()})",
            lambda: f"count(DISTINCT {self.one('a', 's', 'p')}) OVER ({self.frame()})",
            lambda: f"{self.one('min', 'max')}(s) FILTER (WHERE {self.truth(0)}) OVER ({self.frame()})",
        ][form]()

    def windows(self, where):
        names = ", ".join(f"{self.window()} AS w{i}" for i in range(self.random.randint(1, 3)))
        qualify = f" QUALIFY row_number() OVER (PARTITION BY {self.key()} ORDER BY t, ts NULLS FIRST) = 1" if self.random.random() < 0.2 else ""
        return f"SELECT a, t, ts, {names} FROM {TABLE} WHERE {where}{qualify}"

    def sets(self, where):
        keys = self.random.sample(["a", "b", "s", "p", "dt"], self.one(2, 3))
        listed = ", ".join(keys)
        form = self.random.randrange(5)
        grouping = [
            f"ROLLUP ({listed})", f"CUBE ({listed})", f"GROUPING SETS (({listed}), ({keys[0]}), ())",
            f"{keys[0]}, ROLLUP ({', '.join(keys[1:])})", f"GROUPING SETS (({keys[0]}), ({keys[1]}), ({keys[1]}, {keys[0]}))",
        ][form]
        used = keys[:2] if form == 4 else keys
        having = f" HAVING count(*) > 1 OR GROUPING({used[0]}) = 1" if self.random.random() < 0.3 else ""
        return (f"SELECT {', '.join(used)}, GROUPING({', '.join(used)}) AS g, {self.aggregate()} AS x, count(*) AS n "
                f"FROM {TABLE} WHERE {where} GROUP BY {grouping}{having}")

    def query(self):
        where = self.truth(self.one(0, 1, 2)) if self.random.random() < 0.6 else "TRUE"
        form = self.random.random()
        if form < 0.2:
            return self.windows(where)
        if form < 0.3:
            return self.sets(where)
        if form < 0.65:
            names = ", ".join(f"{self.value(self.random.randint(1, 3))} AS c{i}" for i in range(self.random.randint(1, 3)))
            return f"SELECT {names} FROM {TABLE} WHERE {where}"
        if form < 0.9:
            having = f" HAVING {self.aggregate()} IS NOT NULL" if self.random.random() < 0.3 else ""
            return f"SELECT {self.value(1)} AS k, {self.aggregate()} AS x, {self.aggregate()} AS y FROM {TABLE} WHERE {where} GROUP BY 1{having}"
        return f"SELECT {self.aggregate()} AS x, {self.aggregate()} AS y FROM {TABLE} WHERE {where}"
