"""What operators see: metrics and statistics at any moment, waits over changes, and answers that say why."""

import re
import threading

import pytest

from firn_server import Firn

SCHEMA = [{"name": "id", "type": "int64", "required": True}, {"name": "name", "type": "string"}]
PARTS = ["accepted", "passed", "filtered", "rejected", "pending"]


@pytest.fixture(scope="module")
def firn(shared_firn):
    return shared_firn


def series(firn):
    """Values by name and labels, from one scrape."""
    found = {}
    for line in firn.call("GET", "/metrics").text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            labels = dict(re.findall(r'(\w+)="([^"]*)"', name))
            found[name.split("{")[0], frozenset(labels.items())] = float(value)
    return found


def counts(firn, pipeline, stream, sink):
    labels = frozenset({"pipeline": pipeline, "stream": stream, "sink": sink}.items())
    found = series(firn)
    return [found.get((f"firn_pipeline_{part}_events", labels)) for part in PARTS]


def test_metrics_are_exact_right_after_a_start_and_for_paused_pipelines(tmp_path):
    firn = Firn(tmp_path / "node").start()
    try:
        firn.make_bucket()
        stream, _, pipeline = firn.make_pipeline(
            schema=SCHEMA, sql="INSERT INTO events_sink SELECT id FROM events WHERE id > 0")
        # What the log keeps is told by the 64 KB.
        firn.ingest("events", [{"id": 1, "name": "x" * 200_000}, {"id": -1}, {"id": "no"}, {"id": 2}])
        firn.flush("events")
        firn.api("POST", "firn/pipelines/events_pipeline/pause")
        firn.ingest("events", [{"id": 3}])
        expected = [5, 2, 1, 1, 1]
        names = ("events_pipeline", "events", "events_sink")
        assert counts(firn, *names) == expected
        firn.kill()
        firn.start()
        assert counts(firn, *names) == expected
        stats = firn.stats(pipeline["id"])
        assert [stats[part] for part in PARTS] == expected
        found = series(firn)
        log = frozenset({"stream": "events", "stream_id": stream["id"]}.items())
        # Of what is kept only the last request has not landed.
        backlog = found["firn_stream_log_backlog_bytes", log]
        assert 0 < backlog < firn.api("GET", "firn/streams/events/stats")["kept_bytes"] / 2, backlog
        firn.api("POST", "firn/pipelines/events_pipeline/resume")
        firn.flush("events")
        assert counts(firn, *names) == [5, 3, 1, 1, 0]
        firn.api("DELETE", "pipelines/v1/pipelines/events_pipeline")
        assert counts(firn, *names) == [None] * 5
    finally:
        firn.kill()


def test_statistics_by_the_command_line(firn):
    firn.make_pipeline(schema=SCHEMA, name="watched")
    firn.ingest("watched", [{"id": 1}, {"id": "no"}])
    firn.flush("watched")
    part = firn.stats("watched_pipeline")["statements"][0]
    assert (part["lag_events"], part["lag_seconds"], part["files"], part["retries"]) == (0, 0, 2, 0), part
    assert part["bytes_out"] > 500 and part["commits"] >= 1 and part["last_commit_at"] and part["since"], part
    stream = firn.api("GET", "firn/streams/watched/stats")
    assert (stream["events"], stream["since_start"]["requests"], stream["end"]) == (2, 1, "1:0"), stream
    run = firn.cli("stream", "stats", "watched")
    assert run.returncode == 0 and "watched_sink" in run.stdout and "backlog_bytes" in run.stdout, run.stdout
    run = firn.cli("pipeline", "stats", "watched_pipeline")
    assert "lag_seconds" in run.stdout and "last_commit_at" in run.stdout, run.stdout


def test_waits_go_over_changes(firn):
    """Whoever waits for events to land hears nothing of an update in place."""
    stream, _, _ = firn.make_pipeline(schema=SCHEMA, name="waited", rolling={"interval_seconds": 3600})
    firn.api("PATCH", f"pipelines/v1/streams/{stream['id']}", {"acknowledge": "landed"})
    stop, answers = threading.Event(), []

    def produce():
        while not stop.is_set():
            answers.append(firn.ingest("waited", [{"id": len(answers)}]))
            answers.append(firn.call("POST", "/client/v4/accounts/local/firn/streams/waited/flush"))

    producers = [threading.Thread(target=produce) for _ in range(2)]
    for producer in producers:
        producer.start()
    try:
        for turn in range(6):
            sql = f"INSERT INTO waited_sink SELECT id, name FROM waited WHERE id > -{turn + 1}"
            firn.api("PATCH", "firn/pipelines/waited_pipeline", {"sql": sql})
    finally:
        stop.set()
        for producer in producers:
            producer.join()
    refused = [answer.text for answer in answers if answer.status_code != 200]
    assert not refused, refused[:3]


