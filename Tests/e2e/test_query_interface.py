"""What a query request may say beside its SQL, and the forms of its answer."""

import csv
import io
import json
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

PATH = "/api/v1/accounts/local/r2-sql/query/lake"
ROWS = "SELECT column1 AS id, column2 AS name, column3 AS price, column4 AS day FROM (VALUES (1, 'a,b', 1.50, DATE '2026-01-31'), (2, '', NULL, NULL), (3, NULL, 2, NULL)) t"
ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"


def post(firn, sql, accept=None, **body):
    return firn.call("POST", PATH, json={"query": sql, **body}, headers={"Accept": accept} if accept else {})


def rows(firn, sql, **body):
    answer = post(firn, sql, **body)
    assert answer.ok, answer.text
    return answer.json()["result"]["rows"]


def fault(firn, sql, status=400, **body):
    answer = post(firn, sql, **body)
    assert answer.status_code == status, answer.text
    return answer.json()["errors"][0]


@pytest.fixture(scope="module")
def firn(shared_firn):
    rows(shared_firn, "CREATE NAMESPACE web")
    rows(shared_firn, "CREATE TABLE web.t AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(id, name)")
    return shared_firn


def test_parameters_by_place_and_by_name(firn):
    assert rows(firn, "SELECT $1 AS a, $2 AS b, $1 + 1 AS c", parameters=[1, "x"]) == [{"a": 1, "b": "x", "c": 2}]
    assert rows(firn, "SELECT ? AS a, ? AS b", parameters=[None, 1.5]) == [{"a": None, "b": "1.5"}]
    assert rows(firn, "SELECT name FROM web.t WHERE id = :id", parameters={"id": 2}) == [{"name": "b"}]
    assert rows(firn, "SELECT DATE '2026-01-31' = $1 AS same", parameters=["2026-01-31"]) == [{"same": True}]
    assert rows(firn, "SELECT :big AS a, :x AS b", parameters={"big": 9007199254740993, "x": True}) == [{"a": 9007199254740993, "b": True}]
    # A text is a value, never SQL.
    assert rows(firn, "SELECT count(*) AS n FROM web.t WHERE name = ?", parameters=["a' OR '1'='1"]) == [{"n": 0}]
    rows(firn, "INSERT INTO web.t VALUES ($1, $2)", parameters=[3, None])
    assert rows(firn, "SELECT count(*) - count(name) AS n FROM web.t") == [{"n": 1}]
    assert fault(firn, "SELECT $2", parameters=[1])["firn_code"] == "PLA-116"
    error = fault(firn, "SELECT :nmae", parameters={"name": 1})
    assert error["firn_code"] == "PLA-116" and "did you mean :name" in error["message"] and "line 1, column 8" in error["message"]
    assert fault(firn, "SELECT $1", parameters=[[1]])["firn_code"] == "SES-109"
    assert fault(firn, "SELECT 1", parameters="x")["firn_code"] == "QRY-105"


def test_a_namespace_for_bare_names(firn):
    assert rows(firn, "SELECT count(*) AS n FROM t WHERE id < 3", namespace="web") == [{"n": 2}]
    assert rows(firn, "SELECT count(*) AS n FROM t.snapshots", namespace=["web"])[0]["n"] >= 1
    assert fault(firn, "SELECT 1 FROM t")["firn_code"] == "SES-101"
    assert fault(firn, "SELECT 1", namespace=3)["firn_code"] == "QRY-105"


def test_settings_and_the_timeout(firn):
    slow = "SELECT count(*) AS n FROM generate_series(1, 20000) a(x) CROSS JOIN generate_series(1, 20000) b(y) WHERE x + y < 0"
    start = time.monotonic()
    answer = post(firn, slow, timeout_ms=200)
    assert answer.status_code == 408 and time.monotonic() - start < 20, answer.text
    assert rows(firn, "SHOW hosted_limits", settings={"hosted_limits": True})[0]["value"] == "true"
    assert len(rows(firn, "SELECT * FROM generate_series(1, 600)", settings={"hosted_limits": True})) == 500
    assert "maximum LIMIT is 10000" in fault(firn, "SET hosted_limits = on; SELECT 1 AS a LIMIT 20000")["message"]
    error = fault(firn, "SELECT 1", settings={"hosted_limit": True})
    assert error["firn_code"] == "SES-108" and "hosted_limits" in error["message"]
    assert fault(firn, "SELECT 1", timeout_ms=0)["firn_code"] == "QRY-105"


