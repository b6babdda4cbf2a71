"""Statements that change tables, over HTTP and the CLI; PyIceberg and DuckDB look at what they left."""

import datetime
import decimal
import uuid

import pytest

from clients import duckdb_connection, pyiceberg_catalog

EVENTS = """CREATE TABLE shop.events (
  id BIGINT NOT NULL COMMENT 'who', name STRING, price DECIMAL(9, 2), day DATE, at TIMESTAMP, tz TIMESTAMPTZ,
  ok BOOLEAN, ratio DOUBLE, small FLOAT, size INT, raw BINARY, key UUID, clock TIME, tags ARRAY<STRING>,
  place STRUCT<city STRING, zip INT>
) PARTITIONED BY (day, bucket(4, id), truncate(2, name) AS start, hours(at), months(tz))
SORTED BY (name DESC, id) COMMENT 'all of it' TBLPROPERTIES ('write.target-file-size-bytes' = '1000000')"""


@pytest.fixture(scope="module")
def shop(shared_firn):
    run(shared_firn, "CREATE NAMESPACE shop COMMENT 'for sale'")
    return shared_firn


def run(firn, sql):
    return firn.rows("lake", sql)


def fault(firn, sql, **options):
    answer = firn.call("POST", "/api/v1/accounts/local/r2-sql/query/lake", json={"query": sql}, **options)
    assert not answer.ok, answer.text
    return answer.status_code, answer.json()["errors"][0]


def test_a_table_with_every_type_is_read_by_others(shop):
    from pyiceberg.transforms import BucketTransform, HourTransform, IdentityTransform, MonthTransform, TruncateTransform

    assert run(shop, EVENTS) == [{"status": "created"}]
    assert run(shop, """INSERT INTO shop.events VALUES
        (1, 'apple', 1.5, '2026-01-31', '2026-01-31 12:00:00', '2026-01-31T12:00:00+01:00', true, 1, 2.5, 7, X'cafe',
         'f81d4fae-7dec-11d0-a765-00a0c91e6bf6', '12:34:56', ['x', NULL], named_struct('city', 'Bern', 'zip', 3000)),
        (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)""") == [{"count": 2}]
    table = pyiceberg_catalog(shop).load_table("shop.events")
    assert table.properties["comment"] == "all of it"
    assert table.schema().find_field("id").required and table.schema().find_field("id").doc == "who"
    assert [(f.name, type(f.transform)) for f in table.spec().fields] == [
        ("day", IdentityTransform), ("id_bucket", BucketTransform), ("start", TruncateTransform),
        ("at_hour", HourTransform), ("tz_month", MonthTransform)]
    assert str(table.sort_order()).replace("\n", "") == "[  2 DESC NULLS FIRST  1 ASC NULLS LAST]"
    rows = sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["id"])
    assert rows[0] == {
        "id": 1, "name": "apple", "price": decimal.Decimal("1.50"), "day": datetime.date(2026, 1, 31),
        "at": datetime.datetime(2026, 1, 31, 12), "ok": True, "ratio": 1.0, "small": 2.5, "size": 7,
        "tz": datetime.datetime(2026, 1, 31, 11, tzinfo=rows[0]["tz"].tzinfo), "raw": b"\xca\xfe",
        "key": uuid.UUID("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), "clock": datetime.time(12, 34, 56),
        "tags": ["x", None], "place": {"city": "Bern", "zip": 3000}}
    assert all(value is None for name, value in rows[1].items() if name != "id")
    assert table.current_snapshot().summary.operation.value == "append"
    assert len(table.inspect.partitions().to_pylist()) == 2
    duck = duckdb_connection(shop)
    assert duck.execute("SELECT id, name, price, place.zip FROM firn.shop.events WHERE day = '2026-01-31'").fetchall() == [
        (1, "apple", decimal.Decimal("1.50"), 3000)]


def test_created_from_a_query_and_truncated(shop):
    assert run(shop, "CREATE TABLE shop.numbers PARTITIONED BY (bucket(3, n)) AS SELECT n, n * n AS square FROM (VALUES (1), (2), (3)) t(n)") == [{"count": 3}]
    table = pyiceberg_catalog(shop).load_table("shop.numbers")
    assert sorted(table.scan().to_arrow()["square"].to_pylist()) == [1, 4, 9]
    assert len(table.snapshots()) == 1
    assert run(shop, "TRUNCATE TABLE shop.numbers") == [{"status": "truncated"}]
    table.refresh()
    assert table.scan().to_arrow().num_rows == 0
    summary = table.current_snapshot().summary
    assert (summary.operation.value, summary["deleted-records"], summary["total-records"]) == ("delete", "3", "0")
    deleted = sum(m.deleted_files_count for m in table.current_snapshot().manifests(table.io))
    assert deleted == int(summary["deleted-data-files"]) > 0
    assert duckdb_connection(shop).execute("SELECT count(*) FROM firn.shop.numbers").fetchone() == (0,)
    assert run(shop, "INSERT INTO shop.numbers SELECT 5, 25") == [{"count": 1}]
    table.refresh()
    assert table.scan().to_arrow().to_pylist() == [{"n": 5, "square": 25}]
    assert run(shop, "DROP TABLE shop.numbers PURGE") == [{"status": "dropped"}]
    assert fault(shop, "SELECT * FROM shop.numbers")[1]["firn_code"] == "PLA-103"


def test_inserts_at_once_lose_nothing(shop):
    from concurrent.futures import ThreadPoolExecutor

    run(shop, "CREATE TABLE shop.race (n INT)")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: shop.query("lake", f"INSERT INTO shop.race VALUES ({n})"), range(24)))
    assert [a.json()["result"]["rows"] for a in answers] == [[{"count": 1}]] * 24
    assert [r["n"] for r in run(shop, "SELECT n FROM shop.race ORDER BY n")] == list(range(24))
    assert len(pyiceberg_catalog(shop).load_table("shop.race").snapshots()) == 24


