"""Large answers stream in every format: as fast as the client reads, in bounded memory, and with a clear end when they fail."""

import io
import json
import socket
import time
from urllib.parse import urlsplit

import pyarrow as pa
import pytest

from firn_server import wait_until

PATH = "/api/v1/accounts/local/r2-sql/query/lake"
FORMATS = {
    "json": "application/json", "lines": "application/x-ndjson", "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream", "parquet": "application/vnd.apache.parquet",
}


ROWS = 4_000_000


@pytest.fixture(scope="module")
def firn(shared_firn):
    """With a table of many morsels: what one morsel gives is held until it is whole."""
    for sql in ["CREATE NAMESPACE web", "CREATE TABLE web.wide AS SELECT v, md5(v::text) || md5((v + 1)::text) || md5((v + 2)::text) AS t "
                f"FROM generate_series(1, {ROWS}) a(v)"]:
        answer = shared_firn.call("POST", PATH, json={"query": sql}, timeout=600)
        assert answer.ok, answer.text
    return shared_firn


def ask(firn, sql, media):
    """The socket behind the answer's head, and what came with it."""
    body = json.dumps({"query": sql}).encode()
    address = urlsplit(firn.url)
    client = socket.socket()
    # A small window: what the server cannot send it must not make.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    client.settimeout(60)
    client.connect((address.hostname, address.port))
    client.sendall((
        f"POST {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {firn.token}\r\nAccept: {media}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
    start = b""
    while b"\r\n\r\n" not in start:
        piece = client.recv(65536)
        assert piece, start
        start += piece
    head, _, rest = start.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), start
    assert b"transfer-encoding: chunked" in head.lower(), head
    return client, rest


def resident(firn):
    text = (io.open(f"/proc/{firn.process.pid}/status")).read()
    return int(text.split("VmRSS:")[1].split()[0]) * 1024


@pytest.mark.parametrize("name", FORMATS)
def test_a_slow_client_of_a_huge_answer_takes_bounded_memory(firn, name):
    # Several gigabytes, of texts that no format packs into little.
    sql = "SELECT v, t || t || t || t || t || t || t || t AS t FROM web.wide"
    before = resident(firn)
    client, taken = ask(firn, sql, FORMATS[name])
    received, most = len(taken), 0
    for _ in range(12):
        received += len(client.recv(64 * 1024))
        time.sleep(0.25)
        most = max(most, resident(firn) - before)
    [query] = [q for q in firn.api("GET", "firn/queries") if q["state"] == "running"]
    made = query["rows"]
    client.close()
    wait_until(lambda: firn.metric("firn_queries_running") == 0, 30, "the query's end")
    print(f"\n{name:8} received {received >> 10} KiB, {made} rows made, {most >> 20} MiB more resident")
    # A Parquet row group is whole before it leaves; the others hold some batches.
    assert most < 600 << 20
    assert made < ROWS


@pytest.mark.parametrize("name", ["json", "lines"])
def test_a_failure_midway_ends_with_an_error_and_an_aborted_transfer(firn, name):
    sql = "SELECT 1000 / (3900000 - v) AS n, t FROM web.wide"
    client, tail = ask(firn, sql, FORMATS[name])
    try:
        while piece := client.recv(1 << 20):
            tail = (tail + piece)[-8192:]
    except ConnectionResetError:
        pass
    client.close()
    assert not tail.endswith(b"0\r\n\r\n"), "a broken answer must not look complete"
    assert b"KRN-101" in tail[-2000:], tail[-2000:]
    line = next(line for line in tail.splitlines() if b"KRN-101" in line)
    error = json.loads(line)
    assert error["success"] is False and error["errors"][0]["firn_code"] == "KRN-101"


@pytest.mark.parametrize("name", ["csv", "arrow", "parquet"])
def test_a_failure_midway_aborts_formats_that_have_no_place_for_it(firn, name):
    sql = "SELECT 1000 / (3900000 - v) AS n, t FROM web.wide"
    client, answer = ask(firn, sql, FORMATS[name])
    tail = answer
    try:
        while piece := client.recv(1 << 20):
            tail = (tail + piece)[-4096:]
    except ConnectionResetError:
        pass
    client.close()
    assert not tail.endswith(b"0\r\n\r\n"), "a broken answer must not look complete"
    [query] = [q for q in firn.api("GET", "firn/queries", params={"per_page": 1})]
    assert query["state"] == "failed" and query["fault"].startswith("KRN-101"), query


def test_an_early_failure_is_an_error_with_its_own_status(firn):
    for media in FORMATS.values():
        answer = firn.call("POST", PATH, json={"query": "SELECT 1 / (v - 3) AS n FROM generate_series(1, 5) a(v)"},
                           headers={"Accept": media})
        assert answer.status_code == 400 and answer.json()["errors"][0]["firn_code"] == "KRN-101"


def test_what_operators_did_is_told(firn):
    for sql in ["CREATE TABLE web.facts AS SELECT v AS id, v % 10 AS part, md5(v::text) AS t FROM generate_series(1, 200000) a(v)"]:
        assert firn.query("lake", sql).ok
    sql = "EXPLAIN ANALYZE FORMAT JSON SELECT part, count(DISTINCT t) AS n FROM web.facts WHERE id > 150000 GROUP BY part ORDER BY n"
    document = json.loads(firn.rows("lake", sql)[0]["plan"])
    nodes = []

    def walk(node):
        nodes.append(node)
        for inner in node["inputs"]:
            walk(inner)

    walk(document)
    scan, aggregate = nodes[-1], next(node for node in nodes if node["node"] == "Aggregate")
    assert scan["node"] == "Scan" and scan["rows"] == 50000 and scan["bytes"] > 50000 * 32
    assert scan["scan"]["files"] >= 1 and scan["scan"]["row_groups"] >= 1 and scan["scan"]["bytes_read"] > 0
    assert aggregate["rows"] == 10 and aggregate["peak_memory_bytes"] > 50000 * 32 and aggregate["milliseconds"] > 0
    assert "rows≈" in scan["details"]


def test_arrow_answers_are_whole(firn):
    sql = "SELECT v, repeat('x', 100) AS t FROM generate_series(1, 300000) a(v)"
    answer = firn.session.post(firn.url + PATH, json={"query": sql}, headers={"Accept": FORMATS["arrow"]}, stream=True)
    table = pa.ipc.open_stream(answer.raw).read_all()
    assert table.num_rows == 300000 and table.column("v").to_pylist() == list(range(1, 300001))
