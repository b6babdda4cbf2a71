"""A record that ends the process each time it is worked on does not keep the node down."""

import pytest
import requests

from firn_server import DEBUG, Firn, ServerDied, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DEBUG.exists(), reason="needs the debug build")]

SCHEMA = [{"name": "id", "type": "int64", "required": True}, {"name": "text", "type": "string"}]
PLANT = {"FIRN_PLANT": "record-ends-process"}


def test_the_node_serves_again_and_only_the_record_is_left_out(tmp_path):
    firn = Firn(tmp_path / "data", binary=DEBUG).start()
    firn.make_bucket("lake")
    stream, _, pipeline = firn.make_pipeline(schema=SCHEMA)
    other, _, innocent = firn.make_pipeline(schema=SCHEMA, name="others")
    for made in (pipeline, innocent):
        assert firn.cli("pipeline", "pause", made["name"]).returncode == 0
    for number in range(100):
        text = "end-the-process" if number == 57 else "harmless"
        assert firn.ingest(stream["id"], [{"id": 2 * number + i, "text": text} for i in range(2)]).status_code == 200
        assert firn.ingest(other["id"], [{"id": number}]).status_code == 200
    firn.kill()

    starts = 0
    while True:
        starts += 1
        assert starts <= 12, "the node never came up"
        firn = Firn(tmp_path / "data", binary=DEBUG, env=PLANT)
        try:
            firn.start()
            if starts == 1:
                for made in (innocent, pipeline):
                    firn.api("POST", f"firn/pipelines/{made['id']}/resume")
            wait_until(lambda: not firn.is_running() or status(firn, pipeline) == "failed", 30, "an end")
        except (ServerDied, requests.RequestException):
            wait_until(lambda: firn.process.poll() is not None, 10, "the end of the process")
            continue
        if firn.is_running():
            break
    shown = firn.api("GET", f"pipelines/v1/pipelines/{pipeline['id']}")
    assert "PIP-304" in shown["failure_reason"] or "ended each time" in shown["failure_reason"]
    assert "record: 57" in shown["failure_reason"] and "--to 58" in shown["failure_reason"]
    # Everything before it has landed, the others are served, and what comes is taken.
    assert firn.rows("lake", "SELECT count(*) AS n, max(id) AS last FROM web.events") == [{"n": 114, "last": 113}]
    firn.flush(other["id"])
    assert firn.rows("lake", "SELECT count(*) AS n FROM web.others") == [{"n": 100}]
    assert firn.stats(innocent["id"])["pending"] == 0
    assert firn.ingest(stream["id"], [{"id": 999}]).status_code == 200

    assert firn.cli("pipeline", "reset", pipeline["name"], "--to", "58").returncode == 0
    firn.flush(stream["id"])
    ids = sorted(row["id"] for row in firn.rows("lake", "SELECT id FROM web.events"))
    assert ids == [i for i in range(200) if i not in (114, 115)] + [999]
    assert firn.stop() == 0


def status(firn, pipeline):
    return firn.api("GET", f"pipelines/v1/pipelines/{pipeline['id']}")["status"]
