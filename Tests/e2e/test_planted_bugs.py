"""The crash tests find bugs that are planted on purpose in the debug build; Docs/planted-bugs.md describes them."""

import pytest

from firn_server import DEBUG
from test_kill import run_one
from test_power_cut import SMALL, Recording, simulate

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DEBUG.exists(), reason="needs the debug build")]

# A killed process leaves its page cache: what is synced too late is only found by a power cut.
KILLS = [("log-ack-before-write", "log.group.partial"), ("progress-outside-transaction", "commit.pointer.moved"),
         ("counters-outside-transaction", "commit.pointer.moved"), ("replay-last-record", "log.trim.before"),
         ("trim-before-commit", "commit.metadata.written")]


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


def after_landings(recording):
    """Places where a batch is promised and the table refers to objects that were put long ago."""
    return recording.acknowledgements(after=recording.landings[1]) if len(recording.landings) > 1 else []


def after_large_objects(recording):
    """As before, and one of the objects surely is a file of its own: two commits were seen to land after it began."""
    files = recording.created("/objects/data/")
    landings = [place for place in recording.landings if files and place > files[0].end]
    return recording.acknowledgements(after=landings[1]) if len(landings) > 1 else []


def in_unsynced_segments(recording):
    """Places where a batch is promised that lies in a segment file of which the log's folder may not know yet."""
    syncs = [change for change in recording.later if change.op == simulate.SYNC_DIR and "/streams/" in change.path]
    places = []
    for segment in recording.created("/streams/", ".log"):
        synced = min((sync.at for sync in syncs if sync.start >= segment.end), default=float("inf"))
        written = b"".join(change.data for change in recording.later if change.op == simulate.WRITE
                           and change.inode == segment.inode and segment.at < change.at < synced)
        places += [place for number, place in recording.producer.promises()
                   if segment.end < place <= synced and b"of batch %d " % number in written]
    return places


# Each with the places where a cut shows it: the recording goes on until there are some.
CUTS = [("log-skip-sync", Recording.acknowledgements), ("log-ack-before-write", Recording.acknowledgements),
        ("log-ack-before-sync", Recording.acknowledgements), ("segment-dir-not-synced", in_unsynced_segments),
        ("store-files-not-synced", after_large_objects), ("store-journal-not-synced", after_landings)]


@pytest.mark.parametrize("bug, places", CUTS, ids=[bug for bug, _ in CUTS])
def test_a_power_cut_finds_the_bug(tmp_path, recorder, bug, places):
    recording = Recording(tmp_path, recorder, seed=1, until=lambda so_far: len(places(so_far)) >= 10, binary=DEBUG,
                          env={**SMALL, "FIRN_PLANT": bug})
    found = places(recording)
    assert any(recording.faults(seed, found) for seed in range(60)), f"no cut finds {bug}"
