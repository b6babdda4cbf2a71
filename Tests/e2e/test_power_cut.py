"""A power cut: what no fsync covered is dropped or torn, and every acknowledged batch is still there once."""

import os
import random
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "powercut"))

import simulate  # noqa: E402
from exactly_once import SCHEMA, SQL, Producer, faults_after  # noqa: E402
from firn_server import Firn, ServerDied, wait_until  # noqa: E402

# Small segments and no replay window: every landing trims, every few requests begin a file.
SMALL = {"FIRN_LOG_SEGMENT_BYTES": "200000", "FIRN_LOG_REPLAY_WINDOW_BYTES": "0"}


class Recording:
    """One run of a server under the recorder, and the states a power cut may leave of it.

    It goes on until `until(recording)` says that everything happened that the cuts are about: how long that takes
    depends on the machine, what is in the recording does not.
    """

    def __init__(self, folder, recorder, seed, until, binary=None, env=None):
        self.folder, self.options = folder, {"binary": binary} if binary else {}
        self.env = env or {}
        self.data, self.trace = folder / "data", folder / "trace"
        self.data.mkdir(parents=True)
        recording = {**self.env, "LD_PRELOAD": str(recorder), "RECORDER_ROOT": str(self.data),
                     "RECORDER_TRACE": str(self.trace)}
        firn = Firn(self.data, env=recording, **self.options).start()
        firn.make_bucket("lake")
        self.stream, _, self.pipeline = firn.make_pipeline(sql=SQL, schema=SCHEMA)
        self.changes = simulate.read_trace(self.trace)
        self.later, self.landings, self.landed = [], [], 0
        self.producer = Producer(firn, self.stream["id"], seed, position=self.position).start()
        try:
            wait_until(lambda: until(self.look(firn)), 120, "what the recording is to hold")
        finally:
            firn.kill()
            self.producer.stop()
        self.look()

    def position(self):
        return self.trace.stat().st_size

    def look(self, firn=None):
        """Takes in what happened since the last look."""
        if firn:
            landed = firn.stats(self.pipeline["id"])["passed"]
            if landed > self.landed:
                self.landed = landed
                self.landings.append(self.position())
        new = simulate.read_trace(self.trace, self.changes[-1].end)
        self.changes += new
        self.later += new
        return self

    def created(self, part, suffix=""):
        """The files made since the pipeline was ready whose path has `part` in it and ends in `suffix`."""
        return [change for change in self.later
                if change.op == simulate.CREATE and part in change.path and change.path.endswith(suffix)]

    def acknowledgements(self, after=0):
        """Places where somebody had just been told that his batch is kept: what is lost then shows."""
        return sorted(place for _, place in self.producer.promises() if place > after)

    def faults(self, seed, places=None):
        """What is wrong after one power cut, at one of the places when some are given; an empty list is right."""
        rng = random.Random(seed)
        cut = rng.choice(places) if places else rng.choice(self.later).end
        target = self.folder / f"cut-{seed}"
        simulate.Disk(self.changes, cut).write(self.data.resolve(), target, rng)
        must = {number for number, position in self.producer.acknowledged.items() if position <= cut}
        firn = Firn(target, env=self.env, **self.options)
        try:
            firn.start()
            return faults_after(firn, self.stream["id"], self.pipeline["id"], self.producer.sizes, must)
        except (ServerDied, AssertionError) as error:
            return [f"{type(error).__name__}: {error}"]
        finally:
            if firn.process and firn.is_running():
                firn.kill()
            shutil.rmtree(target, ignore_errors=True)


def has_landed(recording):
    """Some batches are kept, and some landed twice: every kind of file has been written."""
    return len(recording.acknowledgements()) >= 30 and len(recording.landings) >= 2


def has_trimmed(recording):
    return has_landed(recording) and len(recording.created("/streams/", ".log")) >= 6


def check_cuts(recording, seeds):
    """Every other cut falls just behind an acknowledgement, the others anywhere."""
    told = recording.acknowledgements()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda seed: recording.faults(seed, told if seed % 2 else None), seeds))
    bad = {seed: faults for seed, faults in zip(seeds, results) if faults}
    assert not bad, f"{len(bad)} of {len(results)} cuts lost or doubled something: {dict(list(bad.items())[:3])}"


@pytest.mark.parametrize("env, until", [({}, has_landed), (SMALL, has_trimmed)], ids=["one-segment", "small-segments"])
def test_acknowledged_batches_survive_power_cuts(tmp_path, recorder, env, until):
    check_cuts(Recording(tmp_path, recorder, seed=1, until=until, env=env), range(30))


@pytest.mark.slow
@pytest.mark.parametrize("run", range(10))
def test_acknowledged_batches_survive_500_power_cuts(tmp_path, recorder, run):
    env, until = (SMALL, has_trimmed) if run % 2 else ({}, has_landed)
    check_cuts(Recording(tmp_path, recorder, seed=run, until=until, env=env), range(run * 50, run * 50 + 50))
