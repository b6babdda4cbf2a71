"""A request of a few kilobytes may stand for gigabytes of rows: the server's memory stays bounded and all of it lands."""

import gzip

import pytest

from firn_server import Firn

MISFITS = b'{"a":1}\n' * 2_000_000
LIST = b'{"l":[' + b"1," * 15_000_000 + b'1]}\n{"l":[7]}\n'
EMPTY = b"{}\n" * 300_000
STRUCTS = b'{"l":[' + b"{}," * 9_999 + b"{}]}\n"

TEXT = [{"name": "a", "type": "string"}]
INTEGERS = [{"name": "l", "type": "list", "items": {"type": "int64"}}]
WIDE = [{"name": f"c{i}", "type": "string"} for i in range(200)]
OBJECTS = [{"name": "l", "type": "list", "items": {
    "type": "struct", "fields": [{"name": f"f{i}", "type": "int64"} for i in range(40)]}}]


@pytest.fixture
def small(tmp_path):
    server = Firn(tmp_path / "data", arguments=["--memory-bytes", str(256 << 20)]).start()
    server.make_bucket("lake")
    yield server
    assert server.stop() == 0


def peak_mb(server):
    status = open(f"/proc/{server.process.pid}/status").read()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


def send(server, stream, body):
    sent = gzip.compress(body, 6)
    assert len(sent) < 200_000
    headers = {"content-encoding": "gzip", "content-type": "application/x-ndjson"}
    answer = server.call("POST", f"/ingest/{stream['id']}", data=sent, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


@pytest.mark.parametrize("name, schema, body, passed, rejected, limit_mb", [
    ("misfits", TEXT, MISFITS, 0, 2_000_000, 550),
    ("wide", WIDE, EMPTY, 300_000, 0, 500),
    ("list", INTEGERS, LIST, 1, 1, 850),
    ("objects", OBJECTS, STRUCTS * 20, 20, 0, 450),
])
def test_what_a_request_unfolds_to_lands_in_bounded_memory(small, name, schema, body, passed, rejected, limit_mb):
    stream, _, pipeline = small.make_pipeline(schema=schema, name=name)
    assert send(small, stream, body)["committed"] == passed + rejected
    small.flush(stream["id"], timeout=120)
    assert peak_mb(small) < limit_mb
    stats = small.stats(pipeline["id"])
    assert (stats["passed"], stats["rejected"], stats["pending"]) == (passed, rejected, 0)
    if passed:
        assert small.rows("lake", f"SELECT count(*) AS n FROM web.{name}") == [{"n": passed}]
    if rejected:
        # Each event once, and told which it was.
        assert small.rows("lake", f'SELECT count(*) AS n, count(DISTINCT "index") AS d FROM rejects.{name}') == [
            {"n": rejected, "d": rejected}]
    if name == "list":
        told = small.rows("lake", "SELECT code, path, message FROM rejects.list")
        assert told == [{"code": "too_large", "path": "$.l", "message": "the value unfolds to more than 1048576 values"}]
        assert small.rows("lake", "SELECT l FROM web.list") == [{"l": [7]}]


def test_misfits_of_a_validated_request_are_counted_and_not_kept(small):
    stream = small.api("POST", "pipelines/v1/streams", {
        "name": "checked", "acknowledge": "validated", "schema": {"fields": TEXT}})
    result = send(small, stream, MISFITS)
    assert (result["committed"], result["rejected"]) == (0, 2_000_000)
    assert [misfit["index"] for misfit in result["misfits"]] == list(range(100))
    assert peak_mb(small) < 600
