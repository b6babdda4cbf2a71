"""Scans planned by the server: PyIceberg reads them, and they cover exactly the rows a plan of its own would."""

import datetime
import decimal
import json
import random
import re

import pyarrow as pa
import pytest
from pyiceberg.expressions import (
    AlwaysTrue, And, EqualTo, GreaterThan, GreaterThanOrEqual, In, IsNull, LessThan, LessThanOrEqual, Not, NotEqualTo, NotIn,
    NotNull, NotStartsWith, Or, StartsWith)
from pyiceberg.expressions.visitors import bind
from pyiceberg.io.pyarrow import expression_to_pyarrow
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, TruncateTransform
from pyiceberg.types import DateType, DecimalType, DoubleType, LongType, NestedField, StringType, TimestamptzType

from clients import duckdb_connection
from openapi import Specification, watch

SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=False), NestedField(2, "name", StringType(), required=False),
    NestedField(3, "at", TimestamptzType(), required=False), NestedField(4, "price", DecimalType(9, 2), required=False),
    NestedField(5, "x", DoubleType(), required=False), NestedField(6, "day", DateType(), required=False))
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
NAMES = ["", "a", "ab", "abc", "b", "ba", "é"]


@pytest.fixture(scope="module")
def server(shared_firn):
    watch(shared_firn.session, Specification())
    return shared_firn


@pytest.fixture(scope="module")
def catalogs(server):
    from pyiceberg.catalog.rest import RestCatalog

    def make(**properties):
        return RestCatalog("firn", uri=f"{server.url}/catalog", warehouse="local_lake", token=server.token, **properties)
    local, remote = make(), make(**{"rest-scan-planning-enabled": "true"})
    assert remote.supports_server_side_planning() and not local.supports_server_side_planning()
    local.create_namespace("web")
    return local, remote


def moment(generator):
    return EPOCH + datetime.timedelta(hours=generator.randint(-60, 60))


def rows(generator, count):
    maybe = lambda value: None if generator.random() < 0.1 else value
    return pa.Table.from_pylist(
        [{"id": maybe(generator.randint(-20, 20)), "name": maybe(generator.choice(NAMES)), "at": maybe(moment(generator)),
          "price": maybe(decimal.Decimal(generator.randint(-300, 300)).scaleb(-2)), "x": maybe(generator.choice([-1.5, 0.0, 2.5])),
          "day": maybe(datetime.date(1970, 1, 1) + datetime.timedelta(days=generator.randint(-5, 5)))} for _ in range(count)],
        schema=pa.schema([("id", pa.int64()), ("name", pa.string()), ("at", pa.timestamp("us", "UTC")),
                          ("price", pa.decimal128(9, 2)), ("x", pa.float64()), ("day", pa.date32())]))


SPECS = {
    "flat": [],
    "identity": [PartitionField(2, 1000, IdentityTransform(), "name")],
    "day": [PartitionField(3, 1000, DayTransform(), "at_day")],
    "mixed": [PartitionField(1, 1000, BucketTransform(4), "id_bucket"), PartitionField(2, 1001, TruncateTransform(1), "name_1")],
    "numbers": [PartitionField(1, 1000, TruncateTransform(10), "id_10"), PartitionField(6, 1001, IdentityTransform(), "day")],
}


@pytest.fixture(scope="module")
def tables(catalogs):
    """One table a spec, several files each, some without nulls in their partitions."""
    generator = random.Random(7)
    made = {}
    for name, fields in SPECS.items():
        table = catalogs[0].create_table(f"web.{name}", schema=SCHEMA, partition_spec=PartitionSpec(*fields))
        for _ in range(4):
            table.append(rows(generator, 12))
        made[name] = table
    return made


def literal(generator, column):
    return {"id": lambda: generator.randint(-22, 22), "name": lambda: generator.choice(NAMES + ["zz"]),
            "at": lambda: moment(generator).isoformat(), "price": lambda: decimal.Decimal(generator.randint(-300, 300)).scaleb(-2),
            "x": lambda: generator.choice([-2.0, 0.0, 2.5]),
            "day": lambda: (datetime.date(1970, 1, 1) + datetime.timedelta(days=generator.randint(-6, 6))).isoformat()}[column]()


