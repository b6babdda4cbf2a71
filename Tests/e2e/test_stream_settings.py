"""What a stream is told when it is made and changed: limits, defaults, types, and members that mean nothing."""

import io

import pyarrow
import pytest

WIDE = [{"name": "id", "type": "int64", "required": True}, {"name": "n8", "type": "int8"}, {"name": "u16", "type": "uint16", "default": 65535},
        {"name": "kind", "type": "string", "required": True, "default": "none"},
        {"name": "m", "type": "map", "key": {"type": "string"}, "value": {"type": "int64"}},
        {"name": "s", "type": "struct", "fields": [{"name": "a", "type": "int32"}]}]


@pytest.fixture
def lake(firn):
    firn.make_bucket("lake")
    return firn


def refused(firn, path, body, method="POST"):
    answer = firn.call(method, f"/client/v4/accounts/local/{path}", json=body)
    assert answer.status_code == 400, answer.text
    return answer.json()["errors"][0]["message"]


def test_what_nobody_knows_is_refused_with_its_path(lake):
    for extra, path in [({"max_request_bytes": 100}, "$.max_request_bytes"), ({"limits": {"rate_limit": 1}}, "$.limits.rate_limit"),
                        ({"http": {"enabled": True, "authentication": True, "auth": 1}}, "$.http.auth"),
                        ({"schema": {"fields": [{"name": "a", "type": "int64", "defualt": 1}]}}, "$.fields[0].defualt"),
                        ({"schema": {"fields": [{"name": "a", "type": "int64", "default": "x"}]}}, "$.fields[0].default")]:
        assert path in refused(lake, "pipelines/v1/streams", {"name": "s", **extra})
    sink = {"name": "k", "type": "r2_data_catalog", "config": {"bucket": "lake", "namespace": "web", "table_name": "k"}}
    assert "$.batch" in refused(lake, "pipelines/v1/sinks", {**sink, "batch": 1})
    assert "$.config.path" in refused(lake, "pipelines/v1/sinks", {**sink, "config": {**sink["config"], "path": "x"}})
    assert "$.config.rolling_policy.rows" in refused(
        lake, "pipelines/v1/sinks", {**sink, "config": {**sink["config"], "rolling_policy": {"rows": 1}}})


def test_limits_hold_and_are_changed_by_commands(lake):
    lake.cli("stream", "create", "small", "--request-bytes", "100", "--events-per-second", "5")
    made = lake.api("GET", "pipelines/v1/streams/small")
    assert made["limits"] == {"request_bytes": 100, "events_per_second": 5}
    lake.restart()
    large = lake.call("POST", "/ingest/small", data=b"[" + b" " * 200 + b"]")
    assert large.status_code == 413 and "100" in large.text
    assert lake.call("POST", "/ingest/small", data=b"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]").status_code == 200
    fast = lake.call("POST", "/ingest/small", data=b"[1]")
    assert fast.status_code == 429 and int(fast.headers["Retry-After"]) >= 2
    assert fast.json()["errors"][0]["firn_code"] == "STR-206"
    metrics = lake.call("GET", "/metrics").text
    for limit in ["request_bytes", "events_per_second"]:
        assert any("firn_stream_limited_total" in line and limit in line and line.endswith(" 1") for line in metrics.split("\n"))
    lake.cli("stream", "update", "small", "--events-per-second", "none", "--backlog-bytes", "500")
    assert lake.api("GET", "pipelines/v1/streams/small")["limits"] == {"request_bytes": 100, "backlog_bytes": 500}
    codes = [lake.call("POST", "/ingest/small", data=b"[1]").status_code for _ in range(20)]
    assert codes[0] == 200 and codes[-1] == 429


def test_defaults_small_integers_and_maps_from_every_body(lake):
    stream, _, pipeline = lake.make_pipeline(schema=WIDE, sql="INSERT INTO events_sink SELECT id, n8, u16, kind, m, s FROM events")
    assert lake.ingest(stream["id"], [{"id": 1}, {"id": 2, "n8": -128, "u16": 1.2e1, "kind": "a", "m": {"x": 1}, "s": {"a": 3}},
                                      {"id": 3, "n8": 128}, {"id": 4, "kind": None}]).status_code == 200
    csv = "id,n8,kind,m\n5,7,,\"{\"\"y\"\":2}\"\n".encode()
    assert lake.call("POST", f"/ingest/{stream['id']}", data=csv, headers={"content-type": "text/csv"}).status_code == 200
    table = pyarrow.table({"id": [6], "m": pyarrow.array([[("z", 9)]], pyarrow.map_(pyarrow.string(), pyarrow.int64()))})
    sink = io.BytesIO()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    assert lake.call("POST", f"/ingest/{stream['id']}", data=sink.getvalue(),
                     headers={"content-type": "application/vnd.apache.arrow.stream"}).status_code == 200
    lake.flush(stream["id"])
    rows = lake.rows("lake", "SELECT id, n8, u16, kind, m['x'] AS x, m['y'] AS y, m['z'] AS z, s.a AS a FROM web.events ORDER BY id")
    found = [tuple(row.values()) for row in rows]
    assert found == [(1, None, 65535, "none", None, None, None, None), (2, -128, 12, "a", 1, None, None, 3),
                     (5, 7, 65535, "none", None, 2, None, None), (6, None, 65535, "none", None, None, 9, None)]
    rejects = lake.rows("lake", "SELECT path, message FROM rejects.events ORDER BY path DESC")
    assert rejects[0]["path"] == "$.n8" and "-128 to 127" in rejects[0]["message"] and rejects[1]["path"] == "$.kind"


