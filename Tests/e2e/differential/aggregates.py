"""Aggregates and window functions; see scalars.py for the notation. `K` is an order without ties, given by the query."""

from dataclasses import dataclass, field


@dataclass
class Aggregate:
    name: str
    result: str
    takes: list
    text: str
    distinct: bool = False
    texts: dict = field(default_factory=dict)


AGGREGATES = []


def aggregate(name, result, takes, text=None, distinct=False, **texts):
    arguments = takes.split(" ") if takes else []
    AGGREGATES.append(Aggregate(name, result, arguments, text or f"{name}({{*}})", distinct, texts))


aggregate("count", "long", "", "count(*)")
for kind in ("long", "text", "bool", "ts", "dec", "bytes"):
    aggregate("count", "long", kind, distinct=True)
for name in ("min", "max"):
    for kind in ("long", "dec", "text", "date", "ts", "double", "int"):
        aggregate(name, kind, kind, distinct=kind == "long")
aggregate("sum", "long", "long", distinct=True)
aggregate("sum", "long", "int")
aggregate("sum", "double", "double")
aggregate("sum", "dec", "dec", distinct=True)
aggregate("avg", "double", "double")
aggregate("avg", "double", "long", distinct=True)
aggregate("avg", "dec", "dec", duckdb=None)  # a double there
aggregate("mean", "double", "double")
for name in ("bool_and", "bool_or"):
    aggregate(name, "bool", "bool")
for name in ("bit_and", "bit_or", "bit_xor"):
    aggregate(name, "long", "long")
for name in ("var_samp", "var_pop", "stddev_samp", "stddev_pop"):
    aggregate(name, "double", "double")
aggregate("var", "double", "double", duckdb="var_samp({*})")
aggregate("stddev", "double", "long")
for name in ("covar_samp", "covar_pop"):
    aggregate(name, "double", "double double")
for name in ("corr", "regr_slope", "regr_intercept", "regr_r2", "regr_avgx", "regr_avgy", "regr_sxx", "regr_syy", "regr_sxy"):
    aggregate(name, "double", "double double")
aggregate("covar", "double", "double double", duckdb="covar_samp({*})")
aggregate("regr_count", "long", "double double")
aggregate("median", "double", "double")
aggregate("percentile_cont", "double", "double 0.5|0.25|0.9", "percentile_cont({1}) WITHIN GROUP (ORDER BY {0})",
          datafusion=None)  # interpolates there with six digits
aggregate("percentile_disc", "long", "long 0.5|0.25|0.9", "percentile_disc({1}) WITHIN GROUP (ORDER BY {0})", datafusion=None)
# Of equally frequent values DuckDB takes the first it met.
aggregate("mode", "bool", "long", "(mode({0}) IS NOT NULL)", datafusion=None)
# Approximations are compared where they are exact: few distinct values, and whether there is one.
aggregate("approx_distinct", "bool", "long", "(approx_distinct({0}) > 0)", duckdb="(approx_count_distinct({0}) > 0)")
aggregate("approx_median", "bool", "long", "(approx_median({0}) IS NULL)", duckdb="(median({0}) IS NULL)")
aggregate("approx_percentile_cont", "bool", "long", "(approx_percentile_cont({0}, 0.5) IS NULL)", duckdb="(approx_quantile({0}, 0.5) IS NULL)")
aggregate("approx_percentile_cont_with_weight", "bool", "double long", "(approx_percentile_cont_with_weight({0}, abs({1}) + 1, 0.5) IS NOT NULL)", duckdb=None,
          datafusion="(approx_percentile_cont_with_weight({0}, abs({1}) + 1, 0.5) IS NOT NULL)")
aggregate("approx_top_k", "bool", "long", "(array_length(approx_top_k({0}, 2)) > 0)", duckdb="(len(approx_top_k({0}, 2)) > 0)", datafusion=None)
for name, order in (("arg_min", "ASC"), ("arg_max", "DESC")):
    aggregate(name, "long", "id id", datafusion=f"first_value({{0}} ORDER BY {{1}} {order}) FILTER (WHERE {{1}} IS NOT NULL)")
aggregate("any_value", "bool", "long", "(any_value({0}) IS NOT NULL)")
aggregate("first_value", "long", "long id", "first_value({0} ORDER BY {1})", duckdb="first({0} ORDER BY {1})")
aggregate("last_value", "text", "text id", "last_value({0} ORDER BY {1})", duckdb="last({0} ORDER BY {1})")
aggregate("nth_value", "long", "long id", "nth_value({0}, 2 ORDER BY {1})", duckdb="(array_agg({0} ORDER BY {1}))[2]")
aggregate("string_agg", "text", "text id", "string_agg({0}, ',' ORDER BY {1})")
aggregate("array_agg", "ints", "long id", "array_agg({0} ORDER BY {1})")
aggregate("array_agg", "texts", "text id", "array_agg({0} ORDER BY {1} DESC)")


@dataclass
class Window:
    name: str
    result: str
    takes: list
    text: str
    framed: bool
    texts: dict


WINDOWS = []


def window(name, result, takes, text=None, framed=False, **texts):
    arguments = takes.split(" ") if takes else []
    WINDOWS.append(Window(name, result, arguments, text or f"{name}({{*}})", framed, texts))


for name in ("row_number", "rank", "dense_rank", "percent_rank", "cume_dist"):
    window(name, "double" if name in ("percent_rank", "cume_dist") else "long", "")
window("ntile", "long", "1|2|3")
for name in ("lag", "lead"):
    window(name, "long", "long")
    window(name, "text", "text 1|2|0")
    window(name, "long", "long 1|3 -1", f"{name}({{0}}, {{1}}, CAST({{2}} AS bigint))")
    window(name, "long", "long", f"{name}({{0}}) IGNORE NULLS", duckdb=f"{name}({{0}} IGNORE NULLS)")
for name in ("first_value", "last_value"):
    window(name, "text", "text", framed=True)
    window(name, "long", "long", f"{name}({{0}}) IGNORE NULLS", framed=True, duckdb=f"{name}({{0}} IGNORE NULLS)")
window("nth_value", "long", "long 1|2", framed=True)
for name in ("sum", "min", "max", "count"):
    window(name, "long", "long", framed=True)
window("count", "long", "", "count(*)", framed=True)
window("count", "long", "long", "count(DISTINCT {0})", framed=True, datafusion=None)
window("avg", "double", "double", framed=True)
window("sum", "dec", "dec", framed=True)
window("stddev_pop", "double", "double", framed=True, datafusion=None)  # loses digits there where rows leave a frame
window("median", "double", "double", framed=True)
window("bool_and", "bool", "bool", framed=True)
window("array_agg", "ints", "long", framed=True)
window("min", "text", "text bool", "min({0}) FILTER (WHERE {1})", framed=True)