def test_faults_have_a_place_and_leave_nothing(shop):
    run(shop, "CREATE TABLE shop.strict (a INT NOT NULL, b DATE)")
    status, error = fault(shop, "INSERT INTO shop.strict (a, c) VALUES (1, 2)")
    assert status == 400 and error["code"] == 40004 and "line 1, column 29" in error["message"]
    assert fault(shop, "INSERT INTO shop.strict VALUES (1, 'x'), (NULL, NULL)")[1]["firn_code"] == "PLA-108"
    assert fault(shop, "INSERT INTO shop.strict (a) VALUES (1), (NULL)")[1]["firn_code"] == "SES-201"
    before = objects(shop, "shop/strict")
    assert fault(shop, "INSERT INTO shop.strict (a) SELECT 1 / (a - a) FROM (VALUES (1)) t(a)")[0] == 400
    assert objects(shop, "shop/strict") == before
    assert fault(shop, "CREATE TABLE shop.gone AS SELECT 1 / (a - a) FROM (VALUES (1)) t(a)")[0] == 400
    assert objects(shop, "shop/gone") == []
    assert run(shop, "SELECT count(*) AS c FROM shop.strict") == [{"c": 0}]


def objects(firn, table):
    import boto3

    import hashlib

    client = boto3.client("s3", endpoint_url=firn.s3, aws_access_key_id=firn.token_id, region_name="auto",
                          aws_secret_access_key=hashlib.sha256(firn.token.encode()).hexdigest())
    found = client.list_objects_v2(Bucket="lake", Prefix=f"__firn/{table}-").get("Contents", [])
    return [o["Key"] for o in found]


def token(firn, *scopes):
    return firn.api("POST", "firn/tokens", {"name": "test", "scopes": list(scopes)})["value"]


