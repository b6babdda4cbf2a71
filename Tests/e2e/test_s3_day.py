"""A day's work with the object store through boto3, and the R2 flavour through the management API."""

import base64
import concurrent.futures
import hashlib
import hmac
import json
import subprocess
import time
import zlib

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from firn_server import ACCOUNT

PART = 5 << 20


def client(firn, key=None, secret=None, token=None, **config):
    return boto3.client(
        "s3", endpoint_url=firn.s3, region_name="auto", aws_access_key_id=key or firn.token_id,
        aws_secret_access_key=secret or hashlib.sha256(firn.token.encode()).hexdigest(), aws_session_token=token,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}, max_pool_connections=64, **config))


@pytest.fixture(scope="module")
def s3(shared_firn):
    return client(shared_firn)


def code_of(call, *arguments, **options):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **options)
    return caught.value.response["Error"]["Code"]


def test_a_tree_is_synced_listed_and_removed(s3):
    keys = [f"tree/{a:02}/{b:02}/file-{c}.txt" for a in range(10) for b in range(10) for c in range(10)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket="lake", Key=key, Body=key.encode()), keys))
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="lake", Prefix="tree/", PaginationConfig={"PageSize": 170})
    found = [entry for page in pages for entry in page["Contents"]]
    assert [entry["Key"] for entry in found] == sorted(keys)
    assert all(entry["ETag"] == f'"{hashlib.md5(entry["Key"].encode()).hexdigest()}"' for entry in found)
    old = [entry["Key"] for page in s3.get_paginator("list_objects").paginate(
        Bucket="lake", Prefix="tree/", PaginationConfig={"PageSize": 333}) for entry in page["Contents"]]
    assert old == sorted(keys)
    folders = s3.list_objects_v2(Bucket="lake", Prefix="tree/", Delimiter="/")["CommonPrefixes"]
    assert [folder["Prefix"] for folder in folders] == [f"tree/{a:02}/" for a in range(10)]
    gone = s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": key} for key in keys]})
    assert len(gone["Deleted"]) == 1000 and "Contents" not in s3.list_objects_v2(Bucket="lake", Prefix="tree/")


