"""Three engines behind one call: SQL in, Arrow out, values in one form."""

import datetime
import decimal
import http.client
import json
import math
import urllib.parse
import uuid
from collections import Counter

import pyarrow as pa

from differential.tables import COLUMNS, arrow_table


class Fault(Exception):
    """The engine refused the query; `code` is Firn's, or the class of the other engines' error."""

    def __init__(self, code, message):
        super().__init__(code, message)
        self.code, self.message = code, message

    def __str__(self):
        return f"{self.code}: {self.message}"


class FirnEngine:
    """Over one HTTP connection that stays open."""

    def __init__(self, url, token, bucket="lake", account="local"):
        self.address = urllib.parse.urlsplit(url).netloc
        self.path = f"/api/v1/accounts/{account}/r2-sql/query/{bucket}"
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.connection = http.client.HTTPConnection(self.address, timeout=60)

    def post(self, sql, accept):
        body = json.dumps({"query": sql, "namespace": "fuzz"})
        try:
            answer, content = self.exchange(body, accept)
        except (ConnectionError, http.client.HTTPException):  # closed while the other engines were at work; a dead server refuses
            self.connection.close()
            answer, content = self.exchange(body, accept)
        if answer.status == 200:
            return content
        error = json.loads(content)["errors"][0]
        raise Fault(error.get("firn_code", str(error["code"])), error["message"])

    def exchange(self, body, accept):
        self.connection.request("POST", self.path, body, {**self.headers, "Accept": accept})
        answer = self.connection.getresponse()
        return answer, answer.read()

    def run(self, sql):
        return pa.ipc.open_stream(self.post(sql, "application/vnd.apache.arrow.stream")).read_all()

    def explain(self, sql):
        """The plan's lines."""
        result = json.loads(self.post("EXPLAIN " + sql, "application/json"))["result"]
        return [line for row in result["rows"] for value in row.values() for line in str(value).splitlines()]

    def rows(self, sql):
        return json.loads(self.post(sql, "application/json"))["result"]["rows"]


class DuckDBEngine:
    def __init__(self):
        import duckdb

        self.module, self.connection = duckdb, duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'; SET threads = 1; SET default_null_order = 'nulls_last_on_asc_first_on_desc'")
        for name, columns in COLUMNS.items():
            source = arrow_table(name)  # DuckDB finds it by its name here
            items = ", ".join(f"CAST({c} AS UUID) AS {c}" if t == "uuid" else f"CAST({c} AS MAP(VARCHAR, BIGINT)) AS {c}" if t == "counts" else c
                              for c, t in columns)
            self.connection.execute(f"CREATE TABLE {name} AS SELECT {items} FROM source")

    def run(self, sql):
        try:
            return self.connection.execute(sql).to_arrow_table()
        except self.module.Error as error:
            raise Fault(type(error).__name__, str(error)) from None


class DataFusionEngine:
    def __init__(self):
        import datafusion

        settings = datafusion.SessionConfig().with_target_partitions(1).set("datafusion.execution.time_zone", "UTC")
        self.context = datafusion.SessionContext(settings)
        for name in COLUMNS:
            self.context.register_record_batches(name, [arrow_table(name).to_batches()] if len(arrow_table(name)) else
                                                 [[pa.RecordBatch.from_pylist([], schema=arrow_table(name).schema)]])

    def run(self, sql):
        try:
            return self.context.sql(sql).to_arrow_table()
        except BaseException as error:  # a panic inside is no Exception
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            raise Fault(type(error).__name__, str(error)) from None


