"""The tables, queries and the pipeline of a team's published workload run as written.

Where the published definitions leave a column's type out (`event_id, function_id, client_ip STRING`), the type behind the
next one is meant; that is the only thing filled in here.
"""

import datetime

import pytest

TABLES = {
    "invocations": """invocation_id STRING, function_id STRING, language STRING, version STRING, started_at TIMESTAMP, duration_ms DOUBLE,
        success BOOLEAN, error_type STRING, error_message STRING, cold_start BOOLEAN, memory_used_bytes BIGINT, client_ip STRING,
        region STRING, colo STRING, date DATE, hour INT) PARTITIONED BY (date, hour""",
    "rate_limits": """event_id STRING, function_id STRING, client_ip STRING, occurred_at TIMESTAMP, limit_type STRING, limit_value INT,
        region STRING, colo STRING, date DATE) PARTITIONED BY (date""",
    "deployments": """deployment_id STRING, function_id STRING, version STRING, previous_version STRING, deployed_at TIMESTAMP,
        deployed_by STRING, code_size_bytes BIGINT, source_map_size_bytes BIGINT, status STRING, rollback_reason STRING, date DATE)
        PARTITIONED BY (date""",
    "errors": """error_id STRING, invocation_id STRING, function_id STRING, occurred_at TIMESTAMP, error_type STRING, error_message STRING,
        stack_trace STRING, language STRING, version STRING, date DATE) PARTITIONED BY (date""",
}
QUERIES = [
    """SELECT function_id, COUNT(*) as invocations, AVG(duration_ms) as avg_duration,
       SUM(CASE WHEN NOT success THEN 1 ELSE 0 END) * 100.0 / COUNT(*) as error_rate
FROM analytics.invocations WHERE date >= CURRENT_DATE - INTERVAL 7 DAY
GROUP BY function_id ORDER BY invocations DESC LIMIT 10;""",
    """SELECT language, AVG(CASE WHEN cold_start THEN duration_ms END) as avg_cold_start_ms,
       AVG(CASE WHEN NOT cold_start THEN duration_ms END) as avg_warm_start_ms,
       SUM(CASE WHEN cold_start THEN 1 ELSE 0 END) * 100.0 / COUNT(*) as cold_start_rate
FROM analytics.invocations WHERE date >= CURRENT_DATE - INTERVAL 30 DAY GROUP BY language;""",
    """SELECT date, hour, COUNT(*) as rate_limit_events, COUNT(DISTINCT client_ip) as unique_ips
FROM analytics.rate_limits WHERE date >= CURRENT_DATE - INTERVAL 7 DAY GROUP BY date, hour ORDER BY date, hour;""",
    """SELECT function_id, date, COUNT(*) as calls, percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) as p95
FROM analytics.invocations WHERE date >= '2026-01-01' GROUP BY function_id, date;""",
]


@pytest.fixture(scope="module")
def analytics(shared_firn):
    shared_firn.rows("lake", "CREATE NAMESPACE analytics")
    for name, columns in TABLES.items():
        shared_firn.rows("lake", f"CREATE TABLE analytics.{name} ({columns})")
    day = datetime.datetime.now(datetime.timezone.utc).date()
    shared_firn.rows("lake", f"""INSERT INTO analytics.invocations (invocation_id, function_id, language, duration_ms, success, cold_start, client_ip, date, hour)
        VALUES ('a', 'f', 'js', 10, true, true, '1.1.1.1', '{day}', 1), ('b', 'f', 'js', 20, false, false, '1.1.1.1', '{day}', 2),
               ('c', 'g', 'py', 30, true, false, '2.2.2.2', '{day}', 2), ('d', 'g', 'py', 9, true, false, '2.2.2.2', '2020-01-01', 2)""")
    shared_firn.rows("lake", f"INSERT INTO analytics.rate_limits (event_id, client_ip, date) VALUES ('a', '1.1.1.1', '{day}'), ('b', '1.1.1.1', '{day}')")
    return shared_firn


def test_a_table_is_partitioned_as_written(analytics):
    rows = analytics.rows("lake", "SELECT partition.date, partition.hour, record_count FROM analytics.invocations.partitions ORDER BY 1, 2")
    assert [r["record_count"] for r in rows] == [1, 1, 2] and rows[0]["date"] == "2020-01-01"


