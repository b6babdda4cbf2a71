"""The 99 queries of TPC-DS give DuckDB's answers: at scale 0.1, and those that find no rows there at scale 0.5 too."""

import pytest

import tpc
from firn_server import Firn

pytestmark = pytest.mark.slow

# Of DuckDB's data at scale 0.1 these find no rows; at scale 0.5 half of them do, so that 90 of the 99 answers have rows.
EMPTY_AT_A_TENTH = (4, 8, 24, 25, 29, 37, 41, 44, 54, 58, 64, 65, 73, 82, 83, 85, 91, 93)
EMPTY_AT_A_HALF = (24, 25, 29, 54, 64, 65, 73, 82, 93)


# A quotient of quotients of decimals has six digits behind the point (Docs/sql.md, "Result types of operators"); DuckDB divides doubles.
SIX_DIGITS = {58: 1e-6}


def served(folder, scale):
    connection = tpc.duckdb_with("tpcds")
    connection.execute(f"CALL dsdgen(sf={scale})")
    server = Firn(folder / "data").start()
    tpc.load(server, connection, "tpcds")
    return server, connection


@pytest.fixture(scope="module")
def tenth(tmp_path_factory):
    server, connection = served(tmp_path_factory.mktemp("tenth"), 0.1)
    yield server, connection
    assert server.stop() == 0


@pytest.fixture(scope="module")
def half(tmp_path_factory):
    server, connection = served(tmp_path_factory.mktemp("half"), 0.5)
    yield server, connection
    assert server.stop() == 0


def rows(server, connection, number):
    [sql] = connection.execute(f"SELECT query FROM tpcds_queries() WHERE query_nr = {number}").fetchone()
    return tpc.check(server, connection, sql, "tpcds", SIX_DIGITS.get(number, 1e-9))


@pytest.mark.parametrize("number", range(1, 100))
def test_a_query_of_tpcds_gives_duckdbs_answer(tenth, number):
    assert bool(rows(*tenth, number)) == (number not in EMPTY_AT_A_TENTH)


@pytest.mark.parametrize("number", EMPTY_AT_A_TENTH)
def test_a_query_gives_duckdbs_answer_over_more_rows(half, number):
    assert bool(rows(*half, number)) == (number not in EMPTY_AT_A_HALF)