def crc(data, polynomial, width):
    """A reflected CRC; botocore computes these two only with an extra."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        table.append(value)
    mask = (1 << width) - 1
    value = mask
    for byte in data:
        value = table[(value ^ byte) & 255] ^ value >> 8
    return base64.b64encode((value ^ mask).to_bytes(width // 8, "big")).decode()


OWN = {"CRC32C": (0x82F63B78, 32), "CRC64NVME": (0x9A6C9329AC4BC9B5, 64)}


def upload_parts(s3, key, parts, **options):
    algorithm = options.get("ChecksumAlgorithm")
    upload = s3.create_multipart_upload(Bucket="lake", Key=key, **options)["UploadId"]
    done = []
    for number, body in enumerate(parts, 1):
        given = {"ChecksumAlgorithm": algorithm} if algorithm else {}
        if algorithm in OWN:
            given = {"Checksum" + algorithm: crc(body, *OWN[algorithm])}
        answer = s3.upload_part(Bucket="lake", Key=key, UploadId=upload, PartNumber=number, Body=body, **given)
        done.append({"PartNumber": number, **{name: value for name, value in answer.items()
                                              if name == "ETag" or name.startswith("Checksum") and name != "ChecksumType"}})
    return upload, s3.complete_multipart_upload(Bucket="lake", Key=key, UploadId=upload, MultipartUpload={"Parts": done})


def test_parts_can_be_read_one_by_one_and_described(s3):
    parts = [b"a" * PART, b"b" * PART, b"c" * 77]
    upload_parts(s3, "parts", parts)
    for number, part in enumerate(parts, 1):
        answer = s3.get_object(Bucket="lake", Key="parts", PartNumber=number)
        assert answer["PartsCount"] == 3 and answer["Body"].read() == part
    assert s3.head_object(Bucket="lake", Key="parts", PartNumber=2)["ContentLength"] == PART
    assert code_of(s3.get_object, Bucket="lake", Key="parts", PartNumber=4) == "InvalidPartNumber"
    assert code_of(s3.get_object, Bucket="lake", Key="parts", PartNumber=1, Range="bytes=0-1") == "InvalidRequest"
    facts = s3.get_object_attributes(Bucket="lake", Key="parts",
                                     ObjectAttributes=["ETag", "ObjectSize", "ObjectParts", "StorageClass"])
    assert facts["ObjectSize"] == 2 * PART + 77 and facts["ObjectParts"]["TotalPartsCount"] == 3
    assert facts["ETag"].endswith("-3") and facts["StorageClass"] == "STANDARD"
    s3.put_object(Bucket="lake", Key="plain", Body=b"xyz", Metadata={"empty": "", "full": "1"})
    assert s3.head_object(Bucket="lake", Key="plain")["Metadata"] == {"empty": "", "full": "1"}
    assert s3.get_object(Bucket="lake", Key="plain", PartNumber=1)["Body"].read() == b"xyz"


@pytest.mark.parametrize("algorithm,kind", [
    ("CRC32", "COMPOSITE"), ("CRC32", "FULL_OBJECT"), ("CRC32C", "COMPOSITE"), ("CRC64NVME", "FULL_OBJECT"),
    ("SHA1", "COMPOSITE"), ("SHA256", "COMPOSITE")])
def test_objects_made_of_parts_have_checksums(s3, algorithm, kind):
    parts = [bytes([1]) * PART, b"tail"]
    _, done = upload_parts(s3, f"sum-{algorithm}-{kind}", parts, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    value = done["Checksum" + algorithm]
    assert done["ChecksumType"] == kind and value.endswith("-2") == (kind == "COMPOSITE")
    head = s3.head_object(Bucket="lake", Key=f"sum-{algorithm}-{kind}", ChecksumMode="ENABLED")
    assert head["Checksum" + algorithm] == value and head["ChecksumType"] == kind
    if algorithm == "CRC32" and kind == "FULL_OBJECT":
        assert value == base64.b64encode(zlib.crc32(b"".join(parts)).to_bytes(4, "big")).decode()
    if algorithm == "CRC64NVME":
        assert value == crc(b"".join(parts), *OWN[algorithm])
    if algorithm == "SHA256":
        joined = b"".join(hashlib.sha256(part).digest() for part in parts)
        assert value == base64.b64encode(hashlib.sha256(joined).digest()).decode() + "-2"


def test_parts_tell_their_checksums_and_the_list_of_parts_says_the_wholes(s3):
    def sha256(bytes_):
        return base64.b64encode(hashlib.sha256(bytes_).digest()).decode()

    parts = [b"x" * PART, b"source"[1:4]]
    s3.put_object(Bucket="lake", Key="sum-source", Body=b"source")
    upload = s3.create_multipart_upload(Bucket="lake", Key="sum-parts", ChecksumAlgorithm="SHA256")["UploadId"]
    same = dict(Bucket="lake", Key="sum-parts", UploadId=upload)
    first = s3.upload_part(**same, PartNumber=1, Body=parts[0], ChecksumAlgorithm="SHA256")
    copy = s3.upload_part_copy(**same, PartNumber=2, CopySource="lake/sum-source", CopySourceRange="bytes=1-3")["CopyPartResult"]
    assert first["ChecksumSHA256"] == sha256(parts[0]) and copy["ChecksumSHA256"] == sha256(parts[1])
    listed = {"Parts": [{"PartNumber": 1, "ETag": first["ETag"], "ChecksumSHA256": first["ChecksumSHA256"]},
                        {"PartNumber": 2, "ETag": copy["ETag"], "ChecksumSHA256": copy["ChecksumSHA256"]}]}
    whole = sha256(b"".join(hashlib.sha256(part).digest() for part in parts)) + "-2"
    complete = dict(**same, MultipartUpload=listed)
    assert code_of(s3.complete_multipart_upload, **complete, ChecksumSHA256=sha256(b"") + "-2") == "BadDigest"
    assert s3.complete_multipart_upload(**complete, ChecksumSHA256=whole)["ChecksumSHA256"] == whole
    asked = dict(Bucket="lake", Key="sum-parts", ObjectAttributes=["Checksum", "ObjectParts"])
    facts = s3.get_object_attributes(**asked)
    assert facts["Checksum"]["ChecksumSHA256"] == whole and not facts["ObjectParts"]["IsTruncated"]
    assert [(part["PartNumber"], part["Size"], part["ChecksumSHA256"]) for part in facts["ObjectParts"]["Parts"]] == [
        (number, len(part), sha256(part)) for number, part in enumerate(parts, 1)]
    page = s3.get_object_attributes(**asked, MaxParts=1)["ObjectParts"]
    assert page["IsTruncated"] and page["NextPartNumberMarker"] == 1 and len(page["Parts"]) == 1
    rest = s3.get_object_attributes(**asked, PartNumberMarker=1)["ObjectParts"]
    assert not rest["IsTruncated"] and [part["PartNumber"] for part in rest["Parts"]] == [2]
    part = s3.get_object(Bucket="lake", Key="sum-parts", PartNumber=2, ChecksumMode="ENABLED")
    assert part["Body"].read() == parts[1] and part["ChecksumSHA256"] == sha256(parts[1])
    assert part["ChecksumType"] == "COMPOSITE"


def test_a_delete_may_have_conditions(s3):
    put = s3.put_object(Bucket="lake", Key="guarded", Body=b"abc")
    same = dict(Bucket="lake", Key="guarded")
    assert code_of(s3.delete_object, **same, IfMatch='"other"') == "PreconditionFailed"
    assert code_of(s3.delete_object, **same, IfMatchSize=4) == "PreconditionFailed"
    refused = s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "guarded", "ETag": "other"}]})["Errors"]
    assert [(error["Key"], error["Code"]) for error in refused] == [("guarded", "PreconditionFailed")]
    modified = s3.head_object(**same)["LastModified"]
    s3.delete_object(**same, IfMatch=put["ETag"], IfMatchSize=3, IfMatchLastModifiedTime=modified)
    assert code_of(s3.get_object, **same) == "NoSuchKey"
    s3.delete_object(**same, IfMatch='"other"')


def test_uploads_are_listed_page_by_page_resumed_and_aborted(s3):
    ids = {}
    for key in ("up/a", "up/a", "up/b/1", "up/b/2", "up/c"):
        ids.setdefault(key, []).append(s3.create_multipart_upload(Bucket="lake", Key=key)["UploadId"])
    found, marker = [], {}
    while True:
        page = s3.list_multipart_uploads(Bucket="lake", Prefix="up/", MaxUploads=2, **marker)
        found += [(upload["Key"], upload["UploadId"]) for upload in page.get("Uploads", [])]
        if not page["IsTruncated"]:
            break
        marker = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    assert found == [(key, upload) for key in sorted(ids) for upload in ids[key]]
    grouped = s3.list_multipart_uploads(Bucket="lake", Prefix="up/", Delimiter="/")
    assert [item["Prefix"] for item in grouped["CommonPrefixes"]] == ["up/b/"]
    # A resumed upload asks what is there already.
    upload = ids["up/c"][0]
    for number in (2, 1):
        s3.upload_part(Bucket="lake", Key="up/c", UploadId=upload, PartNumber=number, Body=bytes([number]) * PART)
    listed = s3.list_parts(Bucket="lake", Key="up/c", UploadId=upload, MaxParts=1)
    assert listed["IsTruncated"] and listed["Parts"][0]["PartNumber"] == 1
    parts = [part for page in s3.get_paginator("list_parts").paginate(Bucket="lake", Key="up/c", UploadId=upload)
             for part in page["Parts"]]
    s3.complete_multipart_upload(Bucket="lake", Key="up/c", UploadId=upload, MultipartUpload={
        "Parts": [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]})
    assert s3.get_object(Bucket="lake", Key="up/c", Range=f"bytes={PART - 1}-{PART}")["Body"].read() == b"\1\2"
    for key in ("up/a", "up/b/1", "up/b/2"):
        for upload in ids[key]:
            s3.abort_multipart_upload(Bucket="lake", Key=key, UploadId=upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="lake", Prefix="up/")


def test_server_side_copies_honour_directives_and_conditions(s3):
    etag = s3.put_object(Bucket="lake", Key="from", Body=b"body", Metadata={"a": "1"}, ContentType="text/x")["ETag"]
    source = {"Bucket": "lake", "Key": "from"}
    s3.copy_object(Bucket="lake", Key="to", CopySource=source)
    assert s3.head_object(Bucket="lake", Key="to")["Metadata"] == {"a": "1"}
    s3.copy_object(Bucket="lake", Key="to", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"})
    assert s3.head_object(Bucket="lake", Key="to")["Metadata"] == {"b": "2"}
    assert code_of(s3.copy_object, Bucket="lake", Key="from", CopySource=source) == "InvalidRequest"
    for options, outcome in [
        ({"CopySourceIfMatch": etag}, None), ({"CopySourceIfMatch": '"x"'}, "PreconditionFailed"),
        ({"CopySourceIfNoneMatch": etag}, "PreconditionFailed"),
        ({"CopySourceIfModifiedSince": time.time() + 60}, "PreconditionFailed"),
        ({"CopySourceIfUnmodifiedSince": time.time() - 3600}, "PreconditionFailed"),
        ({"CopySourceIfModifiedSince": time.time() - 3600}, None),
    ]:
        if outcome:
            assert code_of(s3.copy_object, Bucket="lake", Key="to", CopySource=source, **options) == outcome, options
        else:
            s3.copy_object(Bucket="lake", Key="to", CopySource=source, **options)
    s3.copy_object(Bucket="lake", Key="summed", CopySource=source, ChecksumAlgorithm="SHA256")
    head = s3.head_object(Bucket="lake", Key="summed", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"body").digest()).decode()
    upload = s3.create_multipart_upload(Bucket="lake", Key="pieced")["UploadId"]
    assert code_of(s3.upload_part_copy, Bucket="lake", Key="pieced", UploadId=upload, PartNumber=1, CopySource=source,
                   CopySourceRange="bytes=0-99") == "InvalidRange"
    part = s3.upload_part_copy(Bucket="lake", Key="pieced", UploadId=upload, PartNumber=1, CopySource=source,
                               CopySourceRange="bytes=1-2")["CopyPartResult"]
    s3.complete_multipart_upload(Bucket="lake", Key="pieced", UploadId=upload,
                                 MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert s3.get_object(Bucket="lake", Key="pieced")["Body"].read() == b"od"


def test_of_fifty_racing_conditional_puts_exactly_one_wins(s3):
    def put(index):
        try:
            s3.put_object(Bucket="lake", Key="raced", Body=str(index).encode(), IfNoneMatch="*")
            return index
        except ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"
            return None

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        winners = [index for index in pool.map(put, range(50)) if index is not None]
    assert len(winners) == 1 and s3.get_object(Bucket="lake", Key="raced")["Body"].read() == str(winners[0]).encode()


def test_answers_can_be_dressed_and_public_buckets_read_by_anyone(shared_firn, s3):
    shared_firn.api("POST", "r2/buckets", {"name": "open"})
    s3.put_object(Bucket="open", Key="page", Body=b"hello", ContentType="text/plain")
    link = s3.generate_presigned_url("get_object", {
        "Bucket": "open", "Key": "page", "ResponseContentType": "text/html", "ResponseContentDisposition": "attachment"})
    answer = requests.get(link)
    assert answer.headers["content-type"] == "text/html" and answer.headers["content-disposition"] == "attachment"
    assert requests.get(link.replace("attachment", "inline")).status_code == 403
    address = shared_firn.s3 + "/open/page"
    assert requests.get(address).status_code == 403
    answer = shared_firn.api("PUT", "r2/buckets/open/domains/managed", {"enabled": True})
    assert answer["enabled"] and requests.get(answer["domain"] + "/page").text == "hello"
    assert requests.head(address).status_code == 200 and requests.get(shared_firn.s3 + "/open/none").status_code == 404
    for refused in (requests.get(shared_firn.s3 + "/open"), requests.put(address, data=b"x"),
                    requests.get(address + "?response-content-type=x"), requests.get(shared_firn.s3 + "/lake/plain")):
        assert refused.status_code == 403, refused.text
    anonymous = boto3.client("s3", endpoint_url=shared_firn.s3, region_name="auto",
                             config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}))
    assert anonymous.get_object(Bucket="open", Key="page")["Body"].read() == b"hello"
    shared_firn.api("PUT", "r2/buckets/open/domains/managed", {"enabled": False})
    assert requests.get(address).status_code == 403


def test_web_pages_reach_a_bucket_as_its_cors_rules_say(shared_firn, s3):
    assert code_of(s3.get_bucket_cors, Bucket="lake") == "NoSuchCORSConfiguration"
    rules = [{"ID": "web", "AllowedOrigins": ["https://*.example.org"], "AllowedMethods": ["GET", "PUT"],
              "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60}]
    s3.put_bucket_cors(Bucket="lake", CORSConfiguration={"CORSRules": rules})
    assert s3.get_bucket_cors(Bucket="lake")["CORSRules"] == rules
    assert shared_firn.api("GET", "r2/buckets/lake/cors")["rules"][0]["allowed"]["methods"] == ["GET", "PUT"]
    page = {"Origin": "https://a.example.org", "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type,x-amz-meta-a"}
    answer = requests.options(shared_firn.s3 + "/lake/any", headers=page)
    assert answer.status_code == 200 and answer.headers["access-control-allow-origin"] == page["Origin"]
    assert answer.headers["access-control-max-age"] == "60"
    for change in ({"Origin": "https://evil.org"}, {"Access-Control-Request-Method": "DELETE"}):
        assert requests.options(shared_firn.s3 + "/lake/any", headers={**page, **change}).status_code == 403
    # A bucket that is not there answers a preflight as one without rules.
    assert requests.options(shared_firn.s3 + "/nothing/any", headers=page).status_code == 403
    s3.put_object(Bucket="lake", Key="web", Body=b"x")
    link = s3.generate_presigned_url("get_object", {"Bucket": "lake", "Key": "web"})
    answer = requests.get(link, headers={"Origin": "https://a.example.org"})
    assert answer.headers["access-control-expose-headers"] == "ETag"
    assert "access-control-allow-origin" not in requests.get(link, headers={"Origin": "https://evil.org"}).headers
    s3.delete_bucket_cors(Bucket="lake")
    assert shared_firn.api("GET", "r2/buckets/lake/cors") == {"rules": []}


def test_lifecycle_rules_go_in_and_out_in_both_languages(shared_firn, s3):
    assert code_of(s3.get_bucket_lifecycle_configuration, Bucket="lake") == "NoSuchLifecycleConfiguration"
    rules = [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 7},
              "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}]
    s3.put_bucket_lifecycle_configuration(Bucket="lake", LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket="lake")["Rules"] == rules
    expires = s3.put_object(Bucket="lake", Key="tmp/x", Body=b"")["Expiration"]
    assert 'rule-id="old"' in expires and "Expiration" not in s3.put_object(Bucket="lake", Key="other", Body=b"")
    rule = shared_firn.api("GET", "r2/buckets/lake/lifecycle")["rules"][0]
    assert rule["deleteObjectsTransition"]["condition"] == {"type": "Age", "maxAge": 7 * 86400}
    assert code_of(s3.put_bucket_lifecycle_configuration, Bucket="lake", LifecycleConfiguration={"Rules": [
        {"ID": "x", "Status": "Enabled", "Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"Days": 1}}]}
    ) == "NotImplemented"
    shared_firn.api("DELETE", "r2/buckets/lake/lifecycle")
    assert code_of(s3.get_bucket_lifecycle_configuration, Bucket="lake") == "NoSuchLifecycleConfiguration"


def test_locked_objects_stay(shared_firn, s3):
    s3.put_object(Bucket="lake", Key="law/1", Body=b"keep")
    shared_firn.api("PUT", "r2/buckets/lake/lock", {"rules": [
        {"id": "law", "enabled": True, "prefix": "law/", "condition": {"type": "Age", "maxAgeSeconds": 3600}}]})
    assert code_of(s3.put_object, Bucket="lake", Key="law/1", Body=b"x") == "ObjectLockedByBucketPolicy"
    assert code_of(s3.delete_object, Bucket="lake", Key="law/1") == "ObjectLockedByBucketPolicy"
    answer = s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "law/1"}, {"Key": "none"}]})
    assert [error["Key"] for error in answer["Errors"]] == ["law/1"] and len(answer["Deleted"]) == 1
    s3.put_object(Bucket="lake", Key="law/2", Body=b"new ones may come")
    bad = shared_firn.call("PUT", f"/client/v4/accounts/{ACCOUNT}/r2/buckets/lake/lock",
                           json={"rules": [{"id": "x", "enabled": True, "condition": {"type": "Never"}}]})
    assert bad.status_code == 400 and bad.json()["errors"][0]["firn_code"] == "BKT-110"
    shared_firn.api("DELETE", "r2/buckets/lake/lock")
    s3.delete_object(Bucket="lake", Key="law/1")


def local_credentials(parent, secret, claims):
    """As the hosted product's documentation signs them on the client."""
    def url(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    text = url(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + "." + url(json.dumps(claims).encode())
    jwt = text + "." + url(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())
    return parent, hashlib.sha256(jwt.encode()).hexdigest(), base64.b64encode(b"jwt/" + jwt.encode()).decode()


def test_temporary_credentials_do_what_they_say_and_end(shared_firn, s3):
    for key in ("temp/a", "temp/b", "other"):
        s3.put_object(Bucket="lake", Key=key, Body=b"x")
    made = shared_firn.api("POST", "r2/temp-access-credentials", {
        "bucket": "lake", "parentAccessKeyId": shared_firn.token_id, "permission": "object-read-only", "ttlSeconds": 900,
        "objects": ["temp/a"]})
    narrow = client(shared_firn, made["accessKeyId"], made["secretAccessKey"], made["sessionToken"])
    assert narrow.get_object(Bucket="lake", Key="temp/a")["Body"].read() == b"x"
    for call, options in [(narrow.get_object, {"Key": "temp/b"}), (narrow.get_object, {"Key": "temp/ab"}),
                          (narrow.put_object, {"Key": "temp/a"}), (narrow.list_objects_v2, {})]:
        assert code_of(call, Bucket="lake", **options) == "AccessDenied", options
    secret = hashlib.sha256(shared_firn.token.encode()).hexdigest()
    claims = {"bucket": "lake", "scope": "object-read-write", "paths": {"prefixPaths": ["temp/"], "objectPaths": []},
              "exp": int(time.time()) + 60}
    local = client(shared_firn, *local_credentials(shared_firn.token_id, secret, claims))
    local.put_object(Bucket="lake", Key="temp/new", Body=b"y")
    assert code_of(local.put_object, Bucket="lake", Key="other", Body=b"y") == "AccessDenied"
    only = client(shared_firn, *local_credentials(shared_firn.token_id, secret, {**claims, "actions": ["GetObject"]}))
    assert only.get_object(Bucket="lake", Key="temp/a")["Body"].read() == b"x"
    assert code_of(only.put_object, Bucket="lake", Key="temp/a", Body=b"y") == "AccessDenied"
    expired = client(shared_firn, *local_credentials(shared_firn.token_id, secret, {**claims, "exp": int(time.time()) - 1}))
    forged = client(shared_firn, *local_credentials(shared_firn.token_id, "wrong", claims))
    for bad in (expired, forged):
        assert code_of(bad.get_object, Bucket="lake", Key="temp/a") == "InvalidAccessKeyId"


NOT_DONE = [
    ("get_bucket_policy", {}), ("get_object_tagging", {"Key": "plain"}), ("get_bucket_acl", {}), ("get_object_acl", {"Key": "plain"}),
    ("get_bucket_website", {}), ("get_bucket_replication", {}), ("list_object_versions", {}), ("get_object_lock_configuration", {}),
    ("get_bucket_tagging", {}), ("list_bucket_inventory_configurations", {}),
    ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
    ("select_object_content", {"Key": "plain", "Expression": "SELECT 1", "ExpressionType": "SQL",
                               "InputSerialization": {"CSV": {}}, "OutputSerialization": {"CSV": {}}}),
    ("put_object", {"Key": "sse", "Body": b"x", "ServerSideEncryption": "aws:kms"}),
    ("put_object", {"Key": "tag", "Body": b"x", "Tagging": "a=b"}),
    ("put_object", {"Key": "acl", "Body": b"x", "ACL": "public-read"}),
]


@pytest.mark.parametrize("name,options", NOT_DONE, ids=[f"{name}-{index}" for index, (name, _) in enumerate(NOT_DONE)])
def test_what_is_not_done_says_so(s3, name, options):
    assert code_of(getattr(s3, name), Bucket="lake", **options) == "NotImplemented"


def test_the_store_is_rebuilt_from_what_is_left(firn):
    firn.make_bucket("lake")
    s3 = client(firn)
    for size in (10, 70_000, 2_000_000):
        s3.put_object(Bucket="lake", Key=str(size), Body=bytes([size % 251]) * size)
    busy = firn.cli_offline("bucket", "rebuild", "--data", firn.data)
    assert busy.returncode == 1 and "in use" in busy.stderr
    assert firn.stop() == 0
    journal = firn.data / "objects" / "journal"
    for file in journal.iterdir():
        file.write_bytes(b"garbage" + file.read_bytes()[7:])
    broken = subprocess.run([firn.binary, "serve", "--data", firn.data, "--listen", "127.0.0.1:0", "--s3-listen",
                             "127.0.0.1:0"], capture_output=True, text=True, timeout=60)
    assert broken.returncode == 1
    done = firn.cli_offline("bucket", "rebuild", "--data", firn.data, "--json")
    report = json.loads(done.stdout)
    assert report["restored"] >= 2 and report["damages"] >= 1, done.stdout + done.stderr
    firn.start()
    s3 = client(firn)
    for size in (70_000, 2_000_000):
        assert s3.get_object(Bucket="lake", Key=str(size))["Body"].read() == bytes([size % 251]) * size
    s3.put_object(Bucket="lake", Key="on", Body=b"it goes")


def test_metrics_of_the_account_and_labels_of_buckets(shared_firn):
    made = shared_firn.api("POST", "r2/buckets", {"name": "cold", "storageClass": "InfrequentAccess"})
    assert made["storage_class"] == "InfrequentAccess"
    assert shared_firn.api("GET", "r2/buckets/cold")["storage_class"] == "InfrequentAccess"
    assert shared_firn.api("GET", "r2/metrics")["standard"]["published"]["objects"] > 0
