"""What is known of a manifest's files does not outlive the columns and lists it was read with: partition values follow a column
that is promoted or gone, row ids a table that gets them."""

import json
import time

import pyarrow as pa
import pytest

from handmade import Handmade, field, part

INT, LONG = pa.int32(), pa.int64()


def commit(firn, namespace, table, *updates):
    answer = firn.call("POST", f"/catalog/v1/local_lake/namespaces/{namespace}/tables/{table}",
                       json={"requirements": [], "updates": list(updates)})
    assert answer.status_code == 200, answer.text
    return answer.json()["metadata"]


def metadata(firn, namespace, table):
    answer = firn.call("GET", f"/catalog/v1/local_lake/namespaces/{namespace}/tables/{table}")
    assert answer.status_code == 200, answer.text
    return answer.json()["metadata"]


@pytest.mark.parametrize("kind", ["equality", "positions"])
def test_deletes_find_their_partition_after_its_column_was_promoted(shared_firn, kind):
    fields = lambda type: [field(1, "id", "long"), field(2, "k", type)]
    table = Handmade(shared_firn, f"promoted.{kind}", fields("int"), partition=[(2, "k", "identity", "int")])
    files = [table.data({"id": pa.array(ids, LONG), "k": pa.array([2] * len(ids), INT)}, partition={"k": 2})
             for ids in ([1, 2, 3], [4, 5])]
    table.commit(*files)
    table.register()
    assert len(table.rows()) == 5
    schema = metadata(shared_firn, "promoted", kind)["schemas"][-1]
    schema["fields"][1]["type"] = "long"
    commit(shared_firn, "promoted", kind, {"action": "add-schema", "schema": schema}, {"action": "set-current-schema", "schema-id": -1})
    table.evolve(fields("long"))
    table.partition = [part(1000, "k", "long")]
    if kind == "equality":
        table.commit(table.equality({"id": pa.array([1, 4], LONG)}, [1], partition={"k": 2}))
    else:
        table.commit(table.positions([(files[0], 0), (files[1], 0)], partition={"k": 2}))
    snapshot = dict(table.snapshots[-1]) | {
        "summary": {"operation": "delete"}, "parent-snapshot-id": table.snapshots[-2]["snapshot-id"], "timestamp-ms": int(time.time() * 1000)}
    commit(shared_firn, "promoted", kind, {"action": "add-snapshot", "snapshot": snapshot},
           {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": snapshot["snapshot-id"]})
    assert [row["id"] for row in table.rows("SELECT id FROM {t} ORDER BY id")] == [2, 3, 5]
    assert [row["id"] for row in table.rows("SELECT id FROM {t} WHERE k = 2 ORDER BY id")] == [2, 3, 5]
    plan = shared_firn.call("POST", f"/catalog/v1/local_lake/namespaces/promoted/tables/{kind}/plan", json={}).json()
    assert all(task["delete-file-references"] for task in plan["file-scan-tasks"]), plan


@pytest.mark.parametrize("old, new, value", [("REAL", "DOUBLE", "1.5"), ("INT", "BIGINT", "7"), ("DECIMAL(5, 2)", "DECIMAL(30, 2)", "1.25")])
def test_manifests_are_merged_after_a_partition_column_was_promoted(firn, old, new, value):
    firn.make_bucket("lake")
    firn.rows("lake", "CREATE NAMESPACE web")
    firn.rows("lake", f"CREATE TABLE web.t (id BIGINT, k {old}) PARTITIONED BY (k) TBLPROPERTIES ('commit.manifest.min-count-to-merge' = '2')")
    firn.rows("lake", f"INSERT INTO web.t VALUES (1, {value}), (2, {value})")
    assert len(firn.rows("lake", f"SELECT * FROM web.t WHERE k = {value}")) == 2
    firn.rows("lake", f"ALTER TABLE web.t ALTER COLUMN k TYPE {new}")
    for id in range(3, 6):
        firn.rows("lake", f"INSERT INTO web.t VALUES ({id}, {value})")
    assert firn.rows("lake", f"SELECT count(*) AS n FROM web.t WHERE k = {value}") == [{"n": 5}]
    firn.restart()
    assert firn.rows("lake", f"SELECT count(*) AS n FROM web.t WHERE k = {value}") == [{"n": 5}]
    assert firn.rows("lake", "SELECT count(DISTINCT \"partition\") AS n FROM web.t.files") == [{"n": 1}]


def test_rows_get_ids_when_the_table_becomes_version_3(shared_firn):
    shared_firn.rows("lake", "CREATE NAMESPACE ids")
    shared_firn.rows("lake", "CREATE TABLE ids.t (id BIGINT)")
    shared_firn.rows("lake", "INSERT INTO ids.t VALUES (1), (2), (3)")
    assert len(shared_firn.rows("lake", "SELECT * FROM ids.t")) == 3
    shared_firn.rows("lake", "ALTER TABLE ids.t SET TBLPROPERTIES ('format-version' = '3')")
    shared_firn.rows("lake", "INSERT INTO ids.t VALUES (4), (5)")
    rows = shared_firn.rows("lake", "SELECT id, _row_id FROM ids.t ORDER BY id")
    assert len({row["_row_id"] for row in rows}) == 5 and None not in {row["_row_id"] for row in rows}, rows
    plan = shared_firn.call("POST", "/catalog/v1/local_lake/namespaces/ids/tables/t/plan", json={}).json()
    assert all("first-row-id" in task["data-file"] for task in plan["file-scan-tasks"]), plan


@pytest.mark.parametrize("type, value", [("VARCHAR", "'x'"), ("BIGINT", str(2**40)), ("DOUBLE", "1.5"), ("DECIMAL(9, 2)", "1.25")])
def test_a_partition_column_that_is_in_no_schema_any_more(firn, type, value):
    firn.make_bucket("lake")
    firn.rows("lake", "CREATE NAMESPACE web")
    firn.rows("lake", f"CREATE TABLE web.t (id BIGINT, p {type}) PARTITIONED BY (p) TBLPROPERTIES ('commit.manifest.min-count-to-merge' = '2')")
    for id in (1, 2):
        firn.rows("lake", f"INSERT INTO web.t VALUES ({id}, {value})")
    commit(firn, "web", "t", {"action": "add-spec", "spec": {"fields": []}}, {"action": "set-default-spec", "spec-id": -1})
    firn.rows("lake", "ALTER TABLE web.t DROP COLUMN p")
    firn.rows("lake", "INSERT INTO web.t VALUES (3)")
    now = metadata(firn, "web", "t")
    commit(firn, "web", "t",
           {"action": "remove-snapshots", "snapshot-ids": [s["snapshot-id"] for s in now["snapshots"] if s["snapshot-id"] != now["current-snapshot-id"]]},
           {"action": "remove-schemas", "schema-ids": [s["schema-id"] for s in now["schemas"] if s["schema-id"] != now["current-schema-id"]]})
    ids = lambda: [row["id"] for row in firn.rows("lake", "SELECT id FROM web.t ORDER BY id")]
    assert ids() == [1, 2, 3]
    firn.restart()
    assert ids() == [1, 2, 3]
    for id in (4, 5):
        firn.rows("lake", f"INSERT INTO web.t VALUES ({id})")
    assert len(firn.rows("lake", "SELECT file_path FROM web.t.files")) >= 3
    assert firn.rows("lake", "SELECT * FROM web.t.manifests") and firn.rows("lake", "SELECT * FROM web.t.partitions")
    plan = firn.call("POST", "/catalog/v1/local_lake/namespaces/web/tables/t/plan", json={}).json()
    assert len(plan["file-scan-tasks"]) >= 3, json.dumps(plan)
    report = firn.cli("table", "check", "lake", "web.t")
    firn.restart()
    assert ids() == [1, 2, 3, 4, 5]
    assert firn.rows("lake", "TRUNCATE web.t") == [{"status": "truncated"}] and ids() == []
    assert report.returncode == 0, report.stdout + report.stderr
