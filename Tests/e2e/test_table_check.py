"""`firn table check` over tables of Firn's pipelines and of PyIceberg, whole and damaged."""

import hashlib
import json

import boto3
import pyarrow as pa
import pytest
from botocore.config import Config

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
