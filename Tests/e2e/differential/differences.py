"""The differences between engines that are accepted, each with the authority that decides for Firn's answer.

A difference is a predicate over the query, the engine that differs, and what both said. None accepts a whole function or type:
where an engine's function means something else altogether, its form in scalars.py is None.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from math import inf
from typing import Callable

from differential.engines import same


@dataclass
class Case:
    """One query in which an engine differs from Firn; an answer is a list of rows or a Fault."""

    form: object
    engine: str
    sql: str
    mine: object
    theirs: object

    def firn_fault(self, *codes):
        return getattr(self.mine, "code", None) in codes

    def their_fault(self, *parts):
        text = getattr(self.theirs, "message", None)
        return text is not None and any(part in text for part in parts)


@dataclass
class Difference:
    name: str
    authority: str
    holds: Callable


POSTGRES = "PRODUCT.md, SQL decisions: operators, types, NULL and casts follow PostgreSQL; "
STATISTICS = {"corr", "regr_slope", "regr_intercept", "regr_r2", "covar_samp", "covar_pop", "covar", "stddev", "stddev_pop", "stddev_samp", "var", "var_pop",
              "var_samp", "avg", "mean", "median", "regr_sxx", "regr_syy", "regr_sxy"}


def only_nan_for_null(case):
    """The answers are the same once every NaN is NULL."""
    if not both_rows(case):
        return False
    infinite = ".xc" in case.sql
    plain = lambda rows: [tuple(None if isinstance(v, float) and (v != v or infinite and v in (inf, -inf)) else v for v in row) for row in rows]
    return same(plain(case.mine), plain(case.theirs), False)


def outside_nanoseconds(rows):
    """The rows with NULL for every timestamp that 64 bits of nanoseconds do not reach."""
    return [tuple(None if isinstance(v, str) and v.startswith("ts ") and abs(int(v[3:])) > 2**63 // 1000 else v for v in row) for row in rows]


def inside_nanoseconds(rows):
    """The rows with a timestamp, and none that 64 bits of nanoseconds do not reach."""
    times = lambda row: [int(v[3:]) for v in row if isinstance(v, str) and v.startswith("ts ")]
    return [row for row in rows if times(row) and all(abs(time) <= 2**63 // 1000 for time in times(row))]


def keys(rows):
    """The different first values of the rows."""
    return [(row,) for row in {row[0] for row in rows}]


def large(case):
    """Numbers near the end of a long are in the query."""
    return ".xl" in case.sql or "factorial(20)" in case.sql


def both_rows(case):
    return isinstance(case.mine, list) and isinstance(case.theirs, list)


def without_doubles(rows):
    """The rows with NULL for every double."""
    return [tuple(None if isinstance(v, float) else v for v in row) for row in rows]


def without_truths(rows):
    """The rows with NULL for true and false."""
    return [tuple(None if isinstance(v, bool) else v for v in row) for row in rows]


def without_noise(rows):
    """The rows with zero for doubles that are what is left of larger ones."""
    return [tuple(0.0 if isinstance(v, float) and abs(v) < 1e-7 else v for v in row) for row in rows]


def coarse(rows):
    """The rows with one digit behind the point of a decimal."""
    return [tuple(v.quantize(Decimal("0.1"), ROUND_HALF_UP) if isinstance(v, Decimal) else v for v in row) for row in rows]


def cut(rows, rounding=ROUND_HALF_UP):
    """Decimals without the last of the digits a mean has."""
    return [tuple(v.quantize(Decimal("0.001"), rounding) if isinstance(v, Decimal) and -v.as_tuple().exponent > 3 else v for v in row) for row in rows]


def unordered(rows):
    """The rows with lists as sets of elements."""
    return [tuple(tuple(sorted(v, key=repr)) if isinstance(v, tuple) else v for v in row) for row in rows]


def infinite_is_zero(rows):
    """The rows with 0 for every double that is not finite."""
    return [tuple(0.0 if isinstance(v, float) and (v != v or v in (inf, -inf)) else v for v in row) for row in rows]


def nan_is_zero(rows):
    return [tuple(0.0 if isinstance(v, float) and v != v else v for v in row) for row in rows]


DIFFERENCES = [
    Difference("duckdb: NaN for the correlation of constants", POSTGRES + "its manual, 9.21: NULL when a variance is zero; of infinities NaN, "
               "float8_regr_accum (float.c); Docs/sql.md, Result types of operators",
               lambda c: c.engine == "duckdb" and c.form.functions() & STATISTICS and only_nan_for_null(c)),
    Difference("whether a variance of constants is zero", POSTGRES + "9.21: NULL when a variance is zero; sums of doubles may miss zero by a last digit",
               lambda c: bool(c.form.functions() & {"corr", "regr_slope", "regr_intercept", "regr_r2"}) and (" HAVING " in c.sql or both_rows(c)
               and same(without_doubles(c.mine), without_doubles(c.theirs), False))),
    Difference("duckdb: EXISTS over two inequalities", "SQL:2016 8.10 (exists predicate): true when there is a row; DuckDB 1.5.5 finds another count",
               lambda c: c.engine == "duckdb" and "EXISTS (SELECT" in c.sql and both_rows(c) and c.sql.count("<") > 1),
    Difference("datafusion: means of decimals are cut", POSTGRES + "8.1.2: numerics are rounded to their scale",
               lambda c: c.engine == "datafusion" and "avg" in c.form.functions() and "avg(" in c.sql and both_rows(c)
               and (same(cut(c.mine), cut(c.theirs), False) or same(cut(c.mine, ROUND_DOWN), cut(c.theirs, ROUND_DOWN), False))),
    Difference("duckdb: the least integer % -1", POSTGRES + "int8.c, int8mod: a rest by -1 is 0",
               lambda c: c.engine == "duckdb" and c.their_fault("Overflow in division")),
    Difference("duckdb: refuses infinities in statistics", POSTGRES + "float8 aggregates give NaN for infinite input (float.c, float8_accum)",
               lambda c: c.engine == "duckdb" and "xc" in c.sql and c.their_fault("out of range")),
    Difference("datafusion: EXCEPT ALL and INTERSECT ALL are joins", "SQL:2016 7.17 (query expression): with ALL, max(m - n, 0) and min(m, n) copies of a row",
               lambda c: c.engine == "datafusion" and ("EXCEPT ALL" in c.sql or "INTERSECT ALL" in c.sql)),
    Difference("datafusion: integers wrap", "Docs/sql.md, Result types of operators: integer overflow is an error, as in PostgreSQL",
               lambda c: c.engine == "datafusion" and large(c) and c.firn_fault("KRN-102")),
    Difference("duckdb: sums of integers are hugeints", "Docs/sql.md, Result types of operators: the sum of longs is a long, overflow is an error",
               lambda c: c.engine == "duckdb" and large(c) and "sum(" in c.sql and c.firn_fault("KRN-102")),
    Difference("expressions of rows that a correlated subquery leaves out", "PostgreSQL's manual, 4.2.14: the order of evaluation is not defined",
               lambda c: ".xl" in c.sql and "(SELECT" in c.sql and c.firn_fault("KRN-102")),
    Difference("duckdb: r2 of points of one height", "PRODUCT.md, SQL decisions: regr_r2 keeps DataFusion's meaning, NULL",
               lambda c: c.engine == "duckdb" and "regr_r2" in c.form.functions()),
    Difference("datafusion: fields of a null struct", POSTGRES + "8.16: a field of a null value is null",
               lambda c: c.engine == "datafusion" and "get_field" in c.form.functions() and ".r" in c.sql),
    Difference("datafusion: map_extract of a missing key", "DataFusion's manual, map_extract: an empty list if the key is not present",
               lambda c: c.engine == "datafusion" and "map_extract" in c.form.functions()),
    Difference("datafusion: correlated NOT IN over nulls", "SQL:2016 8.4 (in predicate): NOT IN over no rows is true",
               lambda c: c.engine == "datafusion" and "NOT IN (SELECT" in c.sql),
    Difference("datafusion: zero and negative zero differ", POSTGRES + "8.1.3 and IEEE 754: they are equal",
               lambda c: c.engine == "datafusion" and (".xc" in c.sql or "e0) IN (" in c.sql) and not isinstance(c.theirs, Exception)),
    Difference("datafusion: IN at the scale of a rounded decimal", POSTGRES + "8.1.2: numerics of any scales are compared by value",
               lambda c: c.engine == "datafusion" and " IN (CAST(" in c.sql and bool(c.form.functions() & {"round", "ceil", "floor"})),
    Difference("datafusion: UNION keeps a row twice", "SQL:2016 7.17 (query expression): UNION without ALL has no duplicates",
               lambda c: c.engine == "datafusion" and "UNION SELECT" in c.sql and isinstance(c.theirs, list) and isinstance(c.mine, list)
               and same(c.mine, list(set(c.theirs)), False)),
    Difference("duckdb: the mean of a regression's infinities", "PRODUCT.md, SQL decisions, and Docs/sql.md, Result types of operators: regr_avgx and regr_avgy keep DataFusion's meaning, NaN",
               lambda c: c.engine == "duckdb" and ".xc" in c.sql and c.form.functions() & {"regr_avgx", "regr_avgy"} and only_nan_for_null(c)),
    Difference("sums of products that cancel out", "IEEE 754 and " + POSTGRES + "8.1.3: sums of doubles hang on their order",
               lambda c: bool(c.form.functions() & STATISTICS) and both_rows(c) and same(without_noise(c.mine), without_noise(c.theirs), False)),
    Difference("datafusion: a backslash in a regular expression", "The syntax of RE2 and of Rust's regex: two backslashes are one; DataFusion makes LIKE of it",
               lambda c: c.engine == "datafusion" and "regexp_like" in c.form.functions() and "'\\\\s'" in c.sql and both_rows(c)),
    Difference("datafusion: CASE at the scale of a rounded decimal", POSTGRES + "10.5: a CASE has a type that holds the values of all branches",
               lambda c: c.engine == "datafusion" and "CASE WHEN" in c.sql and c.form.functions() & {"round", "ceil", "floor", "trunc"} and both_rows(c)
               and (same(coarse(c.mine), coarse(c.theirs), False)
                    or " GROUP BY " in c.sql and same(keys(coarse(c.mine)), keys(coarse(c.theirs)), False))),
    Difference("a product with 0 saves computing the rest", "PostgreSQL's manual, 4.2.14: the order of evaluation is not defined",
               lambda c: "* 0)" in c.sql and c.firn_fault("KRN-102") and isinstance(c.theirs, list)),
    Difference("duckdb: the sign of NaN is 0", "PRODUCT.md, SQL decisions: signum keeps DataFusion's meaning, NaN",
               lambda c: c.engine == "duckdb" and ".xc" in c.sql and "signum" in c.form.functions() and both_rows(c)),
    Difference("datafusion: IS NOT DISTINCT FROM beside = as join keys", "SQL:2016 8.15 (distinct predicate): nulls are not distinct; DuckDB 1.5.5 finds the rows too",
               lambda c: c.engine == "datafusion" and "IS NOT DISTINCT FROM" in c.sql and " JOIN " in c.sql and both_rows(c) and len(c.mine) != len(c.theirs)),
    Difference("datafusion: join keys at the scale of a rounded decimal", POSTGRES + "8.1.2: numerics of any scales are compared by value",
               lambda c: c.engine == "datafusion" and " JOIN " in c.sql and c.form.functions() & {"round", "ceil", "floor", "trunc"} and both_rows(c)),
    Difference("duckdb: the ends of the range of timestamps", "Iceberg's specification, Primitive Types: a timestamp is a long of microseconds; DuckDB has no year there",
               lambda c: c.engine == "duckdb" and ".xl" in c.sql and c.their_fault("Timestamp microseconds out of range")),
    Difference("datafusion: the order of array_agg beside windows of another order", "SQL:2016 10.9 (aggregate function): the list has the window's order, as in DuckDB 1.5.5",
               lambda c: c.engine == "datafusion" and "array_agg" in c.form.functions() and c.sql.count(" OVER (") > 1 and both_rows(c)
               and same(unordered(c.mine), unordered(c.theirs), False)),
    Difference("datafusion: a sliding median beside windows of another order", "Alone, the same window gives Firn's value in DataFusion 55; DuckDB 1.5.5 gives it in both",
               lambda c: c.engine == "datafusion" and "median" in c.form.functions() and c.sql.count(" OVER (") > 1 and both_rows(c)
               and same(without_doubles(c.mine), without_doubles(c.theirs), False)),
    Difference("duckdb: no spread of one NaN", POSTGRES + "float8_stddev_pop (float.c): NaN in, NaN out",
               lambda c: c.engine == "duckdb" and ".xc" in c.sql and c.form.functions() & STATISTICS and both_rows(c)
               and same(nan_is_zero(c.mine), nan_is_zero(c.theirs), False)),
    Difference("duckdb: statistics of infinities are infinite", POSTGRES + "float8_regr_accum (float.c): infinite input makes the sums NaN",
               lambda c: c.engine == "duckdb" and ".xc" in c.sql and c.form.functions() & STATISTICS and both_rows(c)
               and same(infinite_is_zero(c.mine), infinite_is_zero(c.theirs), False)),
    Difference("duckdb: constants of rows that are not there", "PostgreSQL's manual, 4.2.14: no row, no evaluation",
               lambda c: c.engine == "duckdb" and c.mine == [] and c.their_fault("Date out of range")),
    Difference("duckdb: a NULL in an expression saves computing the rest", "PostgreSQL's manual, 4.2.14: the order of evaluation is not defined",
               lambda c: c.engine == "duckdb" and ".xl" in c.sql and ("CAST(NULL AS bigint)" in c.sql or "TRY_CAST('" in c.sql) and c.firn_fault("KRN-102")),
    Difference("duckdb: rows of an INTERSECT whose other side is empty", "PostgreSQL's manual, 4.2.14: what does not decide the answer need not be computed",
               lambda c: c.engine == "duckdb" and " INTERSECT " in c.sql and c.mine == [] and c.their_fault("Could not convert Timestamp")),
    Difference("duckdb: expressions of rows that no answer has", "PostgreSQL's manual, 4.2.14: the order of evaluation is not defined",
               lambda c: c.engine == "duckdb" and ".xl" in c.sql and (c.mine == [] or " FILTER (WHERE " in c.sql)
               and c.their_fault("Overflow", "Epoch seconds out of range")),
    Difference("duckdb: expressions of rows that a limit leaves out", "PostgreSQL's manual, 4.2.14: the order of evaluation is not defined",
               lambda c: c.engine == "duckdb" and ".xl" in c.sql and " LIMIT " in c.sql and c.firn_fault("KRN-102") and isinstance(c.theirs, list)),
    Difference("duckdb: rounding past the end of a type wraps", "Docs/sql.md, Result types of operators: integer overflow is an error, as in PostgreSQL",
               lambda c: c.engine == "duckdb" and re.search(r"round\(\w+\.xl, -", c.sql) and c.firn_fault("KRN-102") and isinstance(c.theirs, list)),
    Difference("datafusion: IS DISTINCT FROM over an outer join", "SQL:2016 8.15 (distinct predicate): a null is distinct from a value; DuckDB 1.5.5 finds the rows too",
               lambda c: c.engine == "datafusion" and "IS DISTINCT FROM" in c.sql and re.search("(LEFT|RIGHT|FULL) JOIN", c.sql) and both_rows(c)
               and len(c.theirs) < len(c.mine)),
    Difference("datafusion: constants of rows that are not there", "PostgreSQL's manual, 4.2.14: no row, no evaluation",
               lambda c: c.engine == "datafusion" and c.mine == [] and c.their_fault("Unable to parse date")),
    Difference("duckdb: frames beyond the end of a type", "PostgreSQL's in_range functions (int8.c, in_range_int8_int8): such a frame ends with the partition",
               lambda c: c.engine == "duckdb" and ".xl" in c.sql and " RANGE BETWEEN " in c.sql and c.their_fault("Overflow in")),
    Difference("datafusion: frames beyond the end of a type", "PostgreSQL's in_range functions (int8.c, in_range_int8_int8): such a frame ends with the partition",
               lambda c: c.engine == "datafusion" and ".xl" in c.sql and re.search(r"RANGE BETWEEN [^)]*\d (PRECEDING|FOLLOWING)", c.sql) and both_rows(c)
               and len(c.mine) == len(c.theirs)),
    Difference("datafusion: timestamps are cast to nanoseconds", "Iceberg's specification, Primitive Types: a timestamp is a long of microseconds",
               lambda c: c.engine == "datafusion" and (c.their_fault("to Timestamp(ns): converted value exceeds") or "date_bin" in c.form.functions()
               and both_rows(c) and (same(outside_nanoseconds(c.mine), c.theirs, False)
                                     or " GROUP BY " in c.sql and same(inside_nanoseconds(c.mine), inside_nanoseconds(c.theirs), False)))),
    Difference("datafusion: log of one argument and log10", "DataFusion's manual: both are the logarithm to the base 10; its log divides two logarithms",
               lambda c: c.engine == "datafusion" and {"log", "log10"} <= c.form.functions() and both_rows(c)),
    Difference("datafusion: array_has of a list that is made in place", "DataFusion's array_has over a column of such lists: false, as in DuckDB; made in place it becomes an IN",
               lambda c: c.engine == "datafusion" and "array_has(make_array(" in c.sql and both_rows(c)),
    Difference("datafusion: array_has_any and array_has_all of a batch of NULL lists", "Beside other lists a NULL list makes them NULL, in DataFusion too",
               lambda c: c.engine == "datafusion" and c.form.functions() & {"array_has_any", "array_has_all"} and both_rows(c)
               and (len(c.mine) != len(c.theirs) or same(without_truths(c.mine), without_truths(c.theirs), False))),
    Difference("datafusion: nullif at the scale of a rounded decimal", POSTGRES + "8.1.2: numerics of any scales are compared by value",
               lambda c: c.engine == "datafusion" and "nullif" in c.form.functions() and c.form.functions() & {"round", "ceil", "floor", "trunc"}
               and both_rows(c)),
    Difference("duckdb: a truncated NULL is unlike a constant that is no start", POSTGRES + "9.2: a comparison with NULL is NULL",
               lambda c: c.engine == "duckdb" and re.search(r"<> date_?trunc\('|\bdate_?trunc\('\w+', [\w.]+\) <>", c.sql) and both_rows(c)),
    Difference("duckdb: doubles overflow to infinity", "Docs/sql.md, Result types of operators: overflow of doubles is an error, as in PostgreSQL (float8.c, dpow)",
               lambda c: c.engine == "duckdb" and ".xc" in c.sql and c.form.functions() & {"power", "pow", "exp"} and c.firn_fault("KRN-102")),
    Difference("datafusion: unsigned counts", "Docs/sql.md, Types: no type is unsigned; PostgreSQL has none",
               lambda c: c.engine == "datafusion" and c.their_fault("UInt64")),
]


def explain(case):
    """The first difference that accounts for the case; None when it is a disagreement."""
    return next((d for d in DIFFERENCES if d.holds(case)), None)
