"""Queries leave neither files open nor memory taken, however they end."""

import os

import pytest

from firn_server import wait_until

# Data files this large are opened, not copied into memory.
ROWS = 20_000

QUERIES = {
    "count": "SELECT count(*) FROM open.t",
    "sum": "SELECT sum(id) FROM open.t",
    "filter": "SELECT sum(id) FROM open.t WHERE text LIKE '%a%'",
    "nothing found": "SELECT id FROM open.t WHERE text = 'x'",
    "limit": "SELECT * FROM open.t LIMIT 1",
    "top": "SELECT * FROM open.t ORDER BY text LIMIT 1",
    "group": "SELECT text, count(*) FROM open.t GROUP BY text LIMIT 1",
    "join": "SELECT count(*) FROM open.t a JOIN open.t b ON a.id = b.id",
    "fault": "SELECT 1 / (id - id) FROM open.t",
    "failed plan": "SELECT x FROM open.t",
}


@pytest.fixture(scope="module")
def firn(shared_firn):
    shared_firn.rows("lake", "CREATE NAMESPACE open")
    shared_firn.rows("lake", "CREATE TABLE open.t (id BIGINT, text STRING)")
    for _ in range(2):
        shared_firn.rows("lake", f"INSERT INTO open.t SELECT n, md5(CAST(n AS STRING)) FROM generate_series(1, {ROWS}) s(n)")
    return shared_firn


def open_objects(firn):
    folder = f"/proc/{firn.process.pid}/fd"
    count = 0
    for name in os.listdir(folder):
        try:
            count += "/objects/data/" in os.readlink(f"{folder}/{name}")
        except FileNotFoundError:
            pass
    return count


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_leaves_no_file_open(firn, name):
    # The store keeps the files of objects that it read last, each once.
    firn.query("lake", QUERIES[name])
    wait_until(lambda: open_objects(firn) <= 2, 20)
    before = open_objects(firn)
    for _ in range(5):
        firn.query("lake", QUERIES[name])
    # The last morsel may end a moment after the answer.
    wait_until(lambda: open_objects(firn) <= before, 20)
