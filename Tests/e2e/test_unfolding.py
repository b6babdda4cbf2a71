"""Lists, maps and JSON become rows, streams are brought together, and every event is counted once, over kills too."""

import json
import random

import pytest

from firn_server import Firn

SCHEMA = [{"name": "id", "type": "int64", "required": True},
          {"name": "items", "type": "list", "items": {"type": "struct", "fields": [{"name": "sku", "type": "string"}, {"name": "n", "type": "int32"}]}}]


@pytest.fixture(scope="module")
def firn(shared_firn):
    return shared_firn


def counts(stats):
    assert stats["accepted"] == stats["passed"] + stats["filtered"] + stats["rejected"] + stats["pending"]
    return [stats[name] for name in ["passed", "filtered", "rejected", "pending", "sink_rows"]]


def test_items_of_an_order_become_rows(firn):
    sql = "INSERT INTO orders_sink SELECT id, item.sku AS sku, 12 / item.n AS share FROM (SELECT id, unnest(items) AS item FROM orders) WHERE item.n <> 5"
    stream, _, pipeline = firn.make_pipeline(schema=SCHEMA, name="orders", sql=sql)
    assert firn.ingest(stream["id"], [
        {"id": 1, "items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}]},
        {"id": 2, "items": []}, {"id": 3}, {"id": 4, "items": [{"sku": "c", "n": 5}]},
        {"id": 5, "items": [{"sku": "d", "n": 3}, {"sku": "e", "n": 0}]},
        {"id": 6, "items": [{"sku": "f", "n": 4}, {"sku": "g", "n": 5}]}, {"id": "no"}]).ok
    firn.flush(stream["id"])
    rows = firn.rows("lake", "SELECT id, sku, share FROM web.orders ORDER BY sku")
    assert [(row["id"], row["sku"], row["share"]) for row in rows] == [(1, "a", 12), (1, "b", 6), (6, "f", 3)]
    # An event with a row that fails is a reject as a whole; one without any row is filtered.
    assert counts(firn.stats(pipeline["id"])) == [2, 3, 2, 0, 3]
    rejects = firn.rows("lake", "SELECT raw, code FROM rejects.orders ORDER BY index")
    assert [json.loads(row["raw"])["id"] for row in rejects] == [5, "no"] and rejects[0]["code"] == "KRN-101"


def test_unstructured_batches_unfold(firn):
    sql = """INSERT INTO logs_sink SELECT json_get_str(e, 'type') AS type, json_get_int(e, 'n') AS n
             FROM (SELECT unnest(json_get_array(value, 'events')) AS e FROM logs)"""
    stream, _, pipeline = firn.make_pipeline(name="logs", sql=sql)
    batches = [{"events": [{"type": "view", "n": n} for n in range(size)]} for size in [3, 0, 2]]
    assert firn.ingest(stream["id"], batches + [{"other": 1}]).ok
    firn.flush(stream["id"])
    assert firn.rows("lake", "SELECT count(*) AS c, sum(n) AS s FROM web.logs")[0] == {"c": 5, "s": 4}
    assert counts(firn.stats(pipeline["id"])) == [2, 2, 0, 0, 5]


def test_members_of_objects_become_rows(firn):
    sql = """INSERT INTO props_sink SELECT json_get_int(r.value, 'id') AS id, m.name, json_as_text(m.value) AS value
             FROM props r, UNNEST(json_get_map(r.value, 'props')) AS m(name, value) WHERE m.name <> 'skip'"""
    stream, _, pipeline = firn.make_pipeline(name="props", sql=sql)
    assert firn.ingest(stream["id"], [{"id": 1, "props": {"a": 1, "b": {"c": [2]}, "skip": 0}}, {"id": 2, "props": []}, {"id": 3, "props": {"skip": 1}},
                                      {"id": 4, "props": {"d": "text"}}]).ok
    firn.flush(stream["id"])
    rows = firn.rows("lake", "SELECT id, name, value FROM web.props ORDER BY id, name")
    assert [(row["id"], row["name"], row["value"]) for row in rows] == [(1, "a", "1"), (1, "b", '{"c": [2]}'), (4, "d", "text")]
    assert counts(firn.stats(pipeline["id"])) == [2, 2, 0, 0, 3]


def test_two_streams_land_in_one_table(firn):
    firn.api("POST", "pipelines/v1/streams", {"name": "web_b", "http": {"enabled": True}, "schema": {"fields": [
        {"name": "user", "type": "string"}, {"name": "n", "type": "int32"}]}})
    stream, _, pipeline = firn.make_pipeline(
        schema=SCHEMA, name="web_a",
        sql="INSERT INTO web_a_sink SELECT id, 'a' AS source FROM web_a WHERE id > 1 UNION ALL SELECT n, \"user\" FROM web_b UNION ALL SELECT -id, 'minus' FROM web_a")
    assert firn.ingest(stream["id"], [{"id": 1}, {"id": 2}]).ok
    assert firn.ingest("web_b", [{"user": "x", "n": 7}, {"n": "bad"}]).ok
    for name in ["web_a", "web_b"]:
        firn.flush(firn.api("GET", "pipelines/v1/streams", params={"name": name})[0]["id"])
    rows = firn.rows("lake", "SELECT id, source FROM web.web_a ORDER BY id")
    assert [(row["id"], row["source"]) for row in rows] == [(-2, "minus"), (-1, "minus"), (2, "a"), (7, "x")]
    stats = firn.stats(pipeline["id"])
    assert [(part["stream"], counts(part)) for part in stats["statements"]] == [("web_a", [2, 0, 0, 0, 3]), ("web_b", [1, 0, 1, 0, 1])]
    assert {table["name"] for table in firn.api("GET", f"pipelines/v1/pipelines/{pipeline['id']}")["tables"]} == {"web_a", "web_b", "web_a_sink"}


def test_what_sees_more_than_one_event_is_refused(firn):
    for query in ["SELECT id FROM web_a UNION SELECT id FROM web_a", "SELECT a.id FROM web_a a, web_b b",
                  "SELECT unnest(items) AS i FROM web_a ORDER BY 1", "SELECT id FROM web_a UNION ALL SELECT \"user\" FROM web_b"]:
        answer = firn.call("POST", "/client/v4/accounts/local/pipelines/v1/validate_sql", json={"sql": f"INSERT INTO web_a_sink {query}"})
        assert answer.status_code == 400 and "line" in answer.text, answer.text


@pytest.mark.parametrize("seed", range(2))
def test_rows_of_events_land_once_over_kills(tmp_path, seed):
    rng = random.Random(seed)
    sql = "INSERT INTO kept_sink SELECT id, unnest(tags) AS tag FROM kept UNION ALL SELECT id, -1 FROM kept"
    firn = Firn(tmp_path / "data").start()
    firn.make_bucket("lake")
    schema = [{"name": "id", "type": "int64"}, {"name": "tags", "type": "list", "items": {"type": "int64"}}]
    stream, _, pipeline = firn.make_pipeline(schema=schema, name="kept", sql=sql, rolling={"interval_seconds": 4})
    sent = tags = 0
    for _ in range(2):
        for _ in range(10):
            events = [{"id": sent + number, "tags": list(range(rng.randrange(20)))} for number in range(50)]
            assert firn.ingest(stream["id"], events).ok
            sent, tags = sent + 50, tags + sum(len(event["tags"]) for event in events)
        # Nothing has landed: the commit is due seconds later.
        firn.kill()
        point = rng.choice(["sink.files.written", "commit.metadata.written", "commit.pointer.moved"])
        armed = Firn(tmp_path / "data", env={"FIRN_FAULT": f"{point}:1"})
        try:
            armed.start()
            armed.process.wait(20)
        finally:
            armed.kill()
        firn = Firn(tmp_path / "data").start()
    try:
        firn.flush(stream["id"])
        assert counts(firn.stats(pipeline["id"])) == [sent, 0, 0, 0, sent + tags]
        row = firn.rows("lake", "SELECT count(*) AS n, count(DISTINCT id * 100 + tag) AS d, count(DISTINCT id) AS ids FROM web.kept")[0]
        assert (row["n"], row["d"], row["ids"]) == (sent + tags, sent + tags, sent)
    finally:
        firn.kill()
