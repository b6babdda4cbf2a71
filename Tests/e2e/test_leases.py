"""Nodes with leases on one PostgreSQL: a process that stood still and goes on, and two nodes side by side."""

import http.server
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

import pytest
import requests

from exactly_once import SCHEMA, SQL, Producer, faults_after
from firn_server import Firn, ServerDied, wait_until
from postgres_server import Postgres
from test_external_store import outer_store, over
from test_postgres import Committer, missing

NAMESPACES = "/catalog/v1/local_lake/namespaces"
TABLES = NAMESPACES + "/web/tables"


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(scope="module")
def store():
    with outer_store("firn") as found:
        yield found


def code(answer):
    return answer.json()["errors"][0]["firn_code"]


def stand_still(firn):
    firn.process.send_signal(signal.SIGSTOP)
    state = Path(f"/proc/{firn.process.pid}/stat")
    wait_until(lambda: state.read_text().rsplit(")", 1)[1].split()[0] == "T", what="the stop")


def log_files(firn):
    return {path.relative_to(firn.data) for path in (firn.data / "streams").rglob("*.log")}


@pytest.mark.parametrize("rounds", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_a_process_that_stood_still_adds_repeats_and_trims_nothing(tmp_path, postgres, rounds):
    env = {"FIRN_METASTORE": postgres.schema(), "FIRN_LEASE_SECONDS": "2",
           # Small enough that there is always something to trim.
           "FIRN_LOG_SEGMENT_BYTES": "65536", "FIRN_LOG_REPLAY_WINDOW_BYTES": "0"}
    old = Firn(tmp_path / "data0", env=env).start()
    old.make_bucket("lake")
    stream, _, pipeline = old.make_pipeline(sql=SQL, schema=SCHEMA)
    sizes, acknowledged = {}, {}
    for number in range(1, rounds + 1):
        before = Producer(old, stream["id"], seed=number)
        before.next = 200_000 * number
        before.start()
        time.sleep(1.5)
        stand_still(old)
        shutil.copytree(old.data, tmp_path / f"data{number}", symlinks=True)
        files = log_files(old)
        # It waits until the lease is over, then the node is its own.
        new = Firn(tmp_path / f"data{number}", env=env).start(timeout=60)
        after = Producer(new, stream["id"], seed=1000 + number)
        after.next = 200_000 * number + 100_000
        after.start()
        wait_until(lambda: after.acknowledged, what="an acknowledgement of the new process")
        kept = len(before.acknowledged)
        old.process.send_signal(signal.SIGCONT)
        # Its producers go on sending to it meanwhile.
        assert old.process.wait(60) == 1, old.log.read_text()[-2000:]
        assert "NOD-207" in old.log.read_text()
        before.stop()
        after.stop()
        # All but the one file that it may have been removing: the records in it have landed.
        assert kept > 0 and len(files - log_files(old)) <= 1
        sizes |= before.sizes | after.sizes
        acknowledged |= before.acknowledged | after.acknowledged
        old.process.stdout.close()
        old = new
    assert faults_after(old, stream["id"], pipeline["id"], sizes, acknowledged) == []
    assert old.stop() == 0


def test_a_killed_process_is_followed_at_once_where_its_lock_is_and_one_of_a_running_node_is_refused(tmp_path, postgres):
    env = {"FIRN_METASTORE": postgres.schema(), "FIRN_LEASE_SECONDS": "3"}
    firn = Firn(tmp_path / "data", env={**env, "FIRN_LEASE_SECONDS": "600"}).start()
    firn.kill()
    # Of ten minutes nobody waits.
    firn.start(timeout=30)
    firn.kill()
    firn.env["FIRN_LEASE_SECONDS"] = "3"
    firn.start()
    shutil.copytree(firn.data, tmp_path / "copy", symlinks=True)
    with pytest.raises(ServerDied, match="MST-305"):
        Firn(tmp_path / "copy", env=env).start(timeout=60)
    assert firn.call("GET", "/readyz").status_code == 200
    # Given back: nobody waits for it either.
    assert firn.stop() == 0
    assert Firn(tmp_path / "copy", env={**env, "FIRN_LEASE_SECONDS": "600"}).start(timeout=30).stop() == 0


def test_nothing_is_taken_while_nobody_knows_whose_the_stream_is(tmp_path):
    postgres = Postgres()
    firn = Firn(tmp_path / "data", env={"FIRN_METASTORE": postgres.schema(), "FIRN_LEASE_SECONDS": "2"}).start()
    firn.make_bucket()
    stream, _, pipeline = firn.make_pipeline(schema=[{"name": "n", "type": "int64", "required": True}])
    url = f"/ingest/{stream['id']}"
    assert firn.call("POST", url, json=[{"n": 1}], headers={"Idempotency-Key": "a"}).status_code == 200
    postgres.kill()
    wait_until(lambda: firn.call("GET", "/readyz").status_code == 503, what="readiness to go")

    def refused():
        answer = firn.call("POST", url, json=[{"n": 1}], headers={"Idempotency-Key": "a"})
        return answer.status_code == 503 and code(answer) == "STR-306" and answer.headers["retry-after"] == "1"
    # Also what it knows again: another process could know better.
    wait_until(refused, what="the end of the lease")
    postgres.start()
    wait_until(lambda: firn.call("POST", url, json=[{"n": 2}]).status_code == 200, what="the lease to come back")
    again = firn.call("POST", url, json=[{"n": 1}], headers={"Idempotency-Key": "a"})
    assert again.status_code == 200 and again.headers["idempotent-replayed"] == "true"
    firn.flush(stream["id"])
    assert firn.stats(pipeline["id"])["passed"] == 2
    assert firn.metric("firn_lease_renewals_total") > 0 and firn.metric("firn_lease_epoch") == 1
    assert firn.stop() == 0
    postgres.close()


class Pair:
    """Two nodes on one database and one store; what a test changes is in buckets and streams of its own."""

    def __init__(self, path, url, store):
        settings = {"FIRN_METASTORE": url, "FIRN_LEASE_SECONDS": "3"}
        prefix = path.name
        self.first = over(store, path / "first", prefix, **settings).start()
        (path / "second").mkdir(mode=0o700)
        for name in ["key", "admin-token"]:
            shutil.copy(self.first.data / name, path / "second" / name)
        self.second = over(store, path / "second", prefix, **settings).start()

    def make_bucket(self):
        self.first.make_bucket("lake")
        wait_until(lambda: any(b["name"] == "lake" for b in self.second.api("GET", "r2/buckets")["buckets"]),
                   what="the bucket at the other node")

    def stop(self):
        for firn in (self.second, self.first):
            if firn.is_running():
                assert firn.stop() == 0


@pytest.fixture
def pair(tmp_path, postgres, store):
    nodes = Pair(tmp_path, postgres.schema(), store)
    yield nodes
    nodes.stop()


def test_two_nodes_answer_for_each_others_streams(pair):
    first, second = pair.first, pair.second
    pair.make_bucket()
    stream, _, pipeline = first.make_pipeline(schema=[{"name": "n", "type": "int64", "required": True}])
    other, _, own = second.make_pipeline(schema=[{"name": "n", "type": "int64", "required": True}], name="others")

    # Events, by id and by name, at either node.
    for firn in (first, second):
        for name in (stream["id"], "events", other["id"], "others"):
            answer = firn.ingest(name, [{"n": 1}, {"n": 2}])
            assert answer.status_code == 200 and answer.json()["result"]["committed"] == 2, answer.text
    keyed = {"headers": {"Idempotency-Key": "k"}}
    assert first.ingest("events", [{"n": 3}], **keyed).status_code == 200
    assert second.ingest("events", [{"n": 3}], **keyed).headers["idempotent-replayed"] == "true"
    assert code(second.ingest("events", [{"n": 4}], **keyed)) == "STR-106"
    # Rights are those of the stream's node; what nobody has is nobody's.
    assert requests.post(f"{second.url}/ingest/events", json=[{"n": 1}]).status_code == 401
    assert second.ingest("nothing", [{"n": 1}]).status_code == 404
    assert second.call("POST", "/ingest/events", data=b"[{").status_code == 400

    # Management, at the node that does not have them.
    for firn in (first, second):
        assert sorted(s["name"] for s in firn.api("GET", "pipelines/v1/streams")) == ["events", "others"]
        assert firn.api("GET", f"pipelines/v1/streams/{stream['id']}")["name"] == "events"
        firn.flush(stream["id"])
        firn.flush(other["id"])
        assert firn.stats(pipeline["id"])["passed"] == 9 and firn.stats(own["id"])["passed"] == 8
        assert firn.rows("lake", "SELECT count(*) AS n FROM web.events") == [{"n": 9}]
        assert firn.api("POST", f"firn/pipelines/{pipeline['id']}/pause")["status"] == "paused"
        assert firn.api("POST", f"firn/pipelines/{pipeline['id']}/resume")["status"] == "running"
        assert firn.api("POST", "pipelines/v1/validate_sql", {"sql": "INSERT INTO events_sink SELECT * FROM events"})
        assert firn.api("POST", "firn/pipelines/dry-run", {"pipeline": pipeline["id"]})
    made = second.api("POST", "pipelines/v1/pipelines",
                      {"name": "more", "sql": "INSERT INTO others_sink SELECT n FROM events"})
    second.ingest("events", [{"n": 105}])
    second.flush(stream["id"])
    assert second.rows("lake", "SELECT n FROM web.others WHERE n = 105") == [{"n": 105}]
    apart = {"name": "apart", "sql": "INSERT INTO others_sink SELECT n FROM events UNION ALL SELECT n FROM others"}
    for firn in (first, second):
        answer = firn.call("POST", "/client/v4/accounts/local/pipelines/v1/pipelines", json=apart)
        assert answer.status_code == 409 and code(answer) == "STR-307", answer.text
    second.api("DELETE", f"pipelines/v1/pipelines/{made['id']}")
    assert second.metric("firn_forwarded_requests_total") > 10
    nodes = second.api("GET", "firn/cluster")["nodes"]
    assert {n["http"] for n in nodes} == {first.url, second.url} and {n["state"] for n in nodes} == {"ready"}

    # A token that is deleted here is soon nobody's there.
    token = first.api("POST", "firn/tokens", {"name": "t", "scopes": ["pipelines:send"]})
    bearer = {"Authorization": f"Bearer {token['value']}"}
    assert requests.post(f"{second.url}/ingest/others", json=[{"n": 1}], headers=bearer).status_code == 200
    first.api("DELETE", f"firn/tokens/{token['id']}")
    wait_until(lambda: requests.post(f"{second.url}/ingest/others", json=[{"n": 1}], headers=bearer).status_code == 401,
               timeout=10, what="the end of the token")


def test_both_nodes_commit_to_one_table_and_both_are_killed(pair):
    first, second = pair.first, pair.second
    pair.make_bucket()
    assert first.call("POST", NAMESPACES, json={"namespace": ["web"]}).ok
    schema = {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "id", "required": False, "type": "long"}]}
    assert first.call("POST", TABLES, json={"name": "t", "schema": schema}).ok
    stream, _, pipeline = first.make_pipeline(sql=SQL, schema=SCHEMA)
    sizes, acknowledged = {}, {}
    for number, victim in enumerate([second, first]):
        committers = [Committer(first, "a"), Committer(second, "b")]
        for committer in committers:
            committer.next = 1000 * number
            # Of two that are always at it, one may lose time and again, and hears so.
            committer.passing = (*committer.passing, 409)
            committer.start()
        producer = Producer(second, stream["id"], seed=number)
        producer.next = 100_000 * number
        producer.start()
        time.sleep(2)
        victim.kill()
        time.sleep(0.5)
        producer.stop()
        for committer in committers:
            committer.stop()
            assert committer.acknowledged
        sizes |= producer.sizes
        acknowledged |= producer.acknowledged
        victim.start()
        assert [missing(second, committer) for committer in committers] == [[], []]
    assert acknowledged
    assert faults_after(second, stream["id"], pipeline["id"], sizes, acknowledged) == []


