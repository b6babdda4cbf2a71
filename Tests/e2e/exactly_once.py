"""A producer that never retries, and the check of what came of its batches."""

import random
import threading

import requests

SCHEMA = [{"name": "batch", "type": "int64", "required": True}, {"name": "id", "type": "int64", "required": True},
          {"name": "text", "type": "string", "required": True}]
SQL = "INSERT INTO events_sink SELECT batch, id, text FROM events WHERE id % 10 < 9"


class Producer:
    """Sends batches from several threads until told to stop or until the server is gone."""

    def __init__(self, firn, stream_id, seed, threads=4, position=None):
        self.firn, self.stream_id, self.position = firn, stream_id, position or (lambda: 0)
        self.rng, self.lock = random.Random(seed), threading.Lock()
        self.sizes, self.acknowledged, self.next = {}, {}, 0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)

    def _run(self):
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.firn.token}"
        while not self.stopping.is_set():
            with self.lock:
                number, size = self.next, self.rng.choice([1, 7, 100, 1000])
                self.next += 1
                self.sizes[number] = size
            events = [{"batch": number, "id": i, "text": f"event {i} of batch {number} " + "x" * (i % 50)} for i in range(size)]
            try:
                answer = session.post(f"{self.firn.url}/ingest/{self.stream_id}", json=events, timeout=20)
            except requests.RequestException:
                return
            if answer.status_code == 200:
                assert answer.json()["result"]["committed"] == size
                with self.lock:
                    self.acknowledged[number] = self.position()

    def promises(self):
        """The batches that are acknowledged, each with the position at that moment."""
        with self.lock:
            return list(self.acknowledged.items())


def passing(size):
    """How many of a batch's events the pipeline's filter lets through."""
    return sum(1 for i in range(size) if i % 10 < 9)


def faults_after(firn, stream_id, pipeline_id, sizes, must_be_there):
    """Lands everything and says what is lost, doubled or torn."""
    firn.flush(stream_id)
    found = {row["batch"]: row for row in firn.rows("lake", """
        SELECT batch, count(*) AS n, count(DISTINCT id) AS ids, min(text) AS text FROM web.events GROUP BY batch""")}
    faults = []
    for number, size in sizes.items():
        row, want = found.pop(number, {"n": 0, "ids": 0}), passing(size)
        if row["n"] != row["ids"]:
            faults.append(f"batch {number}: {row['n'] - row['ids']} events twice")
        elif row["n"] not in (0, want):
            faults.append(f"batch {number}: torn, {row['n']} of {want}")
        elif row["n"] == 0 and number in must_be_there:
            faults.append(f"batch {number}: acknowledged and lost")
    if found:
        faults.append(f"batches nobody sent: {sorted(found)[:5]}")
    stats = firn.stats(pipeline_id)
    if stats["accepted"] != stats["passed"] + stats["filtered"] + stats["rejected"] + stats["pending"]:
        faults.append(f"counters do not add up: {stats}")
    if stats["pending"] != 0:
        faults.append(f"pending after a flush: {stats}")
    total = firn.rows("lake", "SELECT count(*) AS n FROM web.events")[0]["n"]
    if stats["passed"] != total:
        faults.append(f"passed {stats['passed']} but the table has {total} rows")
    return faults