def test_a_token_that_may_only_read_changes_nothing(shop):
    run(shop, "CREATE TABLE shop.mine (a INT)")
    reader = {"headers": {"Authorization": f"Bearer {token(shop, 'sql:read')}"}}
    for sql in ["CREATE TABLE shop.x (a INT)", "INSERT INTO shop.mine VALUES (1)", "TRUNCATE shop.mine", "DROP TABLE shop.mine",
                "CREATE TABLE shop.x AS SELECT 1 AS a", "CREATE NAMESPACE other", "ALTER NAMESPACE shop SET ('a' = 'b')",
                "DROP TABLE IF EXISTS shop.nothing", "INSERT INTO shop.nothing VALUES (1)"]:
        status, error = fault(shop, sql, **reader)
        assert status == 403 and error["firn_code"] == "IDN-102" and "sql:write" in error["message"], sql
    writer = {"headers": {"Authorization": f"Bearer {token(shop, 'sql:write:bucket=lake,table=shop.mine')}"}}
    assert fault(shop, "INSERT INTO shop.mine SELECT size FROM shop.events", **writer)[0] == 403
    assert fault(shop, "DROP TABLE shop.events", **writer)[0] == 403
    status, error = fault(shop, "DROP TABLE shop.evnts", **writer)
    assert status == 403 and "events" not in error["message"]
    assert fault(shop, "CREATE TABLE shop.mine (a INT) LOCATION 's3://lake/other'", **writer)[0] == 403
    answer = shop.call("POST", "/api/v1/accounts/local/r2-sql/query/lake", json={"query": "INSERT INTO shop.mine VALUES (1)"}, **writer)
    assert answer.json()["result"]["rows"] == [{"count": 1}]


def test_the_cli_runs_statements(shop):
    assert shop.cli("sql", "query", "local_lake", "CREATE TABLE shop.cli (a INT)").returncode == 0
    done = shop.cli("sql", "query", "lake", "INSERT INTO shop.cli VALUES (1), (2)")
    assert done.returncode == 0 and "2" in done.stdout, done.stderr
    failed = shop.cli("sql", "query", "lake", "INSERT INTO shop.cli VALUES ('x')")
    assert failed.returncode == 1 and "line 1" in failed.stderr


def test_evolution_by_sql_is_read_by_others(shop):
    from pyiceberg.types import LongType

    run(shop, "CREATE TABLE shop.grows (id INT NOT NULL, name STRING, price DECIMAL(6, 2), place STRUCT<city STRING>) PARTITIONED BY (bucket(2, id))")
    run(shop, "INSERT INTO shop.grows VALUES (1, 'a', 1.5, named_struct('city', 'Bern'))")
    run(shop, """ALTER TABLE shop.grows ALTER id TYPE BIGINT, ALTER price TYPE DECIMAL(12, 2), RENAME COLUMN name TO label,
        ADD COLUMN place.zip INT, ADD COLUMN at TIMESTAMP FIRST, DROP PARTITION FIELD id_bucket, ADD PARTITION FIELD day(at),
        WRITE ORDERED BY (label), SET ('owner' = 'me')""")
    run(shop, "INSERT INTO shop.grows VALUES ('2026-01-31 12:00:00', 3000000000, 'b', 1234567890.25, named_struct('city', 'Chur', 'zip', 7000))")
    table = pyiceberg_catalog(shop).load_table("shop.grows")
    assert [f.name for f in table.schema().fields] == ["at", "id", "label", "price", "place"]
    assert isinstance(table.schema().find_field("id").field_type, LongType)
    assert [f.name for f in table.spec().fields] == ["at_day"] and table.properties["owner"] == "me"
    rows = sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["id"])
    assert [(r["id"], r["label"], str(r["price"]), r["place"]) for r in rows] == [
        (1, "a", "1.50", {"city": "Bern", "zip": None}), (3000000000, "b", "1234567890.25", {"city": "Chur", "zip": 7000})]
    duck = duckdb_connection(shop)
    assert duck.execute("SELECT id, label FROM firn.shop.grows ORDER BY id").fetchall() == [(1, "a"), (3000000000, "b")]
    run(shop, "ALTER TABLE shop.grows RENAME TO grown")
    assert [t[1] for t in pyiceberg_catalog(shop).list_tables("shop") if t[1].startswith("grow")] == ["grown"]