def test_invocations_by_function(analytics):
    assert analytics.rows("lake", QUERIES[0]) == [
        {"function_id": "f", "invocations": 2, "avg_duration": 15.0, "error_rate": "50.0000000000000000"},
        {"function_id": "g", "invocations": 1, "avg_duration": 30.0, "error_rate": "0.0000000000000000"}]


def test_cold_starts_by_language(analytics):
    rows = {r["language"]: r for r in analytics.rows("lake", QUERIES[1])}
    assert rows["js"]["avg_cold_start_ms"] == 10.0 and rows["js"]["avg_warm_start_ms"] == 20.0
    assert float(rows["js"]["cold_start_rate"]) == 50 and rows["py"]["avg_cold_start_ms"] is None


def test_rate_limits_by_hour_names_a_column_the_table_lacks(analytics):
    """The published table has no `hour`: the query fails with its place until the column is there."""
    answer = analytics.query("lake", QUERIES[2])
    assert answer.status_code == 400 and "hour" in answer.text and "line 1, column 14" in answer.text
    analytics.rows("lake", "ALTER TABLE analytics.rate_limits ADD COLUMN hour INT")
    [row] = analytics.rows("lake", QUERIES[2])
    assert (row["hour"], row["rate_limit_events"], row["unique_ips"]) == (None, 2, 1)


def test_percentiles_by_function_and_day(analytics):
    rows = analytics.rows("lake", QUERIES[3])
    assert sorted((r["function_id"], r["calls"], r["p95"]) for r in rows) == [("f", 2, 19.5), ("g", 1, 30.0)]


def test_the_warehouse_is_the_buckets_name_alone(analytics):
    from pyiceberg.catalog.rest import RestCatalog

    catalog = RestCatalog("firn", uri=f"{analytics.url}/catalog", warehouse="lake", token=analytics.token)
    assert ("analytics", "invocations") in catalog.list_tables("analytics")
    table = catalog.load_table("analytics.deployments")
    table.append(table.scan().to_arrow())


def test_the_pipeline_over_a_clickstream(analytics):
    firn = analytics
    schema = [{"name": n, "type": t, "required": False} for n, t in [
        ("user_id", "string"), ("event", "string"), ("ts_us", "int64"), ("url", "string"), ("referrer", "string"), ("user_agent", "string")]]
    stream = firn.api("POST", "pipelines/v1/streams", {
        "name": "events_json", "http": {"enabled": True, "authentication": True}, "schema": {"fields": schema}, "format": {"type": "json"}})
    firn.api("POST", "pipelines/v1/sinks", {
        "name": "events_table", "type": "r2_data_catalog", "format": {"type": "parquet"},
        "config": {"bucket": "lake", "namespace": "clicks", "table_name": "events", "token": firn.token, "rolling_policy": {"interval_seconds": 1}}})
    firn.api("POST", "pipelines/v1/pipelines", {"name": "clicks", "sql": """INSERT INTO events_table
SELECT user_id, lower(event) AS event_type, to_timestamp_micros(ts_us) AS event_time,
       regexp_match(url, '^https?://([^/]+)')[1] AS domain, url, referrer, user_agent
FROM events_json
WHERE event = 'page_view' AND NOT regexp_like(user_agent, '(?i)bot|spider');"""})
    events = [{"user_id": "u", "event": "page_view", "ts_us": 1767225600000000, "url": "https://a.example/x?y", "user_agent": "Mozilla"},
              {"user_id": "v", "event": "page_view", "ts_us": 1, "url": "https://b.example/", "user_agent": "GoogleBot"},
              {"user_id": "w", "event": "click", "ts_us": 1, "url": "https://c.example/", "user_agent": "Mozilla"}]
    assert firn.ingest(stream["id"], events).ok
    firn.flush(stream["id"])
    [row] = firn.rows("lake", "SELECT user_id, event_type, event_time, domain FROM clicks.events")
    assert row == {"user_id": "u", "event_type": "page_view", "event_time": "2026-01-01T00:00:00.000000", "domain": "a.example"}
