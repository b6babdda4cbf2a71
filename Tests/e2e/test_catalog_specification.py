"""Every answer of the catalog has the form the Iceberg REST specification gives it; views and unregister from end to end."""

import time
import uuid

import pyarrow as pa
import pytest
from pyiceberg.exceptions import NoSuchTableError, NoSuchViewError
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType

from clients import pyiceberg_catalog, s3_client
from handmade import avro, list_schema
from openapi import Deviation, Specification, watch

SCHEMA = {"type": "struct", "schema-id": 0, "fields": [
    {"id": 1, "name": "id", "required": True, "type": "long"}, {"id": 2, "name": "url", "required": False, "type": "string"}]}
VIEW_VERSION = {"version-id": 1, "timestamp-ms": 1_700_000_000_000, "schema-id": 0, "summary": {"engine": "test"},
                "representations": [{"type": "sql", "sql": "SELECT id FROM web.t", "dialect": "spark"}], "default-namespace": ["web"]}


@pytest.fixture(scope="module")
def specification():
    return Specification()


@pytest.fixture(scope="module")
def watched(tmp_path_factory, specification):
    from firn_server import Firn
    server = Firn(tmp_path_factory.mktemp("specification") / "data").start()
    server.make_bucket("lake")
    watch(server.session, specification)
    yield server
    assert server.stop() == 0


