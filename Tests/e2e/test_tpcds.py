"""The queries of TPC-DS give DuckDB's answers."""

import pytest

import tpc
from firn_server import Firn

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tpcds(tmp_path_factory):
    connection = tpc.duckdb_with("tpcds")
    connection.execute("CALL dsdgen(sf=0.01)")
    server = Firn(tmp_path_factory.mktemp("tpcds") / "data").start()
    tpc.load(server, connection, "tpcds")
    yield server, connection
    assert server.stop() == 0


@pytest.mark.parametrize("number", range(1, 100))
def test_a_query_of_tpcds_gives_duckdbs_answer(tpcds, number):
    firn, connection = tpcds
    [sql] = connection.execute(f"SELECT query FROM tpcds_queries() WHERE query_nr = {number}").fetchone()
    tpc.check(firn, connection, sql, "tpcds")
