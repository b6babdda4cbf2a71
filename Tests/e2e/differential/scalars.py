"""Functions over rows: what they take and give, and how DuckDB and DataFusion say the same.

Where an engine's function of that name means something else, its form says what Firn means, or is None with the reason behind it.
The authority is PRODUCT.md, "SQL decisions", unless a line names another: functions that the hosted service documents have DataFusion's
meaning, operators and casts PostgreSQL's.
"""

import re
from dataclasses import dataclass, field


@dataclass
class Scalar:
    name: str
    result: str
    takes: list
    text: str
    texts: dict = field(default_factory=dict)


SCALARS = []
# DataFusion counts without signs, and makes a decimal of such a count and a bigint.
UNSIGNED = {"array_length", "array_position", "cardinality", "array_ndims"}


def fn(name, result, takes, text=None, **texts):
    """`takes` lists types; a token with bars or quotes is a choice of constants, `type*` repeats once to three times."""
    arguments = re.findall(r"(?:'[^']*'|[^ '])+", takes)
    call = text or f"{name}({{*}})"
    if name in UNSIGNED and "datafusion" not in texts:
        texts["datafusion"] = f"CAST({call} AS bigint)"
    SCALARS.append(Scalar(name, result, arguments, call, texts))


# Conditions
for kind in ("long", "dec", "text", "date", "ts", "bool", "double"):
    fn("coalesce", kind, f"{kind} {kind}")
    fn("nullif", kind, f"{kind} {kind}")
for kind in ("long", "dec", "text", "date", "ts"):
    fn("greatest", kind, f"{kind} {kind} {kind}")
    fn("least", kind, f"{kind} {kind}")
fn("nvl", "long", "long long", duckdb="coalesce({*})")
fn("ifnull", "text", "text text")
fn("nvl2", "text", "text text text", duckdb="CASE WHEN {0} IS NOT NULL THEN {1} ELSE {2} END")
fn("nanvl", "double", "double double", duckdb="CASE WHEN isnan({0}) THEN {1} ELSE {0} END")
fn("if", "long", "bool long long", datafusion="CASE WHEN {0} THEN {1} ELSE {2} END")

# Numbers
fn("abs", "long", "long")
fn("abs", "dec", "dec")
fn("abs", "double", "double")
for name in ("ceil", "floor"):
    fn(name, "double", "double")
    fn(name, "dec", "dec")
fn("round", "double", "double")
fn("round", "double", "double 0|1|2")
fn("round", "dec", "dec 0|1")
fn("round", "long", "long")
fn("round", "long", "long -1|-2|2")
fn("trunc", "double", "double")
fn("signum", "double", "double", duckdb="sign({0})")
for name in ("sqrt", "ln", "log10", "log2"):
    # DuckDB refuses what has no root or logarithm.
    fn(name, "double", "double", f"{name}(abs({{0}}) + 1e0)")
for name in ("cbrt", "degrees", "radians", "sin", "cos", "tan", "atan", "tanh", "asinh"):
    fn(name, "double", "double")
fn("cot", "double", "double", "cot({0} + 1e-1)")
fn("exp", "double", "double", "exp(sin({0}))")
for name in ("sinh", "cosh"):
    fn(name, "double", "double", f"{name}(sin({{0}}))")
for name in ("asin", "acos"):
    fn(name, "double", "double", f"{name}(sin({{0}}))")
fn("acosh", "double", "double", "acosh(abs({0}) + 1e0)")
fn("atanh", "double", "double", "atanh(sin({0}) / 2e0)")
fn("atan2", "double", "double double")
fn("power", "double", "double 0|1|2|3")
fn("power", "double", "2|5|10 -1|3|0")
fn("log", "double", "2|3|10 double", "log({0}, abs({1}) + 1e0)")
fn("log", "double", "double", "log(abs({0}) + 1e0)")
fn("pi", "double", "")
fn("gcd", "long", "long long")
fn("lcm", "long", "tiny tiny")
fn("factorial", "long", "0|1|5|12|20")
fn("mod", "long", "long 1|2|-3|7", datafusion="({0} % {1})")
fn("%", "dec", "dec decpos", "({0} % {1})")
fn("isnan", "bool", "double")
fn("iszero", "bool", "double", duckdb="({0} = 0)")
fn("random", "bool", "", "(random() < 1e0)")
fn("uuid", "long", "", "length(CAST(uuid() AS varchar))")

