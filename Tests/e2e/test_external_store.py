"""The whole platform with its objects in another store: another Firn, moto, and a Firn behind a failing network."""

import base64
import hashlib
import json
import os
import random
import subprocess
from contextlib import contextmanager

import boto3
import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from clients import pyiceberg_catalog
from faulty_network import FaultyNetwork
from firn_server import ROOT, Firn, ServerDied, wait_until

SCHEMA = [{"name": "id", "type": "int64", "required": True}, {"name": "name", "type": "string"}]


@contextmanager
def outer_store(kind):
    """Somebody else's store with a bucket `outer`."""
    process = subprocess.Popen([ROOT / "Scripts" / "s3-for-tests", "--store", kind], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(30)


@pytest.fixture(scope="module", params=["firn", "moto"])
def outer(request):
    with outer_store(request.param) as store:
        yield store


def over(store, data, prefix="base", url=None, **env):
    """A server whose objects are in `store`."""
    return Firn(data, arguments=["--store", f"s3://{store['bucket']}/{prefix}?endpoint={url or store['url']}"],
                env={"FIRN_STORE_ACCESS_KEY": store["access_key"], "FIRN_STORE_SECRET_KEY": store["secret_key"], **env})


def client(url, access, secret):
    return boto3.client("s3", endpoint_url=url, aws_access_key_id=access, aws_secret_access_key=secret,
                        region_name="auto", config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}))


def outer_client(store):
    return client(store["direct"], store["access_key"], store["secret_key"])


def inner_client(firn):
    return client(firn.s3, firn.token_id, hashlib.sha256(firn.token.encode()).hexdigest())


def sign(firn, request):
    secret = hashlib.sha256(firn.token.encode()).hexdigest()
    S3SigV4Auth(Credentials(firn.token_id, secret), "s3", "auto").add_auth(request)


def keys(s3, bucket, prefix=""):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


@pytest.fixture(scope="module")
def firn(outer, tmp_path_factory):
    server = over(outer, tmp_path_factory.mktemp("external") / "data").start()
    server.make_bucket("lake")
    yield server
    assert server.stop() == 0


def ingest(firn, stream, first, count):
    events = [{"id": number, "name": f"name {number}"} for number in range(first, first + count)]
    answer = firn.ingest(stream["id"], events)
    assert answer.ok, answer.text


def test_events_become_rows_of_a_table_in_the_other_store(outer, firn):
    stream, _, pipeline = firn.make_pipeline(schema=SCHEMA, name="clicks")
    ingest(firn, stream, 0, 500)
    firn.flush(stream["id"])
    assert firn.rows("lake", "SELECT count(*) AS n, sum(id) AS s FROM web.clicks") == [{"n": 500, "s": 124750}]
    found = keys(outer_client(outer), "outer", "base/lake/")
    assert any(key.endswith(".parquet") for key in found) and any(key.endswith(".metadata.json") for key in found)
    assert not (firn.data / "objects").exists()
    # Other engines read the same table through this server, with keys for it alone.
    table = pyiceberg_catalog(firn).load_table("web.clicks")
    assert table.scan().to_arrow().num_rows == 500
    table.append(table.scan(limit=3).to_arrow())
    assert firn.rows("lake", "SELECT count(*) AS n FROM web.clicks") == [{"n": 503}]
    # After a restart everything is where it was.
    assert firn.stop() == 0
    firn.start()
    assert firn.rows("lake", "SELECT count(*) AS n FROM web.clicks") == [{"n": 503}]
    assert firn.stats(pipeline["id"])["accepted"] == 500
    firn.rows("lake", "CREATE TABLE web.copy AS SELECT * FROM web.clicks WHERE id < 100")
    assert firn.rows("lake", "SELECT count(DISTINCT id) AS n FROM web.copy") == [{"n": 100}]


