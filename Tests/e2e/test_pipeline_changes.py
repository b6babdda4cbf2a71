"""A pipeline is paused, changed, reset and resumed while producers go on; bodies in every form; what answers say."""

import gzip
import json
import threading

import pytest

from firn_server import Firn

SCHEMA = [{"name": "id", "type": "int64", "required": True}, {"name": "name", "type": "string"}]


@pytest.fixture(scope="module")
def firn(shared_firn):
    return shared_firn


def test_changes_under_load_lose_nothing_and_land_nothing_twice(firn):
    stream, sink, pipeline = firn.make_pipeline(schema=SCHEMA, name="changing",
                                                sql="INSERT INTO changing_sink SELECT id FROM changing")
    sent, stop = [0], threading.Event()

    def produce():
        while not stop.is_set():
            events = [{"id": sent[0] + number} for number in range(50)]
            assert firn.ingest(stream["id"], events).status_code == 200
            sent[0] += 50

    producer = threading.Thread(target=produce)
    producer.start()
    try:
        for turn in range(4):
            run = firn.cli("pipeline", "update", "changing_pipeline",
                           "--sql", f"INSERT INTO changing_sink SELECT id FROM changing WHERE id > -{turn + 1}")
            assert run.returncode == 0, run.stderr
            assert firn.cli("pipeline", "pause", "changing_pipeline").returncode == 0
            assert firn.api("GET", f"pipelines/v1/pipelines/{pipeline['id']}")["status"] == "paused"
            assert firn.cli("pipeline", "resume", "changing_pipeline").returncode == 0
    finally:
        stop.set()
        producer.join()
    firn.flush(stream["id"])
    row = firn.rows("lake", "SELECT count(*) AS n, count(DISTINCT id) AS ids, max(id) AS last FROM web.changing")[0]
    assert (row["n"], row["ids"], row["last"]) == (sent[0], sent[0], sent[0] - 1)
    stats = firn.stats(pipeline["id"])
    assert stats["accepted"] == stats["passed"] == sent[0] and stats["pending"] == 0
    run = firn.cli("pipeline", "reset", "changing_pipeline", "--to", "nowhere")
    assert run.returncode == 1 and "oldest" in run.stderr


def test_a_pipeline_whose_table_was_renamed_goes_on_when_it_is_renamed_back(firn):
    stream, _, pipeline = firn.make_pipeline(schema=SCHEMA, name="moved")
    firn.ingest(stream["id"], [{"id": 1}])
    firn.flush(stream["id"])
    firn.rows("lake", "ALTER TABLE web.moved RENAME TO web.elsewhere")
    firn.ingest(stream["id"], [{"id": 2}])
    flush = firn.call("POST", f"/client/v4/accounts/local/firn/streams/{stream['id']}/flush")
    reason = flush.json()["errors"][0]["message"]
    assert flush.status_code == 409 and reason.index("firn pipeline resume") < reason.index("firn pipeline reset"), reason
    run = firn.cli("pipeline", "resume", "moved_pipeline")
    assert run.returncode == 1 and "failed again" in run.stderr and "CLI-203" in run.stderr, run
    assert "resumed" not in run.stdout and "firn pipeline reset" in run.stderr
    run = firn.cli("pipeline", "resume", "moved_pipeline", "--json")
    shown = json.loads(run.stdout)
    assert run.returncode == 1 and shown["status"] == "failed" and "web.moved" in shown["failure_reason"]
    firn.rows("lake", "ALTER TABLE web.elsewhere RENAME TO web.moved")
    run = firn.cli("pipeline", "resume", "moved_pipeline")
    assert run.returncode == 0 and run.stdout == "resumed pipeline moved_pipeline\n", run
    firn.flush(stream["id"])
    assert [row["id"] for row in firn.rows("lake", "SELECT id FROM web.moved ORDER BY id")] == [1, 2]
    stats = firn.stats(pipeline["id"])
    assert (stats["accepted"], stats["passed"], stats["pending"]) == (2, 2, 0)