def send(firn, method, path, body=None, base="/catalog/v1/local_lake", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return firn.session.request(method, firn.url + base + path, json=body, headers=named)


def namespace(firn):
    name = f"n{uuid.uuid4().hex[:8]}"
    assert send(firn, "POST", "/namespaces", {"namespace": [name], "properties": {"owner": "ann"}}).status_code == 200
    return name


def test_the_checker_finds_what_is_wrong(specification):
    url = "http://x/catalog/v1/local_lake/namespaces/web/tables/t"
    good = b'{"error": {"message": "m", "type": "T", "code": 404}}'
    specification.check("GET", url, 404, "application/json", good)
    for status, kind, body in [(404, "application/json", b'{"error": {"message": "m"}}'), (404, "text/plain", good),
                               (201, "application/json", b"{}"), (200, "application/json", b'{"metadata": {}}')]:
        with pytest.raises(Deviation):
            specification.check("GET", url, status, kind, body)
    with pytest.raises(Deviation):
        specification.check("GET", "http://x/catalog/v1/p/nowhere", 200, "application/json", b"{}")
    with pytest.raises(Deviation):
        specification.check("DELETE", url, 204, None, b"x")


def test_namespaces(watched):
    assert send(watched, "GET", "/v1/config?warehouse=local_lake", base="/catalog").status_code == 200
    assert send(watched, "GET", "/v1/config?warehouse=local_sea", base="/catalog").status_code == 404
    name = namespace(watched)
    assert send(watched, "POST", "/namespaces", {"namespace": [name]}).status_code == 409
    assert send(watched, "POST", "/namespaces", {"namespace": [name, "inner"]}).status_code == 200
    assert send(watched, "POST", "/namespaces", {"namespace": ["", "x"]}).status_code == 400
    assert send(watched, "GET", "/namespaces").status_code == 200
    assert send(watched, "GET", f"/namespaces?parent={name}&pageToken=&pageSize=1").json()["namespaces"] == [[name, "inner"]]
    assert send(watched, "GET", "/namespaces?parent=nowhere").status_code == 404
    assert send(watched, "GET", "/namespaces?pageToken=!").status_code == 400
    for method, status in [("GET", 200), ("HEAD", 204)]:
        assert send(watched, method, f"/namespaces/{name}").status_code == status
        assert send(watched, method, "/namespaces/nowhere").status_code == 404
    properties = f"/namespaces/{name}/properties"
    assert send(watched, "POST", properties, {"removals": ["owner", "x"], "updates": {"a": "b"}}).status_code == 200
    assert send(watched, "POST", properties, {"removals": ["a"], "updates": {"a": "b"}}).status_code == 422
    assert send(watched, "POST", "/namespaces/nowhere/properties", {"removals": [], "updates": {}}).status_code == 404
    assert send(watched, "GET", f"/namespaces/{name}/functions").json()["identifiers"] == []
    assert send(watched, "GET", "/namespaces/nowhere/functions").status_code == 404
    assert send(watched, "DELETE", f"/namespaces/{name}").status_code == 409
    assert send(watched, "DELETE", f"/namespaces/{name}%1Finner").status_code == 204
    assert send(watched, "DELETE", f"/namespaces/{name}").status_code == 204
    assert send(watched, "DELETE", f"/namespaces/{name}").status_code == 404
    denied = watched.session.get(watched.url + "/catalog/v1/local_lake/namespaces", headers={"authorization": "Bearer no"})
    assert denied.status_code == 401


def test_tables(watched):
    name = namespace(watched)
    tables = f"/namespaces/{name}/tables"
    assert send(watched, "POST", tables, {"name": "t"}).status_code == 400
    staged = send(watched, "POST", tables, {"name": "t", "schema": SCHEMA, "stage-create": True})
    assert staged.status_code == 200 and send(watched, "HEAD", f"{tables}/t").status_code == 404
    made = send(watched, "POST", tables, {"name": "t", "schema": SCHEMA}, X_Iceberg_Access_Delegation="vended-credentials")
    assert made.status_code == 200 and made.json()["storage-credentials"]
    assert send(watched, "POST", tables, {"name": "t", "schema": SCHEMA}).status_code == 409
    assert send(watched, "POST", "/namespaces/nowhere/tables", {"name": "t", "schema": SCHEMA}).status_code == 404
    assert send(watched, "GET", tables).json()["identifiers"] == [{"namespace": [name], "name": "t"}]
    for snapshots in ("all", "refs"):
        loaded = send(watched, "GET", f"{tables}/t?snapshots={snapshots}")
        assert loaded.status_code == 200
        again = send(watched, "GET", f"{tables}/t?snapshots={snapshots}", If_None_Match=loaded.headers["etag"])
        assert again.status_code == 304 and not again.content
    # Long enough for gzip, which the session asks for by itself, as PyIceberg's does.
    keys = {"X_Iceberg_Access_Delegation": "vended-credentials"}
    plain = send(watched, "GET", f"{tables}/t", Accept_Encoding="identity", **keys)
    folded = send(watched, "GET", f"{tables}/t", **keys)
    assert "content-encoding" not in plain.headers and folded.headers["content-encoding"] == "gzip"
    assert folded.json()["metadata"] == plain.json()["metadata"] and folded.headers["etag"].startswith("W/")
    assert int(folded.headers["content-length"]) < len(plain.content)
    assert send(watched, "GET", f"{tables}/t", If_None_Match=folded.headers["etag"], **keys).status_code == 304
    assert send(watched, "GET", f"{tables}/t?snapshots=some").status_code == 400
    assert send(watched, "GET", f"{tables}/none").status_code == 404
    assert send(watched, "GET", f"{tables}/t/credentials").status_code == 200
    commit = {"requirements": [{"type": "assert-current-schema-id", "current-schema-id": 0}],
              "updates": [{"action": "set-properties", "updates": {"a": "b"}}]}
    assert send(watched, "POST", f"{tables}/t", commit).status_code == 200
    commit["requirements"][0]["current-schema-id"] = 7
    assert send(watched, "POST", f"{tables}/t", commit).status_code == 409
    assert send(watched, "POST", f"{tables}/t", {"requirements": [], "updates": [{"action": "dance"}]}).status_code == 400
    assert send(watched, "POST", f"{tables}/none", {"requirements": [], "updates": []}).status_code == 404
    change = {"identifier": {"namespace": [name], "name": "t"}, "requirements": [],
              "updates": [{"action": "remove-properties", "removals": ["a"]}]}
    assert send(watched, "POST", "/transactions/commit", {"table-changes": [change]}).status_code == 204
    change["identifier"]["name"] = "none"
    assert send(watched, "POST", "/transactions/commit", {"table-changes": [change]}).status_code == 404
    report = {"report-type": "scan-report", "table-name": "t", "snapshot-id": 1, "filter": True, "schema-id": 0,
              "projected-field-ids": [1], "projected-field-names": ["id"], "metrics": {}}
    assert send(watched, "POST", f"{tables}/t/metrics", report).status_code == 204
    rename = {"source": {"namespace": [name], "name": "t"}, "destination": {"namespace": [name], "name": "u"}}
    assert send(watched, "POST", "/tables/rename", rename).status_code == 204
    assert send(watched, "POST", "/tables/rename", rename).status_code == 404
    gone = send(watched, "POST", f"{tables}/u/unregister")
    assert gone.status_code == 200 and send(watched, "POST", f"{tables}/u/unregister").status_code == 404
    register = {"name": "v", "metadata-location": gone.json()["metadata-location"]}
    assert send(watched, "POST", f"/namespaces/{name}/register", register).status_code == 200
    assert send(watched, "POST", f"/namespaces/{name}/register", register).status_code == 409
    assert send(watched, "POST", f"/namespaces/{name}/register", {**register, "overwrite": True}).status_code == 200
    assert send(watched, "DELETE", f"{tables}/v?purgeRequested=true").status_code == 204
    assert send(watched, "DELETE", f"{tables}/v").status_code == 404


def test_planning_signing_and_functions(watched):
    name = namespace(watched)
    table = f"/namespaces/{name}/tables/t"
    assert send(watched, "POST", f"/namespaces/{name}/tables", {"name": "t", "schema": SCHEMA}).status_code == 200
    done = send(watched, "POST", f"{table}/plan", {"filter": {"type": "gt", "term": "id", "value": 5}}, X_Iceberg_Access_Delegation="vended-credentials")
    assert done.status_code == 200 and done.json()["status"] == "completed" and done.json()["storage-credentials"]
    plan = f"{table}/plan/{done.json()['plan-id']}"
    assert send(watched, "GET", plan).json()["status"] == "completed"
    assert send(watched, "DELETE", plan).status_code == 204 and send(watched, "GET", plan).json() == {"status": "cancelled"}
    assert send(watched, "DELETE", f"{table}/plan/none").status_code == 404 and send(watched, "GET", f"{table}/plan/none").status_code == 404
    assert send(watched, "POST", f"{table}/plan", {"snapshot-id": 5}).status_code == 400
    assert send(watched, "POST", f"/namespaces/{name}/tables/none/plan", {}).status_code == 404
    assert send(watched, "POST", f"{table}/tasks", {"plan-task": "x"}).status_code == 404
    place = send(watched, "GET", table).json()["metadata"]["location"].replace("s3://", watched.s3 + "/")
    request = {"region": "auto", "method": "GET", "uri": place + "/data/a", "headers": {"Host": [watched.s3.split("//")[1]]}}
    signed = send(watched, "POST", f"{table}/sign", request)
    assert signed.status_code == 200 and signed.headers["cache-control"] == "private" and signed.json()["headers"]["authorization"]
    assert send(watched, "POST", f"{table}/sign", {**request, "uri": place}).status_code == 403
    assert send(watched, "POST", f"{table}/sign", {**request, "uri": "x"}).status_code == 400
    gone = send(watched, "GET", f"/namespaces/{name}/functions/f")
    assert gone.status_code == 404 and gone.json()["error"]["type"] == "NoSuchFunctionException"
    mode = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"firn.scan-planning-mode": "server"}}]}
    assert "scan-planning-mode" not in send(watched, "GET", table).json()["config"]
    assert send(watched, "POST", table, mode).status_code == 200
    assert send(watched, "GET", table).json()["config"]["scan-planning-mode"] == "server"
    signing = send(watched, "GET", table, X_Iceberg_Access_Delegation="remote-signing").json()
    assert signing["remote-signing-config"] is not None and signing["config"]["s3.remote-signing-enabled"] == "true"
    assert send(watched, "POST", f"{table}/metrics", {"report-type": "scan-report", "metrics": {}}).status_code == 400
    assert send(watched, "POST", f"{table}/metrics", {"report-type": "commit-report", "table-name": "t", "operation": "append",
                "snapshot-id": 1, "sequence-number": 1, "metrics": {}}).status_code == 204
    assert watched.metric("firn_catalog_client_reports_total") >= 1


