"""Clients of the S3 endpoint that are wrong, slow, many or malicious."""

import datetime
import hashlib
import hmac
import os
import re
import resource
import socket
import subprocess
import time
from urllib.parse import quote, urlsplit

import pytest
import requests

from firn_server import Firn, wait_until
from test_s3_day import client, code_of


@pytest.fixture(scope="module")
def s3(shared_firn):
    return client(shared_firn)


def sign(firn, method, path, body=b"", headers=None, when=None, secret=None):
    """Headers of a request signed by hand, so that tests can spoil any part of it."""
    now = when or datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    secret = secret or hashlib.sha256(firn.token.encode()).hexdigest()
    digest = hashlib.sha256(body).hexdigest()
    signed = {"host": urlsplit(firn.s3).netloc, "x-amz-content-sha256": digest, "x-amz-date": stamp, **(headers or {})}
    names = ";".join(sorted(signed))
    canonical = "\n".join([method, path, "", *(f"{name}:{signed[name]}" for name in sorted(signed)), "", names, digest])
    scope = f"{day}/auto/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + secret).encode()
    for part in (day, "auto", "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {**signed, "authorization": f"AWS4-HMAC-SHA256 Credential={firn.token_id}/{scope}, SignedHeaders={names}, "
                                       f"Signature={signature}"}


def raw(firn, method, path, headers, body=b"", shut=False, timeout=30):
    address = urlsplit(firn.s3)
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=timeout) as connection:
        connection.sendall(head.encode("latin1") + body)
        if shut:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
            if not shut and b"\r\n\r\n" in answer:
                break
        return answer


def test_signatures_that_are_wrong_old_or_tampered_with_are_refused(shared_firn, s3):
    s3.put_object(Bucket="lake", Key="k", Body=b"x")
    good = sign(shared_firn, "GET", "/lake/k")
    assert requests.get(shared_firn.s3 + "/lake/k", headers=good).status_code == 200
    now = datetime.datetime.now(datetime.timezone.utc)
    for headers, code in [
        (sign(shared_firn, "GET", "/lake/other"), "SignatureDoesNotMatch"),
        (sign(shared_firn, "PUT", "/lake/k"), "SignatureDoesNotMatch"),
        (sign(shared_firn, "GET", "/lake/k", secret="x"), "SignatureDoesNotMatch"),
        (sign(shared_firn, "GET", "/lake/k", when=now - datetime.timedelta(minutes=20)), "RequestTimeTooSkewed"),
        (sign(shared_firn, "GET", "/lake/k", when=now + datetime.timedelta(minutes=20)), "RequestTimeTooSkewed"),
        ({**good, "x-amz-meta-added": "1"}, "AuthorizationHeaderMalformed"),
        ({**good, "authorization": "AWS4-HMAC-SHA256 nonsense"}, "AuthorizationHeaderMalformed"),
        ({**good, "authorization": "AWS a:b"}, "AuthorizationHeaderMalformed"),
    ]:
        answer = requests.get(shared_firn.s3 + "/lake/k", headers=headers)
        assert f"<Code>{code}</Code>" in answer.text, (code, answer.text)


def test_who_waits_to_be_told_hears_of_a_refusal_before_the_body(shared_firn):
    waits = {"expect": "100-continue", "content-length": "3"}
    host = {"host": urlsplit(shared_firn.s3).netloc}
    signed = sign(shared_firn, "PUT", "/lake/waits", b"abc")
    for headers, status in ((host, 403), (host | {"authorization": "AWS a:b"}, 400), (signed, 100)):
        assert raw(shared_firn, "PUT", "/lake/waits", headers | waits).startswith(b"HTTP/1.1 %d " % status)


def test_presigned_addresses_expire_and_cannot_be_changed(shared_firn, s3):
    link = s3.generate_presigned_url("get_object", {"Bucket": "lake", "Key": "k"}, ExpiresIn=1)
    assert requests.get(link).status_code == 200
    for bad in (link.replace("/k?", "/j?"), link + "&x=1", re.sub("X-Amz-Expires=1", "X-Amz-Expires=999", link),
                re.sub("X-Amz-Expires=1", "X-Amz-Expires=9999999", link), re.sub("Signature=.", "Signature=!", link)):
        assert requests.get(bad).status_code in (400, 403), bad
    assert requests.put(link, data=b"x").status_code == 403
    time.sleep(2.1)
    assert "expired" in requests.get(link).text


KEYS = ["a", "a/b", "..", "../../etc/passwd", "a/../../b", "//", "a//b", ".", "./x", "%2e%2e%2f", "%", "%%41", "a%2Fb", "a\\b", "CON",
        "x\u0001y", "x\ny", " lead", "trail ", "é", "e\u0301", "\U0001F600", "k" * 1024, "index/", "a?b#c&d=e+f", "'\"<>"]