# Texts
for name in ("lower", "upper", "reverse", "trim", "ltrim", "rtrim"):
    fn(name, "text", "text")
fn("btrim", "text", "text", duckdb="trim({0})")
for name in ("trim", "ltrim", "rtrim"):
    fn(name, "text", "text 'a'|'ab'|' x'|'b'", datafusion=f"{name.replace('trim', 'btrim') if name == 'trim' else name}({{*}})")
fn("initcap", "text", "text", duckdb=None)  # DuckDB 1.5 has none
fn("concat", "text", "text text any1")
fn("concat_ws", "text", "'-'|', ' text text text")
fn("substring", "text", "text pos", duckdb="substring({*})")
fn("substr", "text", "text pos small")
fn("left", "text", "text small")
fn("right", "text", "text small")
fn("left", "text", "text -1|-2|-9")
fn("right", "text", "text -1|-2|-9")
# DuckDB's lpad and rpad take a fill always and no empty one.
for name in ("lpad", "rpad"):
    fn(name, "text", "text 0|3|8 '*'|'-+'")
    fn(name, "text", "text 0|3|8", duckdb=f"{name}({{*}}, ' ')")
fn("replace", "text", "text 'a'|'bc'|' '|'l' 'x'|''|'日'")
fn("repeat", "text", "text 0|1|2")
fn("split_part", "text", "text ','|' '|'b' 1|2|-1|5")
fn("substr_index", "text", "text ','|'b' 1|2|-1|-5", duckdb=None)
fn("translate", "text", "text 'abc'|'la' 'xy'|'xyz'|''")
fn("overlay", "text", "text 'XY'|'' pos", duckdb=None)
fn("overlay", "text", "text 'XY'|'' pos small", duckdb=None)
fn("chr", "text", "65|97|233|26085|128512")
fn("to_hex", "text", "long", duckdb="lower(to_hex({0}))")
fn("character_length", "long", "text", duckdb="length({0})")
fn("length", "long", "text")
fn("char_length", "long", "text", duckdb="length({0})")
fn("octet_length", "long", "text", duckdb="octet_length(encode({0}))")
fn("bit_length", "long", "text")
fn("strpos", "long", "text text")
fn("instr", "long", "text 'a'|'b'|'本'|''")
fn("position", "long", "text text", "position({1} IN {0})")
for name in ("starts_with", "ends_with", "contains"):
    fn(name, "bool", "text text")
fn("ascii", "long", "text")
fn("levenshtein", "long", "text text", duckdb=None)  # counts bytes there
fn("find_in_set", "long", "'a'|'b'|'' text", duckdb=None)
fn("encode", "text", "text 'base64'|'hex'", duckdb=lambda value, how: f"rtrim(base64(encode({value})), '=')" if "64" in how else f"lower(hex({value}))")
fn("decode", "bytes", "text", "decode(encode({0}, 'hex'), 'hex')", duckdb="encode({0})")
fn("decode", "bytes", "text", "decode(encode({0}, 'base64'), 'base64')", duckdb="encode({0})")
fn("md5", "text", "text")
fn("sha256", "bytes", "text", duckdb="unhex(sha256({0}))")
for name in ("sha224", "sha384", "sha512"):
    fn(name, "bytes", "text", duckdb=None)
fn("digest", "bytes", "text 'md5'|'sha224'|'sha256'|'sha384'|'sha512'|'blake2b'|'blake2s'", duckdb=None)

