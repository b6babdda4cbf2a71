"""Arrow IPC streams as bodies: what pyarrow writes becomes events; what attackers write ends no server and takes no memory."""

import datetime
import decimal
import gzip
import io
import random
import struct

import pyarrow as pa
import pytest


ARROW = {"Content-Type": "application/vnd.apache.arrow.stream"}
FIELDS = [{"name": "id", "type": "int64", "required": True}, {"name": "text", "type": "string"}, {"name": "small", "type": "int32"},
          {"name": "big", "type": "uint64"}, {"name": "at", "type": "timestamp", "unit": "millisecond"}, {"name": "day", "type": "date"},
          {"name": "price", "type": "decimal128", "precision": 20, "scale": 4}, {"name": "ratio", "type": "float64"}, {"name": "ok", "type": "bool"},
          {"name": "raw", "type": "binary"}, {"name": "tags", "type": "list", "items": {"type": "string"}},
          {"name": "who", "type": "struct", "fields": [{"name": "name", "type": "string"}, {"name": "age", "type": "int32"}]}]


def stream_of(table, compression=None, chunk=None, **options):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression, **options)) as writer:
        writer.write_table(table, max_chunksize=chunk)
    return sink.getvalue()


def send(firn, stream, body, **headers):
    return firn.call("POST", f"/ingest/{stream['id']}", data=body, headers={**ARROW, **headers})


def rows(first, count):
    at = datetime.datetime(2024, 2, 29, 12, 0, 0, 123456)
    return pa.table({
        "id": pa.array(range(first, first + count), pa.int64()),
        "text": pa.array([f"text {i % 7} é\n" for i in range(count)], pa.large_string()).dictionary_encode(),
        "small": pa.array([i % 100 if i % 5 else None for i in range(count)], pa.int8()),
        "big": pa.array([2**64 - 1 - i for i in range(count)], pa.uint64()),
        "at": pa.array([at + datetime.timedelta(seconds=i) for i in range(count)], pa.timestamp("us")),
        "day": pa.array([at.date()] * count, pa.date32()),
        "price": pa.array([decimal.Decimal(i) / 8 for i in range(count)], pa.decimal128(20, 4)),
        "ratio": pa.array([i / 3 for i in range(count)]), "ok": pa.array([i % 2 == 0 for i in range(count)]),
        "raw": pa.array([bytes([i % 256, 255]) for i in range(count)], pa.binary_view()),
        "tags": pa.array([[f"t{j}" for j in range(i % 4)] for i in range(count)], pa.list_(pa.dictionary(pa.int16(), pa.string()))),
        "who": pa.array([{"name": "n", "age": i % 90} if i % 3 else None for i in range(count)],
                        pa.struct([("name", pa.string_view()), ("age", pa.int16())]))})


@pytest.fixture(scope="module")
def arrow(shared_firn):
    stream, _, pipeline = shared_firn.make_pipeline(schema=FIELDS, name="arrow", rolling={"interval_seconds": 3600})
    return shared_firn, stream, pipeline


def test_what_pyarrow_writes_lands_as_it_was(arrow):
    firn, stream, pipeline = arrow
    sent = 0
    for compression in [None, "lz4", "zstd"]:
        for chunk in [None, 100]:
            answer = send(firn, stream, stream_of(rows(sent, 2000), compression, chunk, emit_dictionary_deltas=True))
            assert answer.json() == {"success": True, "result": {"committed": 2000}}, answer.text
            sent += 2000
    body = stream_of(rows(sent, 2000))
    assert send(firn, stream, gzip.compress(body), **{"Content-Encoding": "gzip"}).ok
    sent += 2000
    assert send(firn, stream, stream_of(rows(0, 0))).json()["result"]["committed"] == 0
    firn.flush(stream["id"])
    stats = firn.stats(pipeline["id"])
    assert (stats["passed"], stats["rejected"], stats["unknown_fields"]) == (sent, 0, 0)
    found = firn.rows("lake", "SELECT count(*) AS n, count(DISTINCT id) AS ids, sum(small) AS small, count(DISTINCT text) AS texts, max(price) AS price, "
                              "min(at) AS at, max(day) AS day, count(who) AS who, sum(cardinality(tags)) AS tags FROM web.arrow")[0]
    assert found == {"n": sent, "ids": sent, "small": 7 * sum(i % 100 for i in range(2000) if i % 5), "texts": 7, "price": "249.8750",
                     "at": "2024-02-29T12:00:00.123456Z", "day": "2024-02-29", "who": 7 * sum(1 for i in range(2000) if i % 3),
                     "tags": 7 * sum(i % 4 for i in range(2000))}
    one = firn.rows("lake", "SELECT text, raw, big, tags, who FROM web.arrow WHERE id = 7")[0]
    assert one == {"text": "text 0 é\n", "raw": "B/8=", "big": str(2**64 - 8), "tags": ["t0", "t1", "t2"], "who": {"name": "n", "age": 7}}


