"""A producer that never retries, and the check of what came of its batches."""

import gzip
import json
import random
import threading
from collections import Counter

import requests

SCHEMA = [{"name": "batch", "type": "int64", "required": True}, {"name": "id", "type": "int64", "required": True},
          {"name": "text", "type": "string", "required": True}]
SQL = "INSERT INTO events_sink SELECT batch, id, text FROM events WHERE id % 10 < 9"


class Producer:
    """Sends batches from several threads until told to stop or until the server is gone.

    With `misfits` one event in ten does not fit the stream's schema."""

    def __init__(self, firn, stream_id, seed, threads=4, position=None, misfits=False):
        self.firn, self.stream_id, self.position = firn, stream_id, position or (lambda: 0)
        self.misfits = misfits
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
            events = [{"batch": number, "id": f"{i}th" if self.misfits and is_misfit(i) else i,
                       "text": f"event {i} of batch {number} " + "x" * (i % 50)} for i in range(size)]
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


def is_misfit(i):
    """Which events of a batch do not fit, where a producer sends such."""
    return i % 10 == 4


def passing(size, misfits=False):
    """How many of a batch's events the pipeline's filter lets through."""
    return sum(1 for i in range(size) if i % 10 < 9 and not (misfits and is_misfit(i)))


def faults_of_rejects(firn, stream, landed):
    """Every misfit of a landed batch is among the rejects, once, and nothing else is."""
    found = Counter((event["batch"], event["id"]) for event in
                    (json.loads(row["raw"]) for row in firn.rows("lake", f"SELECT raw FROM rejects.{stream}")))
    wanted = Counter((batch, f"{i}th") for batch, size in landed.items() for i in range(size) if is_misfit(i))
    if not landed or found == wanted:
        return []
    return [f"rejects: {list((wanted - found).items())[:3]} missing, {list((found - wanted).items())[:3]} too many"]


def batches_of_table(firn, table):
    """Of each batch how many rows there are, and with how many ids."""
    return {row["batch"]: row for row in firn.rows("lake", f"""
        SELECT batch, count(*) AS n, count(DISTINCT id) AS ids, min(text) AS text FROM web.{table} GROUP BY batch""")}


def batches_of_files(s3, prefix):
    """The same of a sink's gzip files of JSON lines."""
    ids = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="lake", Prefix=prefix):
        for entry in page.get("Contents", []):
            body = s3.get_object(Bucket="lake", Key=entry["Key"])["Body"].read()
            for line in gzip.decompress(body).splitlines():
                row = json.loads(line)
                ids.setdefault(row["batch"], []).append(row["id"])
    return {batch: {"n": len(found), "ids": len(set(found))} for batch, found in ids.items()}


def faults_after(firn, stream_id, pipeline_id, sizes, must_be_there, table="events", misfits=False, batches=batches_of_table):
    """Lands everything and says what is lost, doubled or torn."""
    firn.flush(stream_id)
    found = batches(firn, table)
    total = sum(row["n"] for row in found.values())
    faults, landed = [], {}
    for number, size in sizes.items():
        row, want = found.pop(number, {"n": 0, "ids": 0}), passing(size, misfits)
        if row["n"] != row["ids"]:
            faults.append(f"batch {number}: {row['n'] - row['ids']} events twice")
        elif row["n"] not in (0, want):
            faults.append(f"batch {number}: torn, {row['n']} of {want}")
        elif row["n"] == 0 and number in must_be_there:
            faults.append(f"batch {number}: acknowledged and lost")
        elif row["n"]:
            landed[number] = size
    if misfits:
        faults += faults_of_rejects(firn, table, landed)
    if found:
        faults.append(f"batches nobody sent: {sorted(found)[:5]}")
    stats = firn.stats(pipeline_id)
    if stats["accepted"] != stats["passed"] + stats["filtered"] + stats["rejected"] + stats["pending"]:
        faults.append(f"counters do not add up: {stats}")
    if stats["pending"] != 0:
        faults.append(f"pending after a flush: {stats}")
    if stats["passed"] != total:
        faults.append(f"passed {stats['passed']} but there are {total} rows")
    return faults
