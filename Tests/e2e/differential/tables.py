"""The tables that random queries read: the same rows for every seed, with every type, many NULLs and the ends of every range."""

import datetime
import decimal
import random
import uuid

import pyarrow as pa

UTC = datetime.timezone.utc
D = decimal.Decimal

# Few values for each type, so that keys repeat and joins find partners. Doubles are sums of few powers of two: their sums are
# exact in any order.
POOLS = {
    "long": [-3, -1, 0, 1, 2, 3, 4, 5, 7, 10, 42, 1000],
    "int": [-7, -3, -1, 0, 1, 2, 3, 5, 8, 100],
    "double": [-100.5, -2.25, -1.0, 0.0, 0.25, 0.5, 1.0, 1.5, 3.75, 64.0, 1000.125],
    "float": [-2.5, -0.5, 0.0, 0.25, 1.5, 8.0],
    "dec": [D(x) for x in ("-7.77", "-0.01", "0.00", "0.01", "1.25", "3.50", "10.00", "99999.99")],
    "big": [D(x) for x in ("-12345678901234567.8901234567", "-1.0000000001", "0E-10", "0.5000000000", "2.2500000000",
                           "99999999999999999999.9999999999")],
    "text": ["", "a", "b", "abc", "abcabc", "Hello World", "naïve", "Éa", "日本語", "😀 smile", " x ", "a,b,,c", "2024-02-29", "12", "-7.5",
             "O'Neil", "a%b_c", "aXbXc", "tab\there"],
    "bool": [True, False],
    "date": [datetime.date(*x) for x in ((1600, 2, 29), (1969, 7, 20), (1970, 1, 1), (2000, 12, 31), (2023, 12, 31), (2024, 2, 29), (2026, 1, 1))],
    "time": [datetime.time(*x) for x in ((0, 0), (12, 34, 56), (23, 59, 59, 999999))],
    "ts": [datetime.datetime(*x) for x in ((1969, 7, 20, 20, 17, 40), (1970, 1, 1), (1999, 12, 31, 23, 59, 59, 500000), (2024, 2, 29, 12, 34, 56),
                                           (2024, 3, 1, 0, 0, 1), (2024, 3, 31, 1, 30), (2026, 1, 1))],
    "uuid": [uuid.UUID(int=x) for x in (0, 1, 2**64, 2**128 - 1)],
    "bytes": [b"", b"\x00", b"abc", b"\xff\xfe", "日".encode()],
    "ints": [[], [1], [1, 2, 3], [3, None, 1], [2, 2, 2], [None], [5, -3, 7, 7]],
    "texts": [[], ["a"], ["b", "a", None], ["abc", "", "abc"], ["日本語", "x"]],
    "pair": [{"x": 1, "y": "a"}, {"x": None, "y": "b"}, {"x": -3, "y": None}, {"x": 42, "y": "abc"}],
    "counts": [[], [("a", 1)], [("a", 1), ("b", None)], [("abc", 3), ("x", -3), ("日", 5)]],
    "json": ['{"a": 1, "b": {"c": "x"}}', '{"a": "text", "l": [1, 2.5, null]}', '{"a": true, "l": []}', "[1, 2, 3]", '{"a": 2.5, "b": null}', '"bare"',
             "17", "{}"],
}
POOLS["tz"] = [value.replace(tzinfo=UTC) for value in POOLS["ts"]]
EXTREMES = {
    "long": [-(2**63), -(2**63) + 1, -(2**31) - 1, 2**31, 2**53 + 1, 2**63 - 1],
    "double": [float("nan"), float("inf"), float("-inf"), -0.0, 1e300, -1e300, 5e-324, 1e-300],
}

TYPES = {
    "long": pa.int64(), "int": pa.int32(), "double": pa.float64(), "float": pa.float32(), "dec": pa.decimal128(9, 2), "big": pa.decimal128(38, 10),
    "text": pa.string(), "json": pa.string(), "bool": pa.bool_(), "date": pa.date32(), "time": pa.time64("us"), "ts": pa.timestamp("us"),
    "tz": pa.timestamp("us", "UTC"), "uuid": pa.string(), "bytes": pa.binary(), "ints": pa.list_(pa.int64()), "texts": pa.list_(pa.string()),
    "pair": pa.struct([("x", pa.int64()), ("y", pa.string())]), "counts": pa.map_(pa.string(), pa.int64()),
}
# Iceberg has no type for these; Firn reads them as text and casts.
COLUMNS = {
    "t": [("id", "long"), ("a", "long"), ("b", "int"), ("c", "double"), ("f", "float"), ("d", "dec"), ("g", "big"), ("s", "text"), ("n", "text"),
          ("p", "bool"), ("dt", "date"), ("ti", "time"), ("ts", "ts"), ("tz", "tz"), ("u", "uuid"), ("y", "bytes"), ("l", "ints"), ("w", "texts"),
          ("r", "pair"), ("m", "counts"), ("j", "json")],
    "u": [("id", "long"), ("k", "long"), ("v", "int"), ("w", "text"), ("q", "dec"), ("z", "ts"), ("h", "bool"), ("o", "double")],
    "x": [("id", "long"), ("xl", "long"), ("xc", "double"), ("k", "long"), ("s", "text")],
    "e": [("id", "long"), ("k", "long"), ("s", "text"), ("d", "dec")],
}
ROWS = {"t": 40, "u": 16, "x": 16, "e": 0}


def rows(name):
    """The rows of a table; `id` counts from one, other columns have 20 % NULLs."""
    source, made = random.Random(name), []
    for number in range(ROWS[name]):
        row = {"id": number + 1}
        for column, type in COLUMNS[name][1:]:
            pool = EXTREMES[type] if column in ("xl", "xc") else POOLS[type]
            row[column] = None if source.random() < 0.2 else source.choice(pool)
        made.append(row)
    return made


def arrow_table(name):
    """The table as Arrow; uuids as their text."""
    columns, schema = rows(name), pa.schema([(column, TYPES[type]) for column, type in COLUMNS[name]])
    for row in columns:
        if row.get("u"):
            row["u"] = str(row["u"])
    return pa.Table.from_pylist(columns, schema=schema)