def test_the_s3_port_passes_objects_on_one_to_one(outer, firn):
    s3, behind = inner_client(firn), outer_client(outer)
    body = random.Random(3).randbytes(3_000_000)
    for key in ["a", "a/b", "ü b+c", "x//y"]:
        s3.put_object(Bucket="lake", Key="port/" + key, Body=body, Metadata={"who": "me"}, ContentType="text/plain")
        assert behind.get_object(Bucket="outer", Key="base/lake/port/" + key)["Body"].read() == body
        got = s3.get_object(Bucket="lake", Key="port/" + key)
        assert got["Body"].read() == body and got["Metadata"]["who"] == "me" and got["ContentType"] == "text/plain"
    assert s3.get_object(Bucket="lake", Key="port/a", Range="bytes=10-19")["Body"].read() == body[10:20]
    assert keys(s3, "lake", "port/") == sorted(["port/a", "port/a/b", "port/x//y", "port/ü b+c"])
    page = s3.list_objects_v2(Bucket="lake", Prefix="port/", Delimiter="/", MaxKeys=2)
    assert page["Name"] == "lake" and page["Prefix"] == "port/"
    assert [p["Prefix"] for p in page.get("CommonPrefixes", [])] + [c["Key"] for c in page["Contents"]] == ["port/a/", "port/a"]
    page = s3.list_objects_v2(Bucket="lake", Prefix="port/", StartAfter="port/a/b")
    assert [item["Key"] for item in page["Contents"]] == ["port/x//y", "port/ü b+c"]
    s3.copy_object(Bucket="lake", Key="port/copy", CopySource={"Bucket": "lake", "Key": "port/ü b+c"})
    assert s3.head_object(Bucket="lake", Key="port/copy")["ContentLength"] == len(body)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket="lake", Key="port/a", Body=b"other", IfNoneMatch="*")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="lake", Key="port/missing")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.get_object(Bucket="other", Key="x")
    s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "port/a"}, {"Key": "port/x//y"}]})
    s3.delete_object(Bucket="lake", Key="port/copy")
    assert keys(behind, "outer", "base/lake/port/") == ["base/lake/port/a/b", "base/lake/port/ü b+c"]


def test_a_key_that_xml_cannot_hold_deletes_no_other(outer, firn):
    s3 = inner_client(firn)
    written, unwritten = "control/a\ufffdb", "control/a\x01b"
    s3.put_object(Bucket="lake", Key=written, Body=b"1")
    s3.put_object(Bucket="lake", Key=unwritten, Body=b"2")
    body = "<Delete><Object><Key>control/a&#1;b</Key></Object><Object><Key>control/none</Key></Object></Delete>".encode()
    request = AWSRequest("POST", f"{firn.s3}/lake?delete", data=body, headers={
        "content-md5": base64.b64encode(hashlib.md5(body).digest()).decode()})
    sign(firn, request)
    answer = requests.post(request.url, data=body, headers=dict(request.headers), timeout=30)
    assert answer.ok and "<Error>" not in answer.text, answer.text
    assert s3.head_object(Bucket="lake", Key=written)["ContentLength"] == 1
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="lake", Key=unwritten)
    s3.delete_object(Bucket="lake", Key=written)


def test_deletes_with_conditions_go_through_the_port(request, outer, firn):
    if request.node.callspec.params["outer"] == "moto":
        pytest.skip("moto does not decide conditions of deletes")
    s3 = inner_client(firn)
    control = "guarded/a\x01b"
    for key in ["guarded/x", control]:
        etag = s3.put_object(Bucket="lake", Key=key, Body=b"abc")["ETag"]
        with pytest.raises(ClientError, match="PreconditionFailed"):
            s3.delete_object(Bucket="lake", Key=key, IfMatch='"other"')
    # The second cannot be written in XML: it goes on its own.
    body = "<Delete>" + "".join(f"<Object><Key>guarded/{key}</Key><ETag>{tag}</ETag>{more}</Object>" for key, tag, more in [
        ("x", "other", ""), ("a&#1;b", "other", ""), ("x", etag.strip('"'), "<Size>4</Size>"),
        ("x", etag.strip('"'), "<VersionId>1</VersionId>")]) + "</Delete>"
    signed = AWSRequest("POST", f"{firn.s3}/lake?delete", data=body.encode(), headers={
        "content-md5": base64.b64encode(hashlib.md5(body.encode()).digest()).decode()})
    sign(firn, signed)
    answer = requests.post(signed.url, data=body.encode(), headers=dict(signed.headers), timeout=30)
    assert answer.ok and answer.text.count("<Code>PreconditionFailed</Code>") == 3, answer.text
    assert answer.text.count("<Code>NotImplemented</Code>") == 1 and "<Deleted>" not in answer.text, answer.text
    for key in ["guarded/x", control]:
        s3.delete_object(Bucket="lake", Key=key, IfMatch=etag)
    assert keys(s3, "lake", "guarded/") == []