def test_misfits_are_those_of_json(arrow):
    firn, stream, pipeline = arrow
    before = firn.stats(pipeline["id"])
    table = pa.table({"id": pa.array([1, None, 3], pa.int64()), "small": pa.array([1, 2, 2**40], pa.int64()),
                      "extra": pa.array(["a", "b", "c"])})
    assert send(firn, stream, stream_of(table)).json()["result"]["committed"] == 3
    assert send(firn, stream, stream_of(pa.table({"id": pa.array(["x", "10"])}))).json()["result"]["committed"] == 2
    firn.flush(stream["id"])
    after = firn.stats(pipeline["id"])
    assert (after["passed"] - before["passed"], after["rejected"] - before["rejected"], after["unknown_fields"] - before["unknown_fields"]) == (2, 3, 3)
    rejects = firn.rows("lake", "SELECT code, path, raw FROM rejects.arrow ORDER BY path, raw")
    assert [(row["code"], row["path"]) for row in rejects] == [("missing_field", "$.id"), ("parse_failure", "$.id"), ("type_mismatch", "$.small")] or \
        {row["path"] for row in rejects} == {"$.id", "$.small"}, rejects




def zeros(count):
    return pa.Array.from_buffers(pa.int8(), count, [None, pa.py_buffer(bytes(count))])


WORD = "x" * (1 << 20)
# Each makes a table whose stream is small, and how its buffers are compressed.
BOMBS = {
    "a dictionary's word in every row": lambda: (pa.table({"text": pa.DictionaryArray.from_arrays(
        zeros(4_000_000), pa.array([WORD]))}), "zstd"),
    "a view's word in every row": lambda: (pa.table({"text": pa.Array.from_buffers(pa.string_view(), 200_000, [
        None, pa.py_buffer(struct.pack("<i4sii", 1 << 20, b"xxxx", 0, 0) * 200_000), pa.py_buffer(WORD.encode())])}), None),
    "rows without bytes": lambda: (pa.table({"n": pa.nulls(2**31 - 1)}), None),
    "a list of nothing": lambda: (pa.table({"tags": pa.ListArray.from_arrays(
        pa.array([0, 2**31 - 1], pa.int32()), pa.nulls(2**31 - 1))}), None),
    "a list of empty words": lambda: (pa.table({"raw": pa.LargeListArray.from_arrays(
        pa.array([0, 2**40], pa.int64()), pa.Array.from_buffers(pa.binary(0), 2**40, [None, pa.py_buffer(b"")]))}), None),
    "compressed zeros": lambda: (pa.table({"small": zeros(1 << 28)}), "zstd"),
    "lists in a dictionary": lambda: (pa.table({"tags": pa.DictionaryArray.from_arrays(
        zeros(1_000_000), pa.array([list(range(100_000)), None], pa.list_(pa.int32())))}), "zstd")}


def resident(firn):
    with open(f"/proc/{firn.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) >> 10


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_body_takes_no_memory_however_much_it_stands_for(arrow, name):
    firn, stream, _ = arrow
    body = stream_of(*BOMBS[name](), allow_64bit=True)
    assert len(body) < 5 << 20, len(body)
    answer = send(firn, stream, body)
    assert answer.status_code in (400, 413, 429, 503), answer.text
    assert answer.json()["errors"][0]["message"]
    assert firn.is_running() and resident(firn) < 1200, f"{resident(firn)} MB after {name}"


def test_many_batches_with_one_large_dictionary_are_refused(arrow):
    firn, stream, _ = arrow
    words = pa.array([f"{i:0100}" for i in range(20_000)])
    batch = pa.record_batch({"text": pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), words)})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        for _ in range(5000):
            writer.write_batch(batch)
    answer = send(firn, stream, sink.getvalue())
    assert answer.status_code == 413 and "dictionaries" in answer.text, answer.text


def test_damaged_streams_end_no_server(arrow):
    firn, stream, _ = arrow
    rng = random.Random(5)
    whole = stream_of(rows(0, 50), "lz4")
    plain = stream_of(rows(0, 50))
    codes = set()
    for number in range(1500):
        body = bytearray(whole if number % 2 else plain)
        for _ in range(rng.randrange(1, 5)):
            place = rng.randrange(len(body))
            kind = rng.randrange(4)
            if kind == 0:
                body[place] = rng.choice([0, 1, 0x7F, 0x80, 0xFF])
            elif kind == 1:
                body[place:place + 8] = rng.choice([b"\xff" * 8, b"\x00" * 8, (2**40).to_bytes(8, "little"), b"\xff\xff\xff\x7f" * 2])
            elif kind == 2:
                del body[place:place + rng.randrange(1, 100)]
            else:
                body[place] ^= 1 << rng.randrange(8)
        codes.add(send(firn, stream, bytes(body)).status_code)
    assert firn.is_running() and codes <= {200, 400, 413, 429}, codes
    assert {200, 400} <= codes
    firn.flush(stream["id"])


@pytest.mark.parametrize("body, words", [
    (b"", "empty"), (b'{"id":1}', "no Arrow stream"), (b"ARROW1\0\0", "no Arrow stream"),
    (stream_of(pa.table({"h": pa.array([1.0], pa.float16())})), "type"),
    (stream_of(pa.table({"l": pa.array([[1, 2]], pa.list_(pa.int8(), 2))})), "type"),
    (stream_of(pa.table([pa.array([1]), pa.array([2])], names=["id", "id"])), "one name")])
def test_what_is_no_stream_says_what_would_be(arrow, body, words):
    firn, stream, _ = arrow
    answer = send(firn, stream, body)
    assert answer.status_code == 400 and words in answer.text, answer.text
    assert answer.json()["errors"][0]["code"] == 1003
