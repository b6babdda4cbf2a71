"""A disk that fills with events: landing keeps its room, and all goes on by itself."""

import json
import os
import random
import subprocess
import time

import pytest

from firn_server import Firn, wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")

FIELDS = [{"name": "id", "type": "int64", "required": True}, {"name": "text", "type": "string"}]
EVENTS = 500


@pytest.fixture
def disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.fixture
def firn(disk, tmp_path):
    firn = Firn(disk / "data")
    firn.log = tmp_path / "log"
    yield firn.start()
    if firn.is_running():
        firn.kill()


class Producer:
    """Sends half a megabyte at a time, of events that take little room once they have landed."""

    def __init__(self, firn, stream):
        self.firn, self.stream, self.kept, self.refusals = firn, stream, 0, []

    def send(self):
        """True when the request was kept."""
        words = ["alpha ", "beta ", "gamma ", "delta "]
        random.seed(self.kept)
        lines = [json.dumps({"id": self.kept + index, "text": "".join(random.choices(words, k=180))})
                 for index in range(EVENTS)]
        answer = self.firn.call("POST", f"/ingest/{self.stream}", data="\n".join(lines),
                                headers={"content-type": "application/x-ndjson"})
        if answer.status_code == 200:
            self.kept += EVENTS
            return True
        assert answer.status_code == 503, answer.text
        self.refusals.append(answer)
        return False


def landed(firn):
    return firn.rows("lake", "SELECT count(*) AS n, count(DISTINCT id) AS d FROM web.events")[0]


def test_the_replay_window_gives_way_before_events_are_refused(firn, disk):
    firn.make_bucket()
    stream, _, _ = firn.make_pipeline(schema=FIELDS, rolling={"interval_seconds": 1})
    producer = Producer(firn, stream["id"])
    # Three times the disk.
    while producer.kept < 360 * EVENTS:
        while not producer.send():
            assert len(producer.refusals) < 100
            time.sleep(0.1)
    firn.flush(stream["id"])
    assert landed(firn) == {"n": producer.kept, "d": producer.kept}
    assert firn.metric("firn_stream_disk_free_bytes") > firn.metric("firn_stream_disk_reserve_bytes") > 5_000_000
    assert firn.stop() == 0


def test_a_disk_full_of_events_that_nobody_lands_keeps_room_for_landing(firn, disk):
    firn.make_bucket()
    stream = firn.api("POST", "pipelines/v1/streams", {
        "name": "events", "http": {"enabled": True, "authentication": True}, "schema": {"fields": FIELDS}})
    producer = Producer(firn, stream["id"])
    while producer.send():
        assert producer.kept < 200 * EVENTS
    refusal = producer.refusals[0]
    assert int(refusal.headers["retry-after"]) >= 1 and "STR-301" in refusal.text
    assert str(disk) not in refusal.text and "path" not in refusal.text
    assert not producer.send()
    ready = firn.call("GET", "/readyz")
    assert ready.status_code == 200 and "events are refused: the disk has no room" in ready.text
    before = producer.kept
    # Lands at its deadline only, were the disk not short.
    sink = firn.api("POST", "pipelines/v1/sinks", {
        "name": "k", "type": "r2_data_catalog", "format": {"type": "parquet"},
        "config": {"bucket": "lake", "namespace": "web", "table_name": "events", "token": firn.token,
                   "rolling_policy": {"interval_seconds": 3600}}})
    firn.api("POST", "pipelines/v1/pipelines", {"name": "p", "sql": "INSERT INTO k SELECT * FROM events"})
    wait_until(producer.send, what="events to be taken again")
    while producer.kept < before + 200 * EVENTS:
        if not producer.send():
            assert len(producer.refusals) < 200
            time.sleep(0.1)
    assert firn.call("GET", "/readyz").text.startswith("ready\n")
    firn.flush(stream["id"])
    assert landed(firn) == {"n": producer.kept, "d": producer.kept}
    assert firn.restart() and landed(firn)["n"] == producer.kept
    assert sink["id"] and firn.stop() == 0


def test_a_write_that_finds_no_room_tells_no_producer_where(disk, tmp_path):
    firn = Firn(disk / "data", env={"FIRN_LOG_RESERVE_BYTES": "0"})
    firn.log = tmp_path / "log"
    firn.start()
    try:
        stream = firn.api("POST", "pipelines/v1/streams", {
            "name": "events", "http": {"enabled": True, "authentication": True}, "schema": {"fields": FIELDS}})
        producer = Producer(firn, stream["id"])
        while producer.send():
            assert producer.kept < 200 * EVENTS
        refusal = producer.refusals[0]
        assert "the disk is full" in refusal.text and int(refusal.headers["retry-after"]) >= 1
        assert str(disk) not in refusal.text and "path" not in refusal.text
        assert str(disk) in firn.log.read_text()
    finally:
        firn.kill()