def test_clients_that_leave_early_hold_no_connection(outer, firn):
    s3 = inner_client(firn)
    s3.put_object(Bucket="lake", Key="left/x", Body=b"x" * (16 << 20))
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "lake", "Key": "left/x"})
    # One more than the connections there are.
    for _ in range(65):
        with requests.get(url, stream=True, timeout=30) as answer:
            assert answer.raw.read(1) == b"x"
    assert len(requests.get(url, timeout=30).content) == 16 << 20
    s3.delete_object(Bucket="lake", Key="left/x")


def test_uploads_in_parts_go_through_the_port(outer, firn):
    s3 = inner_client(firn)
    parts = [random.Random(n).randbytes(5 << 20) for n in range(2)] + [b"end"]
    upload = s3.create_multipart_upload(Bucket="lake", Key="parts/x")["UploadId"]
    done = [{"PartNumber": n, "ETag": s3.upload_part(Bucket="lake", Key="parts/x", UploadId=upload, PartNumber=n,
                                                     Body=part)["ETag"]} for n, part in enumerate(parts, 1)]
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket="lake")["Uploads"]] == ["parts/x"]
    assert len(s3.list_parts(Bucket="lake", Key="parts/x", UploadId=upload)["Parts"]) == 3
    made = s3.complete_multipart_upload(Bucket="lake", Key="parts/x", UploadId=upload, MultipartUpload={"Parts": done})
    assert made["Bucket"] == "lake" and made["Key"] == "parts/x"
    assert s3.get_object(Bucket="lake", Key="parts/x")["Body"].read() == b"".join(parts)
    upload = s3.create_multipart_upload(Bucket="lake", Key="parts/y")["UploadId"]
    s3.abort_multipart_upload(Bucket="lake", Key="parts/y", UploadId=upload)
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.list_parts(Bucket="lake", Key="parts/y", UploadId=upload)


def test_encryption_is_the_outer_stores(request, outer, firn):
    s3, body = inner_client(firn), random.Random(8).randbytes(200_000)
    made = s3.put_object(Bucket="lake", Key="crypt/s", Body=body, ServerSideEncryption="AES256")
    assert made["ServerSideEncryption"] == "AES256"
    assert s3.head_object(Bucket="lake", Key="crypt/s")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket="lake", Key="crypt/s")["Body"].read() == body
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.put_object(Bucket="lake", Key="crypt/k", Body=body, ServerSideEncryption="aws:kms")
    # What a prefix of the outer bucket is encrypted with is not ours to set.
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.put_bucket_encryption(Bucket="lake", ServerSideEncryptionConfiguration={"Rules": [rule]})
    if request.node.callspec.params["outer"] == "moto":
        pytest.skip("moto takes customers' keys and does not look at them")
    key, wrong = ({"SSECustomerAlgorithm": "AES256", "SSECustomerKey": letter * 32} for letter in "kw")
    made = s3.put_object(Bucket="lake", Key="crypt/c", Body=body, **key)
    assert made["SSECustomerAlgorithm"] == "AES256" and made["SSECustomerKeyMD5"]
    got = s3.get_object(Bucket="lake", Key="crypt/c", Range="bytes=65530-65545", **key)
    assert got["Body"].read() == body[65530:65546] and got["SSECustomerAlgorithm"] == "AES256"
    assert outer_client(outer).get_object(Bucket="outer", Key="base/lake/crypt/c", **key)["Body"].read() == body
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket="lake", Key="crypt/c", **wrong)
    with pytest.raises(ClientError, match="InvalidRequest"):
        s3.get_object(Bucket="lake", Key="crypt/c")
    for sent, status in ((wrong, "403"), ({}, "400")):
        with pytest.raises(ClientError, match=status):
            s3.head_object(Bucket="lake", Key="crypt/c", **sent)
    source = {"CopySource": "lake/crypt/c", **{"CopySource" + name: value for name, value in key.items()}}
    s3.copy_object(Bucket="lake", Key="crypt/d", **source, **wrong)
    assert s3.get_object(Bucket="lake", Key="crypt/d", **wrong)["Body"].read() == body
    upload = s3.create_multipart_upload(Bucket="lake", Key="crypt/p", **key)["UploadId"]
    part = s3.upload_part(Bucket="lake", Key="crypt/p", UploadId=upload, PartNumber=1, Body=body, **key)["ETag"]
    s3.complete_multipart_upload(Bucket="lake", Key="crypt/p", UploadId=upload,
                                 MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]})
    assert s3.get_object(Bucket="lake", Key="crypt/p", **key)["Body"].read() == body
    for name in "sdcp":
        s3.delete_object(Bucket="lake", Key=f"crypt/{name}")


