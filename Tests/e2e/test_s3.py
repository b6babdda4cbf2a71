"""The S3 endpoint as Amazon's own client, pyarrow and DuckDB see it."""

import hashlib
import io
import os
import socket
import urllib.error
import urllib.parse
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


def client(firn, key=None, secret=None):
    return boto3.client(
        "s3", endpoint_url=firn.s3, aws_access_key_id=key or firn.token_id, region_name="auto",
        aws_secret_access_key=secret or hashlib.sha256(firn.token.encode()).hexdigest(),
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}))


@pytest.fixture(scope="module")
def firn(shared_firn):
    return shared_firn


@pytest.fixture(scope="module")
def s3(firn):
    return client(firn)


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


@pytest.mark.parametrize("key", ["a", "a/b", "a b+c", "é/ü%2F~()*'!", "//x", "/y", "k=v/z&w?q#h", "a/../b", "x" * 1024])
@pytest.mark.parametrize("size", [0, 10, 65_536, 65_537, 3_000_000])
def test_objects_of_any_key_and_size_come_back(s3, key, size):
    body = os.urandom(size)
    put = s3.put_object(Bucket="lake", Key=key, Body=body, ContentType="text/x", Metadata={"a": "b"})
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket="lake", Key=key)
    assert got["Body"].read() == body and got["ContentType"] == "text/x" and got["Metadata"] == {"a": "b"}
    assert s3.head_object(Bucket="lake", Key=key)["ContentLength"] == size
    if size > 20:
        part = s3.get_object(Bucket="lake", Key=key, Range="bytes=5-14")
        assert part["Body"].read() == body[5:15] and part["ContentRange"] == f"bytes 5-14/{size}"
        assert s3.get_object(Bucket="lake", Key=key, Range="bytes=-7")["Body"].read() == body[-7:]


def test_ranges_of_all_sizes_follow_each_other_on_one_connection(firn, s3):
    """Pieces of a file go out in turns: what ends in the middle of one, at its edge or a byte beyond is whole, and the next
    answer begins right behind it, also for a reader that takes little at a time."""
    body = os.urandom(9 << 20)
    s3.put_object(Bucket="lake", Key="ranged", Body=body)
    address = urllib.parse.urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": "lake", "Key": "ranged"}))
    turn, piece = 2 << 20, 128 << 10
    ranges = [(start, start + count) for start in (0, 1, piece, (1 << 20) - 1)
              for count in (1, piece - 1, piece, piece + 1, turn - 1, turn, turn + 1, 2 * turn + piece + 1)]
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        connection.settimeout(30)
        reader = connection.makefile("rb")
        for pair in zip(ranges[::2], ranges[1::2]):
            connection.sendall(b"".join(
                f"GET {address.path}?{address.query} HTTP/1.1\r\nHost: {address.netloc}\r\nRange: bytes={start}-{end - 1}\r\n\r\n".encode()
                for start, end in pair))
            for start, end in pair:
                assert reader.readline().split()[1] == b"206"
                length = 0
                while (line := reader.readline().strip()):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                assert length == end - start
                assert reader.read(length) == body[start:end]


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_are_checked_kept_and_told(s3, algorithm):
    s3.put_object(Bucket="lake", Key="checked", Body=b"hello" * 100, ChecksumAlgorithm=algorithm)
    got = s3.get_object(Bucket="lake", Key="checked", ChecksumMode="ENABLED")
    assert got["Body"].read() == b"hello" * 100 and got["Checksum" + algorithm]


def test_conditions_hold(s3):
    s3.put_object(Bucket="lake", Key="condition", Body=b"1")
    assert refusal(s3.put_object, Bucket="lake", Key="condition", Body=b"2", IfNoneMatch="*") == "PreconditionFailed"
    etag = s3.head_object(Bucket="lake", Key="condition")["ETag"]
    s3.put_object(Bucket="lake", Key="condition", Body=b"3", IfMatch=etag)
    assert refusal(s3.put_object, Bucket="lake", Key="condition", Body=b"4", IfMatch=etag) == "PreconditionFailed"
    etag = s3.head_object(Bucket="lake", Key="condition")["ETag"]
    assert refusal(s3.get_object, Bucket="lake", Key="condition", IfNoneMatch=etag) == "304"


class Zeros(io.RawIOBase):
    """A body whose length nobody knows before its end."""

    def __init__(self, count):
        self.left = count

    def readable(self):
        return True

    def readinto(self, buffer):
        count = min(len(buffer), self.left)
        buffer[:count] = bytes(count)
        self.left -= count
        return count


