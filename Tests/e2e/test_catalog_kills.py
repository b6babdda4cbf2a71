"""SIGKILL between any two steps of the catalog's operations leaves no half-made table and no pointer to a missing file."""

import contextlib
import copy
import json
import sqlite3
import subprocess

import pyarrow as pa
import pytest

from clients import pyiceberg_catalog
from firn_server import Firn, ServerDied, wait_until

SCHEMA = {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "id", "required": False, "type": "long"}]}
TABLES = "/catalog/v1/local_lake/namespaces/web/tables"


def started(tmp_path, fault=None):
    server = Firn(tmp_path / "data", env={"FIRN_FAULT": fault} if fault else {}).start()
    return server


def restarted(server):
    server.process.wait(30)
    server.env.pop("FIRN_FAULT")
    return server.restart()


def send(firn, method, path, body=None, **headers):
    return firn.session.request(method, firn.url + path, json=body, headers=headers)


def prepare(tmp_path):
    server = started(tmp_path)
    server.make_bucket("lake")
    assert send(server, "POST", "/catalog/v1/local_lake/namespaces", {"namespace": ["web"]}).ok
    return server


def rearmed(server, fault):
    assert server.stop() == 0
    server.env["FIRN_FAULT"] = fault
    return server.restart()


def creation(firn):
    """The end of a create transaction, as clients send it for a table they staged."""
    staged = send(firn, "POST", TABLES, {"name": "t", "schema": SCHEMA, "stage-create": True})
    assert staged.ok, staged.text
    metadata = staged.json()["metadata"]
    return {"requirements": [{"type": "assert-create"}], "updates": [
        {"action": "assign-uuid", "uuid": metadata["table-uuid"]}, {"action": "upgrade-format-version", "format-version": 2},
        {"action": "add-schema", "schema": SCHEMA, "last-column-id": 1}, {"action": "set-current-schema", "schema-id": -1},
        {"action": "add-spec", "spec": {"spec-id": 0, "fields": []}}, {"action": "set-default-spec", "spec-id": -1},
        {"action": "add-sort-order", "sort-order": {"order-id": 0, "fields": []}},
        {"action": "set-default-sort-order", "sort-order-id": -1}, {"action": "set-location", "location": metadata["location"]}]}


@pytest.mark.parametrize("fault, exists", [("commit.metadata.written", False), ("commit.pointer.moved", True)])
def test_a_staged_table_is_there_whole_or_not_at_all(tmp_path, fault, exists):
    firn = rearmed(prepare(tmp_path), fault)
    commit = creation(firn)
    key = {"Idempotency-Key": "0190fa3e-1f00-7abc-8def-0123456789ab"}
    with pytest.raises(Exception, match="(?i)connection"):
        send(firn, "POST", TABLES + "/t", commit, **key)
    firn = restarted(firn)
    assert send(firn, "HEAD", TABLES + "/t").status_code == (204 if exists else 404)
    # The client did not hear the answer and asks again: the same answer, once.
    again = send(firn, "POST", TABLES + "/t", commit, **key)
    assert again.status_code == 200, again.text
    assert send(firn, "POST", TABLES + "/t", commit).status_code == 409
    done = firn.cli("table", "check", "lake", "web.t", "--json")
    report = json.loads(done.stdout)
    # What the killed attempt had written is a leftover, and listed as one.
    assert done.returncode == 0 and report["orphan_count"] == (0 if exists else 1), report
    assert firn.stop() == 0


@pytest.mark.parametrize("fault", ["purge.recorded", "purge.partial"])
def test_a_purge_ends_after_a_crash_and_its_place_is_free_then(tmp_path, fault):
    firn = prepare(tmp_path)
    body = {"name": "t", "schema": SCHEMA, "location": "s3://lake/own/place"}
    assert send(firn, "POST", TABLES, body).ok
    firn = rearmed(firn, fault)
    with pytest.raises(Exception, match="(?i)connection"):
        send(firn, "DELETE", TABLES + "/t?purgeRequested=true")
    firn = restarted(firn)
    assert send(firn, "HEAD", TABLES + "/t").status_code == 404
    wait_until(lambda: firn.metric("firn_catalog_purges_total") == 1, what="the purge")
    assert send(firn, "POST", TABLES, body).ok
    report = json.loads(firn.cli("table", "check", "lake", "web.t", "--json").stdout)
    assert report["clean"] and report["orphan_count"] == 0
    assert firn.stop() == 0