def test_evolution_by_pyiceberg_is_read_by_sql(shop):
    from pyiceberg.transforms import IdentityTransform
    from pyiceberg.types import LongType, StringType

    run(shop, "CREATE TABLE shop.others (id INT, name STRING)")
    run(shop, "INSERT INTO shop.others VALUES (1, 'a')")
    table = pyiceberg_catalog(shop).load_table("shop.others")
    with table.update_schema() as update:
        update.rename_column("name", "label").update_column("id", LongType()).add_column("extra", StringType())
        update.move_first("extra")
    with table.update_spec() as update:
        update.add_field("label", IdentityTransform(), "by_label")
    assert run(shop, "INSERT INTO shop.others VALUES ('x', 3000000000, 'b')") == [{"count": 1}]
    assert run(shop, "SELECT * FROM shop.others WHERE label IN ('a', 'b') ORDER BY id") == [
        {"extra": None, "id": 1, "label": "a"}, {"extra": "x", "id": 3000000000, "label": "b"}]
    assert run(shop, "SELECT id FROM shop.others WHERE label = 'b'") == [{"id": 3000000000}]
    assert run(shop, "DESCRIBE shop.others")[2]["partition"] == "identity"


def test_forbidden_changes_say_why(shop):
    run(shop, "CREATE TABLE shop.fixed (id BIGINT, day DATE) PARTITIONED BY (day)")
    run(shop, "INSERT INTO shop.fixed VALUES (1, '2026-01-01')")
    for change, says in [("ALTER id TYPE INT", "add a column of the new type"), ("DROP COLUMN day", "DROP PARTITION FIELD day"),
                         ("ADD COLUMN x INT NOT NULL", "without NOT NULL"), ("ALTER id SET NOT NULL", "CREATE TABLE")]:
        status, error = fault(shop, f"ALTER TABLE shop.fixed {change}")
        assert status == 400 and error["code"] == 40004 and error["firn_code"] == "SES-203", error
        assert says in error["message"] and "line 1" in error["message"], error


def test_time_travel_and_metadata_tables_agree_with_pyiceberg(shop):
    run(shop, "CREATE TABLE shop.past (id INT, day DATE) PARTITIONED BY (day)")
    run(shop, "INSERT INTO shop.past VALUES (1, '2026-01-01'), (2, '2026-01-02')")
    table = pyiceberg_catalog(shop).load_table("shop.past")
    first = table.current_snapshot().snapshot_id
    table.manage_snapshots().create_tag(first, "start").create_branch(first, "side").commit()
    run(shop, "ALTER TABLE shop.past RENAME COLUMN day TO date, DROP PARTITION FIELD day")
    run(shop, "INSERT INTO shop.past VALUES (3, NULL)")
    table.refresh()
    for when in [f"VERSION AS OF {first}", "VERSION AS OF 'start'", "SYSTEM_VERSION AS OF 'start'"]:
        assert [list(r) for r in run(shop, f"SELECT * FROM shop.past FOR {when} ORDER BY id")] == [["id", "day"]] * 2, when
    assert [list(r) for r in run(shop, "SELECT * FROM shop.past.tag_start")] == [["id", "day"]] * 2
    assert [list(r) for r in run(shop, "SELECT * FROM shop.past.branch_side")] == [["id", "date"]] * 2
    at = datetime.datetime.fromtimestamp(table.history()[0].timestamp_ms / 1000, datetime.timezone.utc)
    assert run(shop, f"SELECT count(*) AS n FROM shop.past FOR TIMESTAMP AS OF '{at.isoformat()}'") == [{"n": 2}]
    status, error = fault(shop, "SELECT * FROM shop.past FOR TIMESTAMP AS OF '1999-01-01'")
    assert status == 400 and "line 1, column 15" in error["message"] and "oldest" in error["message"]
    for name in ["snapshots", "history", "refs", "manifests", "files", "partitions"]:
        theirs = getattr(table.inspect, name)()
        mine = run(shop, f"SELECT * FROM shop.past.{name}")
        assert len(mine) == theirs.num_rows, name
        missing = [c for c in theirs.column_names if c not in mine[0] and c != "readable_metrics"]
        assert not missing, (name, missing)
    files = {f["file_path"]: f for f in table.inspect.files().to_pylist()}
    for f in run(shop, "SELECT * FROM shop.past.files"):
        other = files[f["file_path"]]
        assert (f["record_count"], f["file_size_in_bytes"], f["spec_id"]) == (other["record_count"], other["file_size_in_bytes"], other["spec_id"])
        assert dict((e["key"], e["value"]) for e in f["value_counts"]) == dict(other["value_counts"])
    assert {s["snapshot_id"] for s in run(shop, "SELECT snapshot_id FROM shop.past.snapshots")} == {s.snapshot_id for s in table.snapshots()}
    mine = {"headers": {"Authorization": f"Bearer {token(shop, 'sql:read:bucket=lake,table=shop.past')}"}}
    answer = shop.call("POST", "/api/v1/accounts/local/r2-sql/query/lake", json={"query": "SELECT count(*) AS n FROM shop.past.files"}, **mine)
    assert answer.json()["result"]["rows"] == [{"n": 3}]
    assert fault(shop, "SELECT * FROM shop.events.snapshots", **mine)[0] == 403