def test_large_uploads_go_in_parts(s3):
    s3.upload_fileobj(io.BufferedReader(Zeros(20_000_000)), "lake", "multi")
    assert s3.head_object(Bucket="lake", Key="multi")["ETag"].endswith('-3"')
    got = io.BytesIO()
    s3.download_fileobj("lake", "multi", got)
    assert got.getvalue() == bytes(20_000_000)


def test_parts_are_listed_completed_and_aborted(s3):
    upload = s3.create_multipart_upload(Bucket="lake", Key="parts", ContentType="x/y")["UploadId"]
    same = dict(Bucket="lake", Key="parts", UploadId=upload)
    first = s3.upload_part(**same, PartNumber=1, Body=b"a" * (5 << 20))["ETag"]
    last = s3.upload_part(**same, PartNumber=2, Body=b"b" * 10)["ETag"]
    assert [part["PartNumber"] for part in s3.list_parts(**same)["Parts"]] == [1, 2]
    assert upload in [u["UploadId"] for u in s3.list_multipart_uploads(Bucket="lake")["Uploads"]]

    def parts(*numbered):
        return {"Parts": [{"PartNumber": number, "ETag": etag} for number, etag in numbered]}

    complete = s3.complete_multipart_upload
    assert refusal(complete, **same, MultipartUpload=parts((2, last), (1, first))) == "InvalidPartOrder"
    assert refusal(complete, **same, MultipartUpload=parts((1, last))) == "InvalidPart"
    complete(**same, MultipartUpload=parts((1, first), (2, last)))
    got = s3.get_object(Bucket="lake", Key="parts")
    assert got["Body"].read() == b"a" * (5 << 20) + b"b" * 10 and got["ContentType"] == "x/y"
    upload = s3.create_multipart_upload(Bucket="lake", Key="parts")["UploadId"]
    s3.abort_multipart_upload(Bucket="lake", Key="parts", UploadId=upload)
    assert refusal(s3.list_parts, Bucket="lake", Key="parts", UploadId=upload) == "NoSuchUpload"


def test_copies_keep_bytes_and_metadata(s3):
    s3.put_object(Bucket="lake", Key="from é&?", Body=b"copied", Metadata={"a": "b"})
    s3.copy_object(Bucket="lake", Key="to", CopySource={"Bucket": "lake", "Key": "from é&?"})
    got = s3.get_object(Bucket="lake", Key="to")
    assert got["Body"].read() == b"copied" and got["Metadata"] == {"a": "b"}


def test_listings_are_complete_and_in_byte_order(s3):
    s3.create_bucket(Bucket="listed")
    keys = sorted([f"p/{number:04d}" for number in range(1500)] + ["a", "b/x", "b/y", "c"])
    for key in keys:
        s3.put_object(Bucket="listed", Key=key, Body=b"")
    for version, size in (("list_objects_v2", 1000), ("list_objects_v2", 7), ("list_objects", 100)):
        pages = s3.get_paginator(version).paginate(Bucket="listed", PaginationConfig={"PageSize": size})
        assert [item["Key"] for page in pages for item in page.get("Contents", [])] == keys
    found = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="listed", Delimiter="/", PaginationConfig={"PageSize": 1}):
        found += [item["Key"] for item in page.get("Contents", [])]
        found += [item["Prefix"] for item in page.get("CommonPrefixes", [])]
    assert found == ["a", "b/", "c", "p/"]
    tail = s3.list_objects_v2(Bucket="listed", Prefix="p/", StartAfter="p/1497")
    assert [item["Key"] for item in tail["Contents"]] == ["p/1498", "p/1499"]
    assert refusal(s3.delete_bucket, Bucket="listed") == "BucketNotEmpty"
    for start in range(0, len(keys), 1000):
        gone = s3.delete_objects(Bucket="listed", Delete={"Objects": [{"Key": key} for key in keys[start:start + 1000]]})
        assert "Errors" not in gone
    s3.delete_bucket(Bucket="listed")
    assert refusal(s3.head_bucket, Bucket="listed") == "404"


def test_a_bucket_that_a_sink_writes_to_is_not_deleted(firn, s3):
    s3.create_bucket(Bucket="guarded")
    for arguments in (["catalog", "enable", "guarded"],
                      ["sink", "create", "guarded_sink", "--type", "r2-data-catalog", "--bucket", "guarded", "--namespace",
                       "web", "--table", "t", "--catalog-token", firn.token]):
        run = firn.cli(*arguments)
        assert run.returncode == 0, run.stderr
    assert refusal(s3.delete_bucket, Bucket="guarded") == "OperationAborted"
    assert firn.cli("sink", "delete", "guarded_sink").returncode == 0
    s3.delete_bucket(Bucket="guarded")
    # Its catalog is gone with it: who makes the bucket anew does not inherit one.
    s3.create_bucket(Bucket="guarded")
    assert firn.cli("sql", "query", "local_guarded", "SHOW NAMESPACES").returncode == 1
    s3.delete_bucket(Bucket="guarded")


