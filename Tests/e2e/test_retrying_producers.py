"""Producers that send again until they hear that their events are kept, while the server is stopped and killed all the time."""

import os
import random
import threading
import time

import pytest
import requests

from firn_server import Firn

SCHEMA = [{"name": "producer", "type": "string", "required": True}, {"name": "id", "type": "int64", "required": True},
          {"name": "text", "type": "string"}]
# What a sender has to expect of a server that comes and goes.
PASSING = {429, 503, 504}
SECONDS = [15, pytest.param(int(os.environ.pop("FIRN_TEST_RETRY_SECONDS", 300)), marks=pytest.mark.slow)]


class RetryingProducer(threading.Thread):
    """Counts its requests, or names them by keys; sends each until it is acknowledged, and one in ten once more after that."""

    def __init__(self, firn, stream, name, counts, seed, seconds):
        super().__init__(daemon=True)
        self.firn, self.stream, self.name, self.counts = firn, stream, name, counts
        # Of keys a stream remembers 100,000; whoever sends more in a day counts.
        self.pause = 0.02 if counts else max(0.02, seconds / 30_000)
        self.rng, self.stopping = random.Random(seed), threading.Event()
        self.events, self.repeats, self.retries, self.fault = 0, 0, 0, None

    def run(self):
        try:
            number = 0
            while not self.stopping.is_set():
                size = self.rng.choice([1, 3, 50])
                body = [{"producer": self.name, "id": self.events + i, "text": "x" * self.rng.randrange(300)} for i in range(size)]
                for _ in range(2 if self.rng.random() < 0.1 else 1):
                    self.send(number, body)
                self.events += size
                number += 1
                time.sleep(self.pause)
        except Exception as error:
            self.fault = error

    def send(self, number, body):
        """Returns when the server has said that it has them."""
        headers = {"Firn-Producer": self.name, "Firn-Sequence": str(number)} if self.counts else {
            "Idempotency-Key": f"{self.name}-{number}"}
        headers["Authorization"] = f"Bearer {self.firn.token}"
        while True:
            try:
                answer = requests.post(f"{self.firn.url}/ingest/{self.stream}", json=body, headers=headers, timeout=10)
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code == 200:
                assert answer.json()["result"]["committed"] == len(body)
                self.repeats += answer.headers.get("idempotent-replayed") == "true"
                return
            assert answer is None or answer.status_code in PASSING, answer.text
            self.retries += 1
            time.sleep(0.05)


@pytest.mark.parametrize("seconds", SECONDS)
def test_producers_that_retry_through_restarts_leave_no_gap_and_no_repeat(tmp_path, seconds):
    rng = random.Random(seconds)
    # Small segments: the log is trimmed all the time, and what was seen has to outlive that.
    firn = Firn(tmp_path / "data", env={"FIRN_LOG_SEGMENT_BYTES": "262144", "FIRN_LOG_REPLAY_WINDOW_BYTES": "0"}).start()
    try:
        firn.make_bucket()
        stream, _, pipeline = firn.make_pipeline(schema=SCHEMA)
        producers = [RetryingProducer(firn, stream["id"], f"p{number}", counts=number % 2 == 0, seed=number, seconds=seconds)
                     for number in range(4)]
        for producer in producers:
            producer.start()
        end, restarts = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            time.sleep(rng.uniform(0.5, min(30, seconds / 4)))
            if rng.random() < 0.7:
                firn.kill()
            else:
                assert firn.stop() == 0
            firn.start()
            restarts += 1
        for producer in producers:
            producer.stopping.set()
        for producer in producers:
            producer.join(60)
            assert producer.fault is None, producer.fault
            assert not producer.is_alive() and producer.events > 0
        assert restarts >= 3 and sum(p.retries for p in producers) > 0 and sum(p.repeats for p in producers) > 0
        firn.flush(stream["id"])
        rows = firn.rows("lake", """SELECT producer, count(*) AS n, count(DISTINCT id) AS ids, min(id) AS first, max(id) AS last
            FROM web.events GROUP BY producer""")
        assert {row["producer"]: (row["n"], row["ids"], row["first"], row["last"]) for row in rows} == {
            p.name: (p.events, p.events, 0, p.events - 1) for p in producers}
        stats = firn.stats(pipeline["id"])
        assert stats["accepted"] == stats["passed"] == sum(p.events for p in producers) and stats["pending"] == 0
        print(f"{restarts} restarts, {stats['accepted']} events, {sum(p.retries for p in producers)} retries, "
              f"{sum(p.repeats for p in producers)} repeats known again")
    finally:
        firn.kill()
