"""Tables that point outside their own location are refused, and nothing outside is read."""

import pyarrow as pa
import pytest
import requests

from clients import pyiceberg_catalog, storage_catalog


@pytest.fixture
def tables(firn):
    firn.make_bucket("lake")
    catalog = pyiceberg_catalog(firn)
    catalog.create_namespace("web")
    rows = pa.table({"id": pa.array([1, 2], pa.int64())})
    victim = catalog.create_table("web.victim", schema=rows.schema)
    victim.append(rows)
    return catalog, victim, rows


def test_a_manifest_that_names_a_file_outside_is_refused(firn, tables):
    catalog, victim, rows = tables
    # With keys of the whole bucket: those the catalog gives for one table do not even read the other's files.
    thief = storage_catalog(firn).create_table("web.thief", schema=rows.schema)
    [stolen] = [task.file.file_path for task in victim.scan().plan_files()]
    # PyIceberg writes the manifest itself; the catalog sees only its name.
    thief.add_files([stolen], check_duplicate_files=False)
    answer = firn.query("lake", "SELECT * FROM web.thief")
    assert not answer.ok and answer.json()["result"] is None, answer.text
    fault = answer.json()["errors"][0]
    assert "location" in fault["message"] and fault["firn_code"].startswith("TAB-"), fault
    assert firn.rows("lake", "SELECT count(*) AS n FROM web.victim") == [{"n": 2}]


@pytest.mark.parametrize("location", ["s3://other/x", "s3://lake", "s3://lake/../lake/x", "file:///etc", "{victim}", "{victim}/inner"])
def test_a_location_outside_the_warehouse_or_inside_another_table_is_refused(firn, tables, location):
    _, victim, _ = tables
    body = {"name": "evil", "location": location.format(victim=victim.location()),
            "schema": {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "a", "type": "long", "required": False}]}}
    prefix = firn.call("GET", "/catalog/v1/config?warehouse=local_lake").json()["overrides"]["prefix"]
    answer = firn.call("POST", f"/catalog/v1/{prefix}/namespaces/web/tables", json=body)
    assert answer.status_code in (400, 403, 409), answer.text
    assert answer.json()["error"]["message"]


def test_s3_does_not_serve_what_is_not_an_object(firn, tables):
    for path in ("/lake/../admin-token", "/lake/%2e%2e/admin-token", "/../admin-token"):
        with requests.Session() as session:
            request = requests.Request("GET", firn.s3 + "/lake/x").prepare()
            request.url = firn.s3 + path
            assert session.send(request).status_code in (400, 403, 404)
