"""`firn table check` over tables of Firn's pipelines and of PyIceberg, whole and damaged."""

import hashlib
import io
import json
import tempfile
import uuid
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.config import Config
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import read_manifest_list, write_manifest_list

from clients import pyiceberg_catalog
from handmade import Handmade, deletion_vector, field, puffin


def s3_client(firn):
    return boto3.client("s3", endpoint_url=firn.s3, aws_access_key_id=firn.token_id, region_name="auto",
                        aws_secret_access_key=hashlib.sha256(firn.token.encode()).hexdigest(),
                        config=Config(s3={"addressing_style": "path"}))


def check(firn, table, *flags):
    """The exit code and the report."""
    done = firn.cli("table", "check", "lake", table, "--json", *flags)
    return done.returncode, json.loads(done.stdout)


def key(uri):
    return uri.removeprefix("s3://lake/")


@pytest.fixture
def table(firn):
    firn.make_bucket("lake")
    catalog = pyiceberg_catalog(firn)
    catalog.create_namespace("web")
    rows = pa.table({"id": pa.array(range(100), pa.int64()), "name": [f"n{i % 7}" for i in range(100)]})
    table = catalog.create_table("web.t", schema=rows.schema)
    for _ in range(3):
        table.append(rows)
    return table


def test_tables_of_pyiceberg_are_clean_and_leftovers_are_listed(firn, table):
    table.overwrite(pa.table({"id": pa.array([1], pa.int64()), "name": ["x"]}), overwrite_filter="id < 10")
    code, report = check(firn, "web.t", "--data")
    assert (code, report["clean"], report["problems"]) == (0, True, [])
    assert report["checked"]["rows"] == 271
    stray = key(table.location()) + "/data/stray.parquet"
    s3_client(firn).put_object(Bucket="lake", Key=stray, Body=b"x")
    code, report = check(firn, "web.t")
    assert code == 0 and f"s3://lake/{stray}" in report["orphans"]
    assert firn.cli("table", "check", "lake", "web.none").returncode == 1
    assert firn.cli("table", "check", "lake", "none").returncode == 1


