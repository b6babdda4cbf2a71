"""Encrypted objects (SSE-C and SSE-S3) as Amazon's own client sees them, and as they lie on the disk."""

import base64
import hashlib
import io
import os
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from firn_server import Firn
from test_s3 import client, refusal

CHUNK = 65_536
KEY, OTHER = b"k" * 31 + b"1", b"o" * 32
CUSTOMER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}
WRONG = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": OTHER}
# boto3 encodes the key itself, but not for every operation.
ENCODED = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": base64.b64encode(KEY).decode(),
           "SSECustomerKeyMD5": base64.b64encode(hashlib.md5(KEY).digest()).decode()}
SOURCE = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": KEY}
STORE = {"ServerSideEncryption": "AES256"}
PLAIN = b"the plain text of an object "


@pytest.fixture(scope="module")
def firn(shared_firn):
    return shared_firn


@pytest.fixture(scope="module")
def s3(firn):
    return client(firn)


def status(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def text(size):
    return (PLAIN * (size // len(PLAIN) + 1))[:size]


def tells(answer):
    """What the answer says of encryption."""
    if answer.get("SSECustomerAlgorithm"):
        assert answer["SSECustomerKeyMD5"] == base64.b64encode(hashlib.md5(KEY).digest()).decode()
        return "customer"
    return {"AES256": "store", None: None}[answer.get("ServerSideEncryption")]


@pytest.mark.parametrize("size", [0, 10, CHUNK, CHUNK + 1, 3_000_000])
@pytest.mark.parametrize("kind", ["customer", "store"])
def test_an_object_comes_back_whole_and_in_ranges(s3, kind, size):
    body, name = os.urandom(size), f"round/{kind}/{size}"
    sent, read = (CUSTOMER, CUSTOMER) if kind == "customer" else (STORE, {})
    put = s3.put_object(Bucket="lake", Key=name, Body=body, Metadata={"a": "b"}, ContentType="text/x", **sent)
    assert tells(put) == kind
    assert (put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"') == (kind == "store")
    got = s3.get_object(Bucket="lake", Key=name, **read)
    assert got["Body"].read() == body and got["Metadata"] == {"a": "b"} and got["ContentType"] == "text/x"
    assert tells(got) == kind and got["ETag"] == put["ETag"]
    head = s3.head_object(Bucket="lake", Key=name, **read)
    assert head["ContentLength"] == size and tells(head) == kind
    assert s3.list_objects_v2(Bucket="lake", Prefix=name)["Contents"][0]["Size"] == size
    edges = [edge for border in range(0, size + 1, CHUNK) for edge in (border - 1, border, border + 1)]
    for first in (edge for edge in edges if 0 <= edge < size):
        for last in (first, first + 1, first + CHUNK - 1, first + CHUNK, size - 1):
            if first <= last < size:
                part = s3.get_object(Bucket="lake", Key=name, Range=f"bytes={first}-{last}", **read)
                assert part["Body"].read() == body[first:last + 1], (first, last)
                assert part["ContentRange"] == f"bytes {first}-{last}/{size}" and tells(part) == kind
    if size > 20:
        assert s3.get_object(Bucket="lake", Key=name, Range="bytes=-7", **read)["Body"].read() == body[-7:]


def test_a_key_that_is_wrong_missing_or_too_much_is_refused(s3):
    s3.put_object(Bucket="lake", Key="secret", Body=text(100), **CUSTOMER)
    s3.put_object(Bucket="lake", Key="open", Body=text(100))
    for call in (s3.get_object, s3.head_object):
        assert status(call, Bucket="lake", Key="secret") == 400
        assert status(call, Bucket="lake", Key="secret", **WRONG) == 403
        assert status(call, Bucket="lake", Key="open", **CUSTOMER) == 400
    assert refusal(s3.get_object, Bucket="lake", Key="secret") == "InvalidRequest"
    assert refusal(s3.get_object, Bucket="lake", Key="secret", **WRONG) == "AccessDenied"
    assert refusal(s3.get_object, Bucket="lake", Key="open", **CUSTOMER) == "InvalidRequest"
    # Overwriting needs no key, and neither does deleting.
    s3.put_object(Bucket="lake", Key="secret", Body=b"open now")
    assert s3.get_object(Bucket="lake", Key="secret")["Body"].read() == b"open now"


@pytest.mark.parametrize("arguments", [
    {**CUSTOMER, "SSECustomerAlgorithm": "AES128"}, {**ENCODED, "SSECustomerKeyMD5": "A" * 22 + "=="},
    {"SSECustomerAlgorithm": "AES256"}, {**CUSTOMER, "SSECustomerKey": b"short"}, {**CUSTOMER, **STORE},
    {"ServerSideEncryption": "AES128"}])
def test_headers_that_say_nothing_good_are_invalid(s3, arguments):
    assert refusal(s3.put_object, Bucket="lake", Key="invalid", Body=b"x", **arguments) == "InvalidArgument"


def test_keys_of_a_kms_are_not_implemented(s3):
    for arguments in ({"ServerSideEncryption": "aws:kms"}, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k"}):
        assert refusal(s3.put_object, Bucket="lake", Key="kms", Body=b"x", **arguments) == "NotImplemented"
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    assert refusal(s3.put_bucket_encryption, Bucket="lake",
                   ServerSideEncryptionConfiguration={"Rules": [rule]}) == "NotImplemented"


def test_copies_from_one_key_to_another_and_to_none(s3):
    body = os.urandom(200_000)
    s3.put_object(Bucket="lake", Key="from", Body=body, Metadata={"a": "b"}, **CUSTOMER)
    source = {"Bucket": "lake", "Key": "from"}
    assert refusal(s3.copy_object, Bucket="lake", Key="to", CopySource=source) == "InvalidRequest"
    wrong = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": OTHER}
    assert refusal(s3.copy_object, Bucket="lake", Key="to", CopySource=source, **wrong) == "AccessDenied"
    for sent, read, kind in (({}, {}, None), (STORE, {}, "store"), (CUSTOMER, CUSTOMER, "customer")):
        made = s3.copy_object(Bucket="lake", Key="to", CopySource=source, **SOURCE, **sent)
        assert tells(made) == kind
        got = s3.get_object(Bucket="lake", Key="to", **read)
        assert got["Body"].read() == body and got["Metadata"] == {"a": "b"} and tells(got) == kind
    # Onto itself, with another key.
    s3.copy_object(Bucket="lake", Key="from", CopySource=source, **SOURCE, **WRONG)
    assert s3.get_object(Bucket="lake", Key="from", **WRONG)["Body"].read() == body
    assert refusal(s3.get_object, Bucket="lake", Key="from", **CUSTOMER) == "AccessDenied"


@pytest.mark.parametrize("kind", ["customer", "store"])
def test_parts_of_any_size_with_numbers_left_out(s3, kind):
    sent, part_key = (CUSTOMER, CUSTOMER) if kind == "customer" else (STORE, {})
    sizes = {2: (5 << 20) + 1, 5: 5 << 20, 9: 70_000}
    bodies = {number: os.urandom(size) for number, size in sizes.items()}
    name = f"parts/{kind}"
    begun = s3.create_multipart_upload(Bucket="lake", Key=name, Metadata={"a": "b"}, **sent)
    assert tells(begun) == kind
    upload = {"Bucket": "lake", "Key": name, "UploadId": begun["UploadId"]}
    if kind == "customer":
        for wrong in ({}, WRONG):
            assert refusal(s3.upload_part, **upload, PartNumber=1, Body=b"x", **wrong) == "InvalidRequest"
    s3.put_object(Bucket="lake", Key="piece", Body=b"__" + bodies[9] + b"__", **CUSTOMER)
    parts = []
    for number, body in bodies.items():
        if number == 9:
            answer = s3.upload_part_copy(**upload, PartNumber=number, CopySource={"Bucket": "lake", "Key": "piece"},
                                         CopySourceRange=f"bytes=2-{len(body) + 1}", **SOURCE, **part_key)
            etag = answer["CopyPartResult"]["ETag"]
        else:
            s3.upload_part(**upload, PartNumber=number, Body=b"replaced", **part_key)
            answer = s3.upload_part(**upload, PartNumber=number, Body=body, **part_key)
            etag = answer["ETag"]
        assert tells(answer) == kind
        parts.append({"PartNumber": number, "ETag": etag})
    listed = s3.list_parts(**upload)
    assert [part["Size"] for part in listed["Parts"]] == list(sizes.values())
    # Nothing of the key is needed to put them together.
    made = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert tells(made) == ("store" if kind == "store" else None)
    whole = b"".join(bodies.values())
    got = s3.get_object(Bucket="lake", Key=name, **part_key)
    assert got["Body"].read() == whole and got["Metadata"] == {"a": "b"} and got["ETag"] == made["ETag"]
    for number, body in enumerate(bodies.values(), 1):
        part = s3.get_object(Bucket="lake", Key=name, PartNumber=number, **part_key)
        assert part["Body"].read() == body and part["PartsCount"] == 3
    border = sizes[2]
    part = s3.get_object(Bucket="lake", Key=name, Range=f"bytes={border - 5}-{border + 4}", **part_key)
    assert part["Body"].read() == whole[border - 5:border + 5]


def test_boto3_uploads_and_downloads_a_file_in_parts_with_checksums(s3):
    body = os.urandom(20 << 20)
    s3.upload_fileobj(io.BytesIO(body), "lake", "transfer", ExtraArgs=dict(CUSTOMER))
    target = io.BytesIO()
    s3.download_fileobj("lake", "transfer", target, ExtraArgs=dict(CUSTOMER))
    assert target.getvalue() == body


def test_a_checksum_of_all_bytes_of_an_upload_needs_the_key(s3):
    bodies = [os.urandom(5 << 20), os.urandom(1000)]
    begun = s3.create_multipart_upload(Bucket="lake", Key="full", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT",
                                       **CUSTOMER)
    upload = {"Bucket": "lake", "Key": "full", "UploadId": begun["UploadId"]}
    parts = []
    for number, body in enumerate(bodies, 1):
        part = s3.upload_part(**upload, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32", **CUSTOMER)
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    assert refusal(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": parts}) == "InvalidRequest"
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **CUSTOMER)
    got = s3.get_object(Bucket="lake", Key="full", ChecksumMode="ENABLED", **CUSTOMER)
    assert got["ChecksumType"] == "FULL_OBJECT" and got["Body"].read() == b"".join(bodies)
    wanted = ["ETag", "Checksum", "ObjectSize", "ObjectParts"]
    assert refusal(s3.get_object_attributes, Bucket="lake", Key="full", ObjectAttributes=wanted) == "InvalidRequest"
    told = s3.get_object_attributes(Bucket="lake", Key="full", ObjectAttributes=wanted, **ENCODED)
    assert told["ObjectSize"] == sum(map(len, bodies)) and told["Checksum"]["ChecksumCRC32"] == got["ChecksumCRC32"]


def test_a_presigned_address_is_used_with_the_key(s3):
    body = text(100_000)
    headers = {"x-amz-server-side-encryption-customer-algorithm": "AES256",
               "x-amz-server-side-encryption-customer-key": base64.b64encode(KEY).decode(),
               "x-amz-server-side-encryption-customer-key-MD5": base64.b64encode(hashlib.md5(KEY).digest()).decode()}
    where = {"Bucket": "lake", "Key": "presigned", **CUSTOMER}
    put = s3.generate_presigned_url("put_object", Params=where, HttpMethod="PUT")
    assert "server-side-encryption-customer-key" in put and base64.b64encode(KEY).decode() not in put
    urllib.request.urlopen(urllib.request.Request(put, data=body, headers=headers, method="PUT")).close()
    get = s3.generate_presigned_url("get_object", Params=where)
    with urllib.request.urlopen(urllib.request.Request(get, headers=headers)) as answer:
        assert answer.read() == body
    for wrong, code in (({}, 403), ({**headers, "x-amz-server-side-encryption-customer-key": base64.b64encode(OTHER).decode()}, 403)):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(get, headers=wrong))
        assert caught.value.code == code


def test_a_bucket_encrypts_what_comes_without_a_header(firn, s3):
    firn.make_bucket("vault")
    assert refusal(s3.get_bucket_encryption, Bucket="vault") == "ServerSideEncryptionConfigurationNotFoundError"
    s3.put_object(Bucket="vault", Key="before", Body=b"x")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket="vault", ServerSideEncryptionConfiguration={"Rules": [rule]})
    told = s3.get_bucket_encryption(Bucket="vault")["ServerSideEncryptionConfiguration"]["Rules"]
    assert told[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert tells(s3.put_object(Bucket="vault", Key="after", Body=b"y" * 100_000)) == "store"
    assert tells(s3.head_object(Bucket="vault", Key="after")) == "store"
    assert tells(s3.head_object(Bucket="vault", Key="before")) is None
    assert tells(s3.create_multipart_upload(Bucket="vault", Key="parts")) == "store"
    assert tells(s3.copy_object(Bucket="vault", Key="copy", CopySource="vault/before")) == "store"
    assert tells(s3.put_object(Bucket="vault", Key="own", Body=b"z", **CUSTOMER)) == "customer"
    # Tables live in it as in any bucket.
    firn.rows("vault", "CREATE SCHEMA web")
    firn.rows("vault", "CREATE TABLE web.t AS SELECT 1 AS a")
    assert firn.rows("vault", "SELECT a FROM web.t") == [{"a": 1}]
    s3.delete_bucket_encryption(Bucket="vault")
    assert tells(s3.put_object(Bucket="vault", Key="later", Body=b"x")) is None
    assert s3.get_object(Bucket="vault", Key="after")["Body"].read() == b"y" * 100_000


def peak_growth_mb(firn, work):
    """How far the server's memory grows above what it has, at most, while the work is done."""
    def status(name):
        lines = open(f"/proc/{firn.process.pid}/status").read().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1]) // 1024

    open(f"/proc/{firn.process.pid}/clear_refs", "w").write("5")
    before = status("VmRSS")
    work()
    return status("VmHWM") - before


def test_a_large_encrypted_object_passes_in_little_memory(firn, s3):
    size = 256 << 20
    block = os.urandom(1 << 20)

    def fetched(**arguments):
        stream, found = s3.get_object(Bucket="lake", Key="large", **CUSTOMER, **arguments)["Body"], hashlib.md5()
        while piece := stream.read(1 << 20):
            found.update(piece)
        return found.digest()

    body = block * 256
    assert peak_growth_mb(firn, lambda: s3.put_object(Bucket="lake", Key="large", Body=body, **CUSTOMER)) < 64
    wholes = []
    assert peak_growth_mb(firn, lambda: wholes.append(fetched())) < 64
    assert peak_growth_mb(firn, lambda: wholes.append(fetched(Range=f"bytes=1-{size - 1}"))) < 64
    assert wholes == [hashlib.md5(body).digest(), hashlib.md5(memoryview(body)[1:]).digest()]
    s3.delete_object(Bucket="lake", Key="large")


def test_the_owner_is_told_where_s3_tells_it(s3):
    s3.put_object(Bucket="lake", Key="owned/a", Body=b"x")
    assert s3.list_buckets()["Owner"]["ID"]
    assert s3.list_objects(Bucket="lake", Prefix="owned/")["Contents"][0]["Owner"]["ID"]
    assert s3.list_objects_v2(Bucket="lake", Prefix="owned/", FetchOwner=True)["Contents"][0]["Owner"]["ID"]
    assert "Owner" not in s3.list_objects_v2(Bucket="lake", Prefix="owned/")["Contents"][0]
    upload = s3.create_multipart_upload(Bucket="lake", Key="owned/b")["UploadId"]
    listed = s3.list_multipart_uploads(Bucket="lake", Prefix="owned/")["Uploads"][0]
    assert listed["Owner"]["ID"] and listed["Initiator"]["ID"]
    parts = s3.list_parts(Bucket="lake", Key="owned/b", UploadId=upload)
    assert parts["Owner"]["ID"] and parts["Initiator"]["ID"]


def everything(firn):
    yield firn.log.read_bytes()
    for folder, _, names in os.walk(firn.data):
        for name in names:
            yield open(os.path.join(folder, name), "rb").read()


def test_neither_text_nor_key_is_on_the_disk_or_in_the_log_also_after_a_kill(tmp_path):
    firn = Firn(tmp_path / "data", arguments=["--log-level", "debug"]).start()
    firn.make_bucket("lake")
    s3 = client(firn)
    key = b"a customer's key: thirty-two by!"
    customer = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}
    for size in (100, 70_000, 3_000_000):
        s3.put_object(Bucket="lake", Key=f"c{size}", Body=text(size), **customer)
        s3.put_object(Bucket="lake", Key=f"s{size}", Body=text(size), **STORE)
    s3.upload_fileobj(io.BytesIO(text(12 << 20)), "lake", "parts", ExtraArgs=dict(customer))
    left = s3.create_multipart_upload(Bucket="lake", Key="left", **customer)["UploadId"]
    s3.upload_part(Bucket="lake", Key="left", UploadId=left, PartNumber=1, Body=text(100_000), **customer)
    # Refusals are logged; what they refuse is not.
    for arguments in ({**customer, "SSECustomerAlgorithm": "AES128"}, {**customer, "SSECustomerKey": base64.b64encode(key).decode(), "SSECustomerKeyMD5": "A" * 22 + "=="},
                      {**customer, **STORE}):
        assert refusal(s3.put_object, Bucket="lake", Key="x", Body=b"x", **arguments) == "InvalidArgument"
    assert refusal(client(firn, secret="0" * 64).put_object, Bucket="lake", Key="x", Body=b"x", **customer) == \
        "SignatureDoesNotMatch"
    firn.kill()
    found = list(everything(firn))
    assert any(b"an S3 request failed" in data for data in found)
    secrets = [PLAIN, key, base64.b64encode(key), key.hex().encode()]
    for data in found:
        assert not any(secret in data for secret in secrets)
    firn.start()
    s3 = client(firn)
    try:
        for size in (100, 70_000, 3_000_000):
            assert s3.get_object(Bucket="lake", Key=f"c{size}", **customer)["Body"].read() == text(size)
            assert s3.get_object(Bucket="lake", Key=f"s{size}")["Body"].read() == text(size)
        assert s3.get_object(Bucket="lake", Key="parts", **customer)["Body"].read() == text(12 << 20)
    finally:
        assert firn.stop() == 0


def test_the_key_file_is_its_owners_alone_and_a_rebuild_needs_no_key(tmp_path):
    firn = Firn(tmp_path / "data").start()
    firn.make_bucket("lake")
    s3 = client(firn)
    s3.put_object(Bucket="lake", Key="c", Body=text(100_000), **CUSTOMER)
    s3.put_object(Bucket="lake", Key="s", Body=text(100_000), **STORE)
    assert (firn.data / "key").stat().st_mode & 0o777 == 0o600
    assert firn.stop() == 0
    checked = firn.cli_offline("bucket", "rebuild", "--data", firn.data)
    assert checked.returncode == 0, checked.stderr
    firn.start()
    assert client(firn).get_object(Bucket="lake", Key="s")["Body"].read() == text(100_000)
    assert client(firn).get_object(Bucket="lake", Key="c", **CUSTOMER)["Body"].read() == text(100_000)
    assert firn.stop() == 0
