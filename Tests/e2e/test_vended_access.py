"""Access to a table's files without keys of one's own: vended keys and signed requests, each for one table only."""

import io
import json
import os
import subprocess
from urllib.parse import urlsplit

import boto3
import pyarrow as pa
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.io import FileIO, InputFile, OutputFile
from pyiceberg.io.fsspec import S3V4RestSigner

from clients import duckdb_connection
from firn_server import ROOT
from openapi import Specification, watch

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64())})


@pytest.fixture(scope="module")
def server(shared_firn):
    watch(shared_firn.session, Specification())
    admin = catalog_of(shared_firn, shared_firn.token)
    admin.create_namespace("web")
    for name in ("mine", "other"):
        admin.create_table(f"web.{name}", schema=ROWS.schema).append(ROWS)
    return shared_firn


def catalog_of(firn, token, **properties):
    return RestCatalog("firn", uri=f"{firn.url}/catalog", warehouse="local_lake", token=token, **properties)


def make_token(firn, *scopes):
    made = firn.api("POST", "firn/tokens", {"name": "test", "scopes": list(scopes)})
    return made["id"], made["value"]


def keys_of(firn, token, table):
    answer = requests.get(f"{firn.url}/catalog/v1/local_lake/namespaces/web/tables/{table}/credentials",
                          headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    [entry] = answer.json()["storage-credentials"]
    return entry["prefix"], entry["config"]


def storage(firn, config):
    return boto3.client("s3", endpoint_url=firn.s3, region_name="auto", aws_access_key_id=config["s3.access-key-id"],
                        aws_secret_access_key=config["s3.secret-access-key"], aws_session_token=config["s3.session-token"],
                        config=Config(retries={"max_attempts": 1}))


def code_of(call, **options):
    with pytest.raises(ClientError) as caught:
        call(Bucket="lake", **options)
    return caught.value.response["Error"]["Code"]


def folder(prefix):
    return prefix.removeprefix("s3://lake/")


def test_keys_reach_one_table_and_only_as_granted(server):
    _, writer = make_token(server, "catalog:write:bucket=lake,table=web.mine")
    _, reader = make_token(server, "catalog:read:bucket=lake,table=web.mine")
    prefix, config = keys_of(server, writer, "mine")
    elsewhere, _ = keys_of(server, server.token, "other")
    s3 = storage(server, config)
    s3.put_object(Bucket="lake", Key=folder(prefix) + "data/x", Body=b"x")
    found = s3.list_objects_v2(Bucket="lake", Prefix=folder(prefix))["Contents"]
    assert len(found) > 1
    for call, options in [(s3.list_objects_v2, {}), (s3.list_objects_v2, {"Prefix": folder(elsewhere)}),
                          (s3.list_objects_v2, {"Prefix": folder(prefix)[:-1]}), (s3.put_object, {"Key": "x", "Body": b"x"}),
                          (s3.get_object, {"Key": folder(elsewhere) + "metadata/x"}),
                          (s3.copy_object, {"Key": folder(prefix) + "y", "CopySource": f"lake/{folder(elsewhere)}metadata/x"})]:
        assert code_of(call, **options) == "AccessDenied", options
    read = storage(server, keys_of(server, reader, "mine")[1])
    assert read.get_object(Bucket="lake", Key=folder(prefix) + "data/x")["Body"].read() == b"x"
    for call, options in [(read.put_object, {"Key": folder(prefix) + "z", "Body": b"z"}),
                          (read.delete_object, {"Key": folder(prefix) + "data/x"})]:
        assert code_of(call, **options) == "AccessDenied", options
    s3.delete_object(Bucket="lake", Key=folder(prefix) + "data/x")


def test_a_token_without_storage_rights_reads_and_writes_its_table(server):
    _, writer = make_token(server, "catalog:write:bucket=lake,table=web.mine", "sql:read")
    table = catalog_of(server, writer).load_table("web.mine")
    before = table.scan().to_arrow().num_rows
    table.append(ROWS)
    assert table.scan().to_arrow().num_rows == before + 3
    with pytest.raises(Exception, match="catalog:read"):
        catalog_of(server, writer).load_table("web.other")


def test_keys_die_with_their_token(server):
    token_id, writer = make_token(server, "catalog:write:bucket=lake,table=web.mine")
    prefix, config = keys_of(server, writer, "mine")
    s3 = storage(server, config)
    s3.list_objects_v2(Bucket="lake", Prefix=folder(prefix))
    server.api("DELETE", f"firn/tokens/{token_id}")
    assert code_of(s3.list_objects_v2, Prefix=folder(prefix)) == "InvalidAccessKeyId"


def made(server, name, **body):
    answer = server.session.post(f"{server.url}/catalog/v1/local_lake/namespaces/web/tables", json={
        "name": name, "schema": {"type": "struct", "schema-id": 0, "fields": [
            {"id": 1, "name": "id", "required": False, "type": "long"}]}, **body},
        headers={"X-Iceberg-Access-Delegation": "vended-credentials"})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("method, path", [
    ("DELETE", "tables/{}"), ("DELETE", "tables/{}?purgeRequested=true"), ("POST", "tables/{}/unregister")])
def test_keys_die_with_their_table_and_do_not_open_the_next_one_there(server, method, path):
    place = {"location": f"s3://lake/places/{len(path)}"}
    name = f"mortal{len(path)}"
    old = storage(server, made(server, name, **place)["config"])
    key = folder(place["location"]) + "/data/x"
    old.put_object(Bucket="lake", Key=key, Body=b"old")
    base = f"{server.url}/catalog/v1/local_lake/namespaces/web/"
    # Signed before the table goes and sent after.
    link = old.generate_presigned_url("get_object", Params={"Bucket": "lake", "Key": key})
    assert requests.get(link).content == b"old"
    assert server.session.request(method, base + path.format(name)).status_code in (200, 204)
    assert code_of(old.get_object, Key=key) == "InvalidAccessKeyId"
    assert requests.get(link).status_code == 403
    new = storage(server, made(server, name, **place)["config"])
    new.put_object(Bucket="lake", Key=key, Body=b"new")
    assert code_of(old.get_object, Key=key) == code_of(old.put_object, Key=key, Body=b"") == "InvalidAccessKeyId"
    assert new.get_object(Bucket="lake", Key=key)["Body"].read() == b"new"


def test_keys_outlive_a_rename_and_a_table_taken_back(server):
    first = made(server, "moving")
    s3, prefix = storage(server, first["config"]), folder(first["metadata"]["location"]) + "/"
    catalog = catalog_of(server, server.token)
    catalog.rename_table("web.moving", "web.moved")
    assert s3.list_objects_v2(Bucket="lake", Prefix=prefix)["KeyCount"] == 1
    catalog.drop_table("web.moved")
    assert code_of(s3.list_objects_v2, Prefix=prefix) == "InvalidAccessKeyId"
    catalog.register_table("web.moving", first["metadata-location"])
    assert s3.list_objects_v2(Bucket="lake", Prefix=prefix)["KeyCount"] == 1


def test_a_staged_tables_keys_hold_until_the_place_is_somebody_elses(server):
    place = "s3://lake/places/staged"
    staged = storage(server, made(server, "staged", **{"stage-create": True}, location=place)["config"])
    staged.put_object(Bucket="lake", Key=folder(place) + "/data/x", Body=b"mine")
    # Somebody else's table comes to lie inside before the transaction ends.
    made(server, "faster", location=place + "/inside")
    assert code_of(staged.get_object, Key=folder(place) + "/data/x") == "InvalidAccessKeyId"


def test_a_staged_tables_keys_go_on_when_it_is_created(server):
    catalog = catalog_of(server, server.token)
    with catalog.create_table_transaction("web.born", schema=ROWS.schema) as transaction:
        transaction.append(ROWS)
    assert catalog.load_table("web.born").scan().to_arrow().num_rows == 3


def test_nobody_can_make_up_what_the_server_vends(server):
    import base64
    import hashlib
    import hmac
    import time
    token_id, value = make_token(server, "storage:read:bucket=lake,prefix=nothing")
    secret = hashlib.sha256(value.encode()).hexdigest()

    def url(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    claims = {"bucket": "lake", "scope": "object-read-write", "sub": token_id, "exp": int(time.time()) + 60}
    text = url(json.dumps({"alg": "HS256", "kid": "firn-vended", "typ": "JWT"}).encode()) + "." + url(json.dumps(claims).encode())
    jwt = text + "." + url(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())
    forged = {"s3.access-key-id": token_id, "s3.secret-access-key": hashlib.sha256(jwt.encode()).hexdigest(),
              "s3.session-token": base64.b64encode(b"jwt/" + jwt.encode()).decode()}
    assert code_of(storage(server, forged).list_objects_v2) == "InvalidAccessKeyId"


def test_duckdb_reads_with_vended_keys(server):
    [(count,)] = duckdb_connection(server).execute("SELECT count(*) FROM firn.web.other").fetchall()
    assert count == 3


@pytest.mark.clients
def test_pyiceberg_with_fsspec_writes_and_reads_with_signed_requests(server):
    place = subprocess.run([ROOT / "Scripts/client-environment", "fsspec"], check=True, capture_output=True, text=True).stdout.strip()
    _, writer = make_token(server, "catalog:write:bucket=lake,namespace=web")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    run = subprocess.run([f"{place}/bin/python", ROOT / "Tests/clients/fsspec/day.py"], capture_output=True, text=True, timeout=300,
                         # With more, one thread takes the signer off for a moment while another sends: a race of PyIceberg's.
                         env={**environment, "FIRN_URL": server.url, "FIRN_TOKEN": writer, "PYICEBERG_MAX_WORKERS": "1"})
    assert run.returncode == 0, run.stderr[-3000:]
    seen = json.loads(run.stdout.strip().splitlines()[-1])
    assert seen == {"rows": 100_000, "sum": 2 * sum(range(50_000, 100_000)), "signer": "S3V4RestSigner", "keys": []}


class SignedFileIO(FileIO):
    """PyIceberg's files through boto3, each request signed by PyIceberg's own S3V4RestSigner, as its fsspec files do it.

    s3fs pins another botocore than the one of the tests, so its few calls are made here.
    """

    def __init__(self, properties):
        super().__init__(properties)
        assert properties["s3.signer"] == "S3V4RestSigner" and "s3.secret-access-key" not in properties
        self.s3 = boto3.client("s3", endpoint_url=properties["s3.endpoint"], region_name=properties["s3.region"],
                               config=Config(signature_version=UNSIGNED, retries={"max_attempts": 1}))
        self.s3.meta.events.register("before-sign.s3", S3V4RestSigner(properties))

    def new_input(self, location):
        return SignedFile(location, self.s3)

    new_output = new_input

    def delete(self, location):
        place = urlsplit(str(location))
        self.s3.delete_object(Bucket=place.netloc, Key=place.path[1:])


class SignedFile(InputFile, OutputFile):
    def __init__(self, location, s3):
        super().__init__(location)
        self.s3, place = s3, urlsplit(location)
        self.place = {"Bucket": place.netloc, "Key": place.path[1:]}

    def __len__(self):
        return self.s3.head_object(**self.place)["ContentLength"]

    def exists(self):
        try:
            return len(self) >= 0
        except ClientError:
            return False

    def open(self, seekable=True):
        return io.BytesIO(self.s3.get_object(**self.place)["Body"].read())

    def create(self, overwrite=False):
        return Upload(self)

    def to_input_file(self):
        return self


class Upload(io.BytesIO):
    def __init__(self, file):
        super().__init__()
        self.file = file

    def close(self):
        if not self.closed:
            self.file.s3.put_object(**self.file.place, Body=self.getvalue())
        super().close()


def signing_catalog(firn, token):
    return catalog_of(firn, token, **{"header.X-Iceberg-Access-Delegation": "remote-signing",
                                      "py-io-impl": "test_vended_access.SignedFileIO"})


def test_pyiceberg_writes_and_reads_with_signed_requests_and_no_keys(server, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    _, writer = make_token(server, "catalog:write:bucket=lake,namespace=web")
    table = signing_catalog(server, writer).create_table("web.signed", schema=ROWS.schema)
    with table.io.new_output(table.location() + "/data/x y+ü.txt").create() as stream:
        stream.write(b"signed")
    with table.io.new_input(table.location() + "/data/x y+ü.txt").open() as stream:
        assert stream.read() == b"signed"
    other = server.call("GET", "/catalog/v1/local_lake/namespaces/web/tables/other").json()
    with pytest.raises(Exception, match="sign|Sign"):
        table.io.new_input(other["metadata-location"]).open()
    _, reader = make_token(server, "catalog:read:bucket=lake,namespace=web")
    reading = signing_catalog(server, reader).load_table("web.signed")
    with reading.io.new_input(table.location() + "/data/x y+ü.txt").open() as stream:
        assert stream.read() == b"signed"
    with pytest.raises(Exception, match="sign|Sign"):
        reading.io.new_output(table.location() + "/data/y").create().close()


def test_the_signed_files_are_the_only_way_in(server):
    """Without the signer the same requests are refused."""
    s3 = boto3.client("s3", endpoint_url=server.s3, region_name="auto",
                      config=Config(signature_version=UNSIGNED, retries={"max_attempts": 1}))
    assert code_of(s3.get_object, Key="x") in ("AccessDenied", "NoSuchKey", "MissingSecurityHeader")


def test_parts_lists_and_deletes_are_signed_and_checked(server):
    _, writer = make_token(server, "catalog:write:bucket=lake,table=web.mine")
    table = signing_catalog(server, writer).load_table("web.mine")
    s3, key = table.io.s3, urlsplit(table.location()).path[1:] + "/data/parts"
    upload = s3.create_multipart_upload(Bucket="lake", Key=key)["UploadId"]
    part = s3.upload_part(Bucket="lake", Key=key, UploadId=upload, PartNumber=1, Body=b"abc")
    s3.complete_multipart_upload(Bucket="lake", Key=key, UploadId=upload,
                                 MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert s3.list_objects_v2(Bucket="lake", Prefix=key)["Contents"][0]["Size"] == 3
    s3.copy_object(Bucket="lake", Key=key + "2", CopySource={"Bucket": "lake", "Key": key})
    assert s3.get_object(Bucket="lake", Key=key + "2", Range="bytes=1-2")["Body"].read() == b"bc"
    # PyIceberg's signer sends no bodies, so lists of keys cannot be looked at.
    with pytest.raises(Exception, match="sign|Sign"):
        s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": key}]})
    for place in (key, key + "2"):
        s3.delete_object(Bucket="lake", Key=place)
