"""Random queries over small tables give what DuckDB and DataFusion give; `Scripts/fuzz-sql` runs any seeds by hand."""

import re

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("datafusion")

import clients  # noqa: E402
from differential import run  # noqa: E402
from differential.load import load  # noqa: E402

# Every node of a plan, and every kind of join.
NODES = {"Aggregate", "Expand", "Filter", "Limit", "OneRow", "Project", "Recursion", "RowNumbers", "Scan", "Sort", "TopN", "Union", "Unnest", "Values",
         "Window", "WorkingTable", "HashJoin inner", "HashJoin left", "HashJoin right", "HashJoin full", "HashJoin semi", "HashJoin anti",
         "HashJoin right_semi", "HashJoin right_anti", "HashJoin mark", "NestedLoopJoin inner", "NestedLoopJoin left", "NestedLoopJoin right", "NestedLoopJoin full", "NestedLoopJoin semi",
         "NestedLoopJoin anti", "NestedLoopJoin mark"}
# Too rare for a few seconds' queries.
RARE = {"NestedLoopJoin right", "NestedLoopJoin full", "NestedLoopJoin anti", "HashJoin right", "HashJoin full", "HashJoin right_semi", "HashJoin right_anti"}


@pytest.fixture(scope="module")
def fuzzed(shared_firn):
    load(shared_firn, clients.pyiceberg_catalog(shared_firn))
    return shared_firn


def check(firn, report, nodes=NODES, functions=0.9):
    run.show(report, run.registry(firn))
    assert not report.disagreements
    assert report.filled >= 0.6 * report.queries
    assert nodes <= set(report.nodes), nodes - set(report.nodes)
    registry = run.registry(firn)
    covered = sum(any(name in report.functions for name in names) for names in registry)
    assert covered >= functions * len(registry)


def test_random_queries_agree(fuzzed):
    check(fuzzed, run.run_seeds(fuzzed, range(1, 7), 250, 2), NODES - RARE)


@pytest.mark.slow
def test_fifty_thousand_random_queries_agree(fuzzed):
    check(fuzzed, run.run_seeds(fuzzed, range(31000, 31200), 250, 2))


# What a wrong operator, function or NULL would do to an answer.
PLANTS = {
    "a row is lost": lambda rows: rows[:-1] if len(rows) > 3 else rows,
    "a row comes twice": lambda rows: rows + rows[-1:] if len(rows) > 3 else rows,
    "NULL is 0": lambda rows: [tuple(0 if v is None else v for v in row) for row in rows],
    "a number is one too large": lambda rows: [tuple(v + 1 if type(v) is int and v > 40 else v for v in row) for row in rows],
    "a double misses its last digits": lambda rows: [tuple(v * 1.00001 if isinstance(v, float) else v for v in row) for row in rows],
    "an empty text is NULL": lambda rows: [tuple(None if v == "" else v for v in row) for row in rows],
    "true is false": lambda rows: [tuple(not v if v is True else v for v in row) for row in rows],
    "rows come in another order": lambda rows: rows[::-1],
}


@pytest.mark.parametrize("bug", PLANTS)
def test_a_planted_bug_is_found(fuzzed, bug):
    report = run.Runner(fuzzed.url, fuzzed.token).run(7, 60, spoil=PLANTS[bug], explains=False)
    assert report.disagreements, f"nothing found: {bug}"


def instead(pattern, replacement):
    return lambda sql: re.sub(pattern, replacement, sql)


# What a planner would do that takes a clause for another.
MISREADINGS = {
    "a bound is left out": instead(r"<= ", "< "),
    "AND is OR": instead(r" AND (?=\()", " OR "),
    "NOT IN is IN": instead(r" NOT IN ", " IN "),
    "IS DISTINCT FROM is <>": instead(r"IS DISTINCT FROM", "<>"),
    "an outer join is an inner one": instead(r"(LEFT|RIGHT|FULL) JOIN", "JOIN"),
    "a right join is a left one": instead(r"RIGHT JOIN", "LEFT JOIN"),
    "UNION keeps duplicates": instead(r"UNION (?!ALL)", "UNION ALL "),
    "EXCEPT ALL is EXCEPT": instead(r"EXCEPT ALL", "EXCEPT"),
    "DISTINCT inside an aggregate is lost": instead(r"\(DISTINCT ", "("),
    "SELECT DISTINCT is lost": instead(r"SELECT DISTINCT (?!ON)", "SELECT "),
    "FILTER is lost": instead(r"FILTER \(WHERE ", "FILTER (WHERE TRUE OR "),
    "HAVING is lost": instead(r" HAVING ", " HAVING TRUE OR "),
    "nulls stand at the other end": instead(r"NULLS FIRST", "NULLS LAST"),
    "RANGE is ROWS": instead(r"RANGE BETWEEN", "ROWS BETWEEN"),
    "EXCLUDE is lost": instead(r" EXCLUDE (CURRENT ROW|GROUP|TIES)", ""),
    "a partition is lost": instead(r"PARTITION BY \w+\.\w+ (?=ORDER)", ""),
    "an offset is lost": instead(r" OFFSET \d+", ""),
    "a limit is one too large": instead(r"LIMIT 1\b", "LIMIT 2"),
    "ROLLUP is CUBE": instead(r"ROLLUP", "CUBE"),
    "NOT EXISTS is EXISTS": instead(r"NOT EXISTS", "EXISTS"),
    "ANY is ALL": instead(r" ANY\(", " ALL("),
}


@pytest.mark.slow
@pytest.mark.parametrize("bug", MISREADINGS)
def test_a_misread_clause_is_found(fuzzed, bug):
    runner = run.Runner(fuzzed.url, fuzzed.token)
    for seed in range(30, 40):
        found = runner.run(seed, 150, misread=MISREADINGS[bug], explains=False).disagreements
        if any(isinstance(mine, list) for _, _, _, mine, *_ in found):  # not that the text cannot be read
            return
    raise AssertionError(f"nothing found: {bug}")