def test_csv_gzip_and_zstd_bodies_land_alike(firn):
    stream, _, _ = firn.make_pipeline(schema=SCHEMA, name="bodies")
    csv = b'id,name\n1,"a, b"\n2,\n'
    for body, headers in [(csv, {"Content-Type": "text/csv"}),
                          (gzip.compress(csv), {"Content-Type": "text/csv", "Content-Encoding": "gzip"})]:
        answer = firn.call("POST", f"/ingest/{stream['id']}", data=body, headers=headers)
        assert answer.status_code == 200 and answer.json()["result"]["committed"] == 2, answer.text
    answer = firn.call("POST", f"/ingest/{stream['id']}", data=b"id,name\n3,\xff\n", headers={"Content-Type": "text/csv"})
    assert answer.status_code == 400 and "UTF-8" in answer.text, answer.text
    firn.flush(stream["id"])
    rows = firn.rows("lake", "SELECT id, name, count(*) AS n FROM web.bodies GROUP BY id, name ORDER BY id")
    assert [(row["id"], row["name"], row["n"]) for row in rows] == [(1, "a, b", 2), (2, None, 2)]


def test_an_answer_says_what_the_stream_promises(firn):
    stream, _, pipeline = firn.make_pipeline(schema=SCHEMA, name="promises", rolling={"interval_seconds": 3600})
    path = f"pipelines/v1/streams/{stream['id']}"
    assert firn.api("PATCH", path, {"acknowledge": "landed"})["acknowledge"] == "landed"
    answer = firn.ingest(stream["id"], [{"id": 1}])
    assert answer.json()["result"] == {"committed": 1, "landed": True}
    assert firn.rows("lake", "SELECT count(*) AS n FROM web.promises")[0]["n"] == 1
    firn.api("PATCH", path, {"acknowledge": "validated"})
    result = firn.ingest(stream["id"], [{"id": 2}, {"id": "two"}]).json()["result"]
    assert (result["committed"], result["rejected"], result["misfits"][0]["path"]) == (1, 1, "$.id")
    firn.flush(stream["id"])
    stats = firn.stats(pipeline["id"])
    assert (stats["accepted"], stats["passed"], stats["rejected"], stats["pending"]) == (3, 2, 1, 0)
    firn.api("PATCH", path, {"acknowledge": "landed"})
    firn.api("POST", f"firn/pipelines/{pipeline['id']}/pause")
    answer = firn.ingest(stream["id"], [{"id": 3}])
    assert answer.status_code == 504 and answer.json()["errors"][0]["firn_code"] == "ING-106"


def test_a_schema_grows_under_load(firn):
    stream, _, pipeline = firn.make_pipeline(schema=SCHEMA, name="growing", sql="INSERT INTO growing_sink SELECT id FROM growing")
    firn.api("POST", "pipelines/v1/sinks", {
        "name": "grown", "type": "r2_data_catalog", "format": {"type": "parquet"},
        "config": {"bucket": "lake", "namespace": "web", "table_name": "grown", "schema_policy": "add_columns", "rolling_policy": {"interval_seconds": 1}}})
    grown = firn.api("POST", "pipelines/v1/pipelines", {"name": "grown", "sql": "INSERT INTO grown SELECT * FROM growing"})
    sent, stop = [0], threading.Event()

    def produce():
        while not stop.is_set():
            assert firn.ingest(stream["id"], [{"id": sent[0] + number, "note": "n", "tags": ["a"]} for number in range(50)]).status_code == 200
            sent[0] += 50

    producer = threading.Thread(target=produce)
    producer.start()
    path, fields = f"pipelines/v1/streams/{stream['id']}", list(SCHEMA)
    for field in [{"name": "note", "type": "string"}, {"name": "tags", "type": "list", "items": {"type": "string"}}]:
        firn.flush(stream["id"])
        fields.append(field)
        assert [f["name"] for f in firn.api("PATCH", path, {"schema": {"fields": fields}})["schema"]["fields"]] == [f["name"] for f in fields]
    stop.set()
    producer.join()
    assert firn.ingest(stream["id"], [{"id": sent[0], "note": "last", "tags": None}]).ok
    firn.flush(stream["id"])
    refused = firn.call("PATCH", f"/client/v4/accounts/local/{path}", json={"schema": {"fields": fields[:-1]}})
    assert refused.status_code == 400 and "STR-104" in refused.text and "tags" in refused.text, refused.text
    for name, table in [(pipeline["id"], "growing"), (grown["id"], "grown")]:
        stats = firn.stats(name)
        assert stats["accepted"] == stats["passed"] == sent[0] + 1 and stats["pending"] == 0
        assert firn.rows("lake", f"SELECT count(*) AS n, count(DISTINCT id) AS ids FROM web.{table}") == [{"n": sent[0] + 1, "ids": sent[0] + 1}]
    assert firn.rows("lake", "SELECT note, tags, name FROM web.grown ORDER BY id DESC LIMIT 1") == [{"note": "last", "tags": None, "name": None}]