def leaf(generator):
    column = generator.choice(SCHEMA.column_names)
    kind = generator.randint(0, 10)
    if kind < 6:
        test = [EqualTo, NotEqualTo, LessThan, LessThanOrEqual, GreaterThan, GreaterThanOrEqual][kind]
        return test(column, literal(generator, column))
    if kind < 8:
        return generator.choice([In, NotIn])(column, {literal(generator, column) for _ in range(3)})
    if kind == 8 or column != "name":
        return generator.choice([IsNull, NotNull])(column)
    return generator.choice([StartsWith, NotStartsWith])("name", generator.choice(["a", "ab", "abc", "b"]))


def expression(generator, depth=3):
    if depth == 0 or generator.random() < 0.3:
        return leaf(generator)
    kind = generator.randint(0, 2)
    if kind == 2:
        return Not(expression(generator, depth - 1))
    return [And, Or][kind](expression(generator, depth - 1), expression(generator, depth - 1))


def modern(old):
    """The same filter as value expressions."""
    if not isinstance(old, dict):
        return old
    kind = old["type"]
    if kind in ("and", "or"):
        return {"type": kind, "left": modern(old["left"]), "right": modern(old["right"])}
    if kind == "not":
        return {"type": kind, "child": modern(old["child"])}
    reference = {"type": "reference", "name": old["term"]}
    if "values" in old:
        return {"type": kind, "child": reference, "values": [{"type": "literal", "value": value} for value in old["values"]]}
    if "value" in old:
        return {"type": kind, "left": reference, "right": old["value"]}
    return {"type": kind, "child": reference}


def old_form(modern_filter):
    if not isinstance(modern_filter, dict):
        return modern_filter
    made = dict(modern_filter)
    kind = made["type"]
    if kind in ("and", "or"):
        return {"type": kind, "left": old_form(made["left"]), "right": old_form(made["right"])}
    if kind == "not":
        return {"type": kind, "child": old_form(made["child"])}
    if "term" in made:
        return made
    reference = made.pop("child", None) or made.pop("left")
    made["term"] = reference["name"]
    if "right" in made:
        made["value"] = made.pop("right")
    if "values" in made:
        made["values"] = [value["value"] for value in made["values"]]
    return made


def plan(server, table, body, path="plan"):
    prefix = f"/catalog/v1/local_lake/namespaces/web/tables/{table}/"
    return server.call("POST", prefix + path, json=body)


def whole_plan(server, table, body):
    """All tasks of a plan, its plan tasks fetched: pairs of the data file and what is left of the filter."""
    answer = plan(server, table, body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "completed"
    found, waiting = [], [answer.json()]
    while waiting:
        page = waiting.pop()
        for task in page["file-scan-tasks"]:
            deletes = [page["delete-files"][place]["file-path"] for place in task.get("delete-file-references", [])]
            found.append((task["data-file"], task["residual-filter"], deletes))
        for task in page["plan-tasks"]:
            more = plan(server, table, {"plan-task": task}, "tasks")
            assert more.status_code == 200, more.text
            waiting.append(more.json())
    return found


def read_rows(table, file, residual):
    """Rows of one planned file that match what was left of the filter, as PyIceberg evaluates it."""
    import pyarrow.parquet as parquet
    from pyiceberg.expressions import BooleanExpression

    with table.io.new_input(file["file-path"]).open() as stream:
        content = parquet.read_table(stream)
    parsed = BooleanExpression.model_validate(old_form(residual))
    if parsed != AlwaysTrue():
        content = content.filter(expression_to_pyarrow(bind(table.schema(), parsed, True)))
    return content.to_pylist()


def canonical(found):
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in found)


def matching(table, content, wanted):
    """The rows a client keeps that reads every file: PyIceberg's own plans fail on nulls in partitions, or leave out too much."""
    return content.filter(expression_to_pyarrow(bind(table.schema(), wanted, True))).to_pylist()