def test_all_requirements_and_updates_of_the_file_are_known(watched, specification):
    """A malformed one is a bad request that names what is missing; only unknown ones are called unknown."""
    name = namespace(watched)
    table, view = f"/namespaces/{name}/tables/t", f"/namespaces/{name}/views/v"
    assert send(watched, "POST", f"/namespaces/{name}/tables", {"name": "t", "schema": SCHEMA}).status_code == 200
    assert send(watched, "POST", f"/namespaces/{name}/views", {"name": "v", "schema": SCHEMA, "view-version": VIEW_VERSION,
                                                               "properties": {}}).status_code == 200
    schemas = specification.document["components"]["schemas"]

    def names(schema, member):
        kinds = schemas[schema].get("anyOf") or schemas[schema].get("oneOf") or []
        found = {specification.resolve(kind)["properties"][member]["const"] for kind in kinds}
        return found | set(schemas[schema].get("discriminator", {}).get("mapping", {}))
    for schema, path, member in [("TableUpdate", table, "action"), ("ViewUpdate", view, "action")]:
        known = names(schema, member)
        assert len(known) == {"TableUpdate": 23, "ViewUpdate": 8}[schema]
        for action in known:
            answer = send(watched, "POST", path, {"requirements": [], "updates": [{"action": action}]})
            assert answer.status_code in (200, 400) and "has this action" not in answer.text, answer.text
        answer = send(watched, "POST", path, {"requirements": [], "updates": [{"action": "dance"}]})
        assert answer.status_code == 400 and "has this action" in answer.text
    for schema, path in [("TableRequirement", table), ("ViewRequirement", view)]:
        known = names(schema, "type")
        assert len(known) == {"TableRequirement": 8, "ViewRequirement": 1}[schema]
        for kind in known:
            answer = send(watched, "POST", path, {"requirements": [{"type": kind}], "updates": []})
            assert answer.status_code in (400, 409) and "has this type" not in answer.text, answer.text
        answer = send(watched, "POST", path, {"requirements": [{"type": "assert-moon"}], "updates": []})
        assert answer.status_code == 400 and "has this type" in answer.text