def test_the_port_refuses_what_the_token_may_not_do(outer, firn):
    made = firn.api("POST", "firn/tokens", {"name": "reader", "scopes": ["storage:read:bucket=lake,prefix=mine/"]})
    s3 = client(firn.s3, made["id"], hashlib.sha256(made["value"].encode()).hexdigest())
    inner_client(firn).put_object(Bucket="lake", Key="mine/x", Body=b"1")
    inner_client(firn).put_object(Bucket="lake", Key="other/x", Body=b"1")
    assert s3.get_object(Bucket="lake", Key="mine/x")["Body"].read() == b"1"
    for refused in [lambda: s3.get_object(Bucket="lake", Key="other/x"),
                    lambda: s3.get_object(Bucket="lake", Key="mine/../other/x"),
                    lambda: s3.put_object(Bucket="lake", Key="mine/x", Body=b"2"),
                    lambda: s3.delete_object(Bucket="lake", Key="mine/x"),
                    lambda: s3.list_objects_v2(Bucket="lake"),
                    lambda: s3.get_object(Bucket=".firn", Key="store.json")]:
        with pytest.raises(ClientError) as error:
            refused()
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403, 404)
    administrator = inner_client(firn)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        administrator.get_object(Bucket=".firn", Key="store.json")
    wrong = client(firn.s3, firn.token_id, "0" * 64)
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        wrong.put_object(Bucket="lake", Key="mine/wrong", Body=b"1")
    assert "base/lake/mine/wrong" not in keys(outer_client(outer), "outer", "base/lake/mine/")


def test_a_body_that_is_not_what_was_signed_is_not_kept(outer, firn):
    url = inner_client(firn).generate_presigned_url("put_object", Params={"Bucket": "lake", "Key": "bad/x"})
    answer = requests.put(url, data=b"x" * 600_000, headers={"x-amz-checksum-crc32": "AAAAAA=="}, timeout=30)
    assert answer.status_code == 400, answer.text
    answer = requests.put(url, data=b"x" * 600_000, headers={"content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="}, timeout=30)
    assert answer.status_code == 400, answer.text
    assert keys(outer_client(outer), "outer", "base/lake/bad/") == []
    assert requests.put(url, data=b"x" * 600_000, timeout=30).ok
    assert inner_client(firn).head_object(Bucket="lake", Key="bad/x")["ContentLength"] == 600_000


@pytest.mark.parametrize("length, sent, trailer", [(100, 250_000, None), (100, 1_200_000, None), (100, 99, None),
                                                   (0, 0, "AAAAAQ=="), (0, 5, None)])
