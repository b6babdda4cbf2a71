"""The edge of the house: what a client that is not a good one is told, TLS, draining, versions."""

import hashlib
import json
import signal
import socket
import ssl
import subprocess
import threading
import time
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from botocore.config import Config

from firn_server import Firn, wait_until


def speak(url, text, half_close=True, timeout=20):
    """Sends bytes as they are and reads until the server closes."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=timeout) as client:
        client.sendall(text)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return answer


MALFORMED = {
    "negative length": (400, b"POST /ingest/x HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
    "overflowing length": (413, b"POST /ingest/x HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"),
    "garbage": (400, b"\x01\x02 nonsense\r\n\r\n"),
    "no host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "long head": (431, b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"b" * 100_000 + b"\r\n\r\n"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_gets_one_answer_on_either_port(shared_firn, name):
    status, text = MALFORMED[name]
    answer = speak(shared_firn.url, text)
    assert answer.count(b"HTTP/1.1 ") == 1
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status and b"x-request-id: " in head
    assert json.loads(body)["errors"][0]["firn_code"].startswith("WIR-")

    answer = speak(shared_firn.s3, text)
    assert answer.count(b"HTTP/1.1 ") == 1
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status and b"x-amz-request-id: " in head
    assert b"<Error><Code>" in body and b"<RequestId>" in body


def test_a_half_closed_client_gets_its_answer(shared_firn):
    query = json.dumps({"query": "SHOW NAMESPACES"}).encode()
    answer = speak(shared_firn.url, (
        f"POST /api/v1/accounts/local/r2-sql/query/lake HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        f"Authorization: Bearer {shared_firn.token}\r\nContent-Length: {len(query)}\r\n\r\n").encode() + query)
    assert b"HTTP/1.1 200" in answer and b'"success":true' in answer


def test_the_version_is_told_everywhere(shared_firn):
    text = shared_firn.cli("--version").stdout
    assert text == shared_firn.cli("version").stdout and text.startswith("firn ")
    version = text.split()[1]
    assert shared_firn.call("GET", "/healthz").headers["server"] == f"firn/{version}"
    nodes = shared_firn.api("GET", "firn/cluster")["nodes"]
    assert [node["version"] for node in nodes] == [version] and nodes[0]["http"] == shared_firn.url
    assert "ready" in shared_firn.cli("cluster").stdout


def test_a_draining_node_says_so_until_its_last_request_is_answered(firn):
    firn.make_bucket()
    firn.make_pipeline(schema=[{"name": "n", "type": "int64", "required": True}])
    # A request whose body does not come holds the drain open.
    address = urlsplit(firn.url)
    held = socket.create_connection((address.hostname, address.port), timeout=20)
    body = b'[{"n":1}]'
    held.sendall((f"POST /ingest/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {firn.token}\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n").encode())
    wait_until(lambda: firn.metric("firn_http_in_flight") >= 2, what="the held request")
    firn.process.send_signal(signal.SIGTERM)
    ready = requests.get(firn.url + "/readyz")  # A response that is no success counts as false.
    while ready.status_code != 503:
        ready = requests.get(firn.url + "/readyz")
    assert ready.text == "draining\n"
    refused = firn.call("GET", "/client/v4/accounts")
    assert refused.status_code == 503 and refused.json()["errors"][0]["firn_code"] == "WIR-403"
    held.sendall(body)
    assert b"HTTP/1.1 200" in held.recv(65536)
    assert firn.process.wait(30) == 0


def make_certificate(directory, name):
    paths = directory / f"{name}.crt", directory / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-out", paths[0], "-keyout", paths[1]],
        check=True, capture_output=True)
    return paths


def served_certificate(url):
    address = urlsplit(url)
    return ssl.get_server_certificate((address.hostname, address.port))


def test_both_ports_speak_tls_and_take_a_new_certificate_at_sighup(tmp_path):
    first, second = make_certificate(tmp_path, "first"), make_certificate(tmp_path, "second")
    chain, key = tmp_path / "server.crt", tmp_path / "server.key"
    chain.write_bytes(first[0].read_bytes())
    key.write_bytes(first[1].read_bytes())
    firn = Firn(tmp_path / "data", arguments=["--tls-cert", str(chain), "--tls-key", str(key)]).start()
    try:
        assert firn.url.startswith("https://") and firn.s3.startswith("https://")
        firn.session.verify, firn.session.trust_env = str(chain), False
        firn.make_bucket("lake")
        s3 = boto3.client("s3", endpoint_url=firn.s3, region_name="auto", aws_access_key_id=firn.token_id,
                          aws_secret_access_key=hashlib.sha256(firn.token.encode()).hexdigest(),
                          verify=str(chain), config=Config(s3={"addressing_style": "path"}))
        body = bytes(range(256)) * 40_000
        s3.put_object(Bucket="lake", Key="k", Body=body)
        assert s3.get_object(Bucket="lake", Key="k")["Body"].read() == body
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(firn.url + "/healthz")

        # A pair that does not fit leaves the old one in place.
        key.write_bytes(second[1].read_bytes())
        firn.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "stays as it was" in firn.log.read_text(), what="the refusal in the log")
        assert served_certificate(firn.url) == first[0].read_text()
        chain.write_bytes(second[0].read_bytes())
        firn.process.send_signal(signal.SIGHUP)
        wait_until(lambda: served_certificate(firn.url) == second[0].read_text(), what="the new certificate")
        assert served_certificate(firn.s3) == second[0].read_text()
    finally:
        firn.session.verify = False
        assert firn.stop() == 0


def test_tls_with_a_wrong_file_is_refused_at_the_start(tmp_path):
    chain, key = make_certificate(tmp_path, "one")
    for arguments, part in [
        (["--tls-cert", chain], "--tls-key"), (["--tls-cert", chain, "--tls-key", tmp_path / "nope"], "cannot be read"),
        (["--tls-cert", chain, "--tls-key", chain], "cannot be used"),
    ]:
        done = Firn(tmp_path / "data").cli_offline("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0",
                                                    "--s3-listen", "127.0.0.1:0", *arguments)
        assert done.returncode in (1, 2) and part in done.stderr, done.stderr


def test_a_settings_file_stands_in_for_flags(tmp_path):
    file = tmp_path / "firn.toml"
    file.write_text('account = "acme"\nlog_level = "warning"\n')
    firn = Firn(tmp_path / "data", arguments=["--config", str(file)]).start()
    try:
        settings = firn.call("GET", "/client/v4/accounts/acme/firn/settings").json()["result"]
        assert settings["account"] == "acme" and settings["log_level"] == "warning"
    finally:
        assert firn.stop() == 0


def test_a_connection_that_sends_its_head_slowly_does_not_hold_a_thread(shared_firn):
    address = urlsplit(shared_firn.url)
    slow = [socket.create_connection((address.hostname, address.port), timeout=20) for _ in range(50)]
    for client in slow:
        client.sendall(b"GET /healthz HT")
    started = time.monotonic()
    threads = [threading.Thread(target=lambda: requests.get(shared_firn.url + "/healthz").raise_for_status())
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < 10
    for client in slow:
        client.close()


def test_a_query_that_outlives_the_drain_is_told_why(tmp_path):
    firn = Firn(tmp_path / "data", arguments=["--drain-seconds", "4"]).start()
    firn.make_bucket()
    query = json.dumps({"query": "SELECT count(*) AS n FROM generate_series(1, 200000) a(x) "
                                 "CROSS JOIN generate_series(1, 200000) b(y) WHERE x + y < 0"}).encode()
    address = urlsplit(firn.url)
    client = socket.create_connection((address.hostname, address.port), timeout=30)
    client.sendall((f"POST /api/v1/accounts/local/r2-sql/query/lake HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                    f"Authorization: Bearer {firn.token}\r\nContent-Length: {len(query)}\r\n\r\n").encode() + query)
    wait_until(lambda: firn.metric("firn_http_in_flight") >= 2, what="the running query")
    firn.process.send_signal(signal.SIGTERM)
    answer = b""
    while piece := client.recv(65536):
        answer += piece
    assert b"HTTP/1.1 503" in answer and b"SCH-302" in answer and b"the server stops" in answer, answer
    assert firn.process.wait(30) == 0