@pytest.fixture(scope="module")
def everything_in(tables):
    return {name: table.scan().to_arrow() for name, table in tables.items()}


@pytest.mark.parametrize("seed", range(15))
def test_random_filters_cover_exactly_the_rows_of_a_plan_of_the_client(server, tables, everything_in, seed):
    generator = random.Random(seed)
    name = list(tables)[seed % len(tables)]
    table = tables[name]
    for _ in range(4):
        wanted = expression(generator)
        expected = matching(table, everything_in[name], wanted)
        everything = {file["file-path"] for file, _, _ in whole_plan(server, name, {})}
        old = json.loads(wanted.model_dump_json())
        for form in (old, modern(old)):
            planned = whole_plan(server, name, {"filter": form})
            assert {file["file-path"] for file, _, _ in planned} <= everything
            got = [row for file, residual, _ in planned for row in read_rows(table, file, residual)]
            assert canonical(got) == canonical(expected), f"{wanted}"


def test_partitions_bounds_and_residuals_leave_out_what_they_can(server, tables):
    days = whole_plan(server, "day", {"filter": {"type": "gt-eq", "term": "at", "value": "1970-01-02T00:00:00+00:00"}})
    assert {residual for _, residual, _ in days} <= {True, False} and len(days) < len(whole_plan(server, "day", {}))
    name = {"type": "eq", "term": "name", "value": "a"}
    planned = whole_plan(server, "identity", {"filter": {"type": "and", "left": name, "right": {"type": "gt", "term": "id", "value": 0}}})
    assert planned and all(file["partition"] == ["a"] for file, _, _ in planned)
    assert {json.dumps(residual) for _, residual, _ in planned} == {'{"type": "gt", "term": "id", "value": 0}'}
    assert whole_plan(server, "flat", {"filter": {"type": "gt", "term": "id", "value": 1000}}) == []


def test_counts_and_bounds_come_for_the_columns_asked_for(server, tables):
    [file, *_] = [file for file, _, _ in whole_plan(server, "flat", {"stats-fields": ["id", "at", "price", "day"]})]
    assert file["lower-bounds"]["keys"] == [1, 3, 4, 6] and isinstance(file["lower-bounds"]["values"][0], int)
    at, price, day = file["upper-bounds"]["values"][1:]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", at) and re.fullmatch(r"-?\d+\.\d\d", price)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day) and file["value-counts"]["values"] == [12] * 4
    [plain, *_] = [file for file, _, _ in whole_plan(server, "flat", {})]
    assert "lower-bounds" not in plain and "value-counts" not in plain


def test_pyiceberg_reads_what_the_server_planned(server, tables, catalogs):
    generator = random.Random(3)
    before = server.metric("firn_scan_plans_total")
    remote = catalogs[1].load_table("web.flat")
    for _ in range(20):
        wanted = expression(generator)
        expected = tables["flat"].scan(row_filter=wanted).to_arrow()
        assert canonical(remote.scan(row_filter=wanted).to_arrow().to_pylist()) == canonical(expected.to_pylist())
        assert remote.scan(row_filter=wanted).count() == expected.num_rows
    assert server.metric("firn_scan_plans_total") >= before + 40


