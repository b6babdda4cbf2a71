"""The command line against a running server."""

import json

import pytest

SCHEMA = {"fields": [
    {"name": "id", "type": "int64", "required": True}, {"name": "kind", "type": "string"},
    {"name": "price", "type": "float64"}, {"name": "ok", "type": "bool"}, {"name": "more", "type": "json"}]}
EVENTS = [{"id": n, "kind": f"k{n % 3}, \"é\"", "price": n / 4, "ok": n % 2 == 0, "more": {"n": n}} for n in range(2500)]


@pytest.fixture(scope="module")
def firn(shared_firn, tmp_path_factory):
    """A server with a stream `shop` and a pipeline into `web.shop`, made by the command line alone."""
    schema = tmp_path_factory.mktemp("cli") / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    for arguments in (
            ["stream", "create", "shop", "--schema-file", schema],
            ["sink", "create", "shop_sink", "--type", "r2-data-catalog", "--bucket", "lake", "--namespace", "web",
             "--table", "shop", "--roll-interval", "60", "--catalog-token", shared_firn.token],
            ["pipeline", "create", "shop_pipeline", "--sql", "INSERT INTO shop_sink SELECT * FROM shop"]):
        run = shared_firn.cli(*arguments)
        assert run.returncode == 0, run.stderr
    return shared_firn


def as_csv(events):
    quoted = lambda text: '"' + text.replace('"', '""') + '"'
    rows = [f"{e['id']},{quoted(e['kind'])},{e['price']},{str(e['ok']).lower()},{quoted(json.dumps(e['more']))}" for e in events]
    return "\n".join(["id,kind,price,ok,more", *rows]) + "\n"


FORMS = {
    "csv": as_csv(EVENTS),
    "ndjson": "\n\n".join(json.dumps(event) for event in EVENTS),
    "json": json.dumps(EVENTS, indent=2),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_file_lands_as_the_same_rows(firn, form, tmp_path):
    before = json.loads(firn.cli("pipeline", "stats", "shop_pipeline", "--json").stdout)
    file = tmp_path / f"events.{form}"
    file.write_text(FORMS[form])
    run = firn.cli("ingest", "shop", file, "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["accepted"] == len(EVENTS)
    assert firn.cli("stream", "flush", "shop").returncode == 0
    stats = json.loads(firn.cli("pipeline", "stats", "shop_pipeline", "--json").stdout)
    assert stats["passed"] - before["passed"] == len(EVENTS) and stats["rejected"] == stats["pending"] == 0
    sql = "SELECT count(*) AS n, sum(id) AS ids, sum(price) AS prices, count(*) FILTER (WHERE ok) AS oks, max(kind) AS kind FROM web.shop"
    [row] = json.loads(firn.cli("sql", "query", "local_lake", sql, "--json").stdout)
    rounds = stats["passed"] // len(EVENTS)
    assert row == {"n": 2500 * rounds, "ids": 3_123_750 * rounds, "prices": 780_937.5 * rounds, "oks": 1250 * rounds,
                   "kind": 'k2, "é"'}


def test_a_pipe_is_read_and_a_refused_batch_is_named(firn):
    run = firn.cli("ingest", "shop", "-", "--format", "ndjson", input='{"id": 1}\n' * 1000 + '{"id": \n')
    assert run.returncode == 1 and "1,000 events were accepted" in run.stderr, run.stderr
    assert "file: -, event: 1001" in run.stderr and "line:" not in run.stderr, run.stderr


def test_lists_and_gets_print_tables_and_json(firn):
    assert "lake" in firn.cli("bucket", "list").stdout
    assert json.loads(firn.cli("stream", "get", "shop", "--json").stdout)["name"] == "shop"
    for noun in ("bucket", "catalog", "stream", "sink", "pipeline", "token"):
        run = firn.cli(noun, "list", "--json")
        assert run.returncode == 0 and json.loads(run.stdout), noun
    table = firn.cli("sql", "query", "lake", "SELECT 1 AS a, 'x' AS b")
    assert table.stdout == "a\tb\n1\tx\n" and "1 row in" in table.stderr


def test_a_token_made_by_the_command_line_does_what_its_scopes_say(firn):
    made = json.loads(firn.cli("token", "create", "--scope", "storage:read:bucket=lake", "--expires", "1h", "--json").stdout)
    value = made["value"]
    assert firn.cli("bucket", "get", "lake", "--token", value).returncode == 0
    refused = firn.cli("bucket", "create", "other", "--token", value)
    assert refused.returncode == 1 and "storage:write" in refused.stderr
    assert firn.cli("token", "delete", made["id"]).returncode == 0
    assert firn.cli("bucket", "get", "lake", "--token", value).returncode == 1


def test_readers_that_leave_end_no_server_and_no_noise(firn):
    """A closed log, a closed ready line, a client that goes in the middle of a file."""
    import boto3
    import hashlib
    import socket
    import subprocess

    s3 = boto3.client("s3", endpoint_url=firn.s3, aws_access_key_id=firn.token_id, region_name="auto",
                      aws_secret_access_key=hashlib.sha256(firn.token.encode()).hexdigest())
    s3.put_object(Bucket="lake", Key="big", Body=bytes(8 << 20))
    target = s3.generate_presigned_url("get_object", Params={"Bucket": "lake", "Key": "big"}, ExpiresIn=60)
    host, port = firn.s3.removeprefix("http://").split(":")
    for _ in range(5):
        with socket.create_connection((host, int(port))) as client:
            path = target.removeprefix(firn.s3)
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            client.recv(100)
    assert s3.get_object(Bucket="lake", Key="big")["ContentLength"] == 8 << 20
    run = subprocess.run(f"'{firn.binary}' --help | head -1", shell=True, capture_output=True, text=True)
    assert run.returncode == 0 and not run.stderr


def test_a_stream_grows_by_the_command_line(firn, tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"fields": [{"name": "id", "type": "int64"}]}))
    assert firn.cli("stream", "create", "growing", "--schema-file", schema).returncode == 0
    schema.write_text(json.dumps({"fields": [{"name": "id", "type": "int64"}, {"name": "note", "type": "string"}]}))
    run = firn.cli("stream", "update", "growing", "--schema-file", schema, "--http-auth", "false")
    assert run.returncode == 0 and "updated stream growing to version 2" in run.stdout, run.stderr
    stream = json.loads(firn.cli("stream", "get", "growing", "--json").stdout)
    assert [field["name"] for field in stream["schema"]["fields"]] == ["id", "note"]
    assert stream["http"]["enabled"] and not stream["http"]["authentication"]
    schema.write_text(json.dumps({"fields": [{"name": "id", "type": "string"}]}))
    run = firn.cli("stream", "update", "growing", "--schema-file", schema)
    assert run.returncode == 1 and "STR-104" in run.stderr and "optional" in run.stderr


def test_a_flush_of_a_stream_that_nothing_reads_says_so(firn):
    assert firn.cli("stream", "create", "unread").returncode == 0
    run = firn.cli("stream", "flush", "unread")
    assert run.returncode == 0 and "no pipeline reads unread" in run.stdout and "flushed" not in run.stdout, run.stdout
    answer = firn.call("POST", "/client/v4/accounts/local/firn/streams/unread/flush").json()
    assert answer["result"] == {"readers": 0} and len(answer["messages"]) == 1