def test_streams_of_a_node_that_is_away_wait_for_it(pair):
    first, second = pair.first, pair.second
    pair.make_bucket()
    stream, _, _ = first.make_pipeline(schema=[{"name": "n", "type": "int64", "required": True}])
    assert second.ingest("events", [{"n": 1}]).status_code == 200
    first.flush(stream["id"])
    assert first.stop() == 0
    answer = second.ingest("events", [{"n": 2}])
    assert answer.status_code == 503 and code(answer) == "NOD-401", answer.text
    # What is everybody's goes on.
    assert second.rows("lake", "SELECT count(*) AS n FROM web.events") == [{"n": 1}]
    assert [n["state"] for n in second.api("GET", "firn/cluster")["nodes"]] == ["ready", "away"]
    # On another port.
    first.start()
    wait_until(lambda: second.ingest("events", [{"n": 2}]).status_code == 200, what="the node's return")
    first.flush(stream["id"])
    assert second.rows("lake", "SELECT count(*) AS n FROM web.events") == [{"n": 2}]


class Stranger:
    """Listens at an address and says yes to everything."""

    def __init__(self, port=0):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                seen.append(self.requestline)
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def test_a_request_is_handed_to_no_other_host(pair):
    first, second = pair.first, pair.second
    pair.make_bucket()
    first.make_pipeline(schema=[{"name": "n", "type": "int64", "required": True}])
    stranger = Stranger()
    try:
        address = urllib.parse.urlsplit(second.url)
        for target in (f"@127.0.0.1:{stranger.port}/?x://x/ingest/events", "http://x/ingest/events", "/ingest/events"):
            with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
                connection.sendall(f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nConnection: close\r\n\r\n".encode() + b'[{"n":1}]')
                # The other node asks for a token.
                assert connection.recv(100).split()[1] == b"401", target
        assert stranger.seen == []
    finally:
        stranger.stop()


def test_whoever_listens_at_the_address_of_a_dead_node_answers_for_nobody(pair):
    first, second = pair.first, pair.second
    pair.make_bucket()
    first.make_pipeline(schema=[{"name": "n", "type": "int64", "required": True}])
    assert second.ingest("events", [{"n": 1}]).status_code == 200
    port = urllib.parse.urlsplit(first.url).port
    first.kill()
    stranger = Stranger(port)
    try:
        # Until the lease is over nobody knows that the node is gone; an answer that is not its own counts for nothing.
        answer = second.ingest("events", [{"n": 2}])
        assert answer.status_code >= 500 and code(answer) in ("NOD-401", "NOD-402"), answer.text
        wait_until(lambda: code(second.ingest("events", [{"n": 2}])) == "NOD-401", timeout=30, what="the end of the lease")
        seen = len(stranger.seen)
        assert code(second.ingest("events", [{"n": 2}])) == "NOD-401"
        assert len(stranger.seen) == seen
    finally:
        stranger.stop()


def test_a_request_that_is_at_a_node_that_stands_still_is_answered(pair):
    first, second = pair.first, pair.second
    pair.make_bucket()
    stream, _, pipeline = first.make_pipeline(schema=[{"name": "n", "type": "int64", "required": True}])
    assert second.ingest("events", [{"n": 1}]).status_code == 200
    stand_still(first)
    try:
        keyed = {"headers": {"Idempotency-Key": "k"}}
        answer = second.ingest("events", [{"n": 2}], timeout=60, **keyed)
        assert answer.status_code == 504 and code(answer) == "NOD-402", answer.text
    finally:
        first.process.send_signal(signal.SIGCONT)
    # What it had may be carried out now; the key makes it once.
    wait_until(lambda: second.ingest("events", [{"n": 2}], **keyed).status_code == 200, what="the node's return")
    first.flush(stream["id"])
    assert sorted(row["n"] for row in second.rows("lake", "SELECT n FROM web.events")) == [1, 2]
    assert first.stats(pipeline["id"])["passed"] == 2


def test_another_node_clears_away_when_the_first_is_gone(pair):
    first, second = pair.first, pair.second
    pair.make_bucket()
    second.query("lake", "CREATE NAMESPACE web")
    for table in ("a", "b"):
        second.query("lake", f"CREATE TABLE web.{table} AS SELECT 1 AS n")
    purges = "firn_catalog_purges_total"
    assert second.call("DELETE", f"{TABLES}/a?purgeRequested=true").ok
    # One of the two does it.
    assert second.metric(purges) == 0
    assert first.stop() == 0
    wait_until(lambda: "this node clears away now" in second.log.read_text(), what="the succession")
    assert second.call("DELETE", f"{TABLES}/b?purgeRequested=true").ok
    wait_until(lambda: second.metric(purges) >= 1, what="the purge")
    # It comes back as one that does not.
    first.start()
    second.query("lake", "CREATE TABLE web.c AS SELECT 1 AS n")
    assert first.call("DELETE", f"{TABLES}/c?purgeRequested=true").ok
    assert first.metric(purges) == 0 and second.query("lake", "SELECT 1").ok


def test_a_start_that_waits_for_a_lease_can_be_stopped(tmp_path, postgres):
    env = {"FIRN_METASTORE": postgres.schema(), "FIRN_LEASE_SECONDS": "60"}
    old = Firn(tmp_path / "data", env=env).start()
    stand_still(old)
    shutil.copytree(old.data, tmp_path / "copy", symlinks=True)
    new = Firn(tmp_path / "copy", env=env)
    with open(new.log, "ab") as log:
        new.process = subprocess.Popen(
            [str(new.binary), "serve", "--data", str(new.data), "--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=log, env=new.env)
    wait_until(lambda: "waiting for the node's lease" in new.log.read_text(), what="the wait")
    new.stop(timeout=20)
    assert "MST-305" not in new.log.read_text()
    # It took nothing.
    old.process.send_signal(signal.SIGCONT)
    assert old.call("GET", "/readyz").status_code == 200 and old.metric("firn_lease_epoch") == 1
    assert old.stop() == 0


def test_a_node_without_the_others_objects_or_key_is_refused(tmp_path, postgres, store):
    url = postgres.schema()
    first = Firn(tmp_path / "first", env={"FIRN_METASTORE": url}).start()
    (tmp_path / "second").mkdir(mode=0o700)
    shutil.copy(first.data / "key", tmp_path / "second" / "key")
    with pytest.raises(ServerDied, match="whose objects this one does not have"):
        Firn(tmp_path / "second", env={"FIRN_METASTORE": url}).start(timeout=60)
    with pytest.raises(ServerDied, match="the state of another data directory"):
        Firn(tmp_path / "third", env={"FIRN_METASTORE": url}).start(timeout=60)
    assert first.stop() == 0