def prepared_table(firn, name="t"):
    answer = send(firn, "POST", TABLES, {"name": name, "schema": SCHEMA})
    assert answer.ok, answer.text
    return answer.json()


def load(firn, name):
    answer = send(firn, "GET", f"{TABLES}/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def clean(firn, name):
    """The report of a table that is whole: its pointer leads to a file and everything behind that is there."""
    done = firn.cli("table", "check", "lake", f"web.{name}", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report["clean"], report
    return report


def killed(firn, fault, *request, **headers):
    firn = rearmed(firn, fault)
    with pytest.raises(Exception, match="(?i)connection"):
        send(firn, *request, **headers)
    return restarted(firn)


STEPS = [("commit.metadata.written", False), ("commit.pointer.moved", True)]
# Also in the middle of storing the metadata file: its data written, its index entry written and not durable.
INNER_STEPS = [("store.journal.written", False), *STEPS]


@pytest.mark.parametrize("fault, exists", INNER_STEPS)
def test_a_created_table_is_there_whole_or_not_at_all(tmp_path, fault, exists):
    body = {"name": "t", "schema": SCHEMA}
    firn = killed(prepare(tmp_path), fault, "POST", TABLES, body)
    assert send(firn, "HEAD", TABLES + "/t").status_code == (204 if exists else 404)
    assert send(firn, "POST", TABLES, body).status_code == (409 if exists else 200)
    clean(firn, "t")
    assert firn.stop() == 0


def test_a_metadata_file_that_a_commit_let_go_of_is_gone_after_a_stop_and_an_orphan_after_a_crash(tmp_path):
    firn = prepare(tmp_path)
    properties = {"write.metadata.previous-versions-max": "1"}
    assert send(firn, "POST", TABLES, {"name": "t", "schema": SCHEMA, "properties": properties}).ok

    def change(number):
        return {"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": str(number)}}]}

    def orphans():
        return json.loads(firn.cli("table", "check", "lake", "web.t", "--json").stdout)["orphan_count"]
    for number in range(10):
        assert send(firn, "POST", TABLES + "/t", change(number)).ok
    assert firn.stop() == 0
    firn.restart()
    assert orphans() == 0
    firn = killed(firn, "commit.pointer.moved", "POST", TABLES + "/t", change(10))
    assert orphans() == 1
    assert firn.stop() == 0


@pytest.mark.parametrize("fault, happened", INNER_STEPS)
def test_a_changed_table_is_the_old_one_or_the_new_one(tmp_path, fault, happened):
    firn = prepare(tmp_path)
    before = prepared_table(firn)["metadata-location"]
    change = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": "1"}}]}
    firn = killed(firn, fault, "POST", TABLES + "/t", change)
    after = load(firn, "t")
    assert (after["metadata-location"] != before) == happened
    assert after["metadata"]["properties"].get("a") == ("1" if happened else None)
    assert send(firn, "POST", TABLES + "/t", change).ok
    clean(firn, "t")
    assert firn.stop() == 0


@pytest.mark.parametrize("fault, happened", STEPS)
def test_registering_over_a_table_leaves_one_of_the_two(tmp_path, fault, happened):
    firn = prepare(tmp_path)
    old = prepared_table(firn)["metadata-location"]
    assert send(firn, "POST", TABLES, {"name": "other", "schema": SCHEMA}).ok
    other = load(firn, "other")["metadata-location"]
    assert send(firn, "DELETE", TABLES + "/other").ok
    body = {"name": "t", "metadata-location": other, "overwrite": True}
    path = "/catalog/v1/local_lake/namespaces/web/register"
    firn = killed(firn, fault, "POST", path, body)
    assert load(firn, "t")["metadata-location"] == (other if happened else old)
    clean(firn, "t")
    assert send(firn, "POST", path, body).ok
    assert load(firn, "t")["metadata-location"] == other
    assert firn.stop() == 0