def test_every_format_has_the_same_rows(firn):
    lines = post(firn, ROWS, "application/x-ndjson")
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in lines.text.splitlines()] == [
        {"id": 1, "name": "a,b", "price": "1.50", "day": "2026-01-31"}, {"id": 2, "name": "", "price": None, "day": None},
        {"id": 3, "name": None, "price": "2.00", "day": None}]
    text = post(firn, ROWS, "text/csv")
    assert text.text == 'id,name,price,day\n1,"a,b",1.50,2026-01-31\n2,"",,\n3,,2.00,\n'
    assert next(csv.DictReader(io.StringIO(text.text)))["name"] == "a,b"
    arrow = pa.ipc.open_stream(post(firn, ROWS, ARROW).content).read_all()
    parquet = pq.read_table(io.BytesIO(post(firn, ROWS, PARQUET).content))
    assert arrow.to_pylist() == parquet.to_pylist() and arrow.num_rows == 3
    assert arrow.column("price").type == pa.decimal128(12, 2) and arrow.column_names == ["id", "name", "price", "day"]


def test_empty_answers_and_odd_types(firn):
    none = "SELECT 1 AS a, 'x' AS b WHERE false"
    assert post(firn, none, "text/csv").text == "a,b\n"
    assert post(firn, none, "application/jsonl").text == ""
    assert pa.ipc.open_stream(post(firn, none, ARROW).content).read_all().schema.names == ["a", "b"]
    assert pq.read_table(io.BytesIO(post(firn, none, PARQUET).content)).num_rows == 0
    odd = "SELECT 1 AS a, 2 AS a, NULL AS n, [1, 2] AS l, named_struct('x', 1) AS s, INTERVAL '1 day' AS i"
    assert post(firn, odd, "text/csv").text.splitlines() == ["a,a_1,n,l,s,i", '1,2,,"[1,2]","{""x"":1}",P1D']
    assert pa.ipc.open_stream(post(firn, odd, ARROW).content).read_all().num_rows == 1
    refused = post(firn, odd, PARQUET)
    assert refused.status_code == 400 and refused.json()["errors"][0]["firn_code"] == "QRY-104"


def test_accept_chooses(firn):
    for accept in [None, "*/*", "application/json", "text/csv;q=0.1, application/json"]:
        assert post(firn, "SELECT 1 AS a", accept).json()["result"]["rows"] == [{"a": 1}], accept
    assert post(firn, "SELECT 1 AS a", "text/html, text/csv;q=0.5").text == "a\n1\n"
    refused = post(firn, "SELECT 1 AS a", "image/png")
    assert refused.status_code == 406 and "text/csv" in refused.json()["errors"][0]["message"]
    # An error is an envelope in every format.
    assert post(firn, "SELECT x", ARROW).json()["errors"][0]["code"] == 40004


def test_large_answers_stream(firn):
    many = "SELECT value AS n FROM generate_series(1, 300000) t(value)"
    answer = firn.session.post(firn.url + PATH, json={"query": many}, headers={"Accept": ARROW}, stream=True)
    table = pa.ipc.open_stream(answer.raw).read_all()
    assert table.num_rows == 300000 and table.column("n")[299999].as_py() == 300000
    assert sum(1 for _ in post(firn, many, "text/csv").text.splitlines()) == 300001
    broken = "SELECT 1 / (200000 - value) AS n FROM generate_series(1, 300000) t(value)"
    answer = firn.session.post(firn.url + PATH, json={"query": broken}, headers={"Accept": "text/csv"}, stream=True)
    # Before the first rows leave a fault is the answer; after that the body is cut off, so that nobody takes it for whole.
    if answer.status_code == 200:
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(answer.iter_content(65536))
    else:
        assert answer.status_code == 400 and "division by zero" in answer.text


