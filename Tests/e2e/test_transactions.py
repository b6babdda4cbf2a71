"""Pipelines that commit all their statements in one transaction: readers under load and after kills, one table gone, the option."""

import json
import random
import threading
import time

import pytest

from exactly_once import SCHEMA, SQL, Producer, batches_of_files, faults_after
from firn_server import Firn, wait_until
from test_s3 import client

BOTH = """SELECT (SELECT count(*) FROM web.events) AS a, (SELECT count(*) FROM web.copies) AS b,
    (SELECT count(DISTINCT batch) FROM web.events) AS a_batches, (SELECT count(DISTINCT batch) FROM web.copies) AS b_batches"""
# Every step of a commit, and what comes before and behind it.
POINTS = ["pipeline.records.prepared", "sink.files.written", "commit.metadata.written", "commit.pointer.moved",
          "sink.files.promised", "log.trim.before", None, None]


def make(firn, files=False):
    """The stream `events` with the tables `events` and `copies`, which roll at different times, and with files where asked."""
    firn.make_bucket("lake")
    stream, _, alone = firn.make_pipeline(sql=SQL, schema=SCHEMA)
    firn.api("DELETE", f"pipelines/v1/pipelines/{alone['id']}")
    firn.api("POST", "pipelines/v1/sinks", {
        "name": "copies_sink", "type": "r2_data_catalog", "format": {"type": "parquet"},
        "config": {"bucket": "lake", "namespace": "web", "table_name": "copies",
                   "rolling_policy": {"interval_seconds": 3600, "file_rows": 5000}}})
    sql = [SQL, SQL.replace("events_sink", "copies_sink")]
    if files:
        firn.api("POST", "pipelines/v1/sinks", {
            "name": "files_sink", "type": "r2", "format": {"type": "json", "compression": "gzip"},
            "config": {"bucket": "lake", "path": "files", "rolling_policy": {"interval_seconds": 7}}})
        sql.append(SQL.replace("events_sink", "files_sink"))
    pipeline = firn.api("POST", "pipelines/v1/pipelines", {"name": "both", "sql": "; ".join(sql), "transaction": True})
    return stream, pipeline


class Reader(threading.Thread):
    """Asks for both tables in one query, time and again, and notes where they differ."""

    def __init__(self, firn):
        super().__init__(daemon=True)
        self.firn, self.looks, self.seen, self.differences, self.stopping = firn, 0, set(), [], threading.Event()

    def run(self):
        while not self.stopping.is_set() and self.firn.is_running():
            try:
                row = self.firn.rows("lake", BOTH)[0]
            except Exception:  # The tables are not made yet, or the server was killed.
                time.sleep(0.02)
                continue
            self.looks += 1
            self.seen.add(row["a"])
            if (row["a"], row["a_batches"]) != (row["b"], row["b_batches"]):
                self.differences.append(row)

    def stop(self):
        self.stopping.set()
        self.join(30)


def commits(firn, table):
    """The ids of a table's commits with the places they stand for, the first one first."""
    loaded = firn.call("GET", f"/catalog/v1/local_lake/namespaces/web/tables/{table}").json()["metadata"]
    return [(snapshot["summary"]["firn.commit-id"], snapshot["summary"]["firn.offset"])
            for snapshot in sorted(loaded["snapshots"], key=lambda snapshot: snapshot["sequence-number"])]


def offsets(firn, pipeline):
    return [statement["offset"] for statement in firn.stats(pipeline["id"])["statements"]]


@pytest.mark.parametrize("seed", range(len(POINTS)))
def test_no_reader_sees_one_table_without_the_other_under_load_and_kills(tmp_path, seed):
    point, rng = POINTS[seed], random.Random(seed)
    firn = Firn(tmp_path / "data").start()
    stream, pipeline = make(firn, files=True)
    firn.stop()

    sizes, kept = {}, set()
    for round in range(2):
        armed = {"FIRN_FAULT": f"{point}:{rng.randrange(2, 8)}"} if point and round == 0 else None
        firn = Firn(tmp_path / "data", env=armed).start()
        # What the kill left is looked at before anything else happens.
        assert len(set(offsets(firn, pipeline))) == 1
        producer = Producer(firn, stream["id"], seed + 100 * round, threads=2)
        producer.next = max(sizes, default=-1) + 1
        reader = Reader(firn)
        producer.start(), reader.start()
        if armed:
            wait_until(lambda: not firn.is_running(), 60, f"the kill at {point}")
        else:
            time.sleep(2 + 2 * rng.random())
        firn.kill()
        producer.stop(), reader.stop()
        sizes.update(producer.sizes)
        kept |= set(producer.acknowledged)
        assert not reader.differences, reader.differences[:3]

    firn = Firn(tmp_path / "data").start()
    try:
        faults = []
        for table in ("events", "copies"):
            # The counts of the pipeline are those of three statements: each is looked at below.
            faults += [fault for fault in faults_after(firn, stream["id"], pipeline["id"], sizes, kept, table)
                       if not fault.startswith("passed ")]
        faults += [fault for fault in faults_after(firn, stream["id"], pipeline["id"], sizes, kept, "files/",
                                                   batches=lambda firn, prefix: batches_of_files(client(firn), prefix))
                   if not fault.startswith("passed ")]
        assert not faults, faults
        rows = firn.rows("lake", BOTH)[0]
        statements = firn.stats(pipeline["id"])["statements"]
        assert [statement["passed"] for statement in statements] == [rows["a"]] * 3
        assert commits(firn, "events") == commits(firn, "copies")
    finally:
        firn.kill()


