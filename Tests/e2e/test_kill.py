"""SIGKILL during ingest: at armed fault points and at random moments."""

import random
import time

import pytest

from exactly_once import SCHEMA, SQL, Producer, faults_after
from firn_server import Firn, wait_until

# (fault point, how many seeds aim at it); the rest of the thirty are killed at a random moment.
AIMS = [("log.group.partial", 5), ("log.group.written", 1), ("log.group.durable", 2),
        ("sink.files.written", 3), ("commit.metadata.written", 3),
        ("commit.pointer.moved", 3), ("log.trim.before", 2),
        ("store.object.written", 1), ("store.journal.written", 2)]
POINTS = [point for point, count in AIMS for _ in range(count)]
SEEDS = range(30)


def run_one(tmp_path, seed, point, binary=None, env=None):
    options = {"binary": binary} if binary else {}
    rng = random.Random(seed)
    firn = Firn(tmp_path / "data", env=env, **options).start()
    firn.make_bucket("lake")
    stream, _, pipeline = firn.make_pipeline(sql=SQL, schema=SCHEMA)
    firn.stop()

    armed = {**(env or {}), "FIRN_FAULT": f"{point}:{rng.randrange(1, 8)}"} if point else env
    firn = Firn(tmp_path / "data", env=armed, **options).start()
    producer = Producer(firn, stream["id"], seed).start()
    if point:
        wait_until(lambda: not firn.is_running(), 30, f"the kill at {point}")
    else:
        time.sleep(0.1 + 2.4 * rng.random())
    firn.kill()
    producer.stop()

    firn = Firn(tmp_path / "data", env=env, **options).start()
    try:
        return faults_after(firn, stream["id"], pipeline["id"], producer.sizes, producer.acknowledged), producer
    finally:
        firn.kill()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_acknowledged_batch_is_there_once_after_a_kill(tmp_path, seed):
    point = POINTS[seed] if seed < len(POINTS) else None
    faults, producer = run_one(tmp_path, seed, point)
    assert not faults, f"seed {seed} at {point}: {faults}"
    assert producer.sizes, "the producer sent nothing"
