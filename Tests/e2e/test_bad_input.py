"""What bad input gets: a clear error with a code and a place, and nothing half-done."""

import gzip
import json
import os
import re
import socket
import subprocess

import pytest
import requests

from firn_server import BINARY, Firn

SCHEMA = [{"name": "id", "type": "int64", "required": True}, {"name": "name", "type": "string"}]


@pytest.fixture(scope="module")
def firn(shared_firn):
    shared_firn.stream, _, shared_firn.pipeline = shared_firn.make_pipeline(schema=SCHEMA)
    shared_firn.call("POST", f"/ingest/{shared_firn.stream['id']}", json=[{"id": 1, "name": "a"}])
    shared_firn.flush(shared_firn.stream["id"])
    return shared_firn


def error(answer):
    return answer.json()["errors"][0]


def committed(firn):
    return firn.stats(firn.pipeline["id"])["accepted"]


@pytest.mark.parametrize("body, place", [
    (b'[{"id": 1}, {"id": }]', "byte 19"), (b'[{"id": 1}', "byte"), (b'{"id": 1}\n{"id": \n', "line: 2"),
    (b"", "empty"), (b'[1, 2] x', "event: 2"), (b'\xff\xfe', "")])
def test_malformed_json_refuses_the_whole_request_with_the_place(firn, body, place):
    before = committed(firn)
    answer = firn.call("POST", f"/ingest/{firn.stream['id']}", data=body)
    assert answer.status_code == 400 and answer.json()["success"] is False
    assert error(answer)["code"] == 1003 and place in error(answer)["message"], answer.text
    assert committed(firn) == before


def test_wrong_types_are_accepted_and_rejected_into_a_table(firn):
    before = firn.stats(firn.pipeline["id"])
    bodies = [{"id": "x"}, {"name": "no id"}, {"id": 7, "name": 5}, {"id": 8, "extra": 1}]
    answer = firn.call("POST", f"/ingest/{firn.stream['id']}", json=bodies)
    assert answer.json()["result"]["committed"] == 4
    firn.flush(firn.stream["id"])
    after = firn.stats(firn.pipeline["id"])
    assert after["rejected"] - before["rejected"] == 3 and after["passed"] - before["passed"] == 1
    rejects = firn.rows("lake", "SELECT index, code, path, message, raw FROM rejects.events ORDER BY index")
    assert [(r["index"], r["path"]) for r in rejects] == [(0, "$.id"), (1, "$.id"), (2, "$.name")]
    assert json.loads(rejects[1]["raw"]) == {"name": "no id"} and all(r["code"] and r["message"] for r in rejects)


def test_events_that_are_no_objects_are_rejected_into_a_table_and_the_others_land(firn):
    before = firn.stats(firn.pipeline["id"])
    answer = firn.call("POST", f"/ingest/{firn.stream['id']}", data=b'{"id":4711}\n5\n[{"id":1}]\nnull\n"a"\n')
    assert answer.status_code == 200 and answer.json()["result"]["committed"] == 5, answer.text
    firn.flush(firn.stream["id"])
    after = firn.stats(firn.pipeline["id"])
    assert after["rejected"] - before["rejected"] == 4 and after["passed"] - before["passed"] == 1
    rejects = firn.rows("lake", "SELECT index, path, message, raw FROM rejects.events WHERE path = '$' AND code = 'type_mismatch' ORDER BY index")
    assert [(r["index"], r["path"], r["raw"]) for r in rejects] == [
        (1, "$", "5"), (2, "$", '[{"id":1}]'), (3, "$", "null"), (4, "$", '"a"')]
    assert all("an object" in r["message"] for r in rejects)


