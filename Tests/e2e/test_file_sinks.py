"""Sinks of files: what other readers find, and that each event is in one file over kills between any two steps."""

import datetime
import gzip
import hashlib
import io
import json
import random
import re
import time

import duckdb
import pyarrow.json
import pyarrow.parquet as pq
import pytest
import zstandard

from clients import s3_client
from exactly_once import SCHEMA, Producer, passing
from firn_server import DEBUG, Firn, wait_until
from test_external_store import outer_store, over

COLUMNS = [{"name": "id", "type": "int64", "required": True}, {"name": "text", "type": "string"},
           {"name": "at", "type": "timestamp", "unit": "millisecond"}, {"name": "tags", "type": "list", "items": {"type": "string"}},
           {"name": "price", "type": "decimal128", "precision": 10, "scale": 2}]
SQL = "INSERT INTO events_sink SELECT batch, id, text FROM events WHERE id % 10 < 9"


def make(firn, name, format, schema=COLUMNS, sql=None, rolling=None, **config):
    stream = firn.api("POST", "pipelines/v1/streams", {
        "name": name, "http": {"enabled": True, "authentication": True}, "schema": {"fields": schema}, "format": {"type": "json"}})
    sink = firn.api("POST", "pipelines/v1/sinks", {
        "name": name + "_sink", "type": "r2", "format": format,
        "config": {"account_id": "local", "bucket": "lake", "path": name,
                   "credentials": {"access_key_id": firn.token_id, "secret_access_key": firn.token},
                   "rolling_policy": rolling or {"interval_seconds": 1}, **config}})
    pipeline = firn.api("POST", "pipelines/v1/pipelines", {
        "name": name + "_pipeline", "sql": sql or f"INSERT INTO {name}_sink SELECT * FROM {name}"})
    return stream, sink, pipeline


def objects(firn, prefix, bucket="lake"):
    pages = s3_client(firn).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def read(firn, key):
    return s3_client(firn).get_object(Bucket="lake", Key=key)["Body"].read()


def events(first, count):
    return [{"id": i, "text": f"text {i} é\n\"", "at": 1_700_000_000_123 + i, "tags": [f"t{i}", "x"], "price": f"{i}.25"}
            for i in range(first, first + count)]


FORMATS = {
    "plain": ({"type": "json"}, ".json"),
    "gz": ({"type": "json", "compression": "gzip"}, ".json.gz"),
    "zst": ({"type": "json", "compression": "zstd", "timestamp_format": "unix_millis", "decimal_encoding": "number"}, ".json.zst"),
    **{codec: ({"type": "parquet", "compression": codec}, ".parquet") for codec in ["zstd", "snappy", "gzip", "lz4", "uncompressed"]},
}


