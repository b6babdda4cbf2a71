"""Producers that send twice: cut connections, kills and restarts leave exactly the events that were meant."""

import json
import random
import socket
import threading

import pytest
import requests

from faulty_network import accept_all
from firn_server import Firn, wait_until

SCHEMA = [{"name": "id", "type": "int64", "required": True}, {"name": "text", "type": "string"}]
EVENTS = 20_000


class CuttingProxy:
    """Forwards connections and cuts the first of them at a random byte of the requests or of the answers."""

    def __init__(self, target, seed, cuts=25):
        host, port = target.removeprefix("http://").split(":")
        self.target, self.random = (host, int(port)), random.Random(seed)
        self.cuts, self.cuts_left = 0, cuts
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        accept_all(self.listener, self.serve)

    def serve(self, client):
        server = socket.create_connection(self.target)
        # In the middle of a request, or behind it: then the server has the events and the client hears nothing.
        limits = [None, None]
        if self.cuts_left > 0:
            self.cuts_left -= 1
            if self.random.random() < 0.5:
                limits[0] = self.random.randrange(400_000)
            else:
                limits[1] = self.random.randrange(1_500)
        threads = [threading.Thread(target=self.pump, args=(client, server, limits[0]), daemon=True),
                   threading.Thread(target=self.pump, args=(server, client, limits[1]), daemon=True)]
        for thread in threads:
            thread.start()

    def pump(self, source, sink, limit):
        passed = 0
        try:
            while data := source.recv(65_536):
                if limit is not None and passed + len(data) > limit:
                    sink.sendall(data[:limit - passed])
                    self.cuts += 1
                    break
                sink.sendall(data)
                passed += len(data)
        except OSError:
            pass
        for side in (source, sink):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


def write_file(path):
    with open(path, "w") as file:
        for number in range(EVENTS):
            file.write(json.dumps({"id": number, "text": "x" * (number % 300)}) + "\n")
    return path


def landed(firn, stream):
    wait_until(lambda: firn.flush(stream["id"]) is not None, 60, "the flush")
    row = firn.rows("lake", "SELECT count(*) AS n, count(DISTINCT id) AS ids, sum(id) AS total FROM web.events")[0]
    return row["n"], row["ids"], row["total"]