def test_too_large_a_request_is_413(firn):
    answer = firn.call("POST", f"/ingest/{firn.stream['id']}", data=b"[" + b" " * 6_000_000 + b"]")
    assert answer.status_code == 413
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    answer = firn.call("POST", f"/ingest/{firn.stream['id']}", data=bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413


def test_ingest_takes_one_object_ndjson_and_gzip(firn):
    path, before = f"/ingest/{firn.stream['id']}", committed(firn)
    assert firn.call("POST", path, json={"id": 100}).json()["result"]["committed"] == 1
    lines = b'{"id": 101}\n{"id": 102}\n'
    answer = firn.call("POST", path, data=lines, headers={"Content-Type": "application/x-ndjson"})
    assert answer.json()["result"]["committed"] == 2
    answer = firn.call("POST", path, data=gzip.compress(b'[{"id": 103}]'), headers={"Content-Encoding": "gzip"})
    assert answer.json()["result"]["committed"] == 1
    assert firn.call("POST", "/ingest/events", json=[]).json()["result"]["committed"] == 0
    assert committed(firn) == before + 4


def test_an_unknown_stream_is_404_and_a_bad_token_401(firn):
    assert firn.call("POST", "/ingest/nosuchstream", json=[{}]).status_code == 404
    for token in ("wrong", ""):
        answer = requests.post(f"{firn.url}/ingest/{firn.stream['id']}", json=[{"id": 1}],
                               headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
    assert requests.get(f"{firn.url}/client/v4/accounts/local/r2/buckets").status_code == 401
    assert requests.get(f"{firn.url}/catalog/v1/config?warehouse=local_lake").status_code in (401, 403)
    assert requests.get(f"{firn.s3}/lake").status_code == 403


@pytest.mark.parametrize("sql, code, parts", [
    ("SELECT\n  id,, name FROM web.events", 40003, ["line 2, column 6"]),
    ("SELEC id FROM web.events", 40003, ["line 1, column 1", "SELECT"]),
    ("SELECT nmae FROM web.events", 40004, ["line 1, column 8", "nmae", "name"]),
    ("SELECT id FROM web.evnts", 40004, ["evnts", "events"]),
    ("SELECT id FROM wbe.events", 40004, ["wbe"]),
    ("SELECT id, count(*) FROM web.events", 40004, ["GROUP BY"]),
    ("SELECT uper(name) FROM web.events", 40004, ["uper", "upper"]),
    ("SELECT id + name FROM web.events", 40004, ["line 1"]),
    ("SELECT 1 / 0", 40004, ["zero", "line 1, column 10"]),
    ("SELECT id,\n  date_trunc(name, TIMESTAMP '2026-01-01') FROM web.events", 40004, ["line 2, column 3"]),
    ("SELECT CAST('x' AS INT)", 40004, ["x"]),
    ("SELECT id FROM web.events LIMIT 99999999999999999999", 40004, ["line 1, column 33", "9223372036854775807"]),
    ("SELECT E'\\x00'", 40003, ["line 1, column 8"]),
    ("DELETE FROM web.events", 40003, []),
    ("INSERT INTO web.events SELECT 1", 40004, ["line 1, column 24"]),
    ("SELECT id FROM web.events FOR VERSION AS OF 1", 40004, ["line 1", "snapshot"]),
    ("SELECT sum(sum(id)) FROM web.events", 40004, ["line 1, column 12", "inside another"]),
    ("SELECT " + "(" * 5000 + "1" + ")" * 5000, 40003, ["deep"]),
    ("", 40003, []),
])
def test_sql_errors_say_where_and_what_would_be_right(firn, sql, code, parts):
    answer = firn.query("lake", sql)
    assert 400 <= answer.status_code < 500, answer.text
    fault = error(answer)
    assert answer.json()["result"] is None and answer.json()["success"] is False
    assert fault["firn_code"] and (code is None or fault["code"] == code), fault
    for part in parts:
        assert part in fault["message"], fault
    assert firn.rows("lake", "SELECT 1 AS one") == [{"one": 1}], "the server goes on"


def test_management_refuses_what_is_wrong(firn):
    streams = "pipelines/v1/streams"
    for body in ({"name": "has space"}, {"name": "events"}, {}, {"name": "x", "schema": {"fields": [{"name": "a", "type": "colour"}]}}):
        answer = firn.call("POST", f"/client/v4/accounts/local/{streams}", json=body)
        assert 400 <= answer.status_code < 500 and error(answer)["message"], answer.text
    for name in ("UPPER", "ab", "a" * 64, "-x-"):
        assert firn.call("POST", "/client/v4/accounts/local/r2/buckets", json={"name": name}).status_code == 400
    bad_sql = firn.call("POST", "/client/v4/accounts/local/pipelines/v1/pipelines",
                        json={"name": "p", "sql": "INSERT INTO events_sink SELECT nmae FROM events"})
    assert bad_sql.status_code == 400 and "name" in error(bad_sql)["message"]
    for sql, code, place in (("SELECT name\nFROM events ORDER BY name", 40003, "line 3, column 22"),
                             ("SELECT nmae FROM events", 40004, "line 2, column 8"), ("SELEC name", 40003, "line 2, column 1")):
        answer = firn.call("POST", "/client/v4/accounts/local/pipelines/v1/pipelines",
                           json={"name": "p", "sql": f"INSERT INTO events_sink\n{sql}"})
        assert answer.status_code == 400 and error(answer)["code"] == code, answer.text
        assert place in error(answer)["message"]
    for sql, place in (("SELECT 1", "line 1, column 1"), (";", "line 1, column 1"),
                       ("INSERT INTO events_sink SELECT name FROM events;\n  SELECT 1", "line 2, column 3")):
        run = firn.cli("pipeline", "create", "p", "--sql", sql)
        assert run.returncode == 1 and "PIP-107" in run.stderr and place in run.stderr, run.stderr
    assert firn.call("GET", "/client/v4/accounts/local/nothing/here").status_code == 404
    raw = firn.call("POST", "/client/v4/accounts/local/r2/buckets", data=b"{", headers={"Content-Type": "application/json"})
    assert raw.status_code == 400


def test_a_port_in_use_is_said_plainly(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = subprocess.run([BINARY, "serve", "--data", tmp_path / "d", "--listen", f"127.0.0.1:{port}"],
                             capture_output=True, text=True, timeout=30)
    assert run.returncode == 1 and str(port) in run.stderr and "in use" in run.stderr, run.stderr


def test_a_data_directory_in_use_or_from_a_newer_version_is_refused(tmp_path):
    first = Firn(tmp_path / "data").start()
    run = subprocess.run([BINARY, "serve", "--data", first.data, "--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0"],
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == 1 and "in use" in run.stderr and str(first.process.pid) in run.stderr, run.stderr
    assert first.stop() == 0
    marker = next(path for path in (tmp_path / "data").iterdir() if "version" in path.name.lower() or "marker" in path.name.lower())
    marker.write_text(re.sub(r"\d+", "999", marker.read_text(), count=1))
    run = subprocess.run([BINARY, "serve", "--data", first.data, "--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0"],
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == 1 and "newer" in run.stderr, run.stderr


def test_addresses_beyond_this_machine_need_a_decision(tmp_path):
    run = subprocess.run([BINARY, "serve", "--data", tmp_path / "d", "--listen", "0.0.0.0:0"],
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == 2 and "--behind-proxy" in run.stderr, run.stderr


@pytest.mark.parametrize("arguments, code", [
    (["serv"], 2), (["serve", "--dta", "x"], 2), (["sql", "query"], 2), (["bucket", "get", "nothere"], 1), (["--help"], 0),
    (["serve", "--help"], 0)])
def test_the_command_line_uses_its_exit_codes(firn, arguments, code):
    run = firn.cli(*arguments)
    assert run.returncode == code, run.stderr
    assert run.stdout if code == 0 else run.stderr


def test_settings_that_nobody_knows_are_wrong_usage(tmp_path):
    def run(*arguments, **env):
        own = {name: value for name, value in os.environ.items() if not name.startswith("FIRN_")}
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=30, env={**own, **env})

    wrong = run("serve", "--data", tmp_path / "d", FIRN_LISEN="127.0.0.1:0")
    assert wrong.returncode == 2 and "FIRN_LISEN" in wrong.stderr and "did you mean FIRN_LISTEN?" in wrong.stderr
    assert not (tmp_path / "d").exists()
    # What Kubernetes says of a service of this name is no setting.
    show = run("config", "show", FIRN_SERVICE_HOST="10.0.0.1", FIRN_SERVICE_PORT_HTTP="8787",
               FIRN_PORT="tcp://10.0.0.1:8787", FIRN_S3_PORT_9000_TCP_ADDR="10.0.0.1", FIRN_LISTEN="127.0.0.1:1")
    assert show.returncode == 0 and "environment FIRN_LISTEN" in show.stdout, show.stderr
    assert run("config", "show", FIRN_PORT="8787").returncode == 2
    file = tmp_path / "firn.toml"
    for text in ("listen = ", "lisen = '127.0.0.1:0'", "memory_bytes = 'much'"):
        file.write_text(text)
        wrong = run("config", "show", "--config", file)
        assert wrong.returncode == 2 and wrong.stderr, text


def test_a_server_that_is_not_there_is_exit_3():
    run = subprocess.run([BINARY, "bucket", "list", "--url", "http://127.0.0.1:1", "--token", "x"], capture_output=True, text=True)
    assert run.returncode == 3 and "127.0.0.1:1" in run.stderr


def test_a_missing_file_is_said_before_anything_is_sent(firn, tmp_path):
    there = tmp_path / "there.ndjson"
    there.write_text('{"id": 7}\n')
    before = committed(firn)
    for name, words in [("nothing.ndjson", "no such file"), (".", "directory")]:
        run = firn.cli("ingest", firn.stream["id"], there, tmp_path / name, "--format", "ndjson")
        assert run.returncode == 1 and words in run.stderr, run.stderr
    run = firn.cli("ingest", firn.stream["id"], tmp_path / "nothing")
    assert run.returncode == 1 and "no such file" in run.stderr, run.stderr
    assert committed(firn) == before


def test_a_table_that_does_not_fit_is_found_when_the_pipeline_is_made(firn):
    firn.api("POST", "pipelines/v1/sinks", {
        "name": "misfit", "type": "r2_data_catalog",
        "config": {"bucket": "lake", "namespace": "web", "table_name": "events"}})
    sql = "INSERT INTO misfit\nSELECT id, name || '!' AS id_text, id AS name FROM events"
    for path, body in [("pipelines/v1/pipelines", {"name": "misfit", "sql": sql}),
                       ("pipelines/v1/validate_sql", {"sql": sql})]:
        answer = firn.call("POST", f"/client/v4/accounts/local/{path}", json=body)
        assert answer.status_code == 409 and error(answer)["firn_code"] == "PIP-201", answer.text
        # Of the column that does not fit, not of the statement.
        assert "line 2, column 27" in error(answer)["message"], answer.text
    assert "misfit" not in [pipeline["name"] for pipeline in firn.api("GET", "pipelines/v1/pipelines")]


def test_a_scope_is_limited_only_by_what_it_knows(firn):
    for scope in ["pipelines:send:bucket=lake", "admin:bucket=lake"]:
        answer = firn.call("POST", "/client/v4/accounts/local/firn/tokens", json={"name": "t", "scopes": [scope]})
        assert answer.status_code == 400 and error(answer)["firn_code"] == "IDN-201", answer.text


def test_long_values_of_a_partitions_column_land(firn):
    firn.rows("lake", "CREATE TABLE web.long_values (id BIGINT, name STRING) PARTITIONED BY (name)")
    stream, _, pipeline = firn.make_pipeline(
        schema=[{"name": "id", "type": "int64"}, {"name": "name", "type": "string"}], name="long_values")
    names = ["a", "n" * 1200, "\U0001f389" * 300, "\U0001f389" * 300 + "x"]
    assert firn.ingest(stream["id"], [{"id": id, "name": name} for id, name in enumerate(names)]).ok
    firn.flush(stream["id"])
    firn.rows("lake", "INSERT INTO web.long_values SELECT 9, repeat('x', 1200)")
    rows = firn.rows("lake", "SELECT id, name FROM web.long_values ORDER BY id")
    assert [(row["id"], row["name"]) for row in rows] == [*enumerate(names), (9, "x" * 1200)]
    assert firn.api("GET", f"pipelines/v1/pipelines/{pipeline['id']}")["status"] == "running"


def test_a_request_has_no_more_bytes_than_a_record(tmp_path):
    run = Firn(tmp_path / "data").cli_offline("serve", "--data", tmp_path / "data", "--ingest-body-bytes", (32 << 20) + 1)
    assert run.returncode == 2 and "most: 33554432" in run.stderr, run.stderr
