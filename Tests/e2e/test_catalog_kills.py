"""SIGKILL between any two steps of the catalog's operations leaves no half-made table and no pointer to a missing file."""

import json

import pytest

from firn_server import Firn

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
    from firn_server import wait_until
    wait_until(lambda: firn.metric("firn_catalog_purges_total") == 1, what="the purge")
    assert send(firn, "POST", TABLES, body).ok
    report = json.loads(firn.cli("table", "check", "lake", "web.t", "--json").stdout)
    assert report["clean"] and report["orphan_count"] == 0
    assert firn.stop() == 0