@pytest.mark.parametrize("name", FORMATS)
def test_other_readers_find_what_was_sent(firn, tmp_path, name):
    format, suffix = FORMATS[name]
    firn.api("POST", "r2/buckets", {"name": "lake"})
    stream, sink, pipeline = make(firn, "f_" + name, format, rolling={"interval_seconds": 3600})
    assert "credentials" not in json.dumps(sink) and firn.token not in json.dumps(sink)
    for first in range(0, 60_000, 10_000):
        assert firn.ingest(stream["id"], events(first, 10_000)).ok
        if first == 20_000:
            firn.flush(stream["id"])
    assert firn.ingest(stream["id"], [{"id": "no"}]).ok
    firn.flush(stream["id"])
    stats = firn.stats(pipeline["id"])
    assert (stats["accepted"], stats["passed"], stats["rejected"], stats["pending"]) == (60_001, 60_000, 1, 0)
    keys = objects(firn, f"f_{name}/")
    pattern = rf"f_{name}/year=\d{{4}}/month=\d\d/day=\d\d/[0-9a-f-]{{36}}{re.escape(suffix)}"
    assert len(keys) >= 2 and all(re.fullmatch(pattern, key) for key in keys), keys
    for key in keys:
        (path := tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(read(firn, key))
    files = f"{tmp_path}/f_{name}/*/*/*/*"
    source = f"read_parquet('{files}', hive_partitioning = true)" if "parquet" in suffix else f"read_json('{files}', hive_partitioning = true)"
    found = duckdb.sql(f"SELECT count(*), count(DISTINCT id), sum(id), min(text), sum(len(tags)), sum(price::DECIMAL(12, 2)), "
                       f"count(DISTINCT year) FROM {source}").fetchone()
    assert found[:3] == (60_000, 60_000, sum(range(60_000))) and found[3] == 'text 0 é\n"' and found[4] == 120_000
    assert float(found[5]) == sum(range(60_000)) + 15_000 and found[6] == 1
    first = tmp_path / keys[0]
    if "parquet" in suffix:
        table = pq.ParquetFile(first).read()
        assert table.column_names == ["id", "text", "at", "tags", "price"]
        assert str(table.schema.field("price").type) == "decimal128(10, 2)" and not table.schema.field("id").nullable
        codec = pq.ParquetFile(first).metadata.row_group(0).column(0).compression
        assert codec == {"lz4": "LZ4"}.get(name, name.upper())
    else:
        text = {".json": bytes, ".json.gz": gzip.decompress,
                ".json.zst": lambda data: zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True).read()}[suffix](first.read_bytes())
        lines = [json.loads(line) for line in text.splitlines()]
        assert pyarrow.json.read_json(io.BytesIO(text)).num_rows == len(lines)
        for line in lines[:100]:
            number = line["id"]
            assert line["text"] == f'text {number} é\n"' and line["tags"] == [f"t{number}", "x"]
            at = 1_700_000_000_123 + number
            text = datetime.datetime.fromtimestamp(at // 1000, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03}000Z"
            assert line["at"] == (at if name == "zst" else text)
            assert line["price"] == (number + 0.25 if name == "zst" else f"{number}.25")
    [rejects] = objects(firn, f"rejects/f_{name}/")
    [reject] = [json.loads(line) for line in read(firn, rejects).splitlines()]
    assert reject["stream"] == f"f_{name}" and json.loads(reject["raw"]) == {"id": "no"} and rejects.endswith(".ndjson")


def test_files_and_a_table_of_one_stream_hold_the_same(firn):
    firn.make_bucket("lake")
    stream, _, _ = make(firn, "both", {"type": "json"},
                        file_naming={"strategy": "ulid", "prefix": "b", "suffix": "ndjson"}, partitioning={"time_pattern": "%Y/%H"})
    firn.api("POST", "pipelines/v1/sinks", {
        "name": "both_table", "type": "r2_data_catalog", "format": {"type": "parquet"},
        "config": {"bucket": "lake", "namespace": "web", "table_name": "both", "token": firn.token}})
    firn.api("PATCH", "firn/pipelines/both_pipeline",
             {"sql": "INSERT INTO both_sink SELECT * FROM both; INSERT INTO both_table SELECT * FROM both WHERE id >= 500"})
    assert firn.ingest(stream["id"], events(0, 1000)).ok
    firn.flush(stream["id"])
    assert firn.rows("lake", "SELECT count(*) AS n FROM web.both") == [{"n": 500}]
    keys = objects(firn, "both/")
    assert all(re.fullmatch(r"both/\d{4}/\d\d/b-[0-9A-HJKMNP-TV-Z]{26}\.ndjson", key) for key in keys), keys
    assert sum(len(read(firn, key).splitlines()) for key in keys) == 1000
    run = firn.cli("sink", "create", "by_cli", "--type", "r2", "--bucket", "lake", "--path", "cli", "--format", "json",
                   "--compression", "zstd", "--partitioning", "%F", "--file-naming", "serial", "--roll-rows", "1000",
                   "--roll-inactivity", "7", "--access-key-id", "x", "--secret-access-key", "y")
    assert run.returncode == 0, run.stderr
    made = json.loads(firn.cli("sink", "get", "by_cli", "--json").stdout)
    assert made["config"]["partitioning"] == {"time_pattern": "%F"} and made["config"]["file_naming"] == {"strategy": "serial"}
    assert made["config"]["rolling_policy"] == {"interval_seconds": 300, "file_rows": 1000, "inactivity_seconds": 7}


@pytest.mark.parametrize("change, words", [
    ({"config": {"partitioning": {"time_pattern": "%Q"}}}, "%Q"), ({"config": {"path": "a/../b"}}, "folder"),
    ({"config": {"bucket": "nowhere"}}, "no such bucket"), ({"config": {"file_naming": {"strategy": "x"}}}, "uuid_v7"),
    ({"format": {"type": "csv"}}, "Parquet or JSON"), ({"format": {"type": "json", "compression": "lz4"}}, "compression"),
    ({"format": {"type": "json", "decimal_encoding": "bytes"}}, "decimal encoding"),
    ({"config": {"rolling_policy": {"file_rows": 0}}}, "file_rows"),
    ({"config": {"path": "p" * 512, "partitioning": {"time_pattern": "t" * 256}, "file_naming": {"prefix": "x" * 128, "suffix": "y" * 127}}},
     "longer keys"), ({"config": {"partitioning": {"time_pattern": "%F" * 128}}}, "longer keys")])
def test_what_no_file_can_be_made_of_is_refused_with_the_place(firn, change, words):
    firn.api("POST", "r2/buckets", {"name": "lake"})
    body = {"name": "s", "type": "r2", "format": change.get("format", {"type": "json"}),
            "config": {"bucket": "lake", **change.get("config", {})}}
    answer = firn.call("POST", "/client/v4/accounts/local/pipelines/v1/sinks", json=body)
    assert answer.status_code in (400, 404) and words in answer.text, answer.text
    assert firn.api("GET", "pipelines/v1/sinks") == []


def test_a_token_makes_sinks_only_where_it_may_write(firn):
    firn.api("POST", "r2/buckets", {"name": "lake"})
    firn.api("POST", "r2/buckets", {"name": "other"})

    def create(name, bucket, path, *scopes):
        made = firn.cli("token", "create", "--scope", "pipelines:manage", *scopes, "--json")
        assert made.returncode == 0, made.stderr
        return firn.call("POST", "/client/v4/accounts/local/pipelines/v1/sinks",
                         headers={"Authorization": f"Bearer {json.loads(made.stdout)['value']}"},
                         json={"name": name, "type": "r2", "format": {"type": "json"},
                               "config": {"bucket": bucket, "path": path}}).status_code

    mine = ("--scope", "storage:write:bucket=lake,prefix=mine/")
    rejects = ("--scope", "storage:write:bucket=lake,prefix=rejects/")
    assert create("a", "lake", "mine/x", *mine, *rejects) == 200
    assert create("b", "lake", "mine/x", *mine) == 403, "rejects lie outside"
    assert create("c", "lake", "min", *mine, *rejects) == 403
    assert create("d", "other", "mine/x", *mine, *rejects) == 403
    assert create("e", "lake", "mine/x") == 403


# Kills. The number is which pass of the point ends the process.
POINTS = ["sink.file.sealed:1", "sink.file.sealed:3", "sink.files.written:1", "sink.files.written:3", "sink.files.promised:1",
          "sink.files.promised:3", "sink.file.shown:1", "sink.file.shown:4", "store.object.written:2", "store.journal.written:3",
          "store.journal.written:5", "store.journal.written:8", "log.trim.before:1", "log.trim.before:2"]


def faults_after(firn, stream, pipeline, producer):
    """Lands everything and says what is lost, doubled, torn or left over."""
    firn.flush(stream["id"])
    keys = objects(firn, "events/")
    rows = [json.loads(line) for key in keys for line in gzip.decompress(read(firn, key)).splitlines()]
    found = {}
    for row in rows:
        found.setdefault(row["batch"], []).append(row["id"])
    faults = []
    for number, size in producer.sizes.items():
        ids = found.pop(number, [])
        if len(ids) != len(set(ids)):
            faults.append(f"batch {number}: {len(ids) - len(set(ids))} events twice")
        elif len(ids) not in (0, passing(size)):
            faults.append(f"batch {number}: torn, {len(ids)} of {passing(size)}")
        elif not ids and number in producer.acknowledged:
            faults.append(f"batch {number}: acknowledged and lost")
    if found:
        faults.append(f"batches nobody sent: {sorted(found)[:5]}")
    stats = firn.stats(pipeline["id"])
    if stats["accepted"] != stats["passed"] + stats["filtered"] + stats["rejected"] or stats["pending"]:
        faults.append(f"counters do not add up: {stats}")
    if stats["passed"] != len(rows):
        faults.append(f"passed {stats['passed']} but the files have {len(rows)} rows")
    names = sorted(key.rsplit("/", 1)[1] for key in keys)
    if names != [f"{number:05}-000.json.gz" for number in range(len(names))]:
        faults.append(f"the files' numbers are {names}")
    return faults


def run_one(tmp_path, seed, point, start):
    firn = start({})
    firn.api("POST", "r2/buckets", {"name": "lake"})
    stream, _, pipeline = make(firn, "events", {"type": "json", "compression": "gzip"}, SCHEMA, SQL,
                               file_naming={"strategy": "serial"})
    firn.stop()
    firn = start({"FIRN_FAULT": point} if point else {})
    producer = Producer(firn, stream["id"], seed).start()
    if point:
        wait_until(lambda: not firn.is_running(), 30, f"the kill at {point}")
    else:
        time.sleep(0.5 + 3 * random.Random(seed).random())
    firn.kill()
    producer.stop()
    firn = start({})
    try:
        assert producer.sizes, "the producer sent nothing"
        return faults_after(firn, stream, pipeline, producer)
    finally:
        firn.kill()


@pytest.mark.parametrize("point", POINTS + [None, None])
def test_every_acknowledged_event_is_in_one_file_after_a_kill(tmp_path, point):
    faults = run_one(tmp_path, 1, point, lambda env: Firn(tmp_path / "data", env=env).start())
    assert not faults, f"{point}: {faults}"


@pytest.fixture(scope="module", params=["firn", "moto"])
def outer(request):
    with outer_store(request.param) as store:
        yield store


@pytest.mark.parametrize("point", ["sink.file.sealed:2", "sink.files.written:2", "sink.files.promised:1", "sink.file.shown:2"])
def test_so_it_is_in_another_store(outer, tmp_path, point):
    prefix = hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]
    faults = run_one(tmp_path, 2, point, lambda env: over(outer, tmp_path / "data", prefix=prefix, **env).start())
    assert not faults, f"{point}: {faults}"


@pytest.mark.skipif(not DEBUG.exists(), reason="needs the debug build")
@pytest.mark.parametrize("bug, point", [("files-shown-early", "sink.files.written:1"), ("promises-forgotten", "sink.files.promised:1")])
def test_the_kills_find_planted_bugs(tmp_path, bug, point):
    for attempt in range(3):
        (folder := tmp_path / str(attempt)).mkdir()
        if run_one(folder, attempt, point, lambda env: Firn(folder / "data", binary=DEBUG, env={**env, "FIRN_PLANT": bug}).start()):
            return
    pytest.fail(f"no kill finds {bug}")