# Regular expressions
patterns = "'a.c'|'[0-9]+'|'^$'|'(b)(.)'|'[^a-z]'|'日.'|'\\\\s'"
fn("regexp_like", "bool", f"text {patterns}", duckdb="regexp_matches({*})")
fn("regexp_like", "bool", f"text 'A.C'|'HELLO' 'i'", duckdb="regexp_matches({*})")
fn("regexp_match", "texts", "text '(b)(.)'|'a(.)c'|'[0-9]+'", duckdb=None)
fn("regexp_replace", "text", f"text {patterns} 'x'|''|'<>'")
fn("regexp_replace", "text", f"text {patterns} 'x'|''|'<>' 'g'")
# DuckDB knows groups by \1 alone.
fn("regexp_replace", "text", "text '([ab])(x)?'|'(?P<n>[^a])' '<$1>'|'${n}$0-$2'|'$1x' 'g'", duckdb=None)
fn("regexp_count", "long", "text 'a'|'[0-9]+'|'b.'", duckdb="len(regexp_extract_all({*}))")
fn("regexp_instr", "long", "text 'a'|'[0-9]+'|'b.'", duckdb=None)
fn("regexp_substr", "text", "text '[0-9]+'|'b.'", duckdb="CASE WHEN regexp_matches({*}) THEN regexp_extract({*}) END",
   datafusion="(regexp_match({*}))[1]")

fn("url_encode", "text", "text", datafusion=None)
fn("url_decode", "text", "text", "url_decode(url_encode({0}))", datafusion=None)

# Times
unit = "'second'|'minute'|'hour'|'day'|'week'|'month'|'quarter'|'year'"
fn("date_trunc", "ts", f"{unit} ts")
fn("date_trunc", "tz", f"{unit} tz")
fn("date_trunc", "ts", f"{unit} date", datafusion="date_trunc({0}, arrow_cast({1}, 'Timestamp(Microsecond, None)'))", duckdb="CAST(date_trunc({*}) AS TIMESTAMP)")
fn("datetrunc", "ts", f"{unit} ts")
fn("date_bin", "ts", "bin ts", duckdb="time_bucket({*}, TIMESTAMP '1970-01-01 00:00:00')")
fn("date_bin", "ts", "bin ts origin", duckdb="time_bucket({*})")
part = "year|month|day|quarter|week|dow|doy|hour|minute|isodow"
fn("extract", "long", f"{part} ts", "extract({0} FROM {1})")
fn("extract", "long", "year|month|day|quarter|week|dow|doy date", "extract({0} FROM {1})")
fn("date_part", "long", "'year'|'month'|'hour'|'minute' ts")
fn("datepart", "long", "'year'|'day' tz")
fn("make_date", "date", "1970|2000|2024 1|2|12 1|28|29")
fn("make_time", "time", "0|12|23 0|59 0|59", duckdb="make_time({*})")
fn("last_day", "date", "date", datafusion=None)
fn("last_day", "date", "ts", datafusion=None)
fn("datediff", "long", "'day'|'month'|'year'|'hour' ts ts", duckdb="date_diff({*})", datafusion=None)
fn("datediff", "long", "'day'|'month'|'year' date date", duckdb="date_diff({*})", datafusion=None)
fn("to_timestamp", "ts", "long", duckdb="CAST(to_timestamp({0}) AS TIMESTAMP)")
fn("to_timestamp_seconds", "ts", "long", duckdb="CAST(to_timestamp({0}) AS TIMESTAMP)")
fn("to_timestamp_millis", "ts", "long", duckdb="epoch_ms({0})")
fn("to_timestamp_micros", "ts", "long", duckdb="make_timestamp({0})")
# Nanoseconds are cut downwards, as every other time; DuckDB and DataFusion cut those before 1970 upwards.
fn("to_timestamp_nanos", "ts", "long", text="CAST(to_timestamp_nanos({0}) AS TIMESTAMP)", duckdb="make_timestamp({0} // 1000 - CASE WHEN {0} % 1000 < 0 THEN 1 ELSE 0 END)",
   datafusion="to_timestamp_micros({0} / 1000 - CASE WHEN {0} % 1000 < 0 THEN 1 ELSE 0 END)")
