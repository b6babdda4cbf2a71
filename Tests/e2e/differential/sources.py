"""What stands in FROM: tables, joins, subqueries, VALUES, WITH, UNNEST, series; each gives a scope of typed columns."""

from differential.forms import Form, join, plain
from differential.maker import Maker, cast, literal
from differential.tables import COLUMNS

NULLABLE = ("long", "int", "text", "dec", "bool")


def column(alias, name, type):
    return plain(type, f"{alias}.{name}"), type


class SourceMaker(Maker):
    """A source is a pair of its FROM text and its scope. `self.withs` collects the queries that stand before SELECT."""

    withs = ()

    def table(self):
        name = self.random.choices(["t", "u", "x", "e"], [12, 5, 1, 0.4])[0]
        alias = self.alias(name)
        columns = [column(alias, c, "id" if c == "id" else type) for c, type in COLUMNS[name]]
        return Form("from", f"{name} AS {alias}"), columns

    def source(self, k):
        """A source that is joined, nested or made up; a table most times."""
        form = self.random.random()
        if k <= 0 or form < 0.35:
            return self.table()
        if form < 0.6:
            return self.joined(k)
        if form < 0.72:
            return self.derived(k)
        if form < 0.78:
            return self.value_rows()
        if form < 0.84:
            return self.common(k)
        if form < 0.90:
            return self.unnested()
        if form < 0.95:
            return self.series()
        return self.recursive()

    def joined(self, k):
        (left, first), (right, second) = self.source(k - 1), self.source(0 if self.chance(0.7) else k - 1)
        both = first + second
        kind = self.one("JOIN", "INNER JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ",", "JOIN", "LEFT JOIN")
        if " , " in right.text or " JOIN " in right.text and self.chance(0.5):
            right = Form("from", "({0})", self.crossed(right))
        if kind != ",":  # ON does not see what stands before a comma
            left = self.crossed(left)
        if kind in ("CROSS JOIN", ","):
            return Form("from", "{0} " + kind + " {1}", left, right), self.without_ids(both)
        keys = [(a, b) for a, x in first for b, y in second if x == y and x in ("long", "int", "text", "id", "dec")]
        conditions = []
        for _ in range(self.one(1, 1, 2)):
            if keys and self.chance(0.85):
                a, b = self.one(*keys)
                conditions.append(Form("bool", "{0} = {1}", a, b))
        if not conditions or self.chance(0.25):
            conditions.append(self.truth(both, 1))
        condition = join(conditions, " AND ", "bool")
        return Form("from", "{0} " + kind + " {1} ON {2}", left, right, condition), self.without_ids(both)

    @staticmethod
    def crossed(source):
        return Form("from", source.text.replace(" , ", " CROSS JOIN "), *source.parts)

    @staticmethod
    def without_ids(columns):
        """After a join no column tells rows apart."""
        return [(form, "long" if type == "id" else type) for form, type in columns]

    def derived(self, k):
        query, types = self.simple(k - 1, names=True)
        alias = self.alias("d")
        return Form("from", "({0}) AS " + alias, query), [column(alias, f"c{i}", type) for i, type in enumerate(types)]

    def value_rows(self):
        types = [self.one(*NULLABLE) for _ in range(self.one(1, 2, 3))]
        alias = self.alias("v")
        rows = []
        for number in range(self.one(1, 2, 4)):
            values = [self.leaf(type, []) for type in types]
            rows.append(Form("row", "({0})", join([cast(v, t) if number == 0 else v for v, t in zip(values, types)])))
        names = ", ".join(f"c{i}" for i in range(len(types)))
        return Form("from", "(VALUES {0}) AS " + f"{alias}({names})", join(rows)), [column(alias, f"c{i}", t) for i, t in enumerate(types)]

    def common(self, k):
        query, types = self.simple(k - 1, names=True)
        name = self.alias("w")
        self.withs = (*self.withs, Form("with", name + " AS ({0})", query))
        alias = self.alias("c")
        return Form("from", f"{name} AS {alias}"), [column(alias, f"c{i}", type) for i, type in enumerate(types)]

    def unnested(self):
        source, columns = self.table()
        lists = [(form, type) for form, type in columns if type in ("ints", "texts")]
        alias = self.alias("n")
        form, type = self.one(*lists) if lists else (literal("ints", [3, 1, 2]), "ints")
        return (Form("from", "{0} CROSS JOIN UNNEST({1}) AS " + f"{alias}(e)", source, form),
                self.without_ids(columns) + [column(alias, "e", "long" if type == "ints" else "text")])

    def series(self):
        alias, low, high, step = self.alias("g"), self.one(-2, 0, 1), self.one(0, 3, 7, 20), self.one(1, 1, 2)
        name = self.one("generate_series", "range")
        form = Form("from", f"{name}({low}, {high}, {step}) AS {alias}(c0)", names=(name,))
        return form, [column(alias, "c0", "long")]

    def recursive(self):
        name, bound = self.alias("r"), self.one(3, 5, 10)
        word, alias = self.one("UNION ALL", "UNION"), self.alias("c")
        step = self.one(f"SELECT n + 1, s || 'x' FROM {name} WHERE n < {bound}", f"SELECT (n * 2) % 11, '' FROM {name} WHERE n < {bound} AND s <> ''",
                        f"SELECT u0.k, {name}.s FROM {name} JOIN u AS u0 ON u0.id = {name}.n + 1 WHERE {name}.n < {bound}")
        self.withs = (*self.withs, Form("with", f"{name}(n, s) AS (SELECT CAST(1 AS bigint) AS n, CAST('a' AS varchar) AS s {word} {step})", marks=("recursive",)))
        return Form("from", f"{name} AS {alias}"), [column(alias, "n", "long"), column(alias, "s", "text")]