def test_a_schema_grows_inside_a_struct_and_csv_text_is_kept(lake):
    stream, _, pipeline = lake.make_pipeline(schema=WIDE[:1] + WIDE[5:], sql="INSERT INTO events_sink SELECT id, s.a AS a FROM events")
    lake.api("POST", f"firn/pipelines/{pipeline['id']}/pause")
    assert lake.call("POST", f"/ingest/{stream['id']}", data=b"id,zip\n1,01234\n2,12345\n",
                     headers={"content-type": "text/csv"}).status_code == 200
    grown = [WIDE[0], {"name": "s", "type": "struct", "fields": [{"name": "a", "type": "int32"}, {"name": "b", "type": "string", "default": "d"}]},
             {"name": "zip", "type": "string"}]
    lake.api("PATCH", f"pipelines/v1/streams/{stream['id']}", {"schema": {"fields": grown}})
    wrong = [dict(grown[0]), {**grown[1], "fields": grown[1]["fields"] + [{"name": "c", "type": "bool", "required": True}]}, grown[2]]
    assert "$.schema.fields[1].fields[2]" in refused(lake, f"pipelines/v1/streams/{stream['id']}", {"schema": {"fields": wrong}}, "PATCH")
    lake.api("POST", "pipelines/v1/sinks", {"name": "deep", "type": "r2_data_catalog",
                                            "config": {"bucket": "lake", "namespace": "web", "table_name": "deep"}})
    lake.api("POST", f"firn/pipelines/{pipeline['id']}/resume")
    lake.api("POST", "pipelines/v1/pipelines", {"name": "deep", "sql": "INSERT INTO deep SELECT id, zip, s.b AS b FROM events"})
    assert lake.ingest(stream["id"], [{"id": 3, "s": {"a": 1}}]).status_code == 200
    lake.flush(stream["id"])
    assert [tuple(row.values()) for row in lake.rows("lake", "SELECT id, zip, b FROM web.deep ORDER BY id")] == [
        (1, "01234", None), (2, "12345", None), (3, None, "d")]


def test_a_sink_writes_into_wider_columns(lake):
    lake.api("POST", "pipelines/v1/streams", {"name": "narrow", "schema": {"fields": [
        {"name": "i", "type": "int32"}, {"name": "f", "type": "float32"}, {"name": "d", "type": "decimal128", "precision": 6, "scale": 2}]}})
    for sql in ["CREATE SCHEMA web", "CREATE TABLE web.wide (i BIGINT, f DOUBLE, d DECIMAL(20, 4))", "CREATE TABLE web.thin (i INT, f REAL, d DECIMAL(5, 2))"]:
        answer = lake.query("lake", sql)
        assert answer.status_code == 200, answer.text
    for name in ["wide", "thin"]:
        lake.api("POST", "pipelines/v1/sinks", {"name": name, "type": "r2_data_catalog",
                                                "config": {"bucket": "lake", "namespace": "web", "table_name": name}})
    lake.api("POST", "pipelines/v1/pipelines", {"name": "p", "sql": "INSERT INTO wide SELECT * FROM narrow"})
    answer = lake.call("POST", "/client/v4/accounts/local/pipelines/v1/pipelines", json={"name": "q", "sql": "INSERT INTO thin SELECT * FROM narrow"})
    assert answer.status_code in (400, 409) and answer.json()["errors"][0]["firn_code"] == "PIP-201"
    assert lake.ingest("narrow", [{"i": -5, "f": 0.5, "d": "1234.56"}, {}]).status_code == 200
    lake.flush("narrow")
    rows = lake.rows("lake", "SELECT i, f, d FROM web.wide ORDER BY i NULLS LAST")
    assert [tuple(row.values()) for row in rows] == [(-5, 0.5, "1234.5600"), (None, None, None)]
