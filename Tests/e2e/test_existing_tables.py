"""Sinks into tables that are there already, with partition specs and sort orders of their own, as other engines read them."""

import datetime
import random

import pyarrow.parquet as pq
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import (BucketTransform, DayTransform, HourTransform, IdentityTransform, MonthTransform, TruncateTransform,
                                  VoidTransform, YearTransform)
from pyiceberg.types import (BooleanType, DateType, DecimalType, DoubleType, LongType, NestedField, StringType, TimestamptzType)

from clients import duckdb_connection, pyiceberg_catalog

COLUMNS = [{"name": "id", "type": "int64", "required": True}, {"name": "kind", "type": "string"},
           {"name": "at", "type": "timestamp", "unit": "microsecond"}, {"name": "day", "type": "date"},
           {"name": "price", "type": "decimal128", "precision": 12, "scale": 2}, {"name": "flag", "type": "bool"},
           {"name": "ratio", "type": "float64"}]
SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=True), NestedField(2, "kind", StringType()), NestedField(3, "at", TimestamptzType()),
    NestedField(4, "day", DateType()), NestedField(5, "price", DecimalType(12, 2)), NestedField(6, "flag", BooleanType()),
    NestedField(7, "ratio", DoubleType()))
FIELD = {field.name: field.field_id for field in SCHEMA.fields}
EVENTS = 300
SPECS = {
    "none": [], "kind": [("kind", IdentityTransform())], "bucket": [("id", BucketTransform(4))],
    "truncate": [("kind", TruncateTransform(2)), ("price", TruncateTransform(500_000))],
    "hours": [("at", HourTransform())], "months": [("at", MonthTransform()), ("flag", IdentityTransform())],
    "days": [("day", DayTransform())], "years": [("day", YearTransform()), ("kind", BucketTransform(3))],
    "void": [("kind", VoidTransform()), ("flag", IdentityTransform())], "price": [("price", BucketTransform(5))]}
ORDERS = {"kind": [("kind", IdentityTransform(), "asc", "nulls-last"), ("id", IdentityTransform(), "desc", "nulls-first")],
          "bucket": [("ratio", IdentityTransform(), "desc", "nulls-last")], "hours": [("at", IdentityTransform(), "asc", "nulls-first")],
          "months": [("kind", TruncateTransform(1), "desc", "nulls-first"), ("price", IdentityTransform(), "asc", "nulls-last")],
          "none": [("price", IdentityTransform(), "asc", "nulls-first")]}


def order_of(name):
    return SortOrder(*[SortField(FIELD[column], transform, SortDirection(direction), NullOrder(nulls))
                       for column, transform, direction, nulls in ORDERS.get(name, [])], order_id=1 if name in ORDERS else 0)


def spec_of(name):
    return PartitionSpec(*[PartitionField(FIELD[column], 1000 + index, transform, f"{column}_{index}")
                           for index, (column, transform) in enumerate(SPECS[name])], spec_id=0)


def events(seed, count):
    rng = random.Random(seed)
    maybe = lambda value: None if rng.random() < 0.1 else value  # noqa: E731
    return [{"id": seed * count + i, "kind": maybe(rng.choice(["view", "click", "é", "", "a b/c=d", "vi"])),
             "at": maybe(1_699_990_000_000_000 + rng.randrange(9_000_000_000)), "day": maybe(rng.choice(["2020-01-31", "2020-02-29", "2023-12-31", "1969-12-31"])),
             "price": maybe(f"{rng.randrange(-5000, 5000)}.{rng.randrange(10, 99)}"), "flag": maybe(rng.random() < 0.5),
             "ratio": maybe(rng.random())} for i in range(count)]


def sink(firn, name, **config):
    return firn.api("POST", "pipelines/v1/sinks", {
        "name": f"{name}_sink", "type": "r2_data_catalog", "format": {"type": "parquet"},
        "config": {"bucket": "lake", "namespace": "own", "table_name": name, "token": firn.token,
                   "rolling_policy": {"interval_seconds": 3600}, **config}})


@pytest.fixture(scope="module")
def landed(shared_firn):
    """One stream in a table for each spec; half the commits come before the spec of `evolved` changes."""
    firn = shared_firn
    catalog = pyiceberg_catalog(firn)
    catalog.create_namespace("own")
    stream = firn.api("POST", "pipelines/v1/streams", {
        "name": "own", "http": {"enabled": True, "authentication": True}, "schema": {"fields": COLUMNS}, "format": {"type": "json"}})
    for name in SPECS:
        catalog.create_table(f"own.{name}", SCHEMA, partition_spec=spec_of(name), sort_order=order_of(name))
        sink(firn, name)
        firn.api("POST", "pipelines/v1/pipelines", {"name": f"own_{name}", "sql": f"INSERT INTO {name}_sink SELECT * FROM own"})
    sent = []
    for seed in range(4):
        sent += events(seed, EVENTS)
        assert firn.ingest(stream["id"], sent[-EVENTS:]).ok
        firn.flush(stream["id"])
        if seed == 1:
            with catalog.load_table("own.kind").update_spec() as update:
                update.remove_field("kind_0")
                update.add_field("day", MonthTransform(), "day_month")
    return firn, catalog, sent


def key_of(value, transform, source):
    """What a reader makes of a row for a partition or a sort."""
    return transform.transform(source)(value) if value is not None else None


