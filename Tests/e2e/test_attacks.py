"""A hostile client points its own table at another's files, in every place a path can stand. Nothing outside is read, signed,
vended or deleted."""

import boto3
import pyarrow as pa
import pytest
import requests

from clients import pyiceberg_catalog
from handmade import Handmade, deletion_vector, field, puffin

FIELDS = [field(1, "id", "long")]
SECRET = 987_654_321_012
BASE = "/catalog/v1/local_lake/namespaces"


class Victim:
    """A table whose rows and files nobody else may see or lose."""

    def __init__(self, firn):
        self.firn = firn
        catalog = pyiceberg_catalog(firn)
        rows = pa.table({"id": pa.array([SECRET], pa.int64())})
        self.table = catalog.create_table("web.victim", schema=rows.schema)
        self.table.append(rows)
        self.location = self.table.location()
        self.snapshot = self.table.current_snapshot()
        [self.file] = [task.file for task in self.table.scan().plan_files()]
        [self.manifest] = self.snapshot.manifests(self.table.io)
        self.s3 = Handmade(firn, "evil.unused", FIELDS).s3
        self.before = self.files()

    def files(self):
        prefix = self.location.removeprefix("s3://lake/") + "/"
        return {entry["Key"] for entry in self.s3.list_objects_v2(Bucket="lake", Prefix=prefix)["Contents"]}

    def check(self):
        assert self.firn.rows("lake", "SELECT id FROM web.victim") == [{"id": SECRET}]
        assert self.before <= self.files()


@pytest.fixture(scope="module")
def victim(shared_firn):
    catalog = pyiceberg_catalog(shared_firn)
    for name in ("web", "evil"):
        catalog.create_namespace(name)
    return Victim(shared_firn)


@pytest.fixture(autouse=True)
def nothing_is_lost(victim):
    yield
    victim.check()


_count = iter(range(1000))


@pytest.fixture
def thief(shared_firn):
    table = Handmade(shared_firn, f"evil.t{next(_count)}", FIELDS)
    return table, table.data({"id": pa.array([1, 2, 3], pa.int64())})


def call(firn, method, table, path="", **options):
    return firn.call(method, f"{BASE}/{table.namespace}/tables/{table.name}{path}", **options)


def entry_of(file):
    """A data file entry that names the victim's file."""
    return {"content": 0, "file_path": file.file_path, "file_format": "PARQUET", "partition": {}, "record_count": 1,
            "file_size_in_bytes": file.file_size_in_bytes, "block_size_in_bytes": 0}


def assert_gives_nothing(firn, victim, table):
    """However the table is asked, nothing of the victim comes out, and purging it takes nothing of the victim."""
    name = f"{table.namespace}.{table.name}"
    for sql in (f"SELECT * FROM {name}", f"SELECT count(*) FROM {name}", f"SELECT * FROM {name} WHERE id > 5"):
        answer = firn.query("lake", sql)
        assert not answer.ok and str(SECRET) not in answer.text, answer.text
        assert answer.json()["errors"][0]["firn_code"] == "TAB-103", answer.text
    answer = call(firn, "POST", table, "/plan", json={"stats-fields": ["id"]})
    assert answer.status_code == 403 and "file-scan-tasks" not in answer.text, answer.text
    [keys] = call(firn, "GET", table, "/credentials").json()["storage-credentials"]
    assert keys["prefix"] == table.location + "/"
    config = keys["config"]
    s3 = boto3.client("s3", endpoint_url=firn.s3, region_name="auto", aws_access_key_id=config["s3.access-key-id"],
                      aws_secret_access_key=config["s3.secret-access-key"], aws_session_token=config["s3.session-token"])
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.get_object(Bucket="lake", Key=victim.file.file_path.removeprefix("s3://lake/"))
    signed = call(firn, "POST", table, "/sign", json={
        "region": "auto", "method": "GET", "headers": {}, "uri": victim.file.file_path.replace("s3://", firn.s3 + "/")})
    assert signed.status_code == 403 and "headers" not in signed.json(), signed.text
    last = call(firn, "POST", table, "/unregister")
    assert last.status_code == 200
    again = firn.call("POST", f"{BASE}/evil/register", json={"name": table.name, "metadata-location": last.json()["metadata-location"]})
    assert again.status_code == 200, again.text
    assert call(firn, "DELETE", table, "?purgeRequested=true").status_code == 204
    victim.check()


