"""The official Cloudflare SDK, unchanged, against the management API."""

import sdk_imports  # noqa: F401  before the first use of client.pipelines
import cloudflare
import pytest
from cloudflare import Cloudflare

from clients import s3_client

SCHEMA = [{"name": "id", "type": "int64", "required": True}, {"name": "kind", "type": "string", "required": False},
          {"name": "at", "type": "timestamp", "required": False, "unit": "millisecond"}]


@pytest.fixture
def client(firn):
    return Cloudflare(api_token=firn.token, base_url=firn.url + "/client/v4", max_retries=0)


def test_buckets_are_created_listed_read_and_deleted(client):
    made = client.r2.buckets.create(account_id="local", name="sdk-bucket")
    assert made.name == "sdk-bucket"
    assert [b.name for b in client.r2.buckets.list(account_id="local").buckets] == ["sdk-bucket"]
    assert client.r2.buckets.get("sdk-bucket", account_id="local").name == "sdk-bucket"
    client.r2.buckets.delete("sdk-bucket", account_id="local")
    with pytest.raises(cloudflare.NotFoundError):
        client.r2.buckets.get("sdk-bucket", account_id="local")


@pytest.mark.parametrize("resource", ["r2_data_catalog", "basin_catalog"])
def test_a_catalog_is_enabled_and_read(client, resource):
    catalogs = getattr(client, resource)
    client.r2.buckets.create(account_id="local", name="lake")
    enabled = catalogs.enable("lake", account_id="local")
    assert enabled.name == "local_lake" and enabled.id
    assert catalogs.get("lake", account_id="local").status == "active"
    assert [w.bucket for w in catalogs.list(account_id="local").warehouses] == ["lake"]
    catalogs.disable("lake", account_id="local")
    assert catalogs.get("lake", account_id="local").status == "inactive"


def test_stream_sink_and_pipeline_carry_events_into_a_table(client, firn):
    firn.make_bucket("lake")
    stream = client.pipelines.streams.create(
        account_id="local", name="clicks", http={"enabled": True, "authentication": True},
        schema={"fields": SCHEMA}, format={"type": "json"})
    assert stream.id and stream.endpoint.endswith(stream.id) and stream.http.enabled and stream.version == 1
    sink = client.pipelines.sinks.create(
        account_id="local", name="clicks_sink", type="r2_data_catalog", format={"type": "parquet"},
        config={"account_id": "local", "bucket": "lake", "namespace": "web", "table_name": "clicks", "token": firn.token,
                "rolling_policy": {"interval_seconds": 1}})
    pipeline = client.pipelines.create_v1(
        account_id="local", name="clicks_pipeline",
        sql="INSERT INTO clicks_sink SELECT id, upper(kind) AS kind, at FROM clicks WHERE id > 0")
    assert pipeline.status

    answer = firn.session.post(stream.endpoint, json=[
        {"id": 1, "kind": "view", "at": 1_700_000_000_123}, {"id": 0, "kind": "bot"}, {"id": 2}])
    assert answer.json() == {"success": True, "result": {"committed": 3}}, answer.text
    firn.flush(stream.id)
    assert firn.rows("lake", "SELECT id, kind, at FROM web.clicks ORDER BY id") == [
        {"id": 1, "kind": "VIEW", "at": "2023-11-14T22:13:20.123000Z"}, {"id": 2, "kind": None, "at": None}]

    assert stream.id in [s.id for s in client.pipelines.streams.list(account_id="local")]
    assert sink.id in [s.id for s in client.pipelines.sinks.list(account_id="local")]
    read = client.pipelines.sinks.get(sink.id, account_id="local")
    assert "token" not in read.to_json(), "a secret is never echoed"
    detail = client.pipelines.get_v1(pipeline.id, account_id="local")
    assert detail.status == "running" and {t.type for t in detail.tables} == {"stream", "sink"}
    client.pipelines.delete_v1(pipeline.id, account_id="local")
    client.pipelines.sinks.delete(sink.id, account_id="local")
    client.pipelines.streams.delete(stream.id, account_id="local")
    with pytest.raises(cloudflare.NotFoundError):
        client.pipelines.streams.get(stream.id, account_id="local")


@pytest.mark.parametrize("format, suffix", [({"type": "json", "compression": "gzip"}, ".json.gz"), ({"type": "parquet"}, ".parquet")])
def test_a_sink_of_files_is_made_read_and_filled(client, firn, format, suffix):
    client.r2.buckets.create(account_id="local", name="files")
    stream = client.pipelines.streams.create(
        account_id="local", name="clicks", http={"enabled": True, "authentication": True}, schema={"fields": SCHEMA},
        format={"type": "json"})
    sink = client.pipelines.sinks.create(
        account_id="local", name="files_sink", type="r2", format=format,
        config={"account_id": "local", "bucket": "files", "path": "web/clicks",
                "credentials": {"access_key_id": firn.token_id, "secret_access_key": firn.token},
                "file_naming": {"prefix": "c", "strategy": "uuid_v7"}, "jurisdiction": "eu",
                "partitioning": {"time_pattern": "year=%Y/hour=%H"},
                "rolling_policy": {"interval_seconds": 300, "file_size_bytes": 100 << 20, "inactivity_seconds": 60}})
    pipeline = client.pipelines.create_v1(
        account_id="local", name="clicks_pipeline", sql="INSERT INTO files_sink SELECT id, kind FROM clicks WHERE id > 0")
    read = client.pipelines.sinks.get(sink.id, account_id="local")
    assert firn.token not in read.to_json() and read.type == "r2" and read.format.type == format["type"]
    assert read.config.path == "web/clicks" and read.config.jurisdiction == "eu"
    assert read.config.file_naming.strategy == "uuid_v7" and read.config.rolling_policy.inactivity_seconds == 60
    assert read.config.partitioning.time_pattern == "year=%Y/hour=%H"
    answer = firn.session.post(stream.endpoint, json=[{"id": 1, "kind": "view"}, {"id": 0}, {"id": 2}])
    assert answer.json()["result"]["committed"] == 3
    firn.flush(stream.id)
    [key] = [item["Key"] for item in s3_client(firn).list_objects_v2(Bucket="files")["Contents"]]
    assert key.startswith("web/clicks/year=") and "/hour=" in key and "/c-" in key and key.endswith(suffix)
    assert {t.type for t in client.pipelines.get_v1(pipeline.id, account_id="local").tables} == {"stream", "sink"}
    client.pipelines.delete_v1(pipeline.id, account_id="local")
    client.pipelines.sinks.delete(sink.id, account_id="local")
    assert s3_client(firn).head_object(Bucket="files", Key=key)["ContentLength"] > 0
