"""Many writers of several kinds on one table: every row that was acknowledged is there once, and the table checks clean."""

import json

import pytest

import many_writers


def hold(firn, folder, kinds, seconds, pause):
    many_writers.prepare(firn)
    told = many_writers.run(firn, folder, kinds, seconds, pause)
    assert many_writers.faults(firn, told) == []
    done = firn.cli("table", "check", "lake", "web.shared", "--data", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["clean"], report["problems"]) == (0, True, []), report
    counts = {kind: sum(len(entry["done"]) for entry in told if entry["kind"] == kind) for kind in set(kinds)}
    assert all(counts.values()), f"somebody never got anything in: {counts}, {told}"
    return told


def test_eight_writers_for_a_few_seconds(firn, tmp_path):
    kinds = ["append"] * 3 + ["insert"] * 3 + ["overwrite"] + ["rewrite"]
    hold(firn, tmp_path, kinds, seconds=6, pause=0.3)
    # Appends that another writer overtook went through all the same.
    assert firn.metric("firn_catalog_commit_rebases_total") > 0


@pytest.mark.slow
def test_thirty_two_writers_and_one_that_rewrites_for_a_minute(firn, tmp_path):
    kinds = ["append"] * 14 + ["insert"] * 14 + ["overwrite"] * 4 + ["rewrite"]
    told = hold(firn, tmp_path, kinds, seconds=60, pause=1.0)
    assert sum(len(entry["done"]) for entry in told) > 100
    assert firn.metric("firn_catalog_commit_rebases_total") > 0
