"""A store behind that speaks TLS: whose certificate is believed, and what is said of one that is not."""

import hashlib
import subprocess

import boto3
import pytest
from botocore.config import Config

from firn_server import Firn, ServerDied


def make_authority(directory, name):
    """A certificate authority, and a server's certificate that it signed for 127.0.0.1 alone."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=directory)

    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *curve, "-days", 2, "-subj", f"/CN={name}", "-keyout", f"{name}-ca.key", "-out", f"{name}-ca.crt",
            "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", *curve, "-subj", f"/CN=server of {name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    (directory / f"{name}.ext").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{name}-ca.crt", "-CAkey", f"{name}-ca.key", "-CAcreateserial",
            "-days", 2, "-extfile", f"{name}.ext", "-out", f"{name}.crt")
    return directory / f"{name}-ca.crt", directory / f"{name}.crt", directory / f"{name}.key"


class Outer:
    """Another Firn whose ports speak TLS, with a bucket `outer`."""

    def __init__(self, directory):
        self.authority, chain, key = make_authority(directory, "ours")
        self.stranger = make_authority(directory, "stranger")[0]
        self.firn = Firn(directory / "outer", arguments=["--tls-cert", str(chain), "--tls-key", str(key)]).start()
        self.secret = hashlib.sha256(self.firn.token.encode()).hexdigest()
        self.s3 = boto3.client(
            "s3", endpoint_url=self.firn.s3, region_name="auto", aws_access_key_id=self.firn.token_id,
            aws_secret_access_key=self.secret, verify=str(self.authority), config=Config(s3={"addressing_style": "path"}))
        self.s3.create_bucket(Bucket="outer")

    def inner(self, data, *arguments, url=None, prefix="base", **env):
        return Firn(data, arguments=["--store", f"s3://outer/{prefix}?endpoint={url or self.firn.s3}", *arguments],
                    env={"FIRN_STORE_ACCESS_KEY": self.firn.token_id, "FIRN_STORE_SECRET_KEY": self.secret, **env})


@pytest.fixture(scope="module")
def outer(tmp_path_factory):
    store = Outer(tmp_path_factory.mktemp("tls"))
    yield store
    assert store.firn.stop() == 0


@pytest.mark.parametrize("how", ["setting", "variable"])
def test_the_platform_runs_over_tls_with_an_authority_of_its_own(outer, tmp_path, how):
    arguments, env = (["--store-ca-file", str(outer.authority)], {}) if how == "setting" else \
        ([], {"AWS_CA_BUNDLE": str(outer.authority)})
    inner = outer.inner(tmp_path / "data", *arguments, prefix=how, **env).start()
    try:
        inner.make_bucket("lake")
        inner.rows("lake", "CREATE NAMESPACE web")
        inner.rows("lake", "CREATE TABLE web.t AS SELECT 1 AS a")
        assert inner.rows("lake", "SELECT a FROM web.t") == [{"a": 1}]
        s3 = boto3.client("s3", endpoint_url=inner.s3, region_name="auto", aws_access_key_id=inner.token_id,
                          aws_secret_access_key=hashlib.sha256(inner.token.encode()).hexdigest(),
                          config=Config(s3={"addressing_style": "path"}))
        body = bytes(range(256)) * 40_000
        s3.put_object(Bucket="lake", Key="k", Body=body)
        assert s3.get_object(Bucket="lake", Key="k")["Body"].read() == body
        assert outer.s3.get_object(Bucket="outer", Key=f"{how}/lake/k")["Body"].read() == body
    finally:
        assert inner.stop() == 0


def refused_start(server):
    """What the server says when it does not start, and that it says so at once."""
    with pytest.raises(ServerDied) as caught:
        server.start(timeout=20)
    return str(caught.value)


@pytest.mark.parametrize("authority", [None, "stranger"])
def test_a_certificate_that_nobody_vouches_for_is_refused_at_the_start(outer, tmp_path, authority):
    arguments = ["--store-ca-file", str(outer.stranger)] if authority else []
    said = refused_start(outer.inner(tmp_path / "data", *arguments))
    assert "the store's certificate is not trusted" in said and "--store-ca-file" in said
    assert "BLB-302" in said and "certificate" in said.split("reason")[1], said


def test_a_certificate_of_another_host_is_refused_at_the_start(outer, tmp_path):
    url = outer.firn.s3.replace("127.0.0.1", "localhost")
    said = refused_start(outer.inner(tmp_path / "data", "--store-ca-file", str(outer.authority), url=url))
    assert "the store's certificate is not trusted" in said and "localhost" in said
    assert "does not match" in said or "no alternative certificate subject name" in said, said


def test_a_file_of_authorities_that_is_none_is_refused_at_the_start(outer, tmp_path):
    said = refused_start(outer.inner(tmp_path / "data", "--store-ca-file", str(tmp_path / "nope")))
    assert "NOD-101" in said and "store-ca-file" in said
    (tmp_path / "junk").write_text("no certificate\n")
    said = refused_start(outer.inner(tmp_path / "other", "--store-ca-file", str(tmp_path / "junk")))
    assert "junk" in said or "certificate" in said, said