def test_metadata_of_another_table_cannot_be_registered(shared_firn, victim):
    for location in (victim.table.metadata_location, victim.table.metadata_location.replace("s3://", "s3a://")):
        for overwrite in (False, True):
            answer = shared_firn.call("POST", f"{BASE}/evil/register", json={
                "name": "copy", "metadata-location": location, "overwrite": overwrite})
            assert answer.status_code in (400, 409), answer.text
    answer = shared_firn.call("POST", f"{BASE}/evil/register-view", json={
        "name": "copy", "metadata-location": victim.table.metadata_location})
    assert not answer.ok and answer.status_code < 600, answer.text


@pytest.mark.parametrize("place", ["{v}", "{v}/", "{v}/data", "s3://lake", "s3://lake/", "s3://lake/__firn", "s3://lake/__firn/web",
                                   "{v}/../victim2", "{v}/%2e%2e/x", "s3://lake//", "s3a://lake/__firn/web"])
def test_a_location_around_or_inside_another_table_is_refused(shared_firn, victim, thief, place):
    table, data = thief
    place = place.format(v=victim.location)
    table.commit(data)
    assert table.try_to_register(location=place).status_code in (400, 409)
    schema = {"type": "struct", "schema-id": 0, "fields": FIELDS}
    for stage in (False, True):
        answer = shared_firn.call("POST", f"{BASE}/evil/tables", json={
            "name": "made", "schema": schema, "location": place, "stage-create": stage})
        assert answer.status_code in (400, 409), answer.text
    answer = shared_firn.call("POST", f"{BASE}/evil/tables/made", json={
        "requirements": [{"type": "assert-create"}],
        "updates": [{"action": "assign-uuid", "uuid": "7c9e6679-7425-40de-944b-e07fc1f90ae7"},
                    {"action": "upgrade-format-version", "format-version": 2}, {"action": "add-schema", "schema": schema},
                    {"action": "set-current-schema", "schema-id": -1}, {"action": "add-spec", "spec": {"spec-id": 0, "fields": []}},
                    {"action": "set-default-spec", "spec-id": -1}, {"action": "add-sort-order", "sort-order": {"order-id": 0, "fields": []}},
                    {"action": "set-default-sort-order", "sort-order-id": -1}, {"action": "set-location", "location": place}]})
    assert answer.status_code in (400, 409), answer.text
    table.register()
    moved = call(shared_firn, "POST", table, json={"requirements": [], "updates": [{"action": "set-location", "location": place}]})
    assert moved.status_code in (400, 409), moved.text
    assert call(shared_firn, "GET", table).json()["metadata"]["location"] == table.location


@pytest.mark.parametrize("member", ["manifest_list", "manifests", "statistics", "partition_statistics", "metadata_log", "properties"])
def test_paths_in_metadata_stay_inside(shared_firn, victim, thief, member):
    table, data = thief
    table.commit(data)
    theirs = victim.snapshot.manifest_list
    snapshot = dict(table.snapshots[-1])
    statistics = {"snapshot-id": snapshot["snapshot-id"], "statistics-path": theirs, "file-size-in-bytes": 1,
                  "file-footer-size-in-bytes": 1, "blob-metadata": []}
    if member == "manifest_list":
        changes = {"snapshots": [{**snapshot, "manifest-list": theirs}]}
    elif member == "manifests":
        del snapshot["manifest-list"]
        changes = {"snapshots": [{**snapshot, "manifests": [victim.manifest.manifest_path]}], "format_version": 1,
                   "schema": table.schemas[-1], "partition_spec": []}
    elif member == "statistics":
        changes = {"statistics": [statistics]}
    elif member == "partition_statistics":
        changes = {"partition_statistics": [{"snapshot-id": snapshot["snapshot-id"], "statistics-path": theirs, "file-size-in-bytes": 1}]}
    elif member == "metadata_log":
        changes = {"metadata_log": [{"metadata-file": victim.table.metadata_location, "timestamp-ms": 1}]}
    else:
        changes = {"properties": {"write.data.path": victim.location + "/data"}}
    answer = table.try_to_register(**changes)
    assert answer.status_code == 400 and "outside" in answer.text, answer.text


