"""Random queries give what DuckDB gives.

Accepted differences, all of DuckDB 1.5: it answers a comparison of date_trunc(NULL) where SQL says null (so the maker has
none); it takes repeat(text || NULL, n) for bytes and then refuses what stands around it. Numbers are compared as doubles,
because result types follow PostgreSQL here.
"""

import datetime
import decimal
import math

import pytest

duckdb = pytest.importorskip("duckdb")

from sql_maker import TABLE, Maker  # noqa: E402
from subquery_maker import SubqueryMaker  # noqa: E402

QUERIES = 150


def plain(value):
    """One form for a value from either side."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float, decimal.Decimal)):
        number = float(value)
        return "0.0" if number == 0 else "NaN" if math.isnan(number) else "%.12g" % number
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="microseconds")
    text = str(value)
    for read in (lambda: plain(decimal.Decimal(text)), lambda: datetime.datetime.fromisoformat(text).isoformat(timespec="microseconds")):
        try:
            return read()
        except (ValueError, ArithmeticError):
            pass
    return text


def compare(firn, seed, maker=Maker, share=0.6):
    duck, maker, filled = duckdb.connect(), maker(seed), 0
    for number in range(QUERIES):
        sql = maker.query()
        where = f"seed {seed}, query {number}: {sql.replace(TABLE, 'T')}"
        try:
            wanted = duck.execute(sql).fetchall()
        except (duckdb.BinderException, duckdb.NotImplementedException):
            continue
        except duckdb.Error as error:
            # What one refuses (an overflow), the other refuses too.
            assert not firn.query("lake", sql).ok, f"{where}: DuckDB says {error}"
            continue
        answer = firn.query("lake", sql)
        assert answer.ok, f"{where}: {answer.text}"
        got = sorted([plain(v) for v in row.values()] for row in answer.json()["result"]["rows"])
        assert got == sorted([plain(v) for v in row] for row in wanted), where
        filled += bool(wanted)
    assert filled > QUERIES * share


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_queries_agree_with_duckdb(shared_firn, seed):
    compare(shared_firn, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 150))
def test_more_random_queries_agree_with_duckdb(shared_firn, seed):
    compare(shared_firn, seed)


@pytest.mark.parametrize("seed", [1, 2])
def test_random_subqueries_and_set_operators_agree_with_duckdb(shared_firn, seed):
    compare(shared_firn, seed, SubqueryMaker, 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 130))
def test_more_random_subqueries_agree_with_duckdb(shared_firn, seed):
    compare(shared_firn, seed, SubqueryMaker, 0.5)