def test_queries_can_be_listed_and_looked_at(firn):
    answer = post(firn, "SELECT sum(id) AS looked_at FROM web.t").json()
    query = firn.api("GET", f"firn/queries/{answer['result']['metrics']['query_id']}")
    assert query["state"] == "succeeded" and query["rows"] == 1 and "Scan" in query["profile"], query
    listed = firn.api("GET", "firn/queries")
    assert any("looked_at" in q["sql"] for q in listed)


def test_slow_statements_are_logged(tmp_path):
    from firn_server import Firn

    server = Firn(tmp_path / "data", arguments=["--slow-query-ms", "1"]).start()
    server.make_bucket("lake")
    rows(server, "SELECT count(*) AS n FROM generate_series(1, 500000)")
    assert server.metric("firn_query_slow_total") >= 1
    server.stop()
    [line] = [line for line in server.log.read_text().splitlines() if "a statement was slow" in line][:1]
    assert "generate_series" in line


def test_the_cli_has_formats_and_parameters(firn, tmp_path):
    done = firn.cli("sql", "query", "lake", "SELECT $1 AS a, $2 AS b", "--param", "1", "--param", "x", "--format", "csv")
    assert done.stdout == "a,b\n1,x\n", done.stderr
    done = firn.cli("sql", "query", "lake", "SELECT count(*) AS n FROM t WHERE id < :most", "--param", "most=3", "--namespace", "web", "--format", "ndjson")
    assert done.stdout == '{"n":2}\n', done.stderr
    assert json.loads(firn.cli("sql", "query", "lake", "SELECT 1 AS a", "--format", "json").stdout) == [{"a": 1}]
    assert "true" in firn.cli("sql", "query", "lake", "SHOW hosted_limits", "--set", "hosted_limits=true").stdout
    assert firn.cli("sql", "query", "lake", "SELECT 1", "--format", "xml").returncode == 2
    failed = firn.cli("sql", "query", "lake", "SELECT x", "--format", "csv")
    assert failed.returncode == 1 and "line 1" in failed.stderr


@pytest.mark.parametrize("sql, value", [
    ("make_array(NULL)", [None]), ("make_array()", []), ("make_array(make_array())", [[]]),
    ("list_distinct(make_array(NULL))", [None]), ("named_struct('a', NULL)", {"a": None}),
])
def test_nulls_without_a_type_are_answered_or_refused_in_every_format(firn, sql, value):
    assert rows(firn, f"SELECT {sql} AS c") == [{"c": value}]
    assert rows(firn, f"SELECT {sql} AS c, count(*) AS n FROM range(2) GROUP BY 1") == [{"c": value, "n": 2}]
    for media in (ARROW, PARQUET):
        answer = post(firn, f"SELECT {sql} AS c", media)
        assert answer.status_code == 400 and "QRY-104" in answer.text, answer.text
    assert post(firn, "SELECT NULL AS c", PARQUET).ok


def test_the_ends_of_time_are_written_partitioned_and_explained(firn):
    ends = [-(1 << 63), (1 << 63) - 1]
    for number, micros in enumerate(ends):
        text = "-9223372036854775807 - 1" if micros < 0 else str(micros)
        rows(firn, f"CREATE TABLE web.ends{number} (ts timestamp) PARTITIONED BY (ts)")
        rows(firn, f"INSERT INTO web.ends{number} SELECT to_timestamp_micros({text})")
        assert rows(firn, f"SELECT count(*) AS n FROM web.ends{number}") == [{"n": 1}]
        assert rows(firn, f"EXPLAIN SELECT * FROM web.ends{number} WHERE ts > to_timestamp_micros({text})")