@pytest.mark.parametrize("name", SPECS)
def test_rows_lie_in_their_partition_and_in_the_table_s_order(landed, name):
    firn, catalog, sent = landed
    table = catalog.load_table(f"own.{name}")
    assert table.scan().to_arrow().num_rows == len(sent)
    assert sorted(table.scan(selected_fields=("id",)).to_arrow()["id"].to_pylist()) == list(range(len(sent)))
    run = firn.cli("table", "check", "lake", f"own.{name}", "--data")
    assert run.returncode == 0, run.stdout + run.stderr
    specs, schema = table.specs(), table.schema()
    files = list(table.inspect.files().to_pylist())
    assert len({file["spec_id"] for file in files}) == (2 if name == "kind" else 1)
    order = table.sort_order()
    for task in table.scan().plan_files():
        with table.io.new_input(task.file.file_path).open() as stream:
            rows = pq.read_table(stream).to_pylist()
        for index, field in enumerate(specs[task.file.spec_id].fields):
            source = schema.find_field(field.source_id)
            found = {convert(key_of(internal(row[source.name], source), field.transform, source.field_type)) for row in rows}
            if isinstance(field.transform, VoidTransform):
                found = {None}
            assert found == {convert(task.file.partition[index])}, (field.name, task.file.file_path)
        if order.fields:
            assert task.file.sort_order_id == order.order_id
            keys = [[sort_key(row, field, schema) for field in order.fields] for row in rows]
            assert keys == sorted(keys), task.file.file_path


def internal(value, field):
    """As transforms take it."""
    if isinstance(value, datetime.datetime):
        return int(value.timestamp() * 1_000_000 + 0.5)
    if isinstance(value, datetime.date):
        return (value - datetime.date(1970, 1, 1)).days
    return value


def convert(value):
    return str(value) if value is not None else None


class Backwards:
    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        return other.value < self.value

    def __eq__(self, other):
        return self.value == other.value


def sort_key(row, field, schema):
    source = schema.find_field(field.source_id)
    value = key_of(internal(row[source.name], source), field.transform, source.field_type)
    first = field.null_order == NullOrder.NULLS_FIRST
    if value is None:
        return (0 if first else 2, 0)
    if isinstance(value, str):
        value = value.encode()
    return (1, Backwards(value) if field.direction == SortDirection.DESC else value)


def test_other_engines_prune_by_the_partitions(landed):
    firn, _, sent = landed
    duck = duckdb_connection(firn)
    for name in SPECS:
        count, ids = duck.execute(f"SELECT count(*), count(DISTINCT id) FROM firn.own.{name} WHERE kind = 'view' AND flag").fetchone()
        wanted = sum(1 for event in sent if event["kind"] == "view" and event["flag"])
        assert (count, ids) == (wanted, wanted)
        assert firn.rows("lake", f"SELECT count(*) AS n FROM own.{name} WHERE kind = 'view' AND flag") == [{"n": wanted}]


def test_what_a_table_lacks_is_refused_or_added(landed):
    firn, catalog, _ = landed
    stream = firn.api("POST", "pipelines/v1/streams", {
        "name": "wide", "http": {"enabled": True, "authentication": True}, "format": {"type": "json"},
        "schema": {"fields": [*COLUMNS, {"name": "more", "type": "list", "items": {"type": "string"}}, {"name": "note", "type": "string", "required": True}]}})
    firn.api("POST", "pipelines/v1/sinks", {
        "name": "strict", "type": "r2_data_catalog", "format": {"type": "parquet"},
        "config": {"bucket": "lake", "namespace": "own", "table_name": "bucket", "token": firn.token}})
    answer = firn.call("POST", "/client/v4/accounts/local/pipelines/v1/pipelines",
                       json={"name": "strict", "sql": "INSERT INTO strict SELECT * FROM wide"})
    assert answer.status_code == 409 and "PIP-201" in answer.text and "more" in answer.text, answer.text
    made = firn.cli("sink", "create", "open_sink", "--type", "r2-data-catalog", "--bucket", "lake", "--namespace", "own", "--table", "days",
                    "--schema-policy", "add_columns")
    assert made.returncode == 0, made.stderr
    assert firn.api("GET", "pipelines/v1/sinks/open_sink")["config"]["schema_policy"] == "add_columns"
    before = catalog.load_table("own.days")
    firn.api("POST", "pipelines/v1/pipelines", {"name": "open", "sql": "INSERT INTO open_sink SELECT * FROM wide"})
    assert firn.ingest(stream["id"], [{"id": 1_000_000, "day": "2024-01-01", "more": ["a", None], "note": "n"}]).ok
    firn.flush(stream["id"])
    after = catalog.load_table("own.days")
    assert [field.name for field in after.schema().fields] == [field.name for field in before.schema().fields] + ["more", "note"]
    assert not after.schema().find_field("note").required
    assert {field.name: field.field_id for field in before.schema().fields}.items() <= {field.name: field.field_id for field in after.schema().fields}.items()
    [row] = after.scan(row_filter="id = 1000000").to_arrow().to_pylist()
    assert (row["more"], row["note"], row["kind"]) == (["a", None], "n", None)
    # The other pipeline of the table goes on, and so does this one with new SQL.
    own = firn.api("GET", "pipelines/v1/streams?name=own")[0]
    assert firn.ingest(own["id"], events(9, 10)).ok
    firn.flush(own["id"])
    firn.api("PATCH", "firn/pipelines/open", {"sql": "INSERT INTO open_sink SELECT id, upper(note) AS shout, day FROM wide"})
    assert firn.ingest(stream["id"], [{"id": 1_000_001, "day": "2024-01-01", "note": "n"}]).ok
    firn.flush(stream["id"])
    [row] = catalog.load_table("own.days").scan(row_filter="id = 1000001").to_arrow().to_pylist()
    assert (row["shout"], row["note"]) == ("N", None)
    wrong = firn.call("PATCH", "/client/v4/accounts/local/firn/pipelines/open",
                      json={"sql": "INSERT INTO open_sink SELECT id, day AS kind FROM wide"})
    assert wrong.status_code == 409 and "kind" in wrong.text, wrong.text