def test_who_waits_for_a_pipeline_that_cannot_go_on_is_told_why(firn):
    stream, _, _ = firn.make_pipeline(schema=SCHEMA, name="halted")
    firn.ingest("halted", [{"id": 1}])
    firn.flush("halted")
    firn.api("PATCH", f"pipelines/v1/streams/{stream['id']}", {"acknowledge": "landed"})
    firn.api("POST", "firn/pipelines/halted_pipeline/pause")
    error = firn.ingest("halted", [{"id": 2}]).json()["errors"][0]
    assert error["firn_code"] == "ING-106" and "by themselves" not in error["message"], error
    assert "paused" in error["message"] and "firn pipeline resume halted_pipeline" in error["message"], error
    firn.api("POST", "firn/pipelines/halted_pipeline/resume")
    firn.rows("lake", "ALTER TABLE web.halted RENAME TO web.gone")
    error = firn.ingest("halted", [{"id": 3}]).json()["errors"][0]
    assert error["firn_code"] == "ING-106" and "by themselves" not in error["message"], error
    assert "failed" in error["message"] and "renamed" in error["message"], error
    # New SQL onto the table that is not there is answered with the failure.
    changed = firn.api("PATCH", "firn/pipelines/halted_pipeline", {"sql": "INSERT INTO halted_sink SELECT id FROM halted"})
    assert changed["status"] == "failed" and "renamed" in changed["failure_reason"], changed
    run = firn.cli("pipeline", "update", "halted_pipeline", "--sql", "INSERT INTO halted_sink SELECT id FROM halted")
    assert run.returncode == 1 and "renamed" in run.stderr, run
    firn.rows("lake", "ALTER TABLE web.gone RENAME TO web.halted")
    run = firn.cli("pipeline", "resume", "halted_pipeline")
    assert run.returncode == 0, run


def test_misfits_say_what_was_expected_and_how_many_are_not_listed(firn):
    stream, _, _ = firn.make_pipeline(schema=SCHEMA, name="misfits")
    firn.api("PATCH", f"pipelines/v1/streams/{stream['id']}", {"acknowledge": "validated"})
    result = firn.ingest("misfits", [{"id": "a"}, {"name": "b"}, {"id": 3}]).json()["result"]
    assert (result["committed"], result["rejected"], result["truncated"]) == (1, 2, False)
    told = [(misfit["index"], misfit["path"], misfit["expected"], misfit["found"]) for misfit in result["misfits"]]
    assert told == [(0, "$.id", "an integer of int64", '"a"'), (1, "$.id", "an integer of int64", "nothing")], told
    result = firn.ingest("misfits", [{"id": "x"}] * 250).json()["result"]
    assert (result["rejected"], len(result["misfits"]), result["truncated"]) == (250, 100, True)


def test_a_page_of_a_listed_origin_reads_what_it_needs(firn):
    name = {"name": "pages", "http": {"enabled": True, "authentication": False, "cors": {"origins": ["not an origin"]}}}
    refused = firn.call("POST", "/client/v4/accounts/local/pipelines/v1/streams", json=name)
    assert refused.status_code == 400 and "origins[0]" in refused.text, refused.text
    name["http"]["cors"]["origins"] = ["https://app.example"]
    firn.api("POST", "pipelines/v1/streams", name)
    for body in ('[{"a":1}]', "{"):
        answer = firn.call("POST", "/ingest/pages", data=body, headers={"Origin": "https://app.example"})
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert "retry-after" in answer.headers["access-control-expose-headers"]


def test_two_sinks_never_count_in_one_folder(firn):
    sink = {"name": "counted", "type": "r2", "format": {"type": "json"},
            "config": {"bucket": "lake", "path": "counted", "file_naming": {"strategy": "serial"}}}
    firn.api("POST", "pipelines/v1/sinks", sink)
    refused = firn.call("POST", "/client/v4/accounts/local/pipelines/v1/sinks", json={**sink, "name": "again"})
    assert refused.status_code == 400 and "counted" in refused.text, refused.text
    sink["config"]["file_naming"]["prefix"] = "b"
    firn.api("POST", "pipelines/v1/sinks", {**sink, "name": "again"})