def test_a_reader_finds_the_same_events_while_batches_land(tmp_path):
    """Long enough that many commits pass under the reader, with commits of somebody else on one of the tables."""
    firn = Firn(tmp_path / "data").start()
    try:
        stream, pipeline = make(firn)
        producer, reader = Producer(firn, stream["id"], 1, threads=2), Reader(firn)
        producer.start(), reader.start()
        deadline, comments = time.monotonic() + 8, 0
        while time.monotonic() < deadline:
            answer = firn.call("POST", "/catalog/v1/local_lake/namespaces/web/tables/copies", json={
                "requirements": [], "updates": [{"action": "set-properties", "updates": {"comment": str(comments)}}]})
            comments += answer.status_code == 200
            time.sleep(0.05)
        producer.stop(), reader.stop()
        assert comments > 10 and reader.looks > 20 and len(reader.seen) > 3, (comments, reader.looks, reader.seen)
        assert not reader.differences, reader.differences[:3]
        firn.flush(stream["id"])
        assert commits(firn, "events") == commits(firn, "copies")
        stats = firn.stats(pipeline["id"])
        assert stats["pending"] == 0 and stats["statements"][0]["commits"] == stats["statements"][1]["commits"]
    finally:
        firn.stop()


def test_without_one_table_nothing_lands_in_the_other(tmp_path):
    firn = Firn(tmp_path / "data").start()
    try:
        stream, pipeline = make(firn)
        firn.ingest(stream["id"], [{"batch": 0, "id": 0, "text": "x"}])
        firn.flush(stream["id"])
        firn.rows("lake", "ALTER TABLE web.copies RENAME TO web.elsewhere")
        firn.ingest(stream["id"], [{"batch": 1, "id": 0, "text": "x"}])
        flush = firn.call("POST", f"/client/v4/accounts/local/firn/streams/{stream['id']}/flush")
        assert flush.status_code == 409, flush.text
        shown = firn.api("GET", f"pipelines/v1/pipelines/{pipeline['id']}")
        assert shown["status"] == "failed" and "web.copies" in shown["failure_reason"]
        assert all(statement["failure"] for statement in firn.stats(pipeline["id"])["statements"])
        assert firn.rows("lake", "SELECT count(*) AS n FROM web.events")[0]["n"] == 1
        firn.rows("lake", "ALTER TABLE web.elsewhere RENAME TO web.copies")
        assert firn.cli("pipeline", "resume", "both").returncode == 0
        firn.flush(stream["id"])
        row = firn.rows("lake", BOTH)[0]
        assert (row["a"], row["b"]) == (2, 2)
        # Dropped for good: a reset of all statements goes on without what was before.
        firn.rows("lake", "DROP TABLE web.copies")
        firn.ingest(stream["id"], [{"batch": 2, "id": 0, "text": "x"}])
        assert firn.call("POST", f"/client/v4/accounts/local/firn/streams/{stream['id']}/flush").status_code == 409
        assert firn.cli("pipeline", "reset", "both", "--to", "latest").returncode == 0
        firn.ingest(stream["id"], [{"batch": 3, "id": 0, "text": "x"}])
        firn.flush(stream["id"])
        row = firn.rows("lake", BOTH)[0]
        assert (row["a"], row["b"]) == (3, 1)
    finally:
        firn.stop()


def test_the_option_is_made_shown_and_changed(tmp_path):
    firn = Firn(tmp_path / "data").start()
    try:
        stream, pipeline = make(firn)
        assert pipeline["transaction"] is True
        path = f"pipelines/v1/pipelines/{pipeline['id']}"
        sql = firn.api("GET", path)["sql"]
        run = firn.cli("pipeline", "update", "both", "--no-transaction")
        assert run.returncode == 0 and run.stdout == "updated pipeline both\n", run
        assert firn.api("GET", path)["transaction"] is False and firn.api("GET", path)["sql"] == sql
        firn.ingest(stream["id"], [{"batch": 0, "id": 0, "text": "x"}])
        firn.flush(stream["id"])
        run = firn.cli("pipeline", "update", "both", "--transaction", "--json")
        assert run.returncode == 0 and json.loads(run.stdout)["transaction"] is True, run
        firn.ingest(stream["id"], [{"batch": 1, "id": 0, "text": "x"}])
        firn.flush(stream["id"])
        assert json.loads(firn.cli("pipeline", "get", "both", "--json").stdout)["transaction"] is True
        row = firn.rows("lake", BOTH)[0]
        assert (row["a"], row["b"]) == (2, 2) and commits(firn, "events")[-1] == commits(firn, "copies")[-1]
        firn.api("DELETE", path)
        run = firn.cli("pipeline", "create", "again", "--transaction", "--start", "latest", "--sql", sql, "--json")
        assert run.returncode == 0 and json.loads(run.stdout)["transaction"] is True, run
        assert "--transaction" in firn.cli("pipeline", "create", "--help").stdout
        run = firn.cli("pipeline", "update", "again", "--transaction", "--no-transaction")
        assert run.returncode == 2 and "either" in run.stderr, run
        run = firn.cli("pipeline", "update", "again")
        assert run.returncode == 2 and "--sql-file" in run.stderr and "--no-transaction" in run.stderr, run
        answer = firn.call("PATCH", "/client/v4/accounts/local/firn/pipelines/again", json={})
        assert answer.status_code == 400 and "sql or transaction" in answer.text, answer.text
        answer = firn.call("PATCH", "/client/v4/accounts/local/firn/pipelines/again", json={"transaction": "yes"})
        assert answer.status_code == 400 and "$.transaction" in answer.text, answer.text
        dry = firn.api("POST", "firn/pipelines/dry-run", {"pipeline": "again"})
        assert [statement["events"] for statement in dry["statements"]] == [2, 2]
    finally:
        firn.stop()
