"""Makes typed expressions at random over what a query can see."""

import random
from collections import Counter, defaultdict

import differential.lists  # noqa: F401  adds its functions
from differential.forms import Form, join, plain, quote
from differential.scalars import SCALARS
from differential.tables import POOLS

BY_RESULT = defaultdict(list)
for scalar in SCALARS:
    BY_RESULT[scalar.result].append(scalar)

SQL_NAMES = {"long": "bigint", "int": "int", "double": "double", "float": "real", "dec": "decimal(9,2)", "big": "decimal(38,10)", "text": "varchar",
             "bool": "boolean", "date": "date", "time": "time", "ts": "timestamp", "tz": "timestamptz", "uuid": "uuid"}
FUSION_NAMES = {"ts": "Timestamp(Microsecond, None)", "tz": 'Timestamp(Microsecond, Some("UTC"))'}
ORDERED = ("long", "int", "double", "dec", "text", "bool", "date", "ts")
PLAIN = ("long", "int", "dec", "text", "bool", "date", "ts")


def cast(form, type, word="CAST"):
    name = SQL_NAMES[type]
    fusion = f"arrow_cast({{0}}, '{FUSION_NAMES[type]}')" if type in FUSION_NAMES and word == "CAST" else None if type == "uuid" else f"{word}({{0}} AS {name})"
    return Form(type, f"{word}({{0}} AS {name})", form, datafusion=fusion)


def literal(type, value):
    if value is None:
        return cast(plain(type, "NULL"), type) if type in SQL_NAMES else plain(type, "NULL")
    if type in ("long", "int"):
        return plain(type, str(value))
    if type in ("double", "float"):
        return plain(type, f"{value!r}e0" if "e" not in repr(value) else repr(value))
    if type in ("dec", "big"):
        return plain(type, f"CAST('{value}' AS {SQL_NAMES[type]})")
    if type == "bool":
        return plain(type, str(value).upper())
    if type in ("text", "json"):
        return plain(type, quote(value))
    if type == "date":
        return plain(type, f"DATE '{value.isoformat()}'")
    if type == "time":
        return plain(type, f"TIME '{value.isoformat()}'")
    if type == "ts":
        return plain(type, f"TIMESTAMP '{value.isoformat(sep=' ')}'", datafusion=f"arrow_cast('{value.isoformat()}', 'Timestamp(Microsecond, None)')")
    if type == "tz":
        text = value.isoformat()
        return plain(type, f"TIMESTAMPTZ '{text}'", datafusion=f"arrow_cast('{text}', 'Timestamp(Microsecond, Some(\"UTC\"))')")
    if type == "uuid":
        return plain(type, f"CAST('{value}' AS uuid)", datafusion=quote(str(value)))
    if type == "bytes":
        return plain(type, f"X'{value.hex()}'", duckdb=f"unhex('{value.hex()}')")
    if type in ("ints", "texts"):
        element = "long" if type == "ints" else "text"
        if not value or all(v is None for v in value):
            return literal(type, [1] if type == "ints" else ["a"])
        return Form(type, "[{0}]", join([cast(literal(element, v), element) for v in value]))
    if type == "pair":
        return Form(type, "named_struct('x', {0}, 'y', {1})", cast(literal("long", value["x"]), "long"), literal("text", value["y"]),
                    duckdb="struct_pack(x := {0}, y := {1})")
    if type == "counts":
        return literal("counts", [("a", 1)]) if not value else Form(
            type, "map([{0}], [{1}])", join([literal("text", k) for k, _ in value]), join([cast(literal("long", v), "long") for _, v in value]))
    raise ValueError(type)


