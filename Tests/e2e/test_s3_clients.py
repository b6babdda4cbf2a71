"""awscli, rclone and s3cmd each do a day's work with the object store: trees, parts, copies, links, conditions."""

import base64
import concurrent.futures
import hashlib
import os
import random
import shutil
import subprocess

import pytest
import requests

from firn_server import ROOT, Firn
from test_store_tls import Outer

pytestmark = pytest.mark.clients

FILES = 10_000
LARGE = 70 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    firn = Firn(tmp_path_factory.mktemp("s3-clients") / "data").start()
    firn.make_bucket("lake")
    yield firn
    assert firn.stop() == 0


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Files of 0 to 2,000 bytes in 100 folders, with names that need escaping."""
    top = tmp_path_factory.mktemp("tree")
    chance = random.Random(5)
    for index in range(FILES):
        folder = top / f"{index % 100:02} é+&"
        folder.mkdir(exist_ok=True)
        (folder / f"file {index}=%20.txt").write_bytes(chance.randbytes(chance.randrange(2000)))
    return top


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "large.bin"
    path.write_bytes(random.Random(6).randbytes(LARGE))
    return path


def contents(top):
    return {str(path.relative_to(top)): hashlib.md5(path.read_bytes()).digest() for path in top.rglob("*") if path.is_file()}


class Client:
    """One command-line client: `run` adds its flags and environment; paths on the server are `bucket/key`."""

    def __init__(self, server, name, binary):
        place = subprocess.run([ROOT / "Scripts/client-environment", name], check=True, capture_output=True, text=True).stdout.strip()
        self.command = f"{place}/bin/{binary}"
        self.key, self.secret = server.token_id, hashlib.sha256(server.token.encode()).hexdigest()
        self.server = server
        # Nothing of the machine's own settings.
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))}
        self.environment = {**mine, "HOME": "/nonexistent"}

    def run(self, *arguments, fails=False, timeout=1200):
        done = subprocess.run([self.command, *self.flags, *map(str, arguments)], env=self.environment, capture_output=True,
                              text=True, timeout=timeout)
        assert fails or done.returncode == 0, f"{arguments}: {done.stderr[-3000:]}"
        return done


class AWS(Client):
    def __init__(self, server):
        super().__init__(server, "awscli", "aws")
        self.flags = ["--endpoint-url", server.s3, "--region", "auto"]
        self.environment.update(AWS_ACCESS_KEY_ID=self.key, AWS_SECRET_ACCESS_KEY=self.secret)

    def sync(self, source, target):
        return self.run("s3", "sync", "--delete", "--no-progress", self.place(source), self.place(target)).stdout

    def copy(self, source, target):
        return self.run("s3", "cp", "--no-progress", self.place(source), self.place(target))

    def link(self, place):
        return self.run("s3", "presign", f"s3://{place}").stdout.strip()

    @staticmethod
    def place(path):
        return path if str(path).startswith("/") else f"s3://{path}"


class Rclone(Client):
    def __init__(self, server):
        super().__init__(server, "rclone", "rclone")
        self.flags = ["--config", "/dev/null", "--s3-upload-cutoff", "16M", "--s3-chunk-size", "8M", "-v"]
        self.environment.update({
            "RCLONE_CONFIG_FIRN_TYPE": "s3", "RCLONE_CONFIG_FIRN_PROVIDER": "Other", "RCLONE_CONFIG_FIRN_ENDPOINT": server.s3,
            "RCLONE_CONFIG_FIRN_REGION": "auto", "RCLONE_CONFIG_FIRN_ACCESS_KEY_ID": self.key,
            "RCLONE_CONFIG_FIRN_SECRET_ACCESS_KEY": self.secret, "RCLONE_CONFIG_FIRN_FORCE_PATH_STYLE": "true"})

    def sync(self, source, target):
        return self.run("sync", "--transfers", "8", "--checksum", self.place(source), self.place(target)).stderr

    def copy(self, source, target):
        return self.run("copyto", self.place(source), self.place(target))

    def link(self, place):
        return self.run("link", f"firn:{place}").stdout.strip()

    @staticmethod
    def place(path):
        return path if str(path).startswith("/") else f"firn:{path}"


class S3cmd(Client):
    def __init__(self, server):
        super().__init__(server, "s3cmd", "s3cmd")
        host = server.s3.removeprefix("http://")
        self.flags = ["--config=/dev/null", "--no-ssl", f"--host={host}", f"--host-bucket={host}", "--region=auto",
                      f"--access_key={self.key}", f"--secret_key={self.secret}", "--no-progress", "--multipart-chunk-size-mb=8"]

    def sync(self, source, target):
        return self.run("sync", "--delete-removed", f"{self.place(source)}/", f"{self.place(target)}/").stdout

    def copy(self, source, target):
        if str(source).startswith("/"):
            return self.run("put", source, self.place(target))
        if str(target).startswith("/"):
            return self.run("get", "--force", self.place(source), target)
        return self.run("cp", self.place(source), self.place(target))

    @staticmethod
    def place(path):
        return path if str(path).startswith("/") else f"s3://{path}"


KINDS = {"awscli": AWS, "rclone": Rclone, "s3cmd": S3cmd}


@pytest.fixture(scope="module", params=sorted(KINDS))
def client(request, server):
    made = KINDS[request.param](server)
    made.name = request.param
    return made


def test_a_tree_goes_up_changes_and_comes_back(client, tree, tmp_path):
    mine = tmp_path / "mine"
    shutil.copytree(tree, mine)
    client.sync(mine, f"lake/{client.name}/tree")
    names = sorted(contents(mine))
    changed, gone = names[:3], names[3:5]
    for name in changed:
        (mine / name).write_bytes(b"changed, and longer than before: " + b"x" * 3000)
    for name in gone:
        (mine / name).unlink()
    told = client.sync(mine, f"lake/{client.name}/tree")
    assert all(name.rsplit("/", 1)[1] in told for name in changed + gone)
    assert names[7].rsplit("/", 1)[1] not in told, "what has not changed is not sent again"
    back = tmp_path / "back"
    back.mkdir()
    client.sync(f"lake/{client.name}/tree", back)
    assert contents(back) == contents(mine)


def test_a_large_file_goes_in_parts_is_copied_and_comes_back(client, large, tmp_path):
    client.copy(large, f"lake/{client.name}/large.bin")
    client.copy(f"lake/{client.name}/large.bin", f"lake/{client.name}/copies/a b+c.bin")
    client.copy(f"lake/{client.name}/copies/a b+c.bin", tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == large.read_bytes()


def test_an_upload_that_was_killed_is_made_again_whole(client, large, tmp_path):
    flags = [*client.flags, *(["s3", "cp", "--no-progress"] if client.name == "awscli" else
                              ["copyto", "--bwlimit", "20M"] if client.name == "rclone" else ["put", "--limit-rate=20m"])]
    killed = subprocess.Popen([client.command, *flags, str(large), client.place(f"lake/{client.name}/again.bin")],
                              env=client.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        killed.wait(1.5)
    except subprocess.TimeoutExpired:
        killed.kill()
        killed.wait()
    client.copy(large, f"lake/{client.name}/again.bin")
    client.copy(f"lake/{client.name}/again.bin", tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == large.read_bytes()


def test_a_link_works_for_anybody_until_it_is_changed(client, large):
    if client.name == "s3cmd":
        # Its links are of signature version 2, which nothing here speaks: Docs/clients.md.
        answer = requests.get(client.run("signurl", f"s3://lake/{client.name}/large.bin", "+600").stdout.strip())
        assert answer.status_code in (400, 403) and b"<Error>" in answer.content
        return
    link = client.link(f"lake/{client.name}/large.bin")
    assert requests.get(link, headers={"Range": "bytes=5-104"}).content == large.read_bytes()[5:105]
    assert requests.get(link.replace("large", "larger")).status_code == 403


def test_one_of_fifty_conditional_puts_wins(client, tmp_path):
    if client.name != "awscli":
        # The others have no conditions; tests with boto3 race fifty of them in one process.
        return
    bodies = []
    for index in range(50):
        body = tmp_path / str(index)
        body.write_text(f"writer {index}")
        bodies.append(body)

    def put(body):
        return client.run("s3api", "put-object", "--bucket", "lake", "--key", "raced", "--if-none-match", "*", "--body", body, fails=True)

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(put, bodies))
    [winner] = [body for body, answer in zip(bodies, answers) if answer.returncode == 0]
    assert all("PreconditionFailed" in answer.stderr for answer in answers if answer.returncode != 0)
    client.copy("lake/raced", tmp_path / "back")
    assert (tmp_path / "back").read_text() == winner.read_text()


@pytest.fixture
def secure(tmp_path):
    """A store that speaks TLS."""
    store = Outer(tmp_path)
    yield store
    assert store.firn.stop() == 0


def test_a_customers_key_is_asked_for(client, secure, large, tmp_path):
    if client.name == "s3cmd":
        # It has no keys of customers. The store's own change nothing for who reads.
        place, back = client.place("lake/s3cmd/encrypted.bin"), tmp_path / "back.bin"
        client.run("put", "--server-side-encryption", large, place)
        client.run("get", place, back)
        assert "AES256" in client.run("info", place).stdout and back.read_bytes() == large.read_bytes()
        return
    user = KINDS[client.name](secure.firn)
    secret = random.Random(7).randbytes(32)
    if client.name == "awscli":
        (tmp_path / "secret").write_bytes(secret)
        user.flags += ["--ca-bundle", str(secure.authority)]
        flags = ["--sse-c", "AES256", "--sse-c-key", f"fileb://{tmp_path}/secret"]
        copy = ["s3", "cp", "--no-progress"]
    else:
        user.flags += ["--ca-cert", str(secure.authority)]
        flags = ["--s3-sse-customer-algorithm", "AES256", "--s3-sse-customer-key-base64", base64.b64encode(secret).decode()]
        copy = ["copyto"]
    place, back = user.place("outer/encrypted.bin"), tmp_path / "back.bin"
    user.run(*copy, *flags, large, place)
    user.run(*copy, *flags, place, back)
    assert back.read_bytes() == large.read_bytes()
    back.unlink()
    # Rclone takes the refusal of its HEAD for an object that is not there, and ends well.
    user.run(*copy, place, back, fails=True)
    assert not back.exists()
