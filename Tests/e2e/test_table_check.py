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