def view_by_rest(firn, name, representations, columns, **version):
    body = {"name": name, "schema": {"type": "struct", "schema-id": 0, "fields": [
                {"id": i, "name": n, "type": t, "required": False} for i, (n, t) in enumerate(columns, 1)]},
            "view-version": {"version-id": 1, "timestamp-ms": 1, "schema-id": 0, "summary": {}, "default-namespace": ["shop"],
                             "representations": [{"type": "sql", "sql": q, "dialect": d} for d, q in representations.items()], **version},
            "properties": {}}
    answer = firn.call("POST", "/catalog/v1/local_lake/namespaces/shop/views", json=body)
    assert answer.ok, answer.text


def test_views_of_sql_and_of_others(shop):
    run(shop, "CREATE TABLE shop.people (id INT, name STRING)")
    run(shop, "INSERT INTO shop.people VALUES (1, 'a'), (2, 'b')")
    assert run(shop, "CREATE VIEW shop.some (who COMMENT 'id') AS SELECT id FROM shop.people WHERE id > 1") == [{"status": "created"}]
    assert run(shop, "SELECT * FROM shop.some") == [{"who": 2}]
    assert ("shop", "some") in pyiceberg_catalog(shop).list_views("shop")
    loaded = shop.call("GET", "/catalog/v1/local_lake/namespaces/shop/views/some").json()["metadata"]
    assert loaded["versions"][0]["representations"] == [{"type": "sql", "sql": "SELECT id FROM shop.people WHERE id > 1", "dialect": "firn"}]
    assert [f["type"] for f in loaded["schemas"][0]["fields"]] == ["int"]
    view_by_rest(shop, "sparks", {"spark": "SELECT `id`, upper(name) AS big FROM spark_catalog.shop.people WHERE name RLIKE 'a'",
                                  "trino": 'SELECT "id", upper(name) AS big FROM people'}, [("id", "int"), ("big", "string")],
                 **{"default-catalog": "spark_catalog"})
    assert run(shop, "SELECT big FROM shop.sparks ORDER BY id") == [{"big": "A"}, {"big": "B"}]
    view_by_rest(shop, "odd", {"spark": "SELECT id FROM people LATERAL VIEW explode(x) t"}, [("id", "int")])
    status, error = fault(shop, "SELECT * FROM shop.odd")
    assert status == 400 and error["firn_code"] == "SES-107" and "spark" in error["message"], error
    view_by_rest(shop, "a", {"spark": "SELECT * FROM b"}, [("id", "int")])
    view_by_rest(shop, "b", {"spark": "SELECT * FROM a"}, [("id", "int")])
    assert fault(shop, "SELECT * FROM shop.a")[1]["firn_code"] == "PLA-117"
    assert {r["view_name"] for r in run(shop, "SHOW VIEWS IN shop")} == {"a", "b", "odd", "some", "sparks"}