def test_a_chunked_body_that_is_not_what_was_said_is_not_kept(outer, firn, length, sent, trailer):
    data = b"x" * sent
    frames = [b"%x\r\n%s\r\n" % (len(part), part)
              for part in (data[at:at + 100] for at in range(0, sent, 100))]
    body = b"".join(frames) + b"0\r\n" + (f"x-amz-checksum-crc32:{trailer}\r\n".encode() if trailer else b"") + b"\r\n"
    headers = {"content-encoding": "aws-chunked", "x-amz-decoded-content-length": str(length)}
    if trailer:
        headers["x-amz-trailer"] = "x-amz-checksum-crc32"
    request = AWSRequest("PUT", f"{firn.s3}/lake/refused/x", data=b"", headers=headers)
    # What is signed is STREAMING-UNSIGNED-PAYLOAD-TRAILER.
    request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    sign(firn, request)
    answer = requests.put(request.url, data=body, headers=dict(request.headers), timeout=30)
    assert answer.status_code == 400, answer.text
    assert keys(outer_client(outer), "outer", "base/lake/refused/") == []


def test_buckets_are_known_after_a_restart_and_rules_for_objects_are_refused(outer, firn):
    firn.api("POST", "r2/buckets", {"name": "second"})
    rules = {"rules": [{"allowed": {"origins": ["https://a.example"], "methods": ["GET"]}}]}
    firn.api("PUT", "r2/buckets/second/cors", rules)
    answer = firn.call("PUT", "/client/v4/accounts/local/r2/buckets/second/lock", json={"rules": [
        {"id": "x", "enabled": True, "prefix": "", "condition": {"type": "Indefinite"}}]})
    assert answer.status_code == 501 and "BKT-111" in answer.text, answer.text
    assert firn.stop() == 0
    firn.start()
    assert firn.api("GET", "r2/buckets/second/cors")["rules"][0]["allowed"]["methods"] == ["GET"]
    assert {b["name"] for b in firn.api("GET", "r2/buckets")["buckets"]} == {"lake", "second"}
    inner_client(firn).put_object(Bucket="second", Key="x", Body=b"1")
    assert firn.call("DELETE", "/client/v4/accounts/local/r2/buckets/second").status_code == 409
    inner_client(firn).delete_object(Bucket="second", Key="x")
    firn.api("DELETE", "r2/buckets/second")
    assert "second" not in {b["name"] for b in firn.api("GET", "r2/buckets")["buckets"]}


def test_a_store_belongs_to_one_data_directory(outer, firn, tmp_path):
    with pytest.raises(ServerDied, match="belongs to another Firn"):
        over(outer, tmp_path / "other").start()
    # And a data directory to one store.
    assert firn.stop() == 0
    with pytest.raises(ServerDied, match="in another store than the one asked for"):
        Firn(firn.data).start()
    with pytest.raises(ServerDied, match="in another store than the one asked for"):
        over(outer, firn.data, prefix="elsewhere").start()
    firn.start()


@pytest.mark.parametrize("change, words", [
    ({"FIRN_STORE_SECRET_KEY": "no-such-secret"}, "check the store's access key and secret"),
    ({"FIRN_STORE_SECRET_KEY": ""}, "a store's access key goes with its secret key"),
    ({"FIRN_STORE_SECRET_KEY": "", "FIRN_STORE_ACCESS_KEY": "", "FIRN_STORE_KEY_FILE": "/missing"}, "cannot be read"),
])
def test_a_store_that_does_not_open_says_why(tmp_path, change, words):
    with outer_store("firn") as store:
        with pytest.raises(ServerDied, match=words) as died:
            over(store, tmp_path / "data", **{"AWS_ACCESS_KEY_ID": "", "HOME": str(tmp_path), **change}).start()
        assert "no-such-secret" not in str(died.value)
        # Nothing binds the directory to a store that did not open.
        assert not (tmp_path / "data" / "store.json").exists()
        over(store, tmp_path / "data", prefix="right").start().stop()