@pytest.mark.parametrize("update", ["add-snapshot", "set-statistics", "set-partition-statistics", "write.data.path", "write.metadata.path"])
def test_commits_name_nothing_outside(shared_firn, victim, thief, update):
    table, data = thief
    table.commit(data).register()
    theirs = victim.snapshot.manifest_list
    body = {"action": update}
    if update == "add-snapshot":
        body["snapshot"] = {"snapshot-id": 5, "parent-snapshot-id": table.snapshots[-1]["snapshot-id"], "sequence-number": 9,
                            "timestamp-ms": 1_700_000_000_000, "manifest-list": theirs, "summary": {"operation": "append"}, "schema-id": 0}
    elif update == "set-statistics":
        body["statistics"] = {"snapshot-id": table.snapshots[-1]["snapshot-id"], "statistics-path": theirs, "file-size-in-bytes": 1,
                              "file-footer-size-in-bytes": 1, "blob-metadata": []}
    elif update == "set-partition-statistics":
        body["partition-statistics"] = {"snapshot-id": table.snapshots[-1]["snapshot-id"], "statistics-path": theirs, "file-size-in-bytes": 1}
    else:
        body = {"action": "set-properties", "updates": {update: victim.location}}
    answer = call(shared_firn, "POST", table, json={"requirements": [], "updates": [body]})
    assert answer.status_code == 400 and "outside" in answer.text, answer.text


def test_a_manifest_list_of_ones_own_that_names_anothers_manifest(shared_firn, victim, thief):
    table, data = thief
    table.commit(data)
    stolen = {**table.manifests[-1], "manifest_path": victim.manifest.manifest_path, "manifest_length": victim.manifest.manifest_length}
    table.manifests.append(stolen)
    table.commit(table.data({"id": pa.array([4], pa.int64())})).register()
    assert_gives_nothing(shared_firn, victim, table)


def test_a_manifest_of_ones_own_that_names_anothers_data(shared_firn, victim, thief):
    table, data = thief
    table.commit(data, entry_of(victim.file)).register()
    assert_gives_nothing(shared_firn, victim, table)


@pytest.mark.parametrize("kind", ["equality", "positions", "vector", "target", "positions-target"])
def test_deletes_that_name_anothers_files(shared_firn, victim, thief, kind):
    table, data = thief
    table.version = 3 if kind in ("vector", "target") else 2
    table.commit(data)
    theirs = {**entry_of(victim.file), "record_count": 1}
    if kind == "equality":
        deletes = {**theirs, "content": 2, "equality_ids": [1]}
    elif kind == "positions":
        deletes = {**theirs, "content": 1}
    elif kind == "positions-target":
        deletes = table.positions([(theirs, 0)], referenced_data_file=theirs["file_path"])
    elif kind == "target":
        deletes = table.vector(theirs, [0])
    else:
        blob, [(offset, length)] = puffin([(deletion_vector([0]), data["file_path"], 1)])
        deletes = {**theirs, "content": 1, "file_format": "PUFFIN", "referenced_data_file": data["file_path"],
                   "content_offset": offset, "content_size_in_bytes": length}
    table.commit(deletes).register()
    assert_gives_nothing(shared_firn, victim, table)


