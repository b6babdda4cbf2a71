"""Rejects are replayed after a fix: each lands once, over kills between any two steps; other engines read what is left."""

import threading

import pytest
import requests

from firn_server import Firn, wait_until

SCHEMA = [{"name": "id", "type": "int64", "required": True}, {"name": "ratio", "type": "int64"}]
SQL = "INSERT INTO events_sink SELECT id, 10 / ratio AS part FROM events"
MENDED = "INSERT INTO events_sink SELECT id, 10 / nullif(ratio, 0) AS part FROM events WHERE id <> 7"
POINTS = ["sink.files.written:1", "commit.metadata.written:1", "commit.pointer.moved:1", "store.journal.written:1",
          "store.journal.written:2", "store.journal.written:4", "store.journal.written:7"]


def rejecting(tmp_path):
    """A server whose pipeline has rejected what is divided by zero, and misfits; its SQL is mended."""
    firn = Firn(tmp_path / "data").start()
    firn.make_bucket("lake")
    stream, _, pipeline = firn.make_pipeline(sql=SQL, schema=SCHEMA)
    for start in range(0, 100, 10):
        events = [{"id": start + number, "ratio": number % 2} for number in range(10)]
        assert firn.ingest(stream["id"], events + [{"id": "no"}]).ok
        firn.flush(stream["id"])
    firn.api("PATCH", f"firn/pipelines/{pipeline['id']}", {"sql": MENDED.replace("WHERE id <> 7", "WHERE id <> 8")})
    return firn, stream, pipeline


def check(firn, stream, pipeline):
    stats = firn.stats(pipeline["id"])
    assert stats["accepted"] == 110 == stats["passed"] + stats["filtered"] + stats["rejected"] + stats["pending"]
    assert (stats["passed"], stats["filtered"], stats["rejected"], stats["sink_rows"]) == (99, 1, 10, 99)
    row = firn.rows("lake", "SELECT count(*) AS n, count(DISTINCT id) AS ids, sum(id) AS total FROM web.events")[0]
    assert (row["n"], row["ids"], row["total"]) == (99, 99, sum(range(100)) - 8)
    left = firn.rows("lake", "SELECT code, count(*) AS n FROM rejects.events GROUP BY code")
    assert [row["n"] for row in left] == [10], left
    for table in ["web.events", "rejects.events"]:
        run = firn.cli("table", "check", "lake", table)
        assert run.returncode == 0, run.stdout + run.stderr


def test_one_command_replays_what_was_mended(tmp_path):
    firn, stream, pipeline = rejecting(tmp_path)
    try:
        run = firn.cli("pipeline", "replay-rejects", "events_pipeline")
        assert run.returncode == 0, run.stderr
        assert "replayed 60 rejects" in run.stdout and "49 passed, 1 filtered, 10 still rejected" in run.stdout, run.stdout
        assert "$.id" in run.stdout
        check(firn, stream, pipeline)
        again = firn.api("POST", f"firn/pipelines/{pipeline['id']}/replay-rejects")
        assert (again["events"], again["passed"], again["rejected"]) == (10, 0, 10)
        assert again["statements"][0]["reasons"][0]["events"] == 10
        check(firn, stream, pipeline)
        assert firn.metric("firn_pipeline_rejected_events") == 10
        run = firn.cli("pipeline", "replay-rejects", "nothing")
        assert run.returncode == 1 and "PIP-101" in run.stderr
        firn.restart()
        check(firn, stream, pipeline)
    finally:
        firn.kill()


def test_sinks_of_files_are_named_as_left_alone(tmp_path):
    firn = Firn(tmp_path / "data").start()
    try:
        firn.make_bucket("lake")
        stream, _, pipeline = firn.make_pipeline(sql=SQL, schema=SCHEMA)
        firn.api("POST", "pipelines/v1/sinks", {
            "name": "copies", "type": "r2", "format": {"type": "json"},
            "config": {"account_id": "local", "bucket": "lake", "path": "copies",
                       "credentials": {"access_key_id": firn.token_id, "secret_access_key": firn.token}}})
        firn.api("PATCH", f"firn/pipelines/{pipeline['id']}", {"sql": f"{SQL}; INSERT INTO copies SELECT id, 1 / ratio AS n FROM events"})
        assert firn.ingest(stream["id"], [{"id": 1, "ratio": 0}, {"id": 2, "ratio": 1}]).ok
        firn.flush(stream["id"])
        answer = firn.api("POST", f"firn/pipelines/{pipeline['id']}/replay-rejects")
        assert answer["events"] == 1 and [one["sink"] for one in answer["statements"]] == ["events_sink"]
        assert [(one["stream"], one["sink"]) for one in answer["skipped"]] == [("events", "copies")]
        run = firn.cli("pipeline", "replay-rejects", "events_pipeline")
        assert run.returncode == 0 and "left alone: sink copies" in run.stdout, run.stderr
        assert firn.stop() == 0
    finally:
        firn.kill()


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_during_a_replay_loses_and_doubles_nothing(tmp_path, point):
    firn, stream, pipeline = rejecting(tmp_path)
    firn.stop()
    path = f"firn/pipelines/{pipeline['id']}/replay-rejects"
    armed = Firn(tmp_path / "data", env={"FIRN_FAULT": point}).start()
    with pytest.raises(requests.ConnectionError):
        armed.api("POST", path)
    wait_until(lambda: not armed.is_running(), 30, f"the kill at {point}")
    armed.kill()
    firn = Firn(tmp_path / "data").start()
    try:
        firn.api("POST", path)
        check(firn, stream, pipeline)
        firn.api("POST", path)
        check(firn, stream, pipeline)
    finally:
        firn.kill()


def test_producers_and_another_engine_go_on_beside_a_replay(tmp_path):
    from clients import pyiceberg_catalog
    firn, stream, pipeline = rejecting(tmp_path)
    try:
        def produce():
            for number in range(20):
                assert firn.ingest(stream["id"], [{"id": 1000 + number, "ratio": 0}, {"id": "no"}]).ok
                firn.flush(stream["id"])

        producer = threading.Thread(target=produce)
        producer.start()
        while producer.is_alive():
            firn.cli("pipeline", "replay-rejects", "events_pipeline")
        producer.join()
        firn.api("POST", f"firn/pipelines/{pipeline['id']}/replay-rejects")
        stats = firn.stats(pipeline["id"])
        assert (stats["accepted"], stats["passed"], stats["filtered"], stats["rejected"]) == (150, 119, 1, 30)
        assert firn.rows("lake", "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM web.events")[0] == {"n": 119, "ids": 119}
        catalog = pyiceberg_catalog(firn)
        left = catalog.load_table("rejects.events").scan().to_arrow()
        assert left.num_rows == 30 and set(left["pipeline"].to_pylist()) == {"events_pipeline"}
    finally:
        firn.kill()
