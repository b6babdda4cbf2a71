"""The crash tests find bugs that are planted on purpose in the debug build; Docs/planted-bugs.md describes them."""

import subprocess
from pathlib import Path

import pytest

from firn_server import DEBUG
from test_kill import run_one
from test_power_cut import Recording

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DEBUG.exists(), reason="needs the debug build")]

# Small segments and no replay window: every landing trims, every few requests begin a file.
SMALL = {"FIRN_LOG_SEGMENT_BYTES": "200000", "FIRN_LOG_REPLAY_WINDOW_BYTES": "0"}

# A killed process leaves its page cache: what is synced too late is only found by a power cut.
KILLS = [("log-ack-before-write", "log.group.partial"), ("progress-outside-transaction", "commit.pointer.moved"),
         ("counters-outside-transaction", "commit.pointer.moved"), ("replay-last-record", "log.trim.before"),
         ("trim-before-commit", "commit.metadata.written")]
CUTS = ["log-skip-sync", "log-ack-before-write", "log-ack-before-sync", "segment-dir-not-synced", "store-files-not-synced",
        "store-journal-not-synced"]


@pytest.mark.parametrize("bug, point", KILLS)
def test_a_kill_finds_the_bug(tmp_path, bug, point):
    for seed in range(6):
        (folder := tmp_path / str(seed)).mkdir()
        try:
            faults, _ = run_one(folder, seed, point, binary=DEBUG, env={**SMALL, "FIRN_PLANT": bug})
        except AssertionError as error:
            faults = [str(error)]
        if faults:
            return
    pytest.fail(f"no seed finds {bug}")


@pytest.fixture(scope="module")
def recorder(tmp_path_factory):
    library = tmp_path_factory.mktemp("recorder") / "recorder.so"
    source = Path(__file__).parent / "powercut" / "recorder.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True)
    return library


@pytest.mark.parametrize("bug", CUTS)
def test_a_power_cut_finds_the_bug(tmp_path, recorder, bug):
    env = {**SMALL, "FIRN_PLANT": bug}
    recording = Recording(tmp_path, recorder, seed=1, binary=DEBUG, env=env)
    assert any(recording.faults(seed) for seed in range(60)), f"no cut finds {bug}"
