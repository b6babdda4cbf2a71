"""How a sink's data files are laid out, as another reader of Parquet finds them."""

import random

import pyarrow.parquet as pq
import pytest

from clients import pyiceberg_catalog

SCHEMA = [{"name": "id", "type": "int64", "required": True}, {"name": "text", "type": "string"}]
CODECS = {"zstd": "ZSTD", "snappy": "SNAPPY", "gzip": "GZIP", "lz4": "LZ4", "uncompressed": "UNCOMPRESSED"}
EVENTS = 20_000


@pytest.fixture(scope="module")
def landed(shared_firn):
    """One stream of some MB of text that hardly shrinks, in a table for each format."""
    firn = shared_firn
    stream = firn.api("POST", "pipelines/v1/streams", {
        "name": "laid", "http": {"enabled": True, "authentication": True}, "schema": {"fields": SCHEMA},
        "format": {"type": "json", "unstructured": False}})
    formats = {**{codec: {"compression": codec} for codec in CODECS}, "plain": {},
               "grouped": {"compression": "snappy", "row_group_bytes": 1 << 20}}
    for name, format in formats.items():
        sink = firn.api("POST", "pipelines/v1/sinks", {
            "name": f"laid_{name}", "type": "r2_data_catalog", "format": {"type": "parquet", **format},
            "config": {"bucket": "lake", "namespace": "laid", "table_name": name, "token": firn.token,
                       "rolling_policy": {"interval_seconds": 3600}}})
        assert sink["format"] == {"type": "parquet", "compression": "zstd", **format}
        firn.api("POST", "pipelines/v1/pipelines", {"name": f"laid_{name}", "sql": f"INSERT INTO laid_{name} SELECT * FROM laid"})
    rng = random.Random(7)
    for first in range(0, EVENTS, 2000):
        events = [{"id": i, "text": rng.randbytes(100).hex()} for i in range(first, first + 2000)]
        assert firn.ingest(stream["id"], events).status_code == 200
    firn.flush(stream["id"])
    return pyiceberg_catalog(firn)


def files(catalog, name):
    table = catalog.load_table(f"laid.{name}")
    return [pq.ParquetFile(table.io.new_input(path).open()) for path in table.inspect.files()["file_path"].to_pylist()]


@pytest.mark.parametrize("name, codec", [*CODECS.items(), ("plain", "ZSTD")])
def test_pages_are_compressed_as_the_sink_says(landed, name, codec):
    found = files(landed, name)
    assert found
    for file in found:
        meta = file.metadata
        chunks = [meta.row_group(g).column(c) for g in range(meta.num_row_groups) for c in range(meta.num_columns)]
        assert {chunk.compression for chunk in chunks} == {codec}
        text = next(chunk for chunk in chunks if chunk.path_in_schema == "text")
        assert (text.total_compressed_size < 0.9 * text.total_uncompressed_size) == (codec in ("ZSTD", "GZIP"))
    ids = sorted(i for file in found for i in file.read(["id"])["id"].to_pylist())
    assert ids == list(range(EVENTS))


def test_row_groups_are_as_large_as_the_sink_says(landed):
    assert all(file.metadata.num_row_groups == 1 for file in files(landed, "plain"))
    [file] = files(landed, "grouped")
    groups = [file.metadata.row_group(g) for g in range(file.metadata.num_row_groups)]
    # 4 MB of text and more: each group but the last has about what was asked for.
    assert len(groups) >= 4
    assert all(0.8 * (1 << 20) < group.total_byte_size < 1.2 * (1 << 20) for group in groups[:-1])
    assert sum(group.num_rows for group in groups) == EVENTS


def test_firn_reads_what_it_wrote_in_each_way(landed, shared_firn):
    for name in [*CODECS, "plain", "grouped"]:
        [row] = shared_firn.rows("lake", f"SELECT count(*) AS n, sum(id) AS s, sum(length(text)) AS t FROM laid.{name}")
        assert (row["n"], row["s"], row["t"]) == (EVENTS, EVENTS * (EVENTS - 1) // 2, EVENTS * 200)
