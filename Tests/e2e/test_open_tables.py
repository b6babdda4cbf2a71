"""PyIceberg and DuckDB read and write the tables that Firn serves."""

import datetime
import decimal
import uuid

import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform, IdentityTransform
from pyiceberg.types import (BinaryType, BooleanType, DateType, DecimalType, DoubleType, FloatType, IntegerType, ListType,
                             LongType, MapType, NestedField, StringType, StructType, TimestampType, TimestamptzType, TimeType, UUIDType)

from clients import duckdb_connection, pyiceberg_catalog

UTC = datetime.timezone.utc


@pytest.fixture
def catalog(firn):
    firn.make_bucket("lake")
    catalog = pyiceberg_catalog(firn)
    catalog.create_namespace("web")
    return catalog


def test_pyiceberg_creates_appends_and_firn_sees_the_rows(firn, catalog):
    rows = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "name": ["a", None, "ç"], "score": [1.5, None, float("nan")]})
    table = catalog.create_table("web.people", schema=rows.schema)
    table.append(rows)
    assert firn.rows("lake", "SELECT id, name, score FROM web.people ORDER BY id") == [
        {"id": 1, "name": "a", "score": 1.5}, {"id": 2, "name": None, "score": None},
        {"id": 3, "name": "ç", "score": "NaN"}]
    table.append(rows)
    assert firn.rows("lake", "SELECT count(*) AS n, count(DISTINCT id) AS d FROM web.people") == [{"n": 6, "d": 3}]
    assert catalog.load_table("web.people").scan().to_arrow().num_rows == 6
    assert catalog.list_tables("web") == [("web", "people")]


def test_every_type_comes_through(firn, catalog):
    schema = Schema(
        NestedField(1, "b", BooleanType()), NestedField(2, "i", IntegerType()), NestedField(3, "l", LongType()),
        NestedField(4, "f", FloatType()), NestedField(5, "d", DoubleType()), NestedField(6, "dec", DecimalType(9, 2)),
        NestedField(7, "big", DecimalType(38, 3)), NestedField(8, "day", DateType()), NestedField(9, "t", TimeType()),
        NestedField(10, "ts", TimestampType()), NestedField(11, "tz", TimestamptzType()), NestedField(12, "s", StringType()),
        NestedField(13, "u", UUIDType()), NestedField(14, "bin", BinaryType()),
        NestedField(15, "tags", ListType(16, StringType(), element_required=False)),
        NestedField(17, "m", MapType(18, StringType(), 19, IntegerType(), value_required=False)),
        NestedField(20, "st", StructType(NestedField(21, "x", IntegerType()), NestedField(22, "y", StringType()))))
    table = catalog.create_table("web.kinds", schema=schema)
    moment = datetime.datetime(2026, 1, 31, 12, 34, 56, 789012)
    row = {"b": True, "i": -5, "l": 2**62, "f": 0.5, "d": 1e300, "dec": decimal.Decimal("-1234567.89"),
           "big": decimal.Decimal("12345678901234567890123456789012345.678"), "day": moment.date(), "t": moment.time(),
           "ts": moment, "tz": moment.replace(tzinfo=UTC), "s": "naïve", "u": uuid.UUID(int=7).bytes, "bin": b"\x00\xff",
           "tags": ["x", None], "m": [("k", 1)], "st": {"x": 1, "y": None}}
    table.append(pa.Table.from_pylist([row, {name: None for name in row}], schema=table.schema().as_arrow()))
    full, empty = firn.rows("lake", "SELECT * FROM web.kinds ORDER BY i NULLS LAST")
    assert full == {
        "b": True, "i": -5, "l": 2**62, "f": 0.5, "d": 1e300, "dec": "-1234567.89",
        "big": "12345678901234567890123456789012345.678", "day": "2026-01-31", "t": "12:34:56.789012",
        "ts": "2026-01-31T12:34:56.789012", "tz": "2026-01-31T12:34:56.789012Z", "s": "naïve",
        "u": "00000000-0000-0000-0000-000000000007", "bin": "AP8=", "tags": ["x", None], "m": {"k": 1},
        "st": {"x": 1, "y": None}}
    assert set(empty.values()) == {None}


