"""SIGKILL during ingest: at armed fault points and at random moments."""

import random
import time

import pytest

from exactly_once import SCHEMA, SQL, Producer, batches_of_files, faults_after
from firn_server import Firn, wait_until
from test_s3 import client

# (fault point, how many seeds aim at it); the rest of the thirty are killed at a random moment.
AIMS = [("log.group.partial", 5), ("log.group.written", 1), ("log.group.durable", 2),
        ("pipeline.records.prepared", 2), ("sink.files.written", 3), ("commit.metadata.written", 3),
        ("commit.pointer.moved", 3), ("log.trim.before", 2),
        ("store.object.written", 1), ("store.journal.written", 2)]
POINTS = [point for point, count in AIMS for _ in range(count)]
SEEDS = range(30)


def encrypt(firn, bucket):
    """From now on what is written into the bucket is encrypted."""
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    client(firn).put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def run_one(tmp_path, seed, point, binary=None, env=None):
    options = {"binary": binary} if binary else {}
    rng = random.Random(seed)
    firn = Firn(tmp_path / "data", env=env, **options).start()
    firn.make_bucket("lake")
    if seed % 2:
        encrypt(firn, "lake")
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


# Small segments: some are begun, and trimmed, before the kill.
SMALL = {"FIRN_LOG_SEGMENT_BYTES": "200000", "FIRN_LOG_REPLAY_WINDOW_BYTES": "0"}
# Of two hundred kills, how many come while a segment is written, records are parsed, files are written, a commit is made,
# segments are trimmed; the rest at a random moment.
MANY_AIMS = [("log.group.partial", 25), ("log.group.written", 10), ("log.group.durable", 10), ("log.segment.created", 10),
             ("pipeline.records.prepared", 25),
             ("sink.files.written", 15), ("store.object.written", 5), ("store.journal.written", 15),
             ("commit.metadata.written", 20), ("commit.pointer.moved", 20),
             ("log.trim.before", 15), ("log.trim.middle", 10)]
MANY_POINTS = [point for point, count in MANY_AIMS for _ in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_every_acknowledged_batch_is_there_once_for_each_of_several_pipelines(tmp_path, seed):
    """Two streams, one of them with misfits; four pipelines, three of them on one stream, one of these into files; killed twice."""
    point, rng = MANY_POINTS[seed] if seed < len(MANY_POINTS) else None, random.Random(1000 + seed)
    firn = Firn(tmp_path / "data", env=SMALL).start()
    firn.make_bucket("lake")
    events, _, pipeline = firn.make_pipeline(sql=SQL, schema=SCHEMA)
    others, _, other = firn.make_pipeline(sql=SQL.replace("events", "others"), schema=SCHEMA, name="others")
    firn.api("POST", "pipelines/v1/sinks", {
        "name": "copies_sink", "type": "r2_data_catalog", "format": {"type": "parquet"},
        "config": {"bucket": "lake", "namespace": "web", "table_name": "copies", "token": firn.token,
                   "rolling_policy": {"interval_seconds": 2}}})
    copy = firn.api("POST", "pipelines/v1/pipelines", {
        "name": "copies_pipeline", "sql": SQL.replace("events_sink", "copies_sink")})
    firn.api("POST", "pipelines/v1/sinks", {
        "name": "files_sink", "type": "r2", "format": {"type": "json", "compression": "gzip"},
        "config": {"bucket": "lake", "path": "files", "file_naming": {"strategy": ["serial", "uuid", "ulid"][seed % 3]},
                   "rolling_policy": {"interval_seconds": 1}}})
    files = firn.api("POST", "pipelines/v1/pipelines", {
        "name": "files_pipeline", "sql": SQL.replace("events_sink", "files_sink")})
    firn.stop()

    producers = {"events": [], "others": []}
    for point in (point, None):
        armed = {**SMALL, "FIRN_FAULT": f"{point}:{rng.randrange(1, 8)}"} if point else SMALL
        firn = Firn(tmp_path / "data", env=armed).start()
        for name, stream in (("events", events), ("others", others)):
            producer = Producer(firn, stream["id"], rng.random(), threads=2, misfits=name == "others")
            if producers[name]:
                producer.next = producers[name][-1].next
            producers[name].append(producer.start())
        if point:
            wait_until(lambda: not firn.is_running(), 30, f"the kill at {point}")
        else:
            time.sleep(0.1 + 1.4 * rng.random())
        firn.kill()
        for started in producers.values():
            started[-1].stop()

    firn = Firn(tmp_path / "data", env=SMALL).start()
    try:
        faults = []
        for stream, run, table, name in ((events, pipeline, "events", "events"), (events, copy, "copies", "events"),
                                         (others, other, "others", "others")):
            sizes = {n: size for producer in producers[name] for n, size in producer.sizes.items()}
            kept = {n for producer in producers[name] for n in producer.acknowledged}
            faults += faults_after(firn, stream["id"], run["id"], sizes, kept, table, misfits=name == "others")
        sizes = {n: size for producer in producers["events"] for n, size in producer.sizes.items()}
        kept = {n for producer in producers["events"] for n in producer.acknowledged}
        faults += faults_after(firn, events["id"], files["id"], sizes, kept, "files/",
                               batches=lambda firn, prefix: batches_of_files(client(firn), prefix))
        assert not faults, f"seed {seed}: {faults}"
    finally:
        firn.kill()