def test_files_of_no_table_are_listed(firn, table):
    done = firn.cli("table", "check", "lake", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["strays"] == []
    # What a creation leaves that breaks off before its table is on record.
    left = "__firn/web/t-000000000000/metadata/00000-x.metadata.json"
    s3_client(firn).put_object(Bucket="lake", Key=left, Body=b"{}")
    done = firn.cli("table", "check", "lake")
    assert done.returncode == 0 and f"s3://lake/{left}" in done.stdout and "1 strays" in done.stdout
    assert check(firn, "web.t")[1]["orphans"] == []
    assert firn.cli("table", "check", "lake", "--data").returncode == 2
    assert firn.cli("table", "check", "none").returncode == 1


def test_a_pipelines_table_is_clean_after_many_small_commits(firn):
    firn.make_bucket("lake")
    stream, _, _ = firn.make_pipeline(name="events")
    for number in range(12):
        firn.ingest(stream["id"], [{"id": number * 10 + i} for i in range(10)])
        firn.flush(stream["id"])
    [name] = [row["table_name"] for row in firn.rows("lake", "SHOW TABLES IN web")]
    code, report = check(firn, f"web.{name}", "--data")
    assert (code, report["clean"]) == (0, True), report
    assert report["checked"]["rows"] == 120


def test_damage_is_found_and_is_the_exit_code(firn, table):
    client = s3_client(firn)
    [task, *_] = table.scan().plan_files()
    path = key(task.file.file_path)
    body = client.get_object(Bucket="lake", Key=path)["Body"].read()
    client.delete_object(Bucket="lake", Key=path)
    code, report = check(firn, "web.t")
    assert code == 1 and [problem["kind"] for problem in report["problems"]] == ["file-missing"]
    client.put_object(Bucket="lake", Key=path, Body=body)
    assert check(firn, "web.t")[0] == 0
    manifest = table.current_snapshot().manifests(table.io)[0].manifest_path
    client.delete_object(Bucket="lake", Key=key(manifest))
    code, report = check(firn, "web.t")
    assert code == 1 and {problem["kind"] for problem in report["problems"]} == {"manifest-unreadable"}


class Damaged:
    """A table of three appends of a hundred rows each, and ways to damage what is stored of it."""

    def __init__(self, firn, name):
        self.client, catalog = s3_client(firn), pyiceberg_catalog(firn)
        catalog.create_namespace_if_not_exists("web")
        rows = pa.table({"id": pa.array(range(100), pa.int64()), "name": [f"n{i % 7}" for i in range(100)]})
        self.table = catalog.create_table(f"web.{name}", schema=rows.schema)
        for _ in range(3):
            self.table.append(rows)
        self.snapshot = self.table.current_snapshot()
        [task, *_] = self.table.scan().plan_files()
        self.data, self.list = task.file.file_path, self.snapshot.manifest_list
        self.manifest = self.snapshot.manifests(self.table.io)[0].manifest_path

    def delete(self, uri):
        self.client.delete_object(Bucket="lake", Key=key(uri))

    def rewrite(self, uri, change):
        body = self.client.get_object(Bucket="lake", Key=key(uri))["Body"].read()
        self.client.put_object(Bucket="lake", Key=key(uri), Body=change(body))

    def replace_data(self, rows):
        sink = io.BytesIO()
        pq.write_table(rows, sink)
        self.rewrite(self.data, lambda _: sink.getvalue())

    def rewrite_list(self, change):
        """Writes the manifest list anew, its manifests as `change` leaves them."""
        with tempfile.TemporaryDirectory() as folder:
            local = PyArrowFileIO()
            manifests = list(read_manifest_list(self.table.io.new_input(self.list)))
            change(manifests)
            with write_manifest_list(2, local.new_output(f"{folder}/list"), self.snapshot.snapshot_id,
                                     self.snapshot.parent_snapshot_id, self.snapshot.sequence_number, "deflate") as writer:
                writer.add_manifests(manifests)
            body = Path(f"{folder}/list").read_bytes()
        self.rewrite(self.list, lambda _: body)


def adds(field, amount):
    """Changes one number that a manifest list tells of its first manifest."""
    def change(manifests):
        manifests[0][field] += amount
    return lambda damaged: damaged.rewrite_list(change)


OTHER_VALUES = pa.table({"id": pa.array(range(5000, 5100), pa.int64()), "name": ["zzz"] * 100})
# In the order of a manifest list's fields: 1 length, 4 sequence number, 5 its lowest, 7 files added, 10 rows added.
DAMAGES = [
    ("a data file is gone", "file-missing", lambda d: d.delete(d.data)),
    ("a data file lacks its end", "file-size", lambda d: d.rewrite(d.data, lambda body: body[:-20])),
    ("a data file is noise", "file-unreadable", lambda d: d.rewrite(d.data, lambda body: bytes(len(body)))),
    ("a data file has fewer rows", "record-count", lambda d: d.replace_data(OTHER_VALUES.slice(0, 50))),
    ("a data file has values beyond its bounds", "column-bounds", lambda d: d.replace_data(OTHER_VALUES)),
    ("a manifest is gone", "manifest-unreadable", lambda d: d.delete(d.manifest)),
    ("a manifest lacks its end", "manifest-length", lambda d: d.rewrite(d.manifest, lambda body: body[:-10])),
    ("a manifest list is noise", "manifest-list-unreadable", lambda d: d.rewrite(d.list, lambda body: bytes(len(body)))),
    ("a list tells another length", "manifest-length", adds(1, 1)),
    ("a list counts more files", "manifest-counts", adds(7, 1)),
    ("a list counts more rows", "manifest-counts", adds(10, 5)),
    ("a manifest is newer than its snapshot", "sequence-number", adds(4, 5)),
    ("a list has a manifest twice", "duplicate-file", lambda d: d.rewrite_list(lambda all: all.append(all[0]))),
    ("a list lacks a manifest", "summary-totals", lambda d: d.rewrite_list(lambda all: all.pop())),
]


@pytest.mark.parametrize("kind, damage", [damage[1:] for damage in DAMAGES], ids=[damage[0] for damage in DAMAGES])
def test_planted_damage_is_named(shared_firn, kind, damage):
    damaged = Damaged(shared_firn, "d" + uuid.uuid4().hex)
    name = ".".join(damaged.table.name())
    assert check(shared_firn, name, "--data")[0] == 0
    damage(damaged)
    code, report = check(shared_firn, name, "--data")
    assert code == 1 and kind in {problem["kind"] for problem in report["problems"]}, report


FIELDS = [field(1, "id", "long"), field(2, "name", "string")]
BY_NAME = [(2, "name", "identity", "string")]


def rows(start, end, name=None):
    return {"id": pa.array(range(start, end), pa.int64()), "name": [name or f"n{i % 7}" for i in range(start, end)]}


def handmade(firn, **options):
    """A registered table's maker; `register` is what makes it a table."""
    return Handmade(firn, "hand.t" + uuid.uuid4().hex, FIELDS, **options)


def check_handmade(table):
    table.register()
    return check(table.firn, f"{table.namespace}.{table.name}", "--data")


def shared_vectors(table, *deletes):
    """Vectors of several data files, all in one Puffin file. `deletes`: (data file, positions)."""
    body, places = puffin([(deletion_vector(positions), file["file_path"], len(positions)) for file, positions in deletes])
    made = table.file(1, "PUFFIN", body, 0)
    return [{**made, "record_count": len(positions), "referenced_data_file": file["file_path"], "content_offset": offset,
             "content_size_in_bytes": size} for (file, positions), (offset, size) in zip(deletes, places)]


def test_handmade_tables_of_every_version_are_clean(shared_firn):
    old = handmade(shared_firn, version=1, partition=BY_NAME)
    old.commit(old.data(rows(0, 10, "a"), {"name": "a"})).commit(old.data(rows(10, 20, "b"), {"name": "b"}))
    code, report = check_handmade(old)
    assert (code, report["problems"], report["checked"]["rows"], report["checked"]["manifests"]) == (0, [], 20, 2), report
    assert all(path.endswith(".json") for path in report["orphans"]), report["orphans"]

    deleted = handmade(shared_firn)
    first, second = deleted.data(rows(0, 100), row_group_size=30), deleted.data(rows(100, 200))
    deleted.commit(first, second)
    deleted.commit(deleted.positions([(first, i) for i in (0, 29, 99)] + [(second, 5)]),
                   deleted.positions([({"file_path": deleted.location + "/data/gone.parquet"}, 7_000_000_000)]),
                   deleted.positions([(first, 31)], referenced_data_file=first["file_path"]),
                   deleted.equality({"name": ["n4"]}, [2]))
    code, report = check_handmade(deleted)
    assert (code, report["problems"]) == (0, []), report

    vectors = handmade(shared_firn, version=3)
    files = [vectors.data(rows(i * 100, i * 100 + 100)) for i in range(3)]
    vectors.commit(*files)
    vectors.commit(*shared_vectors(vectors, (files[0], [0, 99]), (files[1], [3])), vectors.vector(files[2], range(50)))
    code, report = check_handmade(vectors)
    assert (code, report["problems"]) == (0, []), report


def one_file(table, **options):
    file = table.data(rows(0, 10), **options)
    table.commit(file)
    return file


def other_partition(table):
    table.repartition(BY_NAME)
    table.commit(table.data(rows(0, 10), {"name": "n1"}))


def false_counts(table):
    table.commit({**table.data(rows(0, 3)), "value_counts": [{"key": 1, "value": 99}]})


def two_vectors(table):
    file = one_file(table)
    table.commit(table.vector(file, [1])).commit(table.vector(file, [2]))


def moved_vector(table):
    file = one_file(table)
    vector = table.vector(file, [1])
    table.commit({**vector, "content_offset": vector["content_offset"] + 1})


def vector_of_another_file(table):
    files = [table.data(rows(0, 10)), table.data(rows(10, 20))]
    table.commit(*files)
    left, right = shared_vectors(table, (files[0], [1]), (files[1], [2]))
    table.commit({**left, "content_offset": right["content_offset"]})


def vector_cut_short(table):
    vector = table.vector(one_file(table), [1])
    table.commit({**vector, "content_size_in_bytes": 1 << 62})


HANDMADE_DAMAGES = [
    ("rows lie in another partition", "partition-value", 2, other_partition),
    ("a manifest counts more values than there are rows", "column-bounds", 2, false_counts),
    ("positions lie beyond a file", "deleted-positions", 2, lambda t: t.commit(t.positions([(one_file(t), 10)]))),
    ("positions are those of another file", "deleted-positions", 2,
     lambda t: t.commit(t.positions([(one_file(t), 1)], referenced_data_file=one_file(t)["file_path"]))),
    ("a position is negative", "deleted-positions", 2, lambda t: t.commit(t.positions([(one_file(t), -1)]))),
    ("a file has two vectors", "deletion-vector", 3, two_vectors),
    ("a vector lies elsewhere", "deletion-vector", 3, moved_vector),
    ("a vector lies outside its file", "deletion-vector", 3, vector_cut_short),
    ("a vector is another file's", "deletion-vector", 3, vector_of_another_file),
    ("a vector has fewer rows", "record-count", 3,
     lambda t: t.commit({**t.vector(one_file(t), [1, 2]), "record_count": 3})),
    ("a vector's positions lie beyond its file", "deleted-positions", 3, lambda t: t.commit(t.vector(one_file(t), [1, 10]))),
    ("a vector's file is none", "file-unreadable", 3, lambda t: t.commit(without_footer(t))),
]


def without_footer(table):
    blob = deletion_vector([1])
    return table.file(1, "PUFFIN", b"PFA1" + blob + bytes(40), 1, referenced_data_file=one_file(table)["file_path"],
                      content_offset=4, content_size_in_bytes=len(blob))


@pytest.mark.parametrize("kind, version, damage", [damage[1:] for damage in HANDMADE_DAMAGES],
                         ids=[damage[0] for damage in HANDMADE_DAMAGES])
def test_damage_that_only_the_data_shows_is_named(shared_firn, kind, version, damage):
    table = handmade(shared_firn, version=version)
    damage(table)
    code, report = check_handmade(table)
    assert code == 1 and {problem["kind"] for problem in report["problems"]} == {kind}, report