def test_every_key_is_a_name_and_no_path(shared_firn, s3):
    for key in KEYS:
        s3.put_object(Bucket="lake", Key=key, Body=key.encode())
    for key in KEYS:
        assert s3.get_object(Bucket="lake", Key=key)["Body"].read() == key.encode(), key
    found = [entry["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="lake") for entry in page["Contents"]]
    assert set(KEYS) <= set(found) and found == sorted(found, key=lambda key: key.encode())
    names = {path.name for path in (shared_firn.data / "objects").rglob("*")}
    assert not names & {"passwd", "a", "b", "CON"} and not (shared_firn.data / "etc").exists()
    for key in KEYS:
        s3.delete_object(Bucket="lake", Key=key)
    assert code_of(s3.put_object, Bucket="lake", Key="k" * 1025, Body=b"x") == "KeyTooLongError"
    for path in ("/lake/%00", "/lake/%ff", "/lake/%zz", "/..%2f..%2fetc/passwd"):
        answer = raw(shared_firn, "GET", path, {**sign(shared_firn, "GET", path), "connection": "close"}, shut=True)
        assert answer.split()[1] in (b"400", b"403", b"404"), (path, answer)


def test_bodies_shorter_or_longer_than_declared_leave_nothing(shared_firn, s3):
    body = b"0123456789" * 100
    headers = sign(shared_firn, "PUT", "/lake/short", body)
    answer = raw(shared_firn, "PUT", "/lake/short", {**headers, "content-length": len(body)}, body[:500], shut=True)
    assert answer.split()[1] == b"400" and b"<Error>" in answer
    # What is longer is the next request, and none.
    headers = sign(shared_firn, "PUT", "/lake/long", body[:500])
    answer = raw(shared_firn, "PUT", "/lake/long", {**headers, "content-length": 500}, body, shut=True)
    assert answer.startswith(b"HTTP/1.1 200") and answer.count(b"HTTP/1.1 200") == 1
    assert s3.get_object(Bucket="lake", Key="long")["Body"].read() == body[:500]
    assert code_of(s3.get_object, Bucket="lake", Key="short") == "NoSuchKey"
    wrong = sign(shared_firn, "PUT", "/lake/wrong", body)
    answer = raw(shared_firn, "PUT", "/lake/wrong", {**wrong, "content-length": 4}, b"else", shut=True)
    assert b"XAmzContentSHA256Mismatch" in answer
    assert code_of(s3.get_object, Bucket="lake", Key="wrong") == "NoSuchKey"
    empty = raw(shared_firn, "PUT", "/lake/none", sign(shared_firn, "PUT", "/lake/none"), shut=True)
    assert b"MissingContentLength" in empty or b"200 OK" in empty


@pytest.mark.parametrize("size,status", [(30_000, {b"200", b"400"}), (200_000, {b"431"})])
def test_oversized_headers_are_told(shared_firn, size, status):
    headers = sign(shared_firn, "PUT", "/lake/meta", b"", {"x-amz-meta-big": "m" * size})
    answer = raw(shared_firn, "PUT", "/lake/meta", {**headers, "content-length": 0, "connection": "close"}, shut=True)
    assert answer.split()[1] in status and answer.count(b"HTTP/1.1 ") == 1
    if size > 8192:
        assert b"<Error>" in answer


def test_thousands_of_idle_connections_are_held_and_let_go(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 10_000), hard))
    firn = Firn(tmp_path / "data").start()
    try:
        firn.make_bucket("lake")
        s3 = client(firn)
        address = urlsplit(firn.s3)
        # One client address gets half of all connections; 127.0.0.0/8 has many.
        idle = []
        for index in range(4000):
            connection = socket.socket()
            connection.bind((f"127.0.0.{2 + index % 4}", 0))
            connection.connect((address.hostname, address.port))
            idle.append(connection)
        started = time.monotonic()
        for index in range(50):
            s3.put_object(Bucket="lake", Key=f"busy/{index}", Body=b"x" * 1000)
        assert time.monotonic() - started < 20
        wait_until(lambda: firn.metric("firn_http_connections") >= 4000, what="the connections")
        status = (f"/proc/{firn.process.pid}/status")
        with open(status) as file:
            resident = int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])
        assert resident < 600_000
        for connection in idle:
            connection.close()
        wait_until(lambda: firn.metric("firn_http_connections") < 50, what="the end of the connections")
        wait_until(lambda: len(os.listdir(f"/proc/{firn.process.pid}/fd")) < 200, what="the files to be closed")
    finally:
        assert firn.stop() == 0
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_a_full_disk_loses_nothing_and_goes_on_when_there_is_space(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    firn = Firn(disk / "data")
    firn.log = tmp_path / "log"
    try:
        firn.start()
        firn.make_bucket("lake")
        s3 = client(firn)
        kept, refused = {}, 0
        for index in range(120):
            body = os.urandom(1_000_000 if index % 2 else 30_000)
            try:
                s3.put_object(Bucket="lake", Key=str(index), Body=body)
                kept[str(index)] = body
            except s3.exceptions.ClientError as error:
                assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503, error
                refused += 1
        assert refused and len(kept) > 20
        for key, body in kept.items():
            assert s3.get_object(Bucket="lake", Key=key)["Body"].read() == body
        first = [key for key in kept if int(key) % 2][:10]
        s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": key} for key in first]})
        wait_until(lambda: s3.put_object(Bucket="lake", Key="again", Body=b"x" * 1_000_000), what="a put")
        assert firn.stop() == 0
        firn.start()
        s3 = client(firn)
        for key, body in kept.items():
            if key not in first:
                assert s3.get_object(Bucket="lake", Key=key)["Body"].read() == body
        assert firn.stop() == 0
    finally:
        if firn.is_running():
            firn.kill()
        subprocess.run(["umount", disk], check=True)


def test_slow_clients_hold_no_one_up(shared_firn, s3):
    s3.put_object(Bucket="lake", Key="big", Body=bytes(20_000_000))
    address = urlsplit(shared_firn.s3)
    slow = []
    for _ in range(40):
        connection = socket.create_connection((address.hostname, address.port))
        headers = sign(shared_firn, "GET", "/lake/big")
        connection.sendall(("GET /lake/big HTTP/1.1\r\n" + "".join(f"{a}: {b}\r\n" for a, b in headers.items()) + "\r\n").encode())
        slow.append(connection)
    body = os.urandom(500_000)
    started = time.monotonic()
    for index in range(20):
        s3.put_object(Bucket="lake", Key=quote(f"quick/{index}"), Body=body)
    assert time.monotonic() - started < 30
    for connection in slow:
        connection.close()