def test_partitioned_tables_are_pruned_and_read_right(firn, catalog):
    schema = Schema(NestedField(1, "at", TimestamptzType()), NestedField(2, "kind", StringType()), NestedField(3, "n", LongType()))
    spec = PartitionSpec(PartitionField(1, 1000, DayTransform(), "at_day"), PartitionField(2, 1001, IdentityTransform(), "kind"))
    table = catalog.create_table("web.parts", schema=schema, partition_spec=spec)
    start = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    rows = [{"at": start + datetime.timedelta(hours=6 * i), "kind": f"k{i % 3}", "n": i} for i in range(40)]
    table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
    answer = firn.query("lake", "SELECT sum(n) AS s, count(*) AS c FROM web.parts "
                                "WHERE at >= TIMESTAMP '2026-01-03 00:00:00' AND at < TIMESTAMP '2026-01-04 00:00:00' AND kind = 'k1'")
    expected = [r["n"] for r in rows if r["at"].day == 3 and r["kind"] == "k1"]
    assert answer.json()["result"]["rows"] == [{"s": sum(expected), "c": len(expected)}]
    assert answer.json()["result"]["metrics"]["files_scanned"] <= 2


def test_duckdb_reads_a_pipelines_table(firn, catalog):
    stream, _, _ = firn.make_pipeline(schema=[{"name": "id", "type": "int64", "required": True}, {"name": "v", "type": "float64"}])
    assert firn.ingest("events", [{"id": i, "v": i / 4} for i in range(1000)]).json()["result"]["committed"] == 1000
    firn.flush(stream["id"])
    want = firn.rows("lake", "SELECT count(*) AS n, sum(id) AS ids, sum(v) AS vs FROM web.events")[0]
    assert want == {"n": 1000, "ids": 499500, "vs": 124875.0}
    assert duckdb_connection(firn).execute("SELECT count(*), sum(id), sum(v) FROM firn.web.events").fetchone() == (1000, 499500, 124875.0)
    arrow = catalog.load_table("web.events").scan().to_arrow()
    assert arrow.num_rows == 1000 and "__ingest_ts" in arrow.schema.names
    assert str(catalog.load_table("web.events").spec()).count("day(") == 1


def test_duckdb_appends_and_firn_sees_the_rows(firn, catalog):
    catalog.create_table("web.ducks", schema=pa.schema([("id", pa.int64()), ("name", pa.string())]))
    duckdb_connection(firn, read_only=False).execute("INSERT INTO firn.web.ducks SELECT i, 'duck ' || i FROM range(100) t(i)")
    assert firn.rows("lake", "SELECT count(*) AS n, max(name) AS m FROM web.ducks") == [{"n": 100, "m": "duck 99"}]


def test_two_pyiceberg_writers_do_not_overwrite_each_other(firn, catalog):
    rows = pa.table({"id": pa.array([1], pa.int64())})
    catalog.create_table("web.race", schema=rows.schema)
    first, second = catalog.load_table("web.race"), catalog.load_table("web.race")
    first.append(rows)
    try:
        second.append(rows)
        expected = 2
    except CommitFailedException:
        expected = 1
    assert firn.rows("lake", "SELECT count(*) AS n FROM web.race") == [{"n": expected}]


def test_dropped_tables_are_gone(firn, catalog):
    catalog.create_table("web.gone", schema=pa.schema([("id", pa.int64())]))
    catalog.drop_table("web.gone")
    with pytest.raises(NoSuchTableError):
        catalog.load_table("web.gone")
    assert "gone" in firn.query("lake", "SELECT * FROM web.gone").json()["errors"][0]["message"]
