"""TPC-H and TPC-DS in a Firn catalog: data and queries from DuckDB's extension wheels, answers compared with DuckDB's."""

import datetime
import decimal
import importlib.util
import math
from pathlib import Path

import pytest

import clients


def duckdb_with(extension):
    """DuckDB with its generator, loaded offline from its wheel."""
    duckdb = pytest.importorskip("duckdb")
    specification = importlib.util.find_spec(f"duckdb_extension_{extension}")
    if specification is None:
        pytest.skip(f"no wheel duckdb_extension_{extension}: run Scripts/bootstrap")
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    [file] = Path(specification.origin).parent.rglob("*.duckdb_extension")
    connection.execute(f"LOAD '{file}'")
    return connection


def load(firn, connection, namespace):
    """Copies every table of the connection into the catalog with PyIceberg."""
    import pyarrow as pa

    firn.make_bucket("lake")
    catalog = clients.pyiceberg_catalog(firn)
    catalog.create_namespace(namespace)
    for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'").fetchall():
        rows = connection.execute(f"FROM {name}").to_arrow_table()
        # PyIceberg takes no 16-bit integers and no required columns from Arrow's views.
        schema = pa.schema([field.with_nullable(True) for field in rows.schema])
        catalog.create_table(f"{namespace}.{name}", schema=schema).append(rows.cast(schema))


def qualified(connection, sql, namespace):
    """The query with WITH in front, which says where its tables are."""
    names = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'").fetchall()]
    tables = ", ".join(f"{name} AS (SELECT * FROM {namespace}.{name})" for name in names)
    text = sql.strip()
    return f"WITH {tables}, {text[5:]}" if text[:5].lower() == "with " else f"WITH {tables} {text}"


def plain(value):
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return str(value.date())
    text = str(value)
    try:
        number = float(decimal.Decimal(text))
        return number if not math.isnan(number) else "NaN"
    except ArithmeticError:
        return text.rstrip()


def near(got, wanted, share=1e-9):
    if isinstance(got, float) and isinstance(wanted, float):
        return math.isclose(got, wanted, rel_tol=share, abs_tol=1e-6)
    return got == wanted


def order(row):
    """Numbers by few digits: the last ones differ where sums were added in another order."""
    return [f"{v:.6g}" if isinstance(v, float) else v for v in row]


def check(firn, connection, sql, namespace, share=1e-9):
    """Both answer the same rows; where ORDER BY leaves ties, in any order. Numbers differ by a `share` at most."""
    wanted = [[plain(v) for v in row] for row in connection.execute(sql).fetchall()]
    answer = firn.query("lake", qualified(connection, sql, namespace))
    assert answer.ok, answer.text
    got = [[plain(v) for v in row.values()] for row in answer.json()["result"]["rows"]]
    assert len(got) == len(wanted), f"{len(got)} rows, DuckDB has {len(wanted)}"
    for mine, theirs in zip(sorted(got, key=order), sorted(wanted, key=order)):
        assert len(mine) == len(theirs) and all(near(a, b, share) for a, b in zip(mine, theirs)), f"{mine} != {theirs}"
    return len(wanted)
