"""`firn ingest`: loads of many requests, loads sent again, rejects, busy servers, forms of files."""

import json
import os
import re
import subprocess

import pytest

from firn_server import Firn

SCHEMA = [{"name": "id", "type": "int64", "required": True}, {"name": "text", "type": "string"}]


@pytest.fixture(scope="module")
def firn(shared_firn):
    return shared_firn


def stream_of(firn, name, **more):
    return firn.api("POST", "pipelines/v1/streams", {"name": name, "schema": {"fields": SCHEMA}, **more})["id"]


def kept(firn, stream):
    """How many events the stream has, from a pipeline made now."""
    name = "p" + os.urandom(6).hex()
    firn.api("POST", "pipelines/v1/sinks", {
        "name": name, "type": "r2_data_catalog", "format": {"type": "parquet"},
        "config": {"bucket": "lake", "namespace": "web", "table_name": name, "token": firn.token}})
    definition = firn.api("GET", f"pipelines/v1/streams/{stream}")
    firn.api("POST", "pipelines/v1/pipelines",
             {"name": name, "sql": f"INSERT INTO {name} SELECT id FROM {definition['name']}"})
    firn.flush(stream)
    row = firn.rows("lake", f"SELECT count(*) AS n, count(DISTINCT id) AS ids FROM web.{name}")[0]
    return row["n"], row["ids"]


def lines(path, numbers):
    path.write_text("".join(json.dumps({"id": number, "text": f"t{number}"}) + "\n" for number in numbers))
    return path


def test_a_load_goes_on_under_its_name_with_other_concurrency_and_more_files(firn, tmp_path):
    stream = stream_of(firn, "resumed")
    first, second = lines(tmp_path / "a.ndjson", range(300)), lines(tmp_path / "b.ndjson", range(300, 400))
    flags = ["--batch-events", 1, "--load", "monday", "--json"]
    run = firn.cli("ingest", stream, first, *flags, "--concurrency", 3)
    assert run.returncode == 0 and json.loads(run.stdout)["repeated"] == 0, run.stderr
    for concurrency, repeated in ((64, 300), (1, 400)):
        run = firn.cli("ingest", stream, first, second, *flags, "--concurrency", concurrency)
        assert run.returncode == 0, run.stderr
        answer = json.loads(run.stdout)
        assert (answer["accepted"], answer["repeated"], answer["requests"]) == (400, repeated, 400)
    assert kept(firn, stream) == (400, 400)


def test_other_events_under_a_loads_name_are_refused_and_never_taken_for_kept(firn, tmp_path):
    stream = stream_of(firn, "mistaken")
    flags = ["--batch-events", 1, "--load", "monday"]
    assert firn.cli("ingest", stream, lines(tmp_path / "a.ndjson", range(200)), *flags).returncode == 0
    # As long as the first, longer, and so short that no lane meets its last request.
    for numbers in (range(1000, 1200), range(1000, 1300), range(1000, 1130), range(1000, 1003)):
        run = firn.cli("ingest", stream, lines(tmp_path / "b.ndjson", numbers), *flags)
        assert run.returncode == 1 and ("STR-106" in run.stderr or "load" in run.stderr), run.stderr
    other_sizes = ["--batch-events", 7, "--load", "monday"]
    run = firn.cli("ingest", stream, tmp_path / "a.ndjson", *other_sizes)
    assert run.returncode == 1, run.stderr
    assert kept(firn, stream) == (200, 200)


def test_what_a_validating_stream_rejects_is_counted_and_shown(firn, tmp_path):
    stream = stream_of(firn, "validated", acknowledge="validated")
    file = tmp_path / "events.ndjson"
    file.write_text('{"id": 1}\n{"id": "two"}\n{"id": 3}\n')
    run = firn.cli("ingest", stream, file)
    assert run.returncode == 0, run.stderr
    assert "2 events accepted, 1 rejected" in run.stdout
    assert f"rejected: event 2 of {file}, $.id: " in run.stderr, run.stderr
    answer = json.loads(firn.cli("ingest", stream, file, "--json").stdout)
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    [misfit] = answer["misfits"]
    assert (misfit["file"], misfit["event"], misfit["path"]) == (str(file), 2, "$.id")
    file.write_text('{"id": "x"}\n' * 20)
    run = firn.cli("ingest", stream, file, "--batch-events", 1)
    assert run.stderr.count("rejected: event") == 5 and "and 15 more" in run.stderr, run.stderr


def test_a_stream_that_acknowledges_landed_events_says_when_nothing_lands_them(firn, tmp_path):
    stream = stream_of(firn, "landing", acknowledge="landed")
    run = firn.cli("ingest", stream, lines(tmp_path / "a.ndjson", range(3)))
    assert run.returncode == 1
    assert "the events are kept; no pipeline reads the stream" in run.stderr, run.stderr
    firn.api("PATCH", f"pipelines/v1/streams/{stream}", {"acknowledge": "durable"})
    assert kept(firn, stream) == (3, 3)


def test_who_gives_up_hears_why_the_server_does_not_take_the_events(tmp_path):
    firn = Firn(tmp_path / "data", env={"FIRN_LOG_BACKLOG_BYTES": "2048"}).start()
    try:
        firn.make_bucket()
        stream = stream_of(firn, "busy")
        run = firn.cli("ingest", stream, lines(tmp_path / "a.ndjson", range(500)), "--batch-events", 10,
                       "--patience", 1)
        assert run.returncode == 1 and "the stream's backlog is at its limit" in run.stderr, run.stderr
        assert "STR-201" in run.stderr
    finally:
        firn.kill()