def test_presigned_addresses_need_no_keys(firn, s3):
    put = s3.generate_presigned_url("put_object", Params={"Bucket": "lake", "Key": "pre signed"}, ExpiresIn=60)
    urllib.request.urlopen(urllib.request.Request(put, data=b"hi", method="PUT"))
    get = s3.generate_presigned_url("get_object", Params={"Bucket": "lake", "Key": "pre signed"}, ExpiresIn=60)
    assert urllib.request.urlopen(get).read() == b"hi"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(get.replace("pre%20signed", "other"))
    assert caught.value.code == 403 and b"SignatureDoesNotMatch" in caught.value.read()


def test_keys_that_are_wrong_and_operations_that_are_not_done_say_so(firn, s3):
    assert refusal(client(firn, secret="x").list_buckets) == "SignatureDoesNotMatch"
    assert refusal(client(firn, key="nobody").list_buckets) == "InvalidAccessKeyId"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(firn.s3 + "/lake/a")
    assert caught.value.code == 403 and b"AccessDenied" in caught.value.read()
    assert refusal(s3.get_object, Bucket="lake", Key="nothing") == "NoSuchKey"
    assert refusal(s3.get_object, Bucket="nothing", Key="nothing") == "NoSuchBucket"
    assert refusal(s3.create_bucket, Bucket="La_ke") == "InvalidBucketName"
    assert refusal(s3.get_bucket_acl, Bucket="lake") == "NotImplemented"
    assert refusal(s3.get_object_tagging, Bucket="lake", Key="a") == "NotImplemented"
    assert refusal(s3.put_object, Bucket="lake", Key="y" * 1025, Body=b"") == "KeyTooLongError"


def test_a_limited_token_reads_its_prefix_only(firn, s3):
    issued = firn.api("POST", "firn/tokens", {"name": "web", "scopes": ["storage:read:bucket=lake,prefix=web/"]})
    limited = client(firn, issued["id"], hashlib.sha256(issued["value"].encode()).hexdigest())
    s3.put_object(Bucket="lake", Key="web/a", Body=b"1")
    s3.put_object(Bucket="lake", Key="other", Body=b"1")
    assert limited.get_object(Bucket="lake", Key="web/a")["Body"].read() == b"1"
    assert [o["Key"] for o in limited.list_objects_v2(Bucket="lake", Prefix="web/")["Contents"]] == ["web/a"]
    for call, arguments in ((limited.get_object, {"Key": "other"}), (limited.get_object, {"Key": "missing"}),
                            (limited.put_object, {"Key": "web/a", "Body": b"2"}), (limited.list_objects_v2, {})):
        assert refusal(call, Bucket="lake", **arguments) == "AccessDenied"


def test_pyarrow_and_duckdb_write_and_read(firn):
    import importlib.util
    from pathlib import Path

    import duckdb
    import pyarrow
    import pyarrow.fs
    import pyarrow.parquet

    secret = hashlib.sha256(firn.token.encode()).hexdigest()
    address = firn.s3.split("//")[1]
    files = pyarrow.fs.S3FileSystem(access_key=firn.token_id, secret_key=secret, endpoint_override=address,
                                    scheme="http", region="auto")
    table = pyarrow.table({"x": range(2_000_000), "y": [str(number) for number in range(2_000_000)]})
    pyarrow.parquet.write_table(table, "lake/t/1.parquet", filesystem=files)
    assert pyarrow.parquet.read_table("lake/t/1.parquet", filesystem=files).equals(table)
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    folder = Path(importlib.util.find_spec("duckdb_extension_httpfs").origin).parent
    [extension] = folder.rglob("*.duckdb_extension")
    connection.execute(f"LOAD '{extension}'")
    connection.execute(f"CREATE SECRET (TYPE S3, KEY_ID '{firn.token_id}', SECRET '{secret}', ENDPOINT '{address}', "
                       "URL_STYLE 'path', USE_SSL false, REGION 'auto')")
    assert connection.execute("SELECT count(*), sum(x) FROM 's3://lake/t/*.parquet'").fetchall() == [
        (2_000_000, 1_999_999_000_000)]
    connection.execute("COPY (SELECT range AS i FROM range(3000000)) TO 's3://lake/d/a b.parquet'")
    assert connection.execute("SELECT count(*), max(i) FROM 's3://lake/d/a b.parquet'").fetchall() == [(3_000_000, 2_999_999)]