class Maker:
    """`columns` of a scope are pairs of a Form and the type; `k` is how deep an expression may still nest."""

    def __init__(self, seed):
        self.random, self.used, self.aliases = random.Random(seed), Counter(), 0

    def one(self, *choices):
        return self.random.choice(choices)

    def chance(self, share):
        return self.random.random() < share

    def alias(self, letter="t"):
        self.aliases += 1
        return f"{letter}{self.aliases}"

    def value(self, type, scope, k):
        if type == "any":
            type = self.one(*PLAIN)
        if type == "bool" and k > 0 and self.chance(0.6):
            return self.truth(scope, k)
        if k <= 0 or self.chance(0.15):
            return self.leaf(type, scope)
        if type in ("long", "int", "double", "dec") and self.chance(0.3):
            return self.arithmetic(type, scope, k)
        if self.chance(0.08) and type in PLAIN:
            return Form(type, "CASE WHEN {0} THEN {1} ELSE {2} END", self.truth(scope, k - 1), self.value(type, scope, k - 1), self.value(type, scope, k - 1))
        if type == "ts" and self.chance(0.3):
            return Form("ts", "({0} " + self.one("+", "-") + " INTERVAL '" + self.one("1 day", "2 hours", "1 month", "90 minutes", "1 year 2 days") + "')",
                        self.value("ts", scope, k - 1))
        if self.chance(0.06):
            return self.casting(type, scope, k)
        choices = BY_RESULT.get(type)
        if not choices:
            return self.leaf(type, scope)
        # The least used of three: rare functions come up too.
        return self.call(min(self.random.choices(choices, k=3), key=lambda scalar: self.used[scalar.name]), scope, k)

    def call(self, scalar, scope, k):
        self.used[scalar.name] += 1
        return Form(scalar.result, scalar.text, *[self.argument(token, scope, k - 1) for token in scalar.takes], names=(scalar.name,), **scalar.texts)

    def argument(self, token, scope, k):
        if token == "any1":
            return self.value(self.one("long", "text"), scope, k)
        if token == "text1":
            return literal("text", self.one("a", "b", "k", "日"))
        if token == "tiny":
            return plain("long", self.one("0", "4", "6", "-3", "10"))
        if token == "small":
            return plain("long", self.one("0", "1", "2", "5"))
        if token == "pos":
            return plain("long", self.one("1", "2", "3"))
        if token == "decpos":
            return literal("dec", self.one(*[v for v in POOLS["dec"] if v > 0]))
        if token == "bin":
            return plain("interval", "INTERVAL '" + self.one("15 minutes", "1 hour", "1 day", "7 days") + "'")
        if token == "origin":
            return literal("ts", POOLS["ts"][3])
        if token == "id":
            return self.id(scope)
        if "|" in token or token[0] in "'-0123456789$":
            return plain("word", self.one(*token.split("|")))
        return self.value(token, scope, k)

    def id(self, scope):
        return self.one(*[form for form, type in scope if type == "id"])

    def leaf(self, type, scope):
        wanted = ("long", "id") if type == "long" and self.chance(0.1) else (type,)
        found = [form for form, kind in scope if kind in wanted]
        if found and self.chance(0.8):
            return self.one(*found)
        pool = POOLS["long" if type == "id" else type]
        return literal(type, None if self.chance(0.05) and type in SQL_NAMES else self.one(*pool))

    def arithmetic(self, type, scope, k):
        if self.chance(0.05):  # long enough to be one node
            terms = [self.leaf(type, scope) for _ in range(self.random.randint(10, 14))]
            return Form(type, "(" + "".join("{%d} %s " % (index, self.one("+", "-")) for index in range(len(terms) - 1)) + "{%d})" % (len(terms) - 1), *terms)
        a, b = self.value(type, scope, k - 1), self.value(type, scope, k - 1)
        sign = self.one("+", "-", "*", "/", "%")
        if type == "double" and sign == "/" and self.chance(0.3):  # DuckDB divides decimals as doubles, DataFusion with few digits
            divisor = literal("dec", self.one(*[v for v in POOLS["dec"] if abs(v) > 1]))
            return Form("double", "CAST(({0} / {1}) AS double)", self.value("dec", scope, k - 1), divisor, datafusion=None)
        if sign in "+-" or (type == "dec" and sign == "/"):
            sign = "+" if sign == "/" else sign
            return Form(type, f"({{0}} {sign} {{1}})", a, b)
        if sign == "*":  # by a small one: overflows have tests of their own
            return Form(type, "({0} * {1})", a, literal(type, self.one(*[v for v in POOLS[type] if abs(v) < 4])))
        divisor = literal(type, self.one(*[v for v in POOLS[type] if v and abs(v) > 0.2]))
        if sign == "%":
            return Form(type, "({0} % {1})", a, divisor)
        return Form(type, "({0} / {1})", a, divisor, **({"duckdb": "({0} // {1})"} if type in ("long", "int") else {}))

    def casting(self, type, scope, k):
        ways = {"long": ("int", "bool"), "int": ("bool",), "double": ("long", "int", "dec", "float"), "dec": ("tiny",), "text": ("long", "int", "bool", "date"),
                "date": ("ts",), "ts": ("date", "tz"), "bool": ("long", "int"), "tz": ("ts",), "float": ("int",), "big": ("dec",)}
        if type == "long" and self.chance(0.5):
            # PostgreSQL reads no '-7.5' as an integer; DuckDB and DataFusion round it.
            whole = "CASE WHEN regexp_%s({0}, '^[+-]?[0-9]+$') THEN TRY_CAST({0} AS bigint) END"
            return Form("long", "TRY_CAST({0} AS bigint)", self.value("text", scope, 0), duckdb=whole % "matches", datafusion=whole % "like")
        if type == "date" and self.chance(0.3):
            return Form("date", "TRY_CAST({0} AS date)", self.leaf("text", scope))
        if type not in ways:
            return self.leaf(type, scope)
        source = self.one(*ways[type])
        return cast(self.argument("tiny", scope, 0) if source == "tiny" else self.value(source, scope, k - 1), type)

    def truth(self, scope, k):
        if k <= 0:
            return self.simple_truth(scope)
        form = self.random.randrange(14)
        type = self.one(*ORDERED)
        value = lambda: self.value(type, scope, k - 1)
        sign = self.one("=", "<>", "<", "<=", ">", ">=")
        word = self.one("", "NOT ")
        if form < 3:
            return Form("bool", "({0} " + self.one("AND", "OR") + " {1})", self.truth(scope, k - 1), self.truth(scope, k - 1))
        if form == 3:
            return Form("bool", "(NOT {0})", self.truth(scope, k - 1))
        if form == 4:
            return Form("bool", "({0} IS " + word + self.one("NULL", "TRUE", "FALSE") + ")", self.truth(scope, k - 1))
        if form == 5:
            return Form("bool", "({0} " + word + "IN ({1}))", value(), join([self.leaf(type, []) for _ in range(3)]))
        if form == 6:
            return Form("bool", "({0} " + word + "BETWEEN {1} AND {2})", value(), self.leaf(type, scope), self.leaf(type, scope))
        if form == 7:
            return Form("bool", "({0} " + word + self.one("LIKE", "ILIKE") + " {1})", self.value("text", scope, k - 1),
                        plain("text", self.one("'a%'", "'%o%'", "'_b_'", "'%'", "''", "'H_llo%'", "'%日%'")) if word or self.chance(0.9) else plain("text", "'a\\%%'", duckdb="'a\\%%' ESCAPE '\\'"))
        if form == 8:
            return Form("bool", "({0} IS " + word + "DISTINCT FROM {1})", value(), value())
        if form == 9:
            return Form("bool", "({0} IS " + word + "NULL)", self.value(self.one("any", "ints", "pair", "counts", "bytes", "tz"), scope, k - 1))
        if form == 10 and BY_RESULT["bool"]:
            return self.call(min(self.random.choices(BY_RESULT["bool"], k=3), key=lambda scalar: self.used[scalar.name]), scope, k)
        if form == 11:  # a null list is an empty one to DuckDB; DataFusion 55 has = ANY alone, and it is two-valued
            text = f"({{0}} {sign} {self.one('ANY', 'ALL')}({{1}}))"
            kind, list_type = self.one(("long", "ints"), ("text", "texts"))
            return Form("bool", text, self.value(kind, scope, k - 1), self.leaf(list_type, scope),
                        duckdb=f"CASE WHEN {{1}} IS NOT NULL THEN {text} END", datafusion=None)
        return Form("bool", f"({{0}} {sign} {{1}})", value(), value())

    def simple_truth(self, scope):
        if self.chance(0.3):
            return self.leaf("bool", scope)
        type = self.one("long", "text", "dec", "date", "double", "int")
        return Form("bool", "({0} " + self.one("<>", "<", "<=", ">", ">=", "IS DISTINCT FROM") + " {1})", self.leaf(type, scope), self.leaf(type, scope))
