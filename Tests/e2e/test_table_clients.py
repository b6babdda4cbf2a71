"""Polars, Daft, Sail, ClickHouse and DataFusion, each in an environment of its own, work with Firn's tables."""

import hashlib
import json
import os
import subprocess

import pyarrow as pa
import pytest

from clients import pyiceberg_catalog
from firn_server import ROOT
from handmade import Handmade, field

pytestmark = pytest.mark.clients

# How many rows each adds to `web.people`.
ADDED = {"polars": 1, "daft": 1, "sail": 1, "clickhouse": 1, "datafusion": 0}


@pytest.fixture
def people(firn):
    firn.make_bucket("lake")
    catalog = pyiceberg_catalog(firn)
    catalog.create_namespace("web")
    rows = pa.table({"id": pa.array(range(1000), pa.int64()), "called": [f"n{i % 7}" for i in range(1000)], "v": [i / 4 for i in range(1000)]})
    table = catalog.create_table("web.people", schema=rows.schema)
    table.append(rows)
    with table.update_schema() as update:
        update.rename_column("called", "name")
    # Position deletes whose manifest names its snapshot. DuckDB's leaves that to the manifest list, as the specification
    # allows, and PyIceberg 0.11.1 then overlooks the deletes (the setter of `ManifestEntry.snapshot_id`).
    deleted = Handmade(firn, "web.deleted", [field(1, "id", "long")])
    data = deleted.data({"id": pa.array(range(1000), pa.int64())})
    deleted.commit(data)
    deleted.commit(deleted.positions([(data, i) for i in range(0, 1000, 10)]))
    deleted.register()
    return firn


def day(firn, client):
    """What the client's script saw."""
    place = subprocess.run([ROOT / "Scripts/client-environment", client], check=True, capture_output=True, text=True).stdout.strip()
    environment = {**os.environ, "FIRN_URL": firn.url, "FIRN_TOKEN": firn.token, "FIRN_S3": firn.s3, "FIRN_KEY": firn.token_id,
                   "FIRN_SECRET": hashlib.sha256(firn.token.encode()).hexdigest()}
    run = subprocess.run([f"{place}/bin/python", ROOT / f"Tests/clients/{client}/day.py"], env=environment, capture_output=True,
                         text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout.strip().splitlines()[-1])


@pytest.mark.parametrize("client", sorted(ADDED))
def test_a_client_reads_and_writes(people, client):
    seen = day(people, client)
    assert seen["groups"] == people.rows(
        "lake", "SELECT name, count(*) AS n, sum(v) AS s FROM web.people WHERE id < 500 GROUP BY name ORDER BY name")
    assert seen["deleted"] == 900
    assert seen["rows"] == 1000 + ADDED[client]
    assert people.rows("lake", "SELECT count(*) AS n, max(id) AS last FROM web.people") == [
        {"n": 1000 + ADDED[client], "last": 2000 if ADDED[client] else 999}]
    checked = people.cli("table", "check", "lake", "web.people")
    assert checked.returncode == 0, checked.stdout + checked.stderr
