"""Firn with its state in PostgreSQL: kills of either process under load lose nothing that was acknowledged."""

import json
import threading
import time

import pytest
import requests

from exactly_once import SCHEMA, SQL, Producer, faults_after
from firn_server import Firn, ServerDied, wait_until
from postgres_server import Postgres

TABLES = "/catalog/v1/local_lake/namespaces/web/tables"
COLUMNS = {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "id", "required": False, "type": "long"}]}


@pytest.fixture
def postgres():
    server = Postgres()
    yield server
    server.close()


def node(tmp_path, url, name="data", **env):
    return Firn(tmp_path / name, env={"FIRN_METASTORE": url, **env})


class Committer:
    """Sets one property after the other on a table, to ever higher numbers, and keeps what was acknowledged."""

    passing = (500, 503, 504)
    NAMES = 400  # a table takes no more than 1,000 properties, and two may be at it

    def __init__(self, firn, prefix="p"):
        self.prefix = prefix
        self.firn, self.acknowledged, self.refused, self.next, self.wrong = firn, [], 0, 0, []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.firn.token}"
        while not self.stopping.is_set():
            self.next += 1
            updates = {f"{self.prefix}{self.next % self.NAMES}": str(self.next)}
            body = {"requirements": [], "updates": [{"action": "set-properties", "updates": updates}]}
            try:
                answer = session.post(self.firn.url + TABLES + "/t", json=body, timeout=60)
            except requests.RequestException:
                return
            if answer.status_code == 200:
                self.acknowledged.append(self.next)
            else:
                # The state of the commit is never told as a mistake of the client's.
                if answer.status_code not in self.passing:
                    self.wrong.append(answer.text)
                    return
                self.refused += 1
                time.sleep(0.05)

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.stopping.set()
        self.thread.join(90)
        assert not self.wrong, self.wrong


def missing(firn, committer):
    answer = firn.call("GET", TABLES + "/t")
    assert answer.ok, answer.text
    properties = answer.json()["metadata"]["properties"]
    last = {number % committer.NAMES: number for number in committer.acknowledged}
    return [number for name, number in last.items() if int(properties.get(f"{committer.prefix}{name}", 0)) < number]


def prepared(firn):
    firn.make_bucket("lake")
    assert firn.call("POST", "/catalog/v1/local_lake/namespaces", json={"namespace": ["web"]}).ok
    assert firn.call("POST", TABLES, json={"name": "t", "schema": COLUMNS}).ok
    return firn.make_pipeline(sql=SQL, schema=SCHEMA)


def check_tables(firn):
    for table in ("web.t", "web.events"):
        done = firn.cli("table", "check", "lake", table, "--json")
        assert done.returncode == 0 and json.loads(done.stdout)["clean"], done.stdout


@pytest.mark.parametrize("rounds, seconds", [(2, 1.5), pytest.param(12, 4, marks=pytest.mark.slow)])
def test_the_database_restarts_under_load(tmp_path, postgres, rounds, seconds):
    firn = node(tmp_path, postgres.schema()).start()
    stream, _, pipeline = prepared(firn)
    producer, committer = Producer(firn, stream["id"], seed=1).start(), Committer(firn).start()
    for number in range(rounds):
        time.sleep(seconds)
        postgres.kill()
        time.sleep(0.2 * number)
        postgres.start()
    time.sleep(seconds)
    producer.stop()
    committer.stop()
    assert firn.is_running() and len(committer.acknowledged) > rounds and producer.acknowledged
    assert missing(firn, committer) == []
    assert faults_after(firn, stream["id"], pipeline["id"], producer.sizes, producer.acknowledged) == []
    check_tables(firn)
    assert firn.stop() == 0


@pytest.mark.parametrize("rounds", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_firn_is_killed_under_load(tmp_path, postgres, rounds):
    firn = node(tmp_path, postgres.schema()).start()
    stream, _, pipeline = prepared(firn)
    sizes, acknowledged, lost = {}, {}, []
    for number in range(rounds):
        producer, committer = Producer(firn, stream["id"], seed=number), Committer(firn)
        producer.next, committer.next = 100_000 * number, 1000 * number
        producer.start()
        committer.start()
        time.sleep(1.2)
        firn.kill()
        producer.stop()
        committer.stop()
        sizes |= producer.sizes
        acknowledged |= producer.acknowledged
        firn.start()
        lost += missing(firn, committer)
    assert lost == []
    assert faults_after(firn, stream["id"], pipeline["id"], sizes, acknowledged) == []
    check_tables(firn)
    assert firn.stop() == 0


def test_while_the_database_is_away_callers_hear_so_and_readiness_tells(tmp_path, postgres):
    firn = node(tmp_path, postgres.schema()).start()
    firn.make_bucket("lake")
    assert firn.call("GET", "/readyz").status_code == 200
    postgres.kill()
    answer = firn.call("POST", "/catalog/v1/local_lake/namespaces", json={"namespace": ["web"]})
    assert answer.status_code == 503, answer.text
    assert firn.call("GET", "/readyz").status_code == 503
    assert firn.call("GET", "/healthz").status_code == 200
    postgres.start()
    wait_until(lambda: firn.call("GET", "/readyz").status_code == 200, what="readiness")
    assert firn.call("POST", "/catalog/v1/local_lake/namespaces", json={"namespace": ["web"]}).ok
    assert firn.stop() == 0


def test_a_database_goes_with_one_key(tmp_path, postgres):
    url = postgres.schema()
    firn = node(tmp_path, url).start()
    with pytest.raises(ServerDied, match="the state of another data directory"):
        node(tmp_path, url, "second").start(timeout=60)
    assert firn.stop() == 0
    # The rows speak of files and keys that another directory does not have.
    with pytest.raises(ServerDied, match="the state of another data directory"):
        node(tmp_path, url, "third").start(timeout=60)
    assert firn.start().stop() == 0


def test_a_directory_with_a_metastore_of_its_own_keeps_it(tmp_path, postgres):
    plain = Firn(tmp_path / "data").start()
    assert plain.stop() == 0
    with pytest.raises(ServerDied, match="has a metastore of its own"):
        node(tmp_path, postgres.schema()).start()


def test_the_password_is_shown_nowhere(tmp_path, postgres):
    url = postgres.schema()
    password = url.split(":")[2].split("@")[0]
    settings = tmp_path / "firn.toml"
    settings.write_text(f'data = "{tmp_path}/data"\nmetastore = "{url}"\n')
    shown = Firn(tmp_path / "data").cli_offline("config", "show", "--config", settings)
    assert shown.returncode == 0 and "postgres://firn@127.0.0.1" in shown.stdout and str(settings) in shown.stdout
    wrong = Firn(tmp_path / "data").cli_offline("config", "show", "--metastore", url.replace("postgres:", "mysql:"))
    firn = node(tmp_path, url).start()
    told = firn.api("GET", "firn/settings")
    assert told["metastore"].startswith("postgres://firn@")
    assert firn.stop() == 0
    for text in (shown.stdout, shown.stderr, wrong.stdout, wrong.stderr, json.dumps(told), firn.log.read_text()):
        assert password not in text
    assert wrong.returncode == 2