def test_keys_come_from_amazons_variables_and_files(tmp_path):
    with outer_store("firn") as store:
        file = tmp_path / "credentials"
        file.write_text(f"[lake]\naws_access_key_id = {store['access_key']}\n"
                        f"aws_secret_access_key = {store['secret_key']}\n")
        empty = {"FIRN_STORE_ACCESS_KEY": "", "FIRN_STORE_SECRET_KEY": ""}
        server = over(store, tmp_path / "data", **empty, AWS_SHARED_CREDENTIALS_FILE=str(file), AWS_PROFILE="lake")
        server.start().make_bucket("lake")
        assert server.stop() == 0
        server = over(store, tmp_path / "data", **empty, AWS_ACCESS_KEY_ID=store["access_key"],
                      AWS_SECRET_ACCESS_KEY=store["secret_key"]).start()
        assert [b["name"] for b in server.api("GET", "r2/buckets")["buckets"]] == ["lake"]
        assert server.stop() == 0


@pytest.mark.parametrize("verb", ["head", "get", "list", "put"])
def test_keys_that_were_replaced_are_read_again_for_requests_passed_on(tmp_path, verb):
    behind = Firn(tmp_path / "behind").start()
    behind.make_bucket("outer")
    file = tmp_path / "credentials"

    def issue():
        made = behind.api("POST", "firn/tokens", {"name": "store", "scopes": ["storage:read", "storage:write"]})
        file.write_text(f"[default]\naws_access_key_id = {made['id']}\n"
                        f"aws_secret_access_key = {hashlib.sha256(made['value'].encode()).hexdigest()}\n")
        return made["id"]

    first = issue()
    server = over({"bucket": "outer", "url": behind.s3, "access_key": "", "secret_key": ""}, tmp_path / "data",
                  AWS_ACCESS_KEY_ID="", AWS_SHARED_CREDENTIALS_FILE=str(file)).start()
    server.make_bucket("lake")
    s3 = inner_client(server)
    s3.put_object(Bucket="lake", Key="x", Body=b"1", Metadata={"empty": ""})
    issue()
    behind.api("DELETE", f"firn/tokens/{first}")
    if verb == "head":
        assert s3.head_object(Bucket="lake", Key="x")["ContentLength"] == 1
    elif verb == "get":
        assert s3.get_object(Bucket="lake", Key="x")["Body"].read() == b"1"
    elif verb == "list":
        assert keys(s3, "lake") == ["x"]
    else:
        # The body of the first try is gone: the client makes a second one.
        s3.put_object(Bucket="lake", Key="x", Body=b"2")
    assert s3.head_object(Bucket="lake", Key="x")["ContentLength"] == 1
    assert server.stop() == 0
    assert behind.stop() == 0


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_lost_or_doubled_over_a_failing_network(tmp_path, seed):
    with outer_store("firn") as store:
        network = FaultyNetwork(store["direct"], 0, random.Random(seed))
        url = network.start()
        server = over(store, tmp_path / "data", url=url).start()
        try:
            server.make_bucket("lake")
            stream, _, pipeline = server.make_pipeline(schema=SCHEMA, name="clicks")
            network.per_mille = 200
            total = 0
            for _ in range(12):
                ingest(server, stream, total, 200)
                total += 200
                server.call("POST", f"/client/v4/accounts/local/firn/streams/{stream['id']}/flush", timeout=120)
            # Every write of an object that has an effect loses its answer for a while.
            network.fail_next(*["lost"] * 4)
            ingest(server, stream, total, 200)
            total += 200
            server.call("POST", f"/client/v4/accounts/local/firn/streams/{stream['id']}/flush", timeout=120)
            network.per_mille = 0

            def landed():
                answer = server.query("lake", "SELECT count(*) AS n, count(DISTINCT id) AS d, sum(id) AS s FROM web.clicks")
                rows = answer.json()["result"]["rows"] if answer.ok else []
                return rows and rows[0]["n"] >= total and rows
            rows = wait_until(landed, timeout=90, what="all events in the table")
            assert rows == [{"n": total, "d": total, "s": total * (total - 1) // 2}]
            assert sum(network.seen[fault] for fault in network.faults) > 15, network.seen
            stats = server.stats(pipeline["id"])
            assert stats["accepted"] == stats["passed"] == total
            checked = server.cli("table", "check", "lake", "web.clicks")
            assert checked.returncode == 0 or "orphan" in checked.stdout, checked.stdout + checked.stderr
        finally:
            assert server.stop() == 0
