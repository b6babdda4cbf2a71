"""All queries of TPC-H give DuckDB's answers, at scale 0.1."""

import pytest

import tpc
from firn_server import Firn


@pytest.fixture(scope="module")
def tpch(tmp_path_factory):
    connection = tpc.duckdb_with("tpch")
    connection.execute("CALL dbgen(sf=0.1)")
    server = Firn(tmp_path_factory.mktemp("tpch") / "data").start()
    tpc.load(server, connection, "tpch")
    yield server, connection
    assert server.stop() == 0


@pytest.mark.parametrize("number", range(1, 23))
def test_a_query_of_tpch_gives_duckdbs_answer(tpch, number):
    firn, connection = tpch
    [sql] = connection.execute(f"SELECT query FROM tpch_queries() WHERE query_nr = {number}").fetchone()
    assert tpc.check(firn, connection, sql, "tpch") > 0