def test_version_3_keeps_what_it_carries(watched):
    """Row ids, defaults and encryption keys over a commit that has nothing to do with them."""
    name = namespace(watched)
    table = f"/namespaces/{name}/tables/t"
    fields = [*SCHEMA["fields"], {"id": 3, "name": "n", "required": False, "type": "int", "initial-default": 7, "write-default": 8},
              {"id": 4, "name": "at", "required": False, "type": "timestamptz_ns"}, {"id": 5, "name": "v", "required": False, "type": "variant"}]
    made = send(watched, "POST", f"/namespaces/{name}/tables", {"name": "t", "schema": {**SCHEMA, "fields": fields},
                                                               "properties": {"format-version": "3"}})
    assert made.status_code == 200 and made.json()["metadata"]["format-version"] == 3, made.text
    location = made.json()["metadata"]["location"]
    key = {"key-id": "k1", "encrypted-key-metadata": "c2VjcmV0", "encrypted-by-id": "k0", "properties": {"a": "b"}}
    snapshot = {"snapshot-id": 5, "sequence-number": 1, "timestamp-ms": int(time.time() * 1000) + 1000, "manifest-list": location + "/metadata/l.avro",
                "summary": {"operation": "append"}, "schema-id": 0, "first-row-id": 0, "added-rows": 10, "key-id": "k1"}
    s3_client(watched).put_object(Bucket="lake", Key=f"{location}/metadata/l.avro".removeprefix("s3://lake/"), Body=avro(list_schema(3), [], {"format-version": "3"}))
    answer = send(watched, "POST", table, {"requirements": [], "updates": [
        {"action": "add-encryption-key", "encryption-key": key}, {"action": "add-snapshot", "snapshot": snapshot},
        {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": 5}]})
    assert answer.status_code == 200, answer.text
    assert send(watched, "POST", table, {"requirements": [], "updates": [
        {"action": "set-properties", "updates": {"cloudflare-data-catalog.x": "y"}}]}).status_code == 200
    metadata = send(watched, "GET", table).json()["metadata"]
    assert metadata["next-row-id"] == 10 and metadata["encryption-keys"] == [key]
    assert metadata["properties"]["cloudflare-data-catalog.x"] == "y"
    [kept] = metadata["snapshots"]
    assert {**kept, **snapshot} == kept
    [schema] = metadata["schemas"]
    assert schema["fields"][2]["initial-default"] == 7 and schema["fields"][2]["write-default"] == 8
    assert [field["type"] for field in schema["fields"][3:]] == ["timestamptz_ns", "variant"]
    assert send(watched, "POST", table, {"requirements": [], "updates": [
        {"action": "remove-encryption-key", "key-id": "k1"}]}).status_code == 200


def test_pages_never_lose_or_repeat_a_name(watched):
    name = namespace(watched)
    for number in range(5):
        assert send(watched, "POST", f"/namespaces/{name}/tables", {"name": f"t{number}", "schema": SCHEMA}).status_code == 200
    path = f"/namespaces/{name}/tables"
    whole = send(watched, "GET", path).json()
    assert len(whole["identifiers"]) == 5 and whole["next-page-token"] is None
    assert len(send(watched, "GET", path + "?pageSize=2").json()["identifiers"]) == 5
    found, token = [], ""
    while token is not None:
        page = send(watched, "GET", f"{path}?pageToken={token}&pageSize=2").json()
        found += [entry["name"] for entry in page["identifiers"]]
        token = page["next-page-token"]
    assert found == [f"t{number}" for number in range(5)]
    assert send(watched, "GET", path + "?pageToken=junk").status_code == 400


def test_views(watched):
    name = namespace(watched)
    views = f"/namespaces/{name}/views"
    body = {"name": "v", "schema": SCHEMA, "view-version": VIEW_VERSION, "properties": {"owner": "ann"}}
    made = send(watched, "POST", views, body)
    assert made.status_code == 200
    assert send(watched, "POST", views, body).status_code == 409
    assert send(watched, "POST", "/namespaces/nowhere/views", body).status_code == 404
    assert send(watched, "POST", views, {"name": "w"}).status_code == 400
    assert send(watched, "GET", views).json()["identifiers"] == [{"namespace": [name], "name": "v"}]
    assert send(watched, "GET", f"{views}/v").json()["metadata"]["properties"] == {"owner": "ann"}
    assert [send(watched, "HEAD", f"{views}/{view}").status_code for view in ("v", "none")] == [204, 404]
    assert send(watched, "GET", f"{views}/none").status_code == 404
    second = {**VIEW_VERSION, "version-id": 2, "representations": [{"type": "sql", "sql": "SELECT 1", "dialect": "spark"}]}
    change = {"requirements": [{"type": "assert-view-uuid", "uuid": made.json()["metadata"]["view-uuid"]}],
              "updates": [{"action": "add-view-version", "view-version": second},
                          {"action": "set-current-view-version", "view-version-id": -1}]}
    changed = send(watched, "POST", f"{views}/v", change)
    assert changed.status_code == 200 and changed.json()["metadata"]["current-version-id"] == 2
    change["requirements"][0]["uuid"] = str(uuid.uuid4())
    assert send(watched, "POST", f"{views}/v", change).status_code == 409
    rename = {"source": {"namespace": [name], "name": "v"}, "destination": {"namespace": [name], "name": "w"}}
    assert send(watched, "POST", "/views/rename", rename).status_code == 204
    assert send(watched, "POST", "/views/rename", rename).status_code == 404
    location = send(watched, "GET", f"{views}/w").json()["metadata-location"]
    assert send(watched, "DELETE", f"{views}/w").status_code == 204
    assert send(watched, "DELETE", f"{views}/w").status_code == 404
    register = {"name": "x", "metadata-location": location}
    assert send(watched, "POST", f"/namespaces/{name}/register-view", register).status_code == 200
    assert send(watched, "POST", f"/namespaces/{name}/register-view", register).status_code == 409


def test_repeated_requests(watched):
    name = namespace(watched)
    key = "0190fa3e-1f00-7abc-8def-0123456789ab"
    body = {"name": "t", "schema": SCHEMA}
    first = send(watched, "POST", f"/namespaces/{name}/tables", body, Idempotency_Key=key)
    again = send(watched, "POST", f"/namespaces/{name}/tables", body, Idempotency_Key=key)
    assert first.status_code == again.status_code == 200 and first.json() == again.json()
    # The answer outlives the process that gave it.
    watched.kill()
    watched.restart()
    watch(watched.session, Specification())
    assert send(watched, "POST", f"/namespaces/{name}/tables", body, Idempotency_Key=key).json()["metadata"] == first.json()["metadata"]
    assert send(watched, "POST", f"/namespaces/{name}/tables", body).status_code == 409
    assert send(watched, "POST", f"/namespaces/{name}/tables", body, Idempotency_Key="no").status_code == 400


def watched_catalog(firn, specification):
    catalog = pyiceberg_catalog(firn)
    watch(catalog._session, specification)
    return catalog


def test_pyiceberg_loses_a_table_to_unregister_and_takes_it_back(watched, specification):
    catalog = watched_catalog(watched, specification)
    name = namespace(watched)
    rows = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "url": ["a", "b", None]})
    table = catalog.create_table(f"{name}.t", schema=rows.schema)
    table.append(rows)
    gone = send(watched, "POST", f"/namespaces/{name}/tables/t/unregister").json()
    assert gone["metadata"]["current-snapshot-id"] == table.metadata.current_snapshot_id
    # The keys the client has for its files end with the table, so it comes no further than those.
    with pytest.raises(Exception, match="does not exist|ACCESS_DENIED"):
        table.append(rows)
    assert send(watched, "POST", f"/namespaces/{name}/tables/t", {"requirements": [], "updates": []}).status_code == 404
    assert catalog.list_tables(name) == [] and not catalog.table_exists(f"{name}.t")
    taken = catalog.register_table(f"{name}.u", gone["metadata-location"])
    assert taken.scan().to_arrow().sort_by("id").to_pylist() == rows.to_pylist()
    taken.append(rows)
    assert watched.rows("lake", f"SELECT count(*) AS n FROM {name}.u") == [{"n": 6}]


def test_pyiceberg_sees_and_drops_views(watched, specification):
    catalog = watched_catalog(watched, specification)
    name = namespace(watched)
    views = f"/namespaces/{name}/views"
    for view in ("a", "b"):
        body = {"name": view, "schema": SCHEMA, "view-version": VIEW_VERSION, "properties": {}}
        assert send(watched, "POST", views, body).status_code == 200
    assert sorted(catalog.list_views(name)) == [(name, "a"), (name, "b")]
    assert catalog.view_exists((name, "a")) and not catalog.view_exists((name, "c"))
    # Tables and views share their names.
    with pytest.raises(Exception, match="already exists"):
        catalog.create_table(f"{name}.a", schema=Schema(NestedField(1, "id", LongType()), NestedField(2, "s", StringType())))
    catalog.drop_view((name, "a"))
    assert catalog.list_views(name) == [(name, "b")]
    with pytest.raises(NoSuchViewError):
        catalog.drop_view((name, "a"))


def test_pyiceberg_evolves_branches_and_overwrites(watched, specification):
    catalog = watched_catalog(watched, specification)
    name = namespace(watched)
    rows = pa.table({"id": pa.array(range(10), pa.int64()), "url": [f"u{i}" for i in range(10)]})
    table = catalog.create_table(f"{name}.t", schema=rows.schema)
    table.append(rows)
    with table.update_schema() as update:
        update.add_column("score", LongType())
        update.rename_column("url", "link")
    with table.update_spec() as update:
        update.add_identity("link")
    table.manage_snapshots().create_tag(table.metadata.current_snapshot_id, "first").commit()
    table.manage_snapshots().create_branch(table.metadata.current_snapshot_id, "work").commit()
    more = pa.table({"id": pa.array([20], pa.int64()), "link": ["u1"], "score": pa.array([5], pa.int64())})
    table.overwrite(more, overwrite_filter="id < 5")
    table.delete("id == 9")
    with table.transaction() as transaction:
        transaction.set_properties({"a": "b"})
        transaction.append(more)
    ids = sorted(catalog.load_table(f"{name}.t").scan().to_arrow()["id"].to_pylist())
    assert ids == [5, 6, 7, 8, 20, 20]
    assert watched.rows("lake", f"SELECT id FROM {name}.t ORDER BY id") == [{"id": i} for i in ids]
    assert table.scan(snapshot_id=table.metadata.refs["first"].snapshot_id).to_arrow().num_rows == 10
    catalog.purge_table(f"{name}.t")
    with pytest.raises(NoSuchTableError):
        catalog.load_table(f"{name}.t")


def test_every_operation_was_looked_at(watched, specification):
    """Last in the file: what the server says it can do has been checked."""
    served = send(watched, "GET", "/v1/config?warehouse=local_lake", base="/catalog").json()["endpoints"]
    seen = {f"{method} {path}" for method, path in specification.seen}
    endpoints = set(served)
    assert endpoints - seen == set()
    whole = {f"{method} {path}" for method, _, path, _ in specification.routes}
    assert whole - endpoints == {"GET /v1/config", "POST /v1/oauth/tokens"}