@pytest.mark.parametrize("fault, happened", [("store.journal.written:2", False), *STEPS])
def test_a_transaction_changes_all_its_tables_or_none(tmp_path, fault, happened):
    firn = prepare(tmp_path)
    before = {name: prepared_table(firn, name)["metadata-location"] for name in "ab"}
    change = {"table-changes": [
        {"identifier": {"namespace": ["web"], "name": name}, "requirements": [],
         "updates": [{"action": "set-properties", "updates": {"a": "1"}}]} for name in "ab"]}
    path = "/catalog/v1/local_lake/transactions/commit"
    firn = killed(firn, fault, "POST", path, change)
    assert {load(firn, name)["metadata-location"] != before[name] for name in "ab"} == {happened}
    assert send(firn, "POST", path, change).status_code == 204
    for name in "ab":
        clean(firn, name)
    assert firn.stop() == 0


def view(sql):
    return {"name": "v", "schema": SCHEMA, "properties": {}, "view-version": {
        "version-id": 1, "timestamp-ms": 1, "schema-id": 0, "summary": {}, "default-namespace": ["web"],
        "representations": [{"type": "sql", "sql": sql, "dialect": "firn"}]}}


@pytest.mark.parametrize("fault, exists", INNER_STEPS)
def test_a_created_view_is_there_whole_or_not_at_all(tmp_path, fault, exists):
    views = "/catalog/v1/local_lake/namespaces/web/views"
    firn = killed(prepare(tmp_path), fault, "POST", views, view("SELECT 1 AS id"))
    assert send(firn, "GET", views + "/v").status_code == (200 if exists else 404)
    assert send(firn, "POST", views, view("SELECT 1 AS id")).status_code == (409 if exists else 200)
    assert send(firn, "GET", views + "/v").ok
    assert firn.stop() == 0


@pytest.mark.parametrize("fault, happened", STEPS)
def test_a_replaced_view_is_the_old_one_or_the_new_one(tmp_path, fault, happened):
    views = "/catalog/v1/local_lake/namespaces/web/views"
    firn = prepare(tmp_path)
    assert send(firn, "POST", views, view("SELECT 1 AS id")).ok
    change = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": "1"}}]}
    firn = killed(firn, fault, "POST", views + "/v", change)
    answer = send(firn, "GET", views + "/v")
    assert answer.ok and answer.json()["metadata"].get("properties", {}).get("a") == ("1" if happened else None)
    assert send(firn, "POST", views + "/v", change).ok
    assert firn.stop() == 0


ROOT = "/catalog/v1/local_lake"
VIEWS = ROOT + "/namespaces/web/views"


def renaming(name):
    return {"source": {"namespace": ["web"], "name": name}, "destination": {"namespace": ["web"], "name": "u"}}


def state(firn):
    """Everything the catalog tells of its names: who is there, with which properties, and where its metadata lies."""
    told = {"namespaces": {}, "tables": {}, "views": {}}
    for [name] in send(firn, "GET", ROOT + "/namespaces").json()["namespaces"]:
        told["namespaces"][name] = send(firn, "GET", f"{ROOT}/namespaces/{name}").json()["properties"]
        for kind in ("tables", "views"):
            for entry in send(firn, "GET", f"{ROOT}/namespaces/{name}/{kind}").json()["identifiers"]:
                answer = send(firn, "GET", f"{ROOT}/namespaces/{name}/{kind}/{entry['name']}")
                # Each pointer leads to a file.
                assert answer.status_code == 200, answer.text
                told[kind][f"{name}.{entry['name']}"] = answer.json()["metadata-location"]
    return told