EXACTLY = (EVENTS, EVENTS, EVENTS * (EVENTS - 1) // 2)


@pytest.mark.parametrize("seed", range(3))
def test_a_load_over_a_network_that_is_cut_ends_with_exactly_the_files_events(tmp_path, seed):
    firn = Firn(tmp_path / "data").start()
    proxy = CuttingProxy(firn.url, seed)
    try:
        firn.make_bucket()
        stream, _, pipeline = firn.make_pipeline(schema=SCHEMA)
        file = write_file(tmp_path / "events.ndjson")
        run = firn.cli("ingest", stream["id"], file, "--url", proxy.url, "--batch-events", 500, "--json")
        assert run.returncode == 0, run.stderr
        assert json.loads(run.stdout)["accepted"] == EVENTS and proxy.cuts > 5
        assert landed(firn, stream) == EXACTLY
        stats = firn.stats(pipeline["id"])
        assert stats["accepted"] == EVENTS and stats["pending"] == 0
    finally:
        proxy.close()
        firn.kill()


def test_a_load_that_broke_off_is_sent_again_under_its_name_also_after_kills(tmp_path):
    small_segments = {"FIRN_LOG_SEGMENT_BYTES": str(1 << 20), "FIRN_LOG_REPLAY_WINDOW_BYTES": "0"}
    firn = Firn(tmp_path / "data", env=small_segments).start()
    try:
        firn.make_bucket()
        stream, _, _ = firn.make_pipeline(schema=SCHEMA)
        file = write_file(tmp_path / "events.ndjson")
        half = tmp_path / "half.ndjson"
        half.write_text("".join(file.open().readlines()[:EVENTS // 2]))
        flags = ["--batch-events", 500, "--load", "monday", "--json"]
        assert firn.cli("ingest", stream["id"], half, *flags).returncode == 0
        firn.flush(stream["id"])
        firn.kill()
        firn.start()
        for _ in range(2):
            run = firn.cli("ingest", stream["id"], file, *flags)
            assert run.returncode == 0, run.stderr
            assert json.loads(run.stdout)["accepted"] == EVENTS
        assert landed(firn, stream) == EXACTLY
    finally:
        firn.kill()


def test_a_key_means_one_request_over_restarts(tmp_path):
    firn = Firn(tmp_path / "data").start()
    try:
        firn.make_bucket()
        stream, _, _ = firn.make_pipeline(schema=SCHEMA)
        headers = {"Idempotency-Key": "order-7"}
        first = firn.ingest(stream["id"], [{"id": 1}], headers=headers)
        assert first.status_code == 200 and "idempotent-replayed" not in first.headers
        firn.restart()
        again = firn.ingest(stream["id"], [{"id": 1}], headers=headers)
        assert again.headers["idempotent-replayed"] == "true" and again.json() == first.json()
        other = firn.ingest(stream["id"], [{"id": 2}], headers=headers)
        assert other.status_code == 422 and other.json()["errors"][0]["firn_code"] == "STR-106"
        firn.flush(stream["id"])
        assert firn.rows("lake", "SELECT count(*) AS n FROM web.events")[0]["n"] == 1
    finally:
        firn.kill()


# Points of the log's life at which a server with small segments dies, each several times.
DEATHS = ["log.marks.written", "log.group.partial", "log.group.durable", "log.segment.created", "log.trim.middle"]


@pytest.mark.parametrize("point", DEATHS)
def test_a_producer_that_counts_leaves_neither_gap_nor_repeat_over_kills(tmp_path, point):
    small = {"FIRN_LOG_SEGMENT_BYTES": "4096", "FIRN_LOG_REPLAY_WINDOW_BYTES": "0"}
    rng = random.Random(point)
    firn = Firn(tmp_path / "data", env=small).start()
    try:
        firn.make_bucket()
        stream, _, pipeline = firn.make_pipeline(schema=SCHEMA)
        deaths, number = 0, 0
        while number < 400:
            if number % 100 == 0 and deaths <= number // 100:
                firn.stop()
                firn.env["FIRN_FAULT"] = f"{point}:{rng.randrange(1, 6)}"
                firn.start()
            body = [{"id": 3 * number + part, "text": "x" * rng.randrange(200)} for part in range(3)]
            # The same bytes until somebody says they are kept.
            while True:
                try:
                    answer = firn.ingest(stream["id"], body, timeout=10,
                                         headers={"Firn-Producer": "counter", "Firn-Sequence": str(number)})
                    if answer.status_code == 200:
                        break
                    assert answer.status_code in (429, 503, 504), answer.text
                except (requests.ConnectionError, requests.Timeout):
                    firn.kill()
                    deaths += 1
                    firn.env.pop("FIRN_FAULT", None)
                    firn.start()
            assert answer.json()["result"]["committed"] == 3
            if number % 20 == 19:
                # Landing makes trimming possible.
                try:
                    firn.flush(stream["id"], timeout=20)
                except (requests.ConnectionError, requests.Timeout):
                    firn.kill()
                    deaths += 1
                    firn.env.pop("FIRN_FAULT", None)
                    firn.start()
            number += 1
        assert deaths > 0, f"nothing died at {point}"
        firn.flush(stream["id"])
        row = firn.rows("lake", "SELECT count(*) AS n, count(DISTINCT id) AS ids, max(id) AS last FROM web.events")[0]
        assert (row["n"], row["ids"], row["last"]) == (1200, 1200, 1199)
        stats = firn.stats(pipeline["id"])
        assert stats["accepted"] == stats["passed"] == 1200
        gap = firn.ingest(stream["id"], [{"id": 0}],
                          headers={"Firn-Producer": "counter", "Firn-Sequence": "401"})
        assert gap.status_code == 409 and gap.json()["errors"][0]["firn_code"] == "STR-107"
    finally:
        firn.kill()