def test_a_narrow_token_cannot_take_what_lies_in_the_bucket(shared_firn, victim, thief):
    """Objects that are no table's: the bucket's own, and the files of dropped tables."""
    victim.s3.put_object(Bucket="lake", Key="private/plan.txt", Body=b"secret")
    dropped = Handmade(shared_firn, "web.dropped", FIELDS)
    dropped.commit(dropped.data({"id": pa.array([SECRET], pa.int64())})).register()
    metadata = call(shared_firn, "GET", dropped).json()["metadata-location"]
    assert call(shared_firn, "DELETE", dropped).status_code == 204
    token = shared_firn.api("POST", "firn/tokens", {"name": "narrow", "scopes": ["catalog:write:bucket=lake,namespace=evil"]})["value"]

    def narrow(method, path, **options):
        return requests.request(method, shared_firn.url + path, headers={"Authorization": f"Bearer {token}"}, **options)
    schema = {"type": "struct", "schema-id": 0, "fields": FIELDS}
    for place in ("s3://lake/private", dropped.location, victim.location):
        answer = narrow("POST", f"{BASE}/evil/tables", json={"name": "x", "schema": schema, "location": place})
        assert answer.status_code == 403 and "catalog:write" in answer.text, answer.text
        answer = narrow("POST", f"{BASE}/evil/tables/x", json={
            "requirements": [{"type": "assert-create"}], "updates": [{"action": "set-location", "location": place}]})
        assert answer.status_code == 403, answer.text
        answer = narrow("POST", "/catalog/v1/local_lake/transactions/commit", json={"table-changes": [{
            "identifier": {"namespace": ["evil"], "name": "x"}, "requirements": [{"type": "assert-create"}],
            "updates": [{"action": "set-location", "location": place}]}]})
        assert answer.status_code == 403, answer.text
    refusals = set()
    for path in (metadata, victim.table.metadata_location, "s3://lake/private/plan.txt", "s3://lake/private/none.json"):
        for route in ("register", "register-view"):
            answer = narrow("POST", f"{BASE}/evil/{route}", json={"name": "x", "metadata-location": path})
            assert answer.status_code == 403, answer.text
            refusals.add(answer.json()["error"]["message"].replace(path, "PATH"))
    # What is there and what is not are refused in the same words.
    assert len(refusals) == 1
    made = narrow("POST", f"{BASE}/evil/tables", json={"name": "own", "schema": schema}).json()
    assert narrow("POST", f"{BASE}/evil/tables/own/unregister").status_code == 200
    back = narrow("POST", f"{BASE}/evil/register", json={"name": "own", "metadata-location": made["metadata-location"]})
    assert back.status_code == 200, back.text
    shared_firn.call("DELETE", f"{BASE}/evil/tables/own?purgeRequested=true")
    # What it became under a name out of the token's reach stays there when it is dropped.
    made = narrow("POST", f"{BASE}/evil/tables", json={"name": "own", "schema": schema}).json()
    move = {"source": {"namespace": ["evil"], "name": "own"}, "destination": {"namespace": ["web"], "name": "moved"}}
    assert shared_firn.call("POST", "/catalog/v1/local_lake/tables/rename", json=move).status_code == 204
    assert shared_firn.call("DELETE", f"{BASE}/web/tables/moved").status_code == 204
    again = {"name": "own", "metadata-location": made["metadata-location"]}
    answer = narrow("POST", f"{BASE}/evil/register", json=again)
    assert answer.status_code == 403 and "another name" in answer.text, answer.text
    answer = narrow("POST", f"{BASE}/evil/tables/own", json={"requirements": [{"type": "assert-create"}], "updates": [
        {"action": "assign-uuid", "uuid": made["metadata"]["table-uuid"]}, {"action": "add-schema", "schema": schema},
        {"action": "set-current-schema", "schema-id": -1}]})
    assert answer.status_code == 403, answer.text
    # Through a staged creation too, as PyIceberg's create transactions do it.
    staged = narrow("POST", f"{BASE}/evil/tables", json={"name": "own", "schema": schema, "stage-create": True}).json()["metadata"]
    answer = narrow("POST", f"{BASE}/evil/tables/own", json={
        "requirements": [{"type": "assert-create"}],
        "updates": [{"action": "assign-uuid", "uuid": staged["table-uuid"]}, {"action": "upgrade-format-version", "format-version": 2},
                    {"action": "add-schema", "schema": schema}, {"action": "set-current-schema", "schema-id": -1},
                    {"action": "add-spec", "spec": {"spec-id": 0, "fields": []}}, {"action": "set-default-spec", "spec-id": -1},
                    {"action": "add-sort-order", "sort-order": {"order-id": 0, "fields": []}},
                    {"action": "set-default-sort-order", "sort-order-id": -1},
                    {"action": "set-location", "location": staged["location"]}]})
    assert answer.status_code == 200, answer.text
    assert victim.s3.get_object(Bucket="lake", Key="private/plan.txt")["Body"].read() == b"secret"