fn("to_timestamp", "ts", "'2024-02-29T12:34:56'|'2024-02-29 12:34:56.5'|'2024-02-29'", duckdb="CAST({0} AS TIMESTAMP)")
fn("to_date", "date", "'2024-02-29'|'1969-07-20'", duckdb="CAST({0} AS DATE)")
fn("to_time", "time", "'12:34:56'|'00:00:00.5'", duckdb="CAST({0} AS TIME)")
fn("to_unixtime", "long", "ts", duckdb="CAST(trunc(epoch({0})) AS BIGINT)")
fn("from_unixtime", "ts", "long", duckdb="CAST(to_timestamp({0}) AS TIMESTAMP)")
fn("to_char", "text", "ts '%Y-%m-%d'|'%H:%M:%S'|'%j %y %b %a'|'%A %B %d'", duckdb="strftime({*})")
# DuckDB has other pieces and pads otherwise.
fn("to_char", "text", "ts '%-d %_H %e %k %l'|'%U %W %G %V %g %C %q'|'%c %x %X %r %v'", duckdb=None)
fn("date_format", "text", "date '%Y/%m/%d'|'%d %b'", duckdb="strftime({*})")
fn("timezone", "tz", "'Europe/Berlin'|'UTC'|'America/New_York' ts", datafusion=None)
fn("timezone", "ts", "'Europe/Berlin'|'UTC'|'Asia/Kolkata' tz", datafusion=None)
fn("to_local_time", "ts", "tz", duckdb="timezone('UTC', {0})")
for name in ("now", "current_timestamp"):
    fn(name, "bool", "", "(" + ("now()" if name == "now" else "current_timestamp") + " > TIMESTAMPTZ '2020-01-01T00:00:00Z')",
       datafusion=f"({name}() > TIMESTAMP '2020-01-01T00:00:00Z')")
fn("current_date", "bool", "", "(current_date > DATE '2020-01-01')", datafusion="(current_date() > DATE '2020-01-01')")
fn("current_time", "bool", "", "(current_time IS NOT NULL)", datafusion="(current_time() IS NOT NULL)")

# JSON: DataFusion's functions are a package of their own, not in its wheel; DuckDB's operators say the same in other words.
step = "'a'|'b'|'l'|'none'"
at = lambda how: (lambda json, step: how.replace("§J", json).replace("§P", "'$." + step.strip("'") + "'"))
kind = lambda *kinds: "json_type(§J, §P) IN (" + ", ".join(f"'{k}'" for k in kinds) + ")"
fn("json_get_str", "text", f"json {step}", duckdb=at(f"CASE WHEN {kind('VARCHAR')} THEN json_extract_string(§J, §P) END"), datafusion=None)
fn("json_get_int", "long", f"json {step}", duckdb=at(f"CASE WHEN {kind('UBIGINT', 'BIGINT')} THEN CAST(json_extract(§J, §P) AS BIGINT) END"), datafusion=None)
fn("json_get_float", "double", f"json {step}", duckdb=at(f"CASE WHEN {kind('UBIGINT', 'BIGINT', 'DOUBLE')} THEN CAST(json_extract(§J, §P) AS DOUBLE) END"), datafusion=None)
fn("json_get_bool", "bool", f"json {step}", duckdb=at(f"CASE WHEN {kind('BOOLEAN')} THEN CAST(json_extract(§J, §P) AS BOOLEAN) END"), datafusion=None)
fn("json_contains", "bool", f"json {step}", duckdb=at("coalesce(json_exists(§J, §P), FALSE)"), datafusion=None)
fn("json_as_text", "text", f"json 'b'|'l'", "json_length(json_get_json({*}))", duckdb=None, datafusion=None)
fn("json_as_text", "text", f"json 'a'|'none'", duckdb=at("json_extract_string(§J, §P)"), datafusion=None)
fn("json_length", "long", f"json 'b'|'l'|'none'", duckdb=at(f"CASE WHEN {kind('ARRAY')} THEN CAST(json_array_length(§J, §P) AS bigint) WHEN {kind('OBJECT')} THEN len(json_keys(§J, §P)) END"),
   datafusion=None)
for name in ("json_get", "json_get_json"):
    fn(name, "text", f"json {step}", f"replace(CAST({name}({{*}}) AS varchar), ' ', '')", duckdb=at("replace(CAST(json_extract(§J, §P) AS varchar), ' ', '')"), datafusion=None)
fn("json_get_array", "long", "json 'l'", "array_length(json_get_array({*}))", duckdb=at(f"CASE WHEN {kind('ARRAY')} THEN CAST(json_array_length(§J, §P) AS bigint) END"), datafusion=None)
fn("extract_json_string", "text", "json '$.a'|'$.b.c'", "extract_json_string({*})", duckdb="json_extract_string({*})", datafusion=None)
fn("extract_json", "long", "json '$.l[*]'", "array_length(extract_json({*}))", duckdb="len(json_extract({*}))", datafusion=None)
