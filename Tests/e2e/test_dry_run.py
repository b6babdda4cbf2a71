"""A dry run tells what SQL makes of the last events, in the forms of a query's answer, and writes nothing."""

import json

import pytest

SCHEMA = [{"name": "id", "type": "int64", "required": True}, {"name": "price", "type": "decimal128", "precision": 9, "scale": 2},
          {"name": "at", "type": "timestamp", "unit": "millisecond"}]
SQL = "INSERT INTO tried_sink SELECT id, 100 / id AS share, price, at FROM tried WHERE id < 90"


@pytest.fixture(scope="module")
def firn(shared_firn):
    return shared_firn


def test_a_dry_run_shows_rows_rejects_and_reasons_and_writes_nothing(firn):
    stream, _, pipeline = firn.make_pipeline(schema=SCHEMA, name="tried", sql=SQL, rolling={"interval_seconds": 3600})
    firn.api("POST", f"firn/pipelines/{pipeline['id']}/pause")
    for start in range(0, 100, 10):
        events = [{"id": start + number, "price": "1.5", "at": 1700000000000} for number in range(10)]
        assert firn.ingest(stream["id"], events + [{"id": "no"}]).ok
    before = firn.stats(pipeline["id"])
    answer = firn.api("POST", "firn/pipelines/dry-run", {"pipeline": "tried_pipeline", "events": 110, "rows": 3})
    assert [answer[name] for name in ["events", "passed", "filtered", "rejected", "sink_rows"]] == [110, 89, 10, 11, 89]
    [statement] = answer["statements"]
    assert {"name": "price", "type": "decimal(9, 2)", "required": False} in statement["columns"], statement["columns"]
    first = statement["rows"][0]
    assert (first["id"], first["share"], first["price"], first["at"]) == (1, 100, "1.50", "2023-11-14T22:13:20.000000Z"), first
    assert len(statement["rows"]) == len(statement["rejects"]) == 3
    assert [reason["events"] for reason in statement["reasons"]] == [10, 1]
    assert firn.stats(pipeline["id"]) == before and before["pending"] == 110
    assert not firn.query("lake", "SELECT * FROM web.tried").ok

    run = firn.cli("pipeline", "dry-run", "--sql", SQL.replace("100 / id", "'x' || id"), "--events", 12, "--rows", 2)
    assert run.returncode == 0, run.stderr
    assert "12 events of tried, from 8:10" in run.stdout and "0 passed" in run.stdout and "10 filtered" in run.stdout, run.stdout
    run = firn.cli("pipeline", "dry-run", "tried_pipeline", "--json")
    assert json.loads(run.stdout)["passed"] == 89
    firn.api("POST", f"firn/pipelines/{pipeline['id']}/resume")


@pytest.mark.parametrize("body, word", [
    ({}, "sql"), ({"sql": "SELECT 1"}, "INSERT"), ({"sql": SQL, "events": -1}, "1 to 1000000"),
    ({"sql": SQL, "more": 1}, "members are"), ({"pipeline": "nobody"}, "pipeline")])
def test_what_cannot_be_tried_is_refused(firn, body, word):
    answer = firn.call("POST", "/client/v4/accounts/local/firn/pipelines/dry-run", json=body)
    assert answer.status_code in (400, 404) and word in answer.text, answer.text


@pytest.mark.parametrize("arguments", [("tried_pipeline", "--sql", "x"), (), ("tried_pipeline", "--events", "many")])
def test_wrong_usage_is_told(firn, arguments):
    assert firn.cli("pipeline", "dry-run", *arguments).returncode == 2