@pytest.mark.parametrize("text", ["[{\"id\":1},]", "[{\"id\":1} {\"id\":2}]", "}", "{\"id\":1}]"])
def test_a_file_that_is_no_json_is_refused(firn, tmp_path, text):
    stream = stream_of(firn, "j" + os.urandom(6).hex())
    file = tmp_path / "x.json"
    file.write_text(text)
    run = firn.cli("ingest", stream, file)
    assert run.returncode == 1 and "event" in run.stderr, run.stderr
    file.write_text('{"id": 1}\n{"id": 2} {"id": 3}')
    assert firn.cli("ingest", stream, file).returncode == 0


def test_what_was_under_way_when_the_file_broke_is_counted(firn, tmp_path):
    stream = stream_of(firn, "broken")
    file = tmp_path / "x.json"
    file.write_text("[" + ",".join(json.dumps({"id": n}) for n in range(3050)) + ",]")
    run = firn.cli("ingest", stream, file, "--batch-events", 100)
    assert run.returncode == 1, run.stderr
    [accepted] = re.findall(r"([\d,]+) events were accepted", run.stderr)
    assert int(accepted.replace(",", "")) == kept(firn, stream)[0] >= 3000, run.stderr


def test_every_row_of_a_csv_file_counts_or_is_refused(firn, tmp_path):
    stream = stream_of(firn, "rows")
    file = tmp_path / "x.csv"
    for text in ("id,text\r1,a\r2,b\r", 'text,id\n5" a,1\n6" b,2\n'):
        file.write_bytes(text.encode())
        run = firn.cli("ingest", stream, file, "--json")
        assert run.returncode == 0 and json.loads(run.stdout)["accepted"] == 2, run.stderr
        answer = firn.call("POST", f"/ingest/{stream}", data=text.encode(), headers={"Content-Type": "text/csv"})
        assert answer.json()["result"]["committed"] == 2
    file.write_text("id;text\n1;a\n")
    run = firn.cli("ingest", stream, file)
    assert run.returncode == 1 and "id;text" in run.stderr and "id, text" in run.stderr, run.stderr
    answer = firn.call("POST", f"/ingest/{stream}", data=b"id;text\n1;a\n", headers={"Content-Type": "text/csv"})
    assert answer.status_code == 400 and "no column is in the stream's schema" in answer.text
    assert kept(firn, stream) == (8, 2)


def test_lists_are_whole(firn):
    before = len(json.loads(firn.cli("stream", "list", "--json").stdout))
    for number in range(124):
        stream_of(firn, f"many_{number}")
    listed = json.loads(firn.cli("stream", "list", "--json").stdout)
    assert len(listed) == len({stream["id"] for stream in listed}) == before + 124
    assert len(firn.cli("stream", "list").stdout.splitlines()) == before + 125


def test_large_rows_of_a_csv_file_are_as_many_requests_as_it_takes(firn, tmp_path):
    stream = stream_of(firn, "large_rows")
    file = tmp_path / "x.csv"
    file.write_text("id,text\n" + "".join(f"{number},{'x' * 2_000_000}\n" for number in range(4)))
    run = firn.cli("ingest", stream, file, "--json")
    assert run.returncode == 0, run.stderr
    assert (json.loads(run.stdout)["accepted"], json.loads(run.stdout)["requests"]) == (4, 2)
    assert kept(firn, stream) == (4, 4)


def test_json_lands_as_it_was_written_wherever_it_stands(firn, tmp_path):
    fields = [{"name": "id", "type": "int64"}, {"name": "j", "type": "json"},
              {"name": "x", "type": "struct", "fields": [{"name": "j", "type": "json"}]}]
    stream, _, _ = firn.make_pipeline(schema=fields, name="nested_json")
    file = tmp_path / "x.csv"
    file.write_text('id,j\n1,"{""a"":\n 1}"\n')
    assert firn.cli("ingest", stream["id"], file).returncode == 0
    text = '{"\u00e9":1,"e\u0301":2,"a": 1.0,"a":2}'
    answer = firn.call("POST", f"/ingest/{stream['id']}", data=f'[{{"id":2,"j":{text},"x":{{"j":{text}}}}}]'.encode())
    assert answer.ok, answer.text
    firn.flush(stream["id"])
    first, second = firn.rows("lake", "SELECT id, CAST(j AS VARCHAR) AS j, CAST(x.j AS VARCHAR) AS nested FROM web.nested_json ORDER BY id")
    assert first["j"] == '{"a":  1}'
    assert second["j"] == second["nested"] == text


def test_fields_that_differ_in_the_spelling_of_a_letter_are_two(firn, tmp_path):
    fields = [{"name": name, "type": "string"} for name in ("\u00e9", "e\u0301")]
    stream, _, _ = firn.make_pipeline(schema=fields, name="spellings")
    file = tmp_path / "x.csv"
    file.write_text("\u00e9,e\u0301\n1,2\n")
    assert firn.cli("ingest", stream["id"], file).returncode == 0
    firn.flush(stream["id"])
    [row] = firn.rows("lake", "SELECT * FROM web.spellings")
    assert list(row.values())[:2] == ["1", "2"]
