"""One short text of SQL that makes much: memory stays bounded, and what computes can be stopped."""

import threading
import time
from pathlib import Path

import pytest
import requests

from firn_server import Firn

SCHEMA = [{"name": "a", "type": "int64"}, {"name": "s", "type": "string"}]


@pytest.fixture
def firn(tmp_path):
    server = Firn(tmp_path / "data", arguments=["--drain-seconds", "5"]).start()
    server.make_bucket()
    yield server
    if server.is_running():
        server.kill()


def resident_bytes(firn):
    status = Path(f"/proc/{firn.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) << 10


def test_a_heavy_expression_is_paused_and_ended(firn):
    stream, sink, pipeline = firn.make_pipeline(
        schema=SCHEMA, name="big",
        sql="INSERT INTO big_sink SELECT levenshtein(repeat(s, a), repeat(s, a)) AS y FROM big")
    assert firn.ingest(stream["id"], [{"a": 1_000_000, "s": "x"}] * 20).status_code == 200
    time.sleep(2)
    paused = firn.api("POST", f"firn/pipelines/{pipeline['id']}/pause", timeout=60)
    assert paused["status"] == "paused"
    assert firn.stats(pipeline["id"])["pending"] == 20
    firn.api("POST", f"firn/pipelines/{pipeline['id']}/resume")
    time.sleep(2)
    assert firn.stop(timeout=60) == 0


def test_large_texts_pass_through_a_pipeline(firn):
    stream, sink, pipeline = firn.make_pipeline(
        schema=SCHEMA, name="long", sql="INSERT INTO long_sink SELECT length(repeat(s, a)) AS y FROM long")
    events = [{"a": 50_000_000, "s": "x"}] * 6 + [{"a": 200_000_000, "s": "x"}]
    assert firn.ingest(stream["id"], events).status_code == 200
    firn.flush(stream["id"])
    row = firn.rows("lake", "SELECT count(*) AS n, min(y) AS y FROM web.long")[0]
    assert (row["n"], row["y"]) == (6, 50_000_000)
    # What one event makes has a limit; one beyond it is kept as a reject, and stops nobody.
    reject = firn.rows("lake", "SELECT count(*) AS n, min(code) AS code FROM rejects.long")[0]
    assert (reject["n"], reject["code"]) == (1, "KRN-302")


def test_lists_of_many_rows_take_bounded_memory(firn):
    sql = "SELECT array_length(l) AS n FROM (SELECT generate_series(1, 3000000) AS l FROM generate_series(1, 40) t(i)) q"
    assert [row["n"] for row in firn.rows("lake", sql)] == [3_000_000] * 40
    refused = firn.query("lake", "SELECT generate_series(1, 20000000) AS l")
    assert refused.status_code == 400 and "generate_series" in refused.text
    assert resident_bytes(firn) < 3 << 30


def test_a_source_of_rows_ends_with_its_limit_and_with_its_reader(firn):
    rows = firn.rows("lake", "SELECT value FROM generate_series(1, 1000000000000) t(value) LIMIT 2")
    assert [row["value"] for row in rows] == [1, 2]
    with pytest.raises(requests.exceptions.ReadTimeout):
        firn.call("POST", "/api/v1/accounts/local/r2-sql/query/lake", timeout=3,
                  json={"query": "SELECT count(*) AS n FROM generate_series(1, 1000000000000)"})
    assert firn.rows("lake", "SELECT count(*) AS n FROM generate_series(1, 1000)")[0]["n"] == 1000
    assert firn.stop(timeout=30) == 0


def test_a_file_that_is_not_utf8_is_refused(firn, tmp_path):
    stream, _, _ = firn.make_pipeline(schema=SCHEMA, name="text")
    file = tmp_path / "bad.csv"
    file.write_bytes(b"a,s\n14,\xff\n")
    run = firn.cli("ingest", "text", file)
    assert run.returncode == 1 and "UTF-8" in run.stderr and "row: 1" in run.stderr and "column: s" in run.stderr
    body = firn.call("POST", f"/ingest/{stream['id']}", data=file.read_bytes(), headers={"content-type": "text/csv"})
    assert body.status_code == 400 and "column: 2" in body.text


def test_streams_deleted_at_once_are_not_found_twice(firn):
    for turn in range(10):
        made = firn.api("POST", "pipelines/v1/streams", {"name": f"s{turn}"})
        answers = []

        def delete():
            answers.append(requests.delete(
                f"{firn.url}/client/v4/accounts/local/pipelines/v1/streams/{made['id']}", timeout=60,
                headers=firn.session.headers))

        threads = [threading.Thread(target=delete) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
        assert all("SQL" not in answer.text and "FOREIGN" not in answer.text for answer in answers)


@pytest.fixture
def small(tmp_path):
    server = Firn(tmp_path / "small", arguments=[
        "--drain-seconds", "5", "--memory-bytes", str(512 << 20), "--query-memory", str(256 << 20)]).start()
    server.make_bucket()
    yield server
    if server.is_running():
        server.kill()


ROWS = "FROM generate_series(1, 8192) g(id)"


@pytest.mark.parametrize("sql", [
    f"SELECT length(string_agg(repeat('x', 1000000), ',')) AS n {ROWS}",
    f"SELECT array_agg(repeat('x', 1000000)) AS n {ROWS}",
    f"SELECT first_value(repeat('x', 1000000) ORDER BY id) AS n {ROWS}",
    f"SELECT id, repeat('x', 20000000) AS t {ROWS}",
    f"SELECT id, repeat('x', 20000000) AS t {ROWS} ORDER BY id DESC",
])
@pytest.mark.parametrize("form", ["application/json", "text/csv", "application/vnd.apache.arrow.stream"])
def test_one_long_text_in_many_rows_takes_bounded_memory(small, sql, form):
    read = 0
    answer = requests.post(
        f"{small.url}/api/v1/accounts/local/r2-sql/query/lake", timeout=60, stream=True,
        json={"query": sql, "timeout_ms": 15000}, headers={**small.session.headers, "accept": form})
    assert answer.status_code in (200, 400, 429), answer.text
    try:
        for piece in answer.iter_content(1 << 20):
            read += len(piece)
            if read > 200 << 20:
                break
    except requests.exceptions.ChunkedEncodingError:
        pass
    answer.close()
    if answer.status_code == 200:
        assert read > 0
    assert resident_bytes(small) < 1200 << 20
    assert small.rows("lake", "SELECT 1 AS n") == [{"n": 1}]


def test_one_long_text_in_many_rows_is_inserted_in_bounded_memory(small):
    small.rows("lake", "CREATE NAMESPACE w")
    small.rows("lake", "CREATE TABLE w.t (id BIGINT, t STRING)")
    answer = small.call(
        "POST", "/api/v1/accounts/local/r2-sql/query/lake", timeout=180,
        json={"query": "INSERT INTO w.t SELECT id, repeat('x', 20000000) FROM generate_series(1, 40) g(id)"})
    assert answer.ok, answer.text
    assert small.rows("lake", "SELECT count(*) AS n, min(length(t)) AS t FROM w.t") == [{"n": 40, "t": 20_000_000}]
    assert resident_bytes(small) < 1200 << 20
