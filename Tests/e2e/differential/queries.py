"""Makes whole queries: every clause and every node of a plan comes up."""

from differential.aggregates import AGGREGATES, WINDOWS
from differential.forms import Form, join, plain
from differential.maker import ORDERED, PLAIN, cast
from differential.sources import SourceMaker

OUTPUT = ("long", "int", "double", "dec", "big", "text", "bool", "date", "time", "ts", "tz", "uuid", "bytes", "ints", "texts", "pair", "counts", "float")
# Columns whose order the engines agree on and whose values are exact.
SORTABLE = ("id", "long", "int", "text", "bool", "date", "ts", "dec")


# Window aggregates to which the order of peers means nothing.
PEERLESS = ("sum", "min", "max", "count", "avg", "median", "stddev_pop", "bool_and")


class QueryMaker(SourceMaker):
    """One seed, one endless list of queries."""

    def query(self):
        """A query, and whether the order of its rows is given."""
        self.withs, self.aliases = (), 0
        form = self.random.random()
        makers = [(0.24, self.plain_query), (0.42, self.grouped), (0.48, self.grouping_sets), (0.62, self.windowed), (0.68, self.distinct),
                  (0.76, self.set_operation), (0.90, self.with_subqueries), (0.95, self.lateral), (1.0, self.ranked)]
        made = next(maker for share, maker in makers if form < share)()
        query, ordered = made if isinstance(made, tuple) else (made, False)
        if self.withs:
            word = "WITH RECURSIVE " if any("recursive" in w.marks for w in self.withs) else "WITH "
            query = Form("query", word + "{0} {1}", join(list(self.withs)), query)
        return query, ordered

    def where(self, scope, k=2, share=0.6):
        return Form("where", " WHERE {0}", self.truth(scope, self.random.randint(0, k))) if self.chance(share) else Form("where", "")

    def simple(self, k, names=False):
        """SELECT without groups, and the types of its items."""
        source, scope = self.source(k)
        types = [self.one(*PLAIN) if names else self.one(*OUTPUT) for _ in range(self.random.randint(1, 3))]
        items = [Form(type, "{0} AS c%d" % index, self.value(type, scope, self.random.randint(0, 3))) for index, type in enumerate(types)]
        return Form("query", "SELECT {0} FROM {1}{2}", join(items), source, self.where(scope)), types

    def plain_query(self):
        query, types = self.simple(2)
        if not all(type in SORTABLE for type in types) or self.chance(0.3):
            return query
        if self.chance(0.1):
            way = self.one("", " DESC") + " NULLS " + self.one("FIRST", "LAST")
            positions = ", ".join(f"{index + 1}{way}" for index in range(len(types)))
            return Form("query", "{0} ORDER BY ALL" + way, query, datafusion="{0} ORDER BY " + positions), True
        keys = ", ".join(f"{index + 1} {self.one('', 'ASC', 'DESC')} NULLS {self.one('FIRST', 'LAST')}" for index in range(len(types)))
        limit = self.one("", f" LIMIT {self.one(1, 3, 10)}", f" LIMIT {self.one(2, 5)} OFFSET {self.one(1, 2)}")
        return Form("query", "{0} ORDER BY " + keys + limit, query), True

    def aggregate(self, scope, k=1):
        found = self.random.choices(AGGREGATES, k=3)
        if not any(type == "id" for _, type in scope):
            found = [a for a in found if "id" not in a.takes] or [AGGREGATES[0]]
        chosen = min(found, key=lambda a: self.used[a.name])
        self.used[chosen.name] += 1
        arguments = [self.argument(token, scope, k) for token in chosen.takes]
        text, texts = chosen.text, dict(chosen.texts)
        if chosen.distinct and self.chance(0.25):
            text, texts = text.replace("(", "(DISTINCT ", 1), {}
        if self.chance(0.15) and text == f"{chosen.name}({{*}})":
            condition = self.truth(scope, 1)
            return Form(chosen.result, "{0} FILTER (WHERE {1})", Form(chosen.result, text, *arguments, names=(chosen.name,), **texts), condition)
        return Form(chosen.result, text, *arguments, names=(chosen.name,), **texts)

    def items(self, forms, start=0):
        return join([Form(form.type, "{0} AS c%d" % (start + index), form) for index, form in enumerate(forms)])

    def grouped(self):
        source, scope = self.source(self.one(0, 1, 2))
        keys = [self.value(self.one(*PLAIN), scope, self.one(0, 0, 1, 2)) for _ in range(self.one(0, 1, 1, 2))]
        calls = [self.aggregate(scope) for _ in range(self.random.randint(1, 3))]
        grouped = " GROUP BY " + ", ".join(str(i + 1) for i in range(len(keys))) if keys else ""
        having = Form("having", " HAVING {0} IS NOT NULL", self.aggregate(scope)) if self.chance(0.2) else Form("having", "")
        return Form("query", "SELECT {0} FROM {1}{2}" + grouped + "{3}", self.items(keys + calls), source, self.where(scope), having)

    def grouping_sets(self):
        source, scope = self.table()
        columns = [(form, type) for form, type in scope if type in PLAIN]
        keys = self.random.sample(columns, min(len(columns), self.one(2, 3)))
        names = [form.sql("firn") for form, _ in keys]
        listed = ", ".join(names)
        sets = self.one(f"ROLLUP ({listed})", f"{names[0]}, ROLLUP ({', '.join(names[1:])})", f"CUBE ({listed})", f"GROUPING SETS (({listed}), ({names[0]}), ())",
                        f"GROUPING SETS (({names[0]}), ({', '.join(names[1:])}))")
        calls = [self.aggregate(scope), plain("long", f"GROUPING({names[0]})"), plain("long", "count(*)")]
        return Form("query", "SELECT {0} FROM {1}{2} GROUP BY " + sets, self.items([form for form, _ in keys] + calls), source, self.where(scope, 1))

    BOUNDS = ["UNBOUNDED PRECEDING", "2 PRECEDING", "1 PRECEDING", "CURRENT ROW", "1 FOLLOWING", "3 FOLLOWING", "UNBOUNDED FOLLOWING"]

    def between(self):
        start, end = sorted((self.random.randrange(7), self.random.randrange(7)))
        return f"BETWEEN {self.BOUNDS[min(start, 5)]} AND {self.BOUNDS[max(end, 1)]}"

    def frame(self):
        """A frame over an order without ties."""
        return Form("frame", f" {self.one('ROWS', 'GROUPS')} {self.between()}")

    def peer_frame(self, scope):
        """An order with ties, and a frame that takes all of them or none."""
        way, form = self.one("", " DESC"), self.random.randrange(4)
        nulls = " NULLS " + self.one("FIRST", "LAST")
        if form == 0 and any(type == "ts" for _, type in scope):
            span = self.one("1 day", "2 hours", "1 month", "400 days")
            return (Form("order", "ORDER BY {0}" + way + nulls, self.leaf("ts", scope)),
                    Form("frame", f" RANGE BETWEEN INTERVAL '{span}' PRECEDING AND {self.one('CURRENT ROW', 'UNBOUNDED FOLLOWING')}"))
        key = self.leaf(self.one("long", "int"), scope)
        order = Form("order", "ORDER BY {0}" + way + nulls, key)
        if form == 1:
            return order, Form("frame", "")
        if form == 2:  # DataFusion has no EXCLUDE
            exclude = self.one(" EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS")
            return order, Form("frame", f" {self.one('GROUPS', 'RANGE')} {self.between()}{exclude}", datafusion=None)
        return order, Form("frame", f" {self.one('GROUPS', 'RANGE')} {self.between()}")

    def window(self, scope):
        chosen = min(self.random.choices(WINDOWS, k=2), key=lambda w: self.used[w.name + "@"])
        self.used[chosen.name + "@"] += 1
        call = Form(chosen.result, chosen.text, *[self.argument(token, scope, 1) for token in chosen.takes], names=(chosen.name,), **chosen.texts)
        id, part = self.id(scope), Form("part", "")
        if self.chance(0.6):
            part = Form("part", "PARTITION BY {0} ", self.value(self.one("long", "text", "bool", "int"), scope, self.one(0, 1)))
        order = Form("order", "ORDER BY {0} " + self.one("", "DESC"), id)
        if chosen.name in ("rank", "dense_rank", "percent_rank", "cume_dist"):
            key = self.one("long", "text", "date", "bool")  # peers
            order = Form("order", "ORDER BY {0} " + self.one("ASC", "DESC") + " NULLS " + self.one("FIRST", "LAST"), self.leaf(key, scope))
        elif self.chance(0.3):
            order = Form("order", "ORDER BY {0} " + self.one("ASC", "DESC") + " NULLS " + self.one("FIRST", "LAST") + ", {1}", self.leaf("text", scope), id)
        frame = Form("frame", "")
        if chosen.framed and chosen.name in PEERLESS and self.chance(0.4):
            order, frame = self.peer_frame(scope)
        elif chosen.framed and self.chance(0.6):
            frame = self.frame()
        return Form(chosen.result, "{0} OVER ({1}{2}{3})", call, part, order, frame)

    def windowed(self):
        source, scope = self.table()
        items = [self.id(scope)] + [self.window(scope) for _ in range(self.random.randint(1, 3))]
        qualify = Form("q", "")
        if self.chance(0.15):
            qualify = Form("q", " QUALIFY {0} <= 2", Form("long", "row_number() OVER (PARTITION BY {0} ORDER BY {1})", self.leaf("text", scope), self.id(scope)))
        return Form("query", "SELECT {0} FROM {1}{2}{3}", self.items(items), source, self.where(scope, 1), qualify)

    def distinct(self):
        if self.chance(0.5):
            query, types = self.simple(1, names=True)
            return Form("query", query.text.replace("SELECT", "SELECT DISTINCT", 1), *query.parts)
        source, scope = self.table()
        key = self.leaf(self.one("long", "text", "bool", "int"), [c for c in scope if c[1] != "id"])
        return Form("query", "SELECT DISTINCT ON ({0}) {1} FROM {2}{3} ORDER BY {0}, {4} " + self.one("", "DESC"), key,
                    self.items([key, self.id(scope), self.value("text", scope, 1)]), source, self.where(scope, 1), self.id(scope))

    def set_operation(self):
        types = [self.one(*PLAIN) for _ in range(self.one(1, 2))]

        def side():
            source, scope = self.source(self.one(0, 0, 1))
            # DataFusion 55 casts the right side's decimals to the left side's scale, and loses digits.
            values = [cast(it, "dec") if it.type == "dec" else it for it in (self.value(t, scope, self.one(0, 1)) for t in types)]
            return Form("query", "SELECT {0} FROM {1}{2}", self.items(values), source, self.where(scope, 1, 0.4))

        word = lambda: self.one("UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL")
        query = Form("query", "{0} " + word() + " {1}", side(), side())
        return query if self.chance(0.6) else Form("query", "({0}) " + word() + " {1}", query, side())

    def inner_where(self, scope, outer, deeper=1):
        """A condition that ties a subquery's rows to the query around it, mostly by an equality."""
        terms = []
        for _ in range(self.one(0, 1, 1, 1, 2)):
            pairs = [(a, b) for a, x in scope for b, y in outer if x == y and x in ("long", "int", "text", "dec", "id")]
            if pairs:
                terms.append(Form("bool", "{0} " + self.one("=", "=", "=", "<", "<>") + " {1}", *self.one(*pairs)))
        if self.chance(0.4) or not terms:
            terms.append(self.truth(scope, 1))
        if deeper and self.chance(0.3):  # a subquery in it, over its rows or over those of the query around both
            terms.append(self.test(self.one(scope, scope, outer), deeper - 1))
        return Form("where", " WHERE {0}", join(terms, " AND ", "bool"))

    def subquery(self, outer, type, deeper=1):
        """A subquery of one value."""
        source, scope = self.table()
        where = self.inner_where(scope, outer, deeper)
        if type != "long" or self.chance(0.3):
            return Form(type, "(SELECT {0} FROM {1}{2} ORDER BY {3} LIMIT 1)", self.value(type, scope, 1), source, where, self.id(scope))
        call = self.one(lambda: plain("long", "count(*)"), lambda: Form("long", "max({0})", self.value("long", scope, 1), names=("max",)),
                        lambda: Form("long", "count(DISTINCT {0})", self.value("text", scope, 0), names=("count",)),
                        lambda: Form("long", "coalesce(sum({0}), -1)", self.value("int", scope, 0), names=("sum", "coalesce")))()
        if self.chance(0.15):
            return Form("long", "(SELECT max(n) FROM (SELECT count(*) AS n FROM {0}{1} GROUP BY {2}) AS g)", source, where, self.leaf("text", scope))
        having = self.one("", "", "", " HAVING count(*) > 1", " HAVING count(*) <> 0")
        return Form("long", "(SELECT {0} FROM {1}{2}" + having + ")", call, source, where)

    def test(self, outer, deeper=1):
        source, scope = self.table()
        where, type, word = self.inner_where(scope, outer, deeper), self.one("long", "text", "int"), self.one("", "NOT ")
        form = self.random.randrange(5)
        if form == 4:
            combine = self.one("INTERSECT", "EXCEPT", "UNION")
            return Form("bool", "(EXISTS (SELECT {0} FROM {1}{2} " + combine + " SELECT {3} FROM {4}))", self.value("long", scope, 0), source, where,
                        *self.one_column())
        if form == 0:
            return Form("bool", "(" + word + "EXISTS (SELECT 1 FROM {0}{1}))", source, where)
        if form == 1:
            return Form("bool", "({0} " + word + "IN (SELECT {1} FROM {2}{3}))", self.value(type, outer, 1), self.value(type, scope, 0), source, where)
        if form == 2:
            sign = self.one("=", "<>", "<", ">=") + " " + self.one("ANY", "ALL")
            return Form("bool", "({0} " + sign + " (SELECT {1} FROM {2}{3}))", self.value(type, outer, 1), self.value(type, scope, 0), source, where)
        return Form("bool", "({0} " + self.one("=", "<", ">=") + " {1})", self.value("long", outer, 1), self.subquery(outer, "long", deeper))

    def one_column(self):
        source, scope = self.table()
        return self.value("long", scope, 0), source

    def with_subqueries(self):
        source, scope = self.table() if self.chance(0.7) else self.source(1)
        where = Form("where", " WHERE {0}", self.test(scope)) if self.chance(0.7) else self.where(scope, 1)
        if self.chance(0.2):
            where = Form("where", "{0} " + self.one("AND", "OR") + " {1}", where, self.test(scope)) if where.text else where
        items = [self.value(self.one(*PLAIN), scope, 1)]
        if self.chance(0.5):
            items.append(self.subquery(scope, self.one("long", "long", "text")))
        if self.chance(0.2):
            items.append(self.test(scope))
        return Form("query", "SELECT {0} FROM {1}{2}", self.items(items), source, where)

    def lateral(self):
        source, scope = self.table()
        inner, columns = self.table()
        where, alias = self.inner_where(columns, scope), self.alias("l")
        body = self.one("SELECT {0} AS e FROM {1}{2}", "SELECT max({0}) AS e FROM {1}{2}", "SELECT {0} AS e FROM {1}{2} ORDER BY {3} LIMIT 2")
        query = Form("query", body, self.value("long", columns, 1), inner, where, self.id(columns))
        join_ = self.one(", LATERAL ({0}) AS " + alias, " LEFT JOIN LATERAL ({0}) AS " + alias + " ON TRUE")
        side = Form("from", join_, query)
        return Form("query", "SELECT {0}, " + alias + ".e FROM {1}{2}", self.items([self.id(scope), self.value("text", scope, 1)]), source, side)

    def ranked(self):
        """The first rows of a whole order: TopN."""
        source, scope = self.table()
        keys = [self.leaf(self.one("long", "text", "date", "dec"), scope), self.id(scope)]
        ways = [self.one("ASC", "DESC") + " NULLS " + self.one("FIRST", "LAST") for _ in keys]
        order = join([Form("key", "{0} " + way, key) for key, way in zip(keys, ways)])
        limit = self.one(" LIMIT 5", " LIMIT 3 OFFSET 2", " OFFSET 4", "", " LIMIT 0")
        items = self.items([self.id(scope), *[self.value(self.one(*ORDERED), scope, 1) for _ in range(2)]])
        return Form("query", "SELECT {0} FROM {1}{2} ORDER BY {3}" + limit, items, source, self.where(scope, 1), order), True