def test_a_view_gives_nobody_more_rights(shop):
    run(shop, "CREATE TABLE shop.secret (id INT)")
    run(shop, "CREATE VIEW shop.window AS SELECT * FROM shop.secret")
    only_view = {"headers": {"Authorization": f"Bearer {token(shop, 'sql:read:bucket=lake,table=shop.window')}"}}
    status, error = fault(shop, "SELECT * FROM shop.window", **only_view)
    assert status == 403 and error["firn_code"] == "IDN-102"
    both = {"headers": {"Authorization": f"Bearer {token(shop, 'sql:read:bucket=lake,table=shop.window', 'sql:read:bucket=lake,table=shop.secret')}"}}
    assert shop.call("POST", "/api/v1/accounts/local/r2-sql/query/lake", json={"query": "SELECT * FROM shop.window"}, **both).ok
    for sql in ["DROP VIEW shop.window", "CREATE OR REPLACE VIEW shop.window AS SELECT 1 AS a", "CREATE VIEW shop.other AS SELECT 1 AS a"]:
        assert fault(shop, sql, **both)[0] == 403
    maker = {"headers": {"Authorization": f"Bearer {token(shop, 'sql:write:bucket=lake,table=shop.mine2')}"}}
    assert fault(shop, "CREATE VIEW shop.mine2 AS SELECT * FROM shop.secret", **maker)[0] == 403


def test_shown_statements_make_the_same_again(shop):
    run(shop, "CREATE NAMESPACE IF NOT EXISTS copy")
    for name in ["events", "past"]:
        text = run(shop, f"SHOW CREATE TABLE shop.{name}")[0]["statement"]
        run(shop, text.replace(f"shop.{name}", f"copy.{name}"))
        assert run(shop, f"SHOW CREATE TABLE copy.{name}")[0]["statement"] == text.replace(f"shop.{name}", f"copy.{name}")
        assert run(shop, f"DESCRIBE copy.{name}") == run(shop, f"DESCRIBE shop.{name}")
    extended = {r["column_name"]: r["data_type"] for r in run(shop, "DESCRIBE EXTENDED shop.events")}
    assert extended["# kind"] == "table" and extended["# location"].startswith("s3://lake/")


def test_a_limited_token_lists_only_the_namespaces_it_may_know(shop):
    for name in ("hall", "hall.cellar", "attic"):
        run(shop, f"CREATE NAMESPACE {name}")
    run(shop, "CREATE TABLE hall.chairs (id BIGINT)")
    run(shop, "CREATE TABLE hall.tables (id BIGINT)")

    def shown(sql, *scopes):
        headers = {"Authorization": f"Bearer {token(shop, *scopes)}"}
        answer = shop.call("POST", "/api/v1/accounts/local/r2-sql/query/lake", json={"query": sql}, headers=headers)
        if not answer.ok:
            return answer.status_code
        return sorted(next(iter(row.values())) for row in answer.json()["result"]["rows"])

    everything = shown("SHOW NAMESPACES", "sql:read")
    assert {"hall", "attic", "shop"} <= set(everything)
    for sql in ("SHOW NAMESPACES", "SHOW DATABASES", "SHOW SCHEMAS", "SHOW NAMESPACES LIKE '%a%'"):
        assert shown(sql, "sql:read:namespace=hall") == ["hall", "hall.cellar"], sql
    assert shown("SHOW NAMESPACES", "sql:read:namespace=hall", "sql:read:namespace=attic") == ["attic", "hall", "hall.cellar"]
    assert shown("SHOW NAMESPACES LIKE 'sh%'", "sql:read:namespace=hall") == []
    assert shown("SHOW NAMESPACES", "sql:read:namespace=nowhere") == []
    # Who may read one table sees neither the other tables nor that there are other namespaces.
    assert shown("SHOW TABLES IN hall", "sql:read:namespace=hall") == ["chairs", "tables"]
    assert shown("SHOW TABLES IN attic", "sql:read:namespace=hall") == 403
    assert shown("SHOW TABLES IN nowhere", "sql:read:namespace=hall") == 403
    outside = {"headers": {"Authorization": f"Bearer {token(shop, 'sql:read:namespace=attic')}"}}
    # Tables about tables tell no more: the same words, whether a namespace has the name or not.
    for part in ("snapshots", "files", "branch_x", "tag_x"):
        told = []
        for name in ("cellar", "kitchen"):
            status, error = fault(shop, f"SELECT * FROM hall.{name}.{part}", **outside)
            assert status == 403, error
            told.append(error["message"].replace(name, "NAME"))
        assert told[0] == told[1]
    assert shown("SHOW NAMESPACES", "pipelines:send") == 403