# Who sends what, and what it makes of the state, `t` and `v` being where the metadata of the two lies.
ONE_TRANSACTION = {
    "table rename": (lambda t, v: ("POST", ROOT + "/tables/rename", renaming("t")),
                     lambda told, t, v: told["tables"].update({"web.u": told["tables"].pop("web.t")})),
    "table drop": (lambda t, v: ("DELETE", TABLES + "/t"), lambda told, t, v: told["tables"].pop("web.t")),
    "table unregister": (lambda t, v: ("POST", TABLES + "/t/unregister"), lambda told, t, v: told["tables"].pop("web.t")),
    "view rename": (lambda t, v: ("POST", ROOT + "/views/rename", renaming("v")),
                    lambda told, t, v: told["views"].update({"web.u": told["views"].pop("web.v")})),
    "view drop": (lambda t, v: ("DELETE", VIEWS + "/v"), lambda told, t, v: told["views"].pop("web.v")),
    "view register": (lambda t, v: ("POST", ROOT + "/namespaces/web/register-view", {"name": "w", "metadata-location": v}),
                      lambda told, t, v: told["views"].update({"web.w": v})),
    "namespace create": (lambda t, v: ("POST", ROOT + "/namespaces", {"namespace": ["new"], "properties": {"a": "1", "b": "2"}}),
                         lambda told, t, v: told["namespaces"].update({"new": {"a": "1", "b": "2"}})),
    "namespace properties": (
        lambda t, v: ("POST", ROOT + "/namespaces/old/properties", {"removals": ["a"], "updates": {"b": "2", "c": "3"}}),
        lambda told, t, v: told["namespaces"].update({"old": {"b": "2", "c": "3"}})),
    "namespace drop": (lambda t, v: ("DELETE", ROOT + "/namespaces/old"), lambda told, t, v: told["namespaces"].pop("old")),
}


@pytest.mark.parametrize("fault", ["catalog.change.made", "catalog.change.durable"])
@pytest.mark.parametrize("operation", ONE_TRANSACTION)
def test_what_is_one_transaction_happens_or_does_not(tmp_path, operation, fault):
    request_of, effect = ONE_TRANSACTION[operation]
    firn = prepare(tmp_path)
    assert send(firn, "POST", ROOT + "/namespaces", {"namespace": ["old"], "properties": {"a": "1", "b": "1"}}).ok
    t = prepared_table(firn)["metadata-location"]
    v = send(firn, "POST", VIEWS, view("SELECT 1 AS id")).json()["metadata-location"]
    if operation == "view register":
        assert send(firn, "DELETE", VIEWS + "/v").ok
    before = state(firn)
    key = {"Idempotency-Key": "0190fa3e-1f00-7abc-8def-0123456789ab"}
    firn = killed(firn, fault, *request_of(t, v), **key)
    after = copy.deepcopy(before)
    effect(after, t, v)
    assert state(firn) == (after if fault.endswith("durable") else before)
    # The client did not hear the answer and asks again: done, and once.
    again = send(firn, *request_of(t, v), **key)
    assert again.status_code in (200, 204), again.text
    assert state(firn) == after
    for name in after["tables"]:
        clean(firn, name.removeprefix("web."))
    assert firn.stop() == 0


def in_metastore(firn, statement):
    """Runs a statement on the state of a server that is stopped."""
    url = firn.env.get("FIRN_METASTORE")
    if url:
        subprocess.run(["psql", url, "-qc", statement], check=True)
    else:
        with contextlib.closing(sqlite3.connect(firn.data / "metastore.db")) as database, database:
            database.execute(statement)


def test_files_of_expired_snapshots_go_after_a_crash_and_nothing_else_does(tmp_path):
    firn = prepare(tmp_path)
    keep_one = {"firn.history.max-snapshots": "1", "history.expire.min-snapshots-to-keep": "1"}
    rows = pa.table({"id": pa.array([1, 2], pa.int64())})
    table = pyiceberg_catalog(firn).create_table("web.t", schema=rows.schema, properties=keep_one)
    for _ in range(4):
        table.append(rows)
    assert clean(firn, "t")["checked"]["snapshots"] == 1
    assert firn.stop() == 0
    # The readers of these snapshots have had their six hours.
    in_metastore(firn, "UPDATE expired_lists SET expired_at = 0")
    firn.env["FIRN_FAULT"] = "expiry.partial"
    # Maintenance runs at once, so the server dies before it is ready or soon after.
    with contextlib.suppress(ServerDied):
        firn.start()
    firn = restarted(firn)
    wait_until(lambda: firn.metric("firn_catalog_expired_files_total") == 3, what="the clean-up")
    report = clean(firn, "t")
    assert report["orphan_count"] == 0 and report["checked"]["rows"] == 8
    assert firn.rows("lake", "SELECT count(*) AS n FROM web.t") == [{"n": 8}]
    assert firn.stop() == 0
