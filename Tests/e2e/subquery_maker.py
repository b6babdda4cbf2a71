"""Makes queries with subqueries, correlated over up to three levels, and with set operators, for comparison with another engine."""

from sql_maker import TABLE, Maker

INNER = """(1, 2, 'abc'), (1, 5, 'x'), (2, -3, NULL), (4, NULL, 'abc'), (NULL, 7, 'o'), (5, 0, ''), (5, 7, 'b'), (5, 7, 'b')"""


def inner(alias):
    """A second table: `u` and `v` are numbers with nulls and repeated values, `w` a text."""
    return f"(SELECT CAST(u AS bigint) AS u, CAST(v AS int) AS v, CAST(w AS varchar) AS w FROM (VALUES {INNER}) i(u, v, w)) {alias}"


class SubqueryMaker(Maker):
    """`outer` is the alias of the query around that conditions may read, `deeper` how many levels may follow."""

    def query(self):
        return self.subquery()

    def tie(self, outer, here):
        """A condition between a row of `here` and one of `outer`; mostly an equality, as people write them."""
        one, number, text = self.one, ("a", "b", "c", "d"), "s"
        if outer != "x":
            number, text = ("u", "v"), "w"
        n = f"{outer}.{one(*number)}"
        return one(f"{here}.u = {n}", f"{here}.u = {n}", f"{here}.v = {n}", f"{here}.w = {outer}.{text}",
                   f"{here}.v {one('<', '>=', '<>')} {n}", f"{here}.u + 1 = {n}", f"coalesce({here}.v, 0) <= {n}")

    def inner_where(self, outer, here, deeper):
        terms = [self.tie(outer, here) for _ in range(self.one(0, 1, 1, 1, 2))]
        terms += [self.one(f"{here}.v > 0", f"{here}.w IS NOT NULL", f"{here}.u < 5") for _ in range(self.one(0, 0, 1))]
        if deeper and self.random.random() < 0.35:
            terms.append(self.test(here, deeper - 1) if self.random.random() < 0.7 else self.test(outer, deeper - 1))
        return " WHERE " + " AND ".join(terms) if terms else ""

    def scalar(self, outer, deeper):
        here = f"t{self.random.randrange(1000)}"
        where, source, one = self.inner_where(outer, here, deeper), inner(here), self.one
        up = f"{outer}.{one('a', 'b') if outer == 'x' else one('u', 'v')}"
        aggregate = one(f"count(*)", f"count({here}.v)", f"sum({here}.v)", f"max({here}.u)", f"min({here}.v) + 1",
                        f"coalesce(sum({here}.v), -1)", f"count(DISTINCT {here}.u)", f"max({here}.v + {up})",
                        f"sum({here}.v) FILTER (WHERE {here}.u > 1)", f"count(*) * 10 + 1")
        return one(
            lambda: f"(SELECT {aggregate} FROM {source}{where})", lambda: f"(SELECT {aggregate} FROM {source}{where})",
            lambda: f"(SELECT {here}.v FROM {source}{where} ORDER BY {here}.v {one('DESC', '')} NULLS LAST, {here}.u LIMIT 1)",
            lambda: f"(SELECT {here}.u FROM {source}{where} ORDER BY {here}.u NULLS FIRST, {here}.v LIMIT 1 OFFSET 1)",
            lambda: f"(SELECT {aggregate} FROM {source}{where} HAVING count(*) {one('>', '<>')} {one(0, 1)})",
            lambda: f"(SELECT max(n) FROM (SELECT count(*) AS n FROM {source}{where} GROUP BY {here}.u) g)",
            lambda: f"(SELECT count(*) FROM (SELECT DISTINCT {here}.v FROM {source}{where}) g)",
            lambda: f"(SELECT sum(n) FROM (SELECT {here}.v AS n FROM {source}{where} UNION {self.maybe('ALL')}SELECT {up}) g)",
            lambda: f"(SELECT {up} + 1)",
        )()

    def test(self, outer, deeper):
        """A condition that holds a subquery."""
        here = f"t{self.random.randrange(1000)}"
        where, source, one, maybe = self.inner_where(outer, here, deeper), inner(here), self.one, self.maybe
        n = f"{outer}.{one('a', 'b') if outer == 'x' else one('u', 'v')}"
        sign = one("=", "<>", "<", "<=", ">", ">=")
        return one(
            lambda: f"({maybe('NOT')}EXISTS (SELECT 1 FROM {source}{where}))", lambda: f"({maybe('NOT')}EXISTS (SELECT * FROM {source}{where}))",
            lambda: f"({n} {maybe('NOT')}IN (SELECT {here}.{one('u', 'v')} FROM {source}{where}))",
            lambda: f"({n} {maybe('NOT')}IN (SELECT {here}.{one('u', 'v')} FROM {source}{where}))",
            lambda: f"({n} {sign} {one('ANY', 'ALL')} (SELECT {here}.v FROM {source}{where}))",
            lambda: f"({n} {sign} {self.scalar(outer, deeper)})",
            lambda: f"({n} IN (SELECT max({here}.u) FROM {source}{where} GROUP BY {here}.w))",
            lambda: f"(EXISTS (SELECT {here}.u FROM {source}{where} {one('INTERSECT', 'EXCEPT', 'UNION')} SELECT u FROM {inner('i2')} WHERE i2.v > 0))",
        )()

    def subquery(self):
        """A query with subqueries in its clauses."""
        form, one = self.random.random(), self.one
        test = lambda: self.test("x", one(0, 1, 2))
        scalar = lambda: self.scalar("x", one(0, 1))
        if form < 0.35:
            joined = f"{test()} {one('AND', 'AND', 'OR')} {one(test(), self.truth(1))}"
            return f"SELECT a, b, s FROM {TABLE} WHERE {one(test(), joined)}"
        if form < 0.65:
            return f"SELECT a, s, {scalar()} AS c1, {one(scalar, test)()} AS c2 FROM {TABLE} WHERE {one('TRUE', test())}"
        if form < 0.75:
            return f"SELECT {self.value(1)} AS k, count(*) AS n, sum({scalar()}) AS m FROM {TABLE} GROUP BY 1"
        if form < 0.85:
            here = "l"
            where = self.inner_where("x", here, one(0, 1))
            body = one(f"SELECT l.u, l.v FROM {inner(here)}{where}", f"SELECT count(*) AS u, max(l.v) AS v FROM {inner(here)}{where}",
                       f"SELECT l.u, l.v FROM {inner(here)}{where} ORDER BY l.u NULLS LAST, l.v NULLS LAST LIMIT 2")
            return f"SELECT x.a, x.s, y.u, y.v FROM {TABLE} {one('CROSS JOIN LATERAL', 'LEFT JOIN LATERAL')} ({body}) y".replace(
                "LEFT JOIN LATERAL (" + body + ") y", "LEFT JOIN LATERAL (" + body + ") y ON TRUE")
        return self.set_operation()

    def set_operation(self):
        side = lambda: one(f"SELECT a, s FROM {TABLE} WHERE {self.truth(1)}", f"SELECT u, w FROM {inner('i')}", f"SELECT v, w FROM {inner('i')} WHERE u > 1")
        one = self.one
        word = lambda: one("UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL")
        text = f"{side()} {word()} {side()}"
        return text if self.random.random() < 0.6 else f"({text}) {word()} {side()}"