def value(it):
    """One form for a value of any engine: numbers stay, times become text, maps are sorted."""
    if it is None or isinstance(it, (bool, str, int, decimal.Decimal)):
        return it
    if isinstance(it, float):
        return it
    if isinstance(it, datetime.datetime):
        return "%04d-" % it.year + it.replace(tzinfo=None).isoformat(timespec="microseconds")[5:]
    if isinstance(it, (datetime.date, datetime.time)):
        return it.isoformat()
    if isinstance(it, uuid.UUID):
        return str(it)
    if isinstance(it, (list, tuple)) and it and all(isinstance(entry, tuple) and len(entry) == 2 for entry in it):
        return ("map", tuple(sorted(((value(k), value(v)) for k, v in it), key=repr)))
    if isinstance(it, (list, tuple)):
        return tuple(map(value, it))
    if isinstance(it, dict):
        return tuple(map(value, it.values()))
    if isinstance(it, pa.MonthDayNano):
        return ("interval", it.months, it.days, it.nanoseconds // 1000)
    if isinstance(it, datetime.timedelta):
        return ("interval", 0, it.days, it.seconds * 1_000_000 + it.microseconds)
    return it


def column_values(column):
    """The column's values; times with nanoseconds are cut to the microseconds the other engines have."""
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit != "us":
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    elif pa.types.is_time(kind) and kind.unit == "ns":
        column = column.cast(pa.time64("us"), safe=False)
    if pa.types.is_timestamp(column.type):
        return [None if v is None else "ts %d" % v for v in column.cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()]
    if pa.types.is_date32(column.type):
        return [None if v is None else "date %d" % v for v in column.cast(pa.int32()).to_pylist()]
    return [value(v) for v in column.to_pylist()]


# Cross joins of cross joins: only their number is compared.
ROW_LIMIT = 20_000


def answer(table):
    if table.num_rows > ROW_LIMIT:
        return [("rows", table.num_rows)]
    return list(zip(*[column_values(table.column(index)) for index in range(table.num_columns)])) if table.num_columns else []


def near(mine, theirs):
    """Equal values: numbers of any types by value, doubles to twelve digits."""
    if isinstance(mine, bool) or isinstance(theirs, bool):
        return mine is theirs
    numbers = (int, float, decimal.Decimal)
    if isinstance(mine, numbers) and isinstance(theirs, numbers):
        if isinstance(mine, float) or isinstance(theirs, float):
            mine, theirs = float(mine), float(theirs)
            return mine == theirs or (math.isnan(mine) and math.isnan(theirs)) or math.isclose(mine, theirs, rel_tol=1e-9, abs_tol=1e-9)
        return mine == theirs
    if isinstance(mine, tuple) and isinstance(theirs, tuple):
        return len(mine) == len(theirs) and all(map(near, mine, theirs))
    return type(mine) is type(theirs) and mine == theirs


def sort_key(row):
    """An order in which rows that are near stand at the same place: numbers by few digits first, exact ones then by all."""
    def coarse(it):
        if isinstance(it, (int, float, decimal.Decimal)) and not isinstance(it, bool):
            number = float(it)
            return "number %.6g" % (0.0 if abs(number) <= 1e-9 else number)
        return "(" + ",".join(map(coarse, it)) + ")" if isinstance(it, tuple) else repr(it)

    def exact(it):
        if isinstance(it, (int, decimal.Decimal)) and not isinstance(it, bool):
            return format(decimal.Decimal(it), ".12f")
        return "(" + ",".join(map(exact, it)) + ")" if isinstance(it, tuple) else ""

    return [coarse(it) for it in row], [exact(it) for it in row]


def without_twins(mine, theirs):
    """Both without the rows that are the same to the letter: of a large answer mostly nothing is left to be sorted."""
    texts = [list(map(repr, rows)) for rows in (mine, theirs)]
    common = Counter(texts[0]) & Counter(texts[1])
    rest = []
    for rows, keys in zip((mine, theirs), texts):
        twins = common.copy()
        rest.append([])
        for row, key in zip(rows, keys):
            if twins[key] > 0:
                twins[key] -= 1
            else:
                rest[-1].append(row)
    return rest


def pair(mine, theirs):
    """Whether the rows are near in some order."""
    left = list(theirs)
    for row in mine:
        found = next((index for index, other in enumerate(left) if near(tuple(row), tuple(other))), None)
        if found is None:
            return False
        del left[found]
    return not left


def same(mine, theirs, ordered):
    """Whether two answers are the same rows; in their order if that is given."""
    if len(mine) != len(theirs):
        return False
    if ordered:
        return all(near(tuple(a), tuple(b)) for a, b in zip(mine, theirs))
    mine, theirs = without_twins(mine, theirs)
    mine, theirs = sorted(mine, key=sort_key), sorted(theirs, key=sort_key)
    if all(near(tuple(a), tuple(b)) for a, b in zip(mine, theirs)):
        return True
    # Doubles that differ only behind their sixth digit may stand in another order: look among rows that look alike.
    groups = [{}, {}]
    for group, rows in zip(groups, (mine, theirs)):
        for row in rows:
            group.setdefault(str(sort_key(row)[0]), []).append(row)
    return groups[0].keys() == groups[1].keys() and all(pair(rows, groups[1][key]) for key, rows in groups[0].items())
