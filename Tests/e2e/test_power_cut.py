"""A power cut: what no fsync covered is dropped or torn, and every acknowledged batch is still there once."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "powercut"))

import simulate  # noqa: E402
from exactly_once import SCHEMA, SQL, Producer, faults_after  # noqa: E402
from firn_server import Firn, ServerDied  # noqa: E402


@pytest.fixture(scope="session")
def recorder(tmp_path_factory):
    library = tmp_path_factory.mktemp("recorder") / "recorder.so"
    source = Path(__file__).parent / "powercut" / "recorder.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True)
    return library


class Recording:
    """One run of a server under the recorder, and the states a power cut may leave of it."""

    def __init__(self, folder, recorder, seed, seconds=2.0, binary=None, env=None):
        self.folder, self.options = folder, {"binary": binary} if binary else {}
        self.env = env or {}
        self.data, self.trace = folder / "data", folder / "trace"
        self.data.mkdir(parents=True)
        recording = {**self.env, "LD_PRELOAD": str(recorder), "FIRN_RECORD_ROOT": str(self.data),
                     "FIRN_RECORD_TRACE": str(self.trace)}
        firn = Firn(self.data, env=recording, **self.options).start()
        firn.make_bucket("lake")
        self.stream, _, self.pipeline = firn.make_pipeline(sql=SQL, schema=SCHEMA)
        self.ready_at = self.trace.stat().st_size
        self.producer = Producer(firn, self.stream["id"], seed, position=lambda: self.trace.stat().st_size).start()
        time.sleep(seconds)
        firn.kill()
        self.producer.stop()
        self.changes = [change for change in simulate.read_trace(self.trace)]
        self.later = [change for change in self.changes if change.end > self.ready_at]

    def faults(self, seed):
        """What is wrong after one power cut; an empty list is right."""
        import random

        rng = random.Random(seed)
        cut = rng.choice(self.later).end
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


def check_cuts(recording, seeds):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(recording.faults, seeds))
    bad = {seed: faults for seed, faults in zip(seeds, results) if faults}
    assert not bad, f"{len(bad)} of {len(results)} cuts lost or doubled something: {dict(list(bad.items())[:3])}"


def test_acknowledged_batches_survive_power_cuts(tmp_path, recorder):
    recording = Recording(tmp_path, recorder, seed=1)
    assert recording.producer.acknowledged, "the producer sent nothing"
    check_cuts(recording, range(60))


@pytest.mark.slow
@pytest.mark.parametrize("run", range(10))
def test_acknowledged_batches_survive_500_power_cuts(tmp_path, recorder, run):
    check_cuts(Recording(tmp_path, recorder, seed=run, seconds=1 + run / 3), range(run * 50, run * 50 + 50))