def test_ranges_of_snapshots_give_what_was_appended(server, catalogs):
    table = catalogs[0].create_table("web.history", schema=SCHEMA)
    generator = random.Random(1)
    ids = []
    for _ in range(3):
        table.append(rows(generator, 3))
        ids.append(table.current_snapshot().snapshot_id)
    table.delete(EqualTo("id", 99))
    table.overwrite(rows(generator, 5))
    table.append(rows(generator, 2))
    last = table.current_snapshot().snapshot_id

    def count(body):
        return sum(file["record-count"] for file, _, _ in whole_plan(server, "history", body))
    assert count({}) == 7 and count({"snapshot-id": ids[1]}) == 6 and count({"snapshot-id": ids[1], "use-snapshot-schema": True}) == 6
    assert count({"start-snapshot-id": ids[0], "end-snapshot-id": ids[2]}) == 6
    assert count({"start-snapshot-id": ids[2], "end-snapshot-id": last}) == 7  # PyIceberg overwrites by deleting and appending.
    for body in ({"snapshot-id": ids[0], "start-snapshot-id": ids[0], "end-snapshot-id": ids[1]}, {"start-snapshot-id": ids[0]},
                 {"end-snapshot-id": ids[0]}, {"snapshot-id": 5}, {"start-snapshot-id": ids[2], "end-snapshot-id": ids[0]},
                 {"select": ["none"]}, {"stats-fields": ["none"]}, {"filter": {"type": "eq", "term": "none", "value": 1}},
                 {"min-rows-requested": -1}, {"filter": {"type": "eq", "term": "id", "value": "x"}}, {"filter": 5}):
        assert plan(server, "history", body).status_code == 400, body
    assert count({"select": ["ID"], "case-sensitive": False, "filter": {"type": "not-null", "term": "AT"}}) <= 7
    assert 0 < count({"min-rows-requested": 1}) < 7


def test_a_plan_is_found_and_cancelled_by_its_id(server, tables, catalogs):
    answer = plan(server, "flat", {"filter": {"type": "gt", "term": "id", "value": 5}}).json()
    path = f"/catalog/v1/local_lake/namespaces/web/tables/flat/plan/{answer['plan-id']}"
    again = server.call("GET", path)
    assert again.status_code == 200 and again.json()["file-scan-tasks"] == answer["file-scan-tasks"]
    other = path.replace("/flat/", "/day/")
    assert server.call("GET", other).json()["error"]["type"] == "NoSuchPlanIdException"
    assert server.call("DELETE", path).status_code == 204 and server.call("DELETE", path).status_code == 204
    assert server.call("GET", path).json() == {"status": "cancelled"}
    assert server.call("DELETE", path[:-3] + "000").status_code == 404
    forged = plan(server, "flat", {"plan-task": "e30=.AAAA"}, "tasks")
    assert forged.status_code == 404 and forged.json()["error"]["type"] == "NoSuchPlanTaskException"
    catalogs[0].create_table("web.empty", schema=SCHEMA)
    assert whole_plan(server, "empty", {}) == []


def test_deletes_are_named_by_place(server, tables):
    """DuckDB writes position deletes in version 2 and deletion vectors in version 3."""
    duck = duckdb_connection(server, read_only=False)
    for version in (2, 3):
        name = f"marked{version}"
        duck.execute(f"CREATE TABLE firn.web.{name} (id BIGINT) WITH ('format-version' = '{version}')")
        duck.execute(f"INSERT INTO firn.web.{name} SELECT range FROM range(100)")
        duck.execute(f"INSERT INTO firn.web.{name} SELECT range + 100 FROM range(100)")
        duck.execute(f"DELETE FROM firn.web.{name} WHERE id % 10 = 3 AND id < 100")
        answer = plan(server, name, {}).json()
        assert len(answer["file-scan-tasks"]) == 2 and len(answer["delete-files"]) == 1, answer
        references = sorted(task.get("delete-file-references", []) for task in answer["file-scan-tasks"])
        # A file of positions without bounds may be about every file of its partition; a vector is about one.
        assert references in ([[], [0]], [[0], [0]]) if version == 2 else references == [[], [0]]
        [file] = answer["delete-files"]
        assert file["content"] == "position-deletes" and file["record-count"] == 10
        if version == 3:
            assert file["file-format"] == "puffin" and file["content-offset"] > 0 and file["content-size-in-bytes"] > 0
        from pyiceberg.catalog.rest import RestCatalog
        remote = RestCatalog("firn", uri=f"{server.url}/catalog", warehouse="local_lake", token=server.token,
                             **{"rest-scan-planning-enabled": "true"})
        assert remote.load_table(f"web.{name}").scan().to_arrow().num_rows == 190
