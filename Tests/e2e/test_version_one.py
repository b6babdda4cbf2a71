"""Tables of format version 1: clients make and fill them, everybody reads them, SQL writes once they are upgraded."""

import pyarrow as pa

from clients import duckdb_connection, pyiceberg_catalog


def test_a_client_makes_and_fills_a_table_of_version_1(firn):
    firn.make_bucket("lake")
    catalog = pyiceberg_catalog(firn)
    catalog.create_namespace("web")
    rows = pa.table({"id": pa.array(range(100), pa.int64()), "name": [f"n{i % 7}" for i in range(100)]})
    table = catalog.create_table("web.old", schema=rows.schema, properties={"format-version": "1"})
    assert table.format_version == 1
    table.append(rows)
    table.append(rows)
    with table.update_schema() as update:
        update.rename_column("name", "called")
    assert catalog.load_table("web.old").scan().to_arrow().num_rows == 200
    assert catalog.load_table("web.old").format_version == 1
    count = "SELECT count(*) AS n, max(called) AS last FROM web.old"
    assert firn.rows("lake", count) == [{"n": 200, "last": "n6"}]
    assert duckdb_connection(firn).execute("SELECT count(*) FROM firn.web.old").fetchall() == [(200,)]
    refused = firn.query("lake", "INSERT INTO web.old VALUES (1, 'x')")
    assert refused.status_code == 501 and "upgrade" in refused.text
    checked = firn.cli("table", "check", "lake", "web.old")
    assert checked.returncode == 0, checked.stdout + checked.stderr

    with table.transaction() as change:
        change.upgrade_table_version(2)
    assert catalog.load_table("web.old").format_version == 2
    assert firn.rows("lake", "INSERT INTO web.old VALUES (1000, 'z')") == [{"count": 1}]
    assert firn.rows("lake", count) == [{"n": 201, "last": "z"}]
    catalog.load_table("web.old").delete("id < 50")
    assert firn.rows("lake", count) == [{"n": 101, "last": "z"}]
    checked = firn.cli("table", "check", "lake", "web.old")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_transaction_makes_a_table_of_version_1(firn):
    firn.make_bucket("lake")
    catalog = pyiceberg_catalog(firn)
    catalog.create_namespace("web")
    rows = pa.table({"id": pa.array([1, 2], pa.int64())})
    with catalog.create_table_transaction("web.staged", schema=rows.schema, properties={"format-version": "1"}) as change:
        change.append(rows)
    assert catalog.load_table("web.staged").format_version == 1
    assert firn.rows("lake", "SELECT sum(id) AS s FROM web.staged") == [{"s": 3}]
