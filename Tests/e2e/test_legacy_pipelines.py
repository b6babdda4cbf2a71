"""Pipelines of the hosted service's older kind, without SQL, made by the official SDK unchanged."""

import concurrent.futures
import gzip
import json
import re
import threading
import time
import warnings

import sdk_imports  # noqa: F401  before the first use of client.pipelines
import cloudflare
import pytest
import requests
from cloudflare import Cloudflare

from clients import s3_client
from firn_server import wait_until

warnings.filterwarnings("ignore", category=DeprecationWarning)
HTTP = {"type": "http", "format": "json", "authentication": False, "cors": {"origins": ["https://app.example"]}}
BINDING = {"type": "binding", "format": "json"}


def destination(firn, compression="gzip", **path):
    return {"type": "r2", "format": "json", "path": {"bucket": "lake", "prefix": "raw", **path},
            "batch": {"max_bytes": 10_000_000, "max_duration_s": 1, "max_rows": 1000}, "compression": {"type": compression},
            "credentials": {"endpoint": firn.url, "access_key_id": firn.token_id, "secret_access_key": firn.token}}


def files(firn, prefix):
    s3 = s3_client(firn)
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])]
    bodies = [s3.get_object(Bucket="lake", Key=key)["Body"].read() for key in keys]
    return keys, [line for key, body in zip(keys, bodies)
                  for line in (gzip.decompress(body) if key.endswith(".gz") else body).decode().splitlines()]


def sdk(firn, token=None):
    return Cloudflare(api_token=token or firn.token, base_url=firn.url + "/client/v4", max_retries=0)


@pytest.fixture
def client(firn):
    firn.api("POST", "r2/buckets", {"name": "lake"})
    return sdk(firn)


def test_it_is_made_filled_changed_and_taken_away_and_every_event_is_in_one_file(client, firn):
    made = client.pipelines.create(account_id="local", name="my-clicks", source=[HTTP, BINDING], destination=destination(firn))
    assert (made.name, made.version, made.destination.batch.max_rows) == ("my-clicks", 1, 1000)
    assert firn.token not in made.to_json()
    sent = [{"id": i, "text": f"é {i}", "list": [i, None, 1.5]} for i in range(2500)]
    for first in range(0, 2500, 500):
        answer = firn.session.post(made.endpoint, json=sent[first:first + 500], headers={"Authorization": None})
        assert answer.json() == {"success": True, "result": {"committed": 500}}, answer.text
    wait_until(lambda: len(files(firn, "raw/")[1]) == 2500, what="a second to pass")
    keys, lines = files(firn, "raw/")
    assert all(re.fullmatch(r"raw/event_date=\d{4}-\d\d-\d\d/hr=\d\d/[0-9A-HJKMNP-TV-Z]{26}\.json\.gz", key) for key in keys), keys
    assert sorted((json.loads(line) for line in lines), key=lambda event: event["id"]) == sent
    preflight = firn.session.options(made.endpoint, headers={
        "Origin": "https://app.example", "Access-Control-Request-Method": "POST"})
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"

    firn.restart()
    client = sdk(firn)
    listed = client.pipelines.list(account_id="local", search="my-").results
    assert [pipeline.id for pipeline in listed] == [made.id]
    assert client.pipelines.list(account_id="local", search="other").results == []
    endpoint = client.pipelines.get("my-clicks", account_id="local").endpoint
    waiting = [{"id": i} for i in range(2500, 2600)]
    assert firn.session.post(endpoint, json=waiting).ok
    changed = client.pipelines.update(
        "my-clicks", account_id="local", name="my-clicks", source=[{**HTTP, "authentication": True}],
        destination=destination(firn, "none", prefix="new", filename="c-${slug}${extension}", filepath="d=${date}"))
    assert (changed.version, changed.destination.compression.type, changed.endpoint) == (2, "none", endpoint)
    assert [source.type for source in changed.source] == ["http"]
    assert firn.session.post(endpoint, json=waiting, headers={"Authorization": "Bearer none"}).status_code == 401
    last = [{"id": i} for i in range(2600, 2700)]
    assert firn.session.post(endpoint, json=last).ok
    # Lands what was accepted, at once.
    client.pipelines.delete("my-clicks", account_id="local")
    keys, new = files(firn, "new/")
    assert all(re.fullmatch(r"new/d=\d{4}-\d\d-\d\d/c-[0-9A-Z]{26}\.json", key) for key in keys), keys
    lines = files(firn, "raw/")[1] + new
    assert sorted(json.loads(line)["id"] for line in lines) == list(range(2700))
    assert {event["id"] for event in last} <= {json.loads(line)["id"] for line in new}
    with pytest.raises(cloudflare.NotFoundError):
        client.pipelines.get("my-clicks", account_id="local")
    assert firn.api("GET", "pipelines/v1/streams") == [] and firn.api("GET", "pipelines/v1/sinks") == []


def test_what_is_wrong_is_refused_and_leaves_nothing(client, firn):
    for name, source, wanted in [
            ("a_b", [HTTP], destination(firn)), ("a", [], destination(firn)), ("a", [HTTP], destination(firn, "deflate")),
            ("a", [{**HTTP, "cors": {"origins": ["app.example"]}}], destination(firn)),
            ("a", [HTTP], destination(firn, filename="x")), ("a", [HTTP], destination(firn, prefix="../x"))]:
        with pytest.raises((cloudflare.BadRequestError, cloudflare.APIStatusError)) as refused:
            client.pipelines.create(account_id="local", name=name, source=source, destination=wanted)
        assert refused.value.status_code == 400, refused.value
    with pytest.raises(cloudflare.NotFoundError):
        client.pipelines.create(account_id="local", name="a", source=[HTTP], destination=destination(firn, bucket="none"))
    assert firn.api("GET", "pipelines/v1/streams") == [] and firn.api("GET", "pipelines/v1/sinks") == []
    assert client.pipelines.list(account_id="local").results == []
    client.pipelines.create(account_id="local", name="a", source=[HTTP], destination=destination(firn))
    with pytest.raises(cloudflare.ConflictError):
        client.pipelines.create(account_id="local", name="a", source=[HTTP], destination=destination(firn))
    with pytest.raises(cloudflare.BadRequestError):
        client.pipelines.update("a", account_id="local", name="b", source=[HTTP], destination=destination(firn))
    # Who may not write where its files go may not make it.
    token = firn.api("POST", "firn/tokens", {"name": "no", "scopes": ["pipelines:manage"]})["value"]
    with pytest.raises(cloudflare.PermissionDeniedError):
        sdk(firn, token).pipelines.create(account_id="local", name="c", source=[HTTP], destination=destination(firn))


def test_a_deletion_and_updates_at_once_lose_nothing(client, firn):
    """Whoever comes second is refused, or finds nothing; every acknowledged event is in a file, or its stream is there."""
    made = client.pipelines.create(account_id="local", name="raced", source=[HTTP], destination=destination(firn, "none"))
    path = f"{firn.url}/client/v4/accounts/local/pipelines/raced"
    body = {"name": "raced", "source": [HTTP], "destination": destination(firn, "none")}
    acknowledged, done = [], threading.Event()

    def produce(first):
        for index in range(first, 1_000_000, 3):
            if done.is_set():
                return
            if requests.post(made.endpoint, json=[{"id": index}]).ok:
                acknowledged.append(index)

    def update(number):
        answers = []
        while not done.is_set() and (not answers or answers[-1] in (200, 409)):
            moved = {**body, "destination": destination(firn, "none", prefix=f"raw/{number}")}
            answers.append(firn.session.put(path, json=body if len(answers) % 2 else moved).status_code)
        return answers

    with concurrent.futures.ThreadPoolExecutor() as pool:
        producers = [pool.submit(produce, first) for first in range(3)]
        updates = [pool.submit(update, number) for number in range(2)]
        time.sleep(0.5)
        deadline = time.monotonic() + 60
        try:
            while (answer := firn.session.delete(path)).status_code == 409 and time.monotonic() < deadline:
                time.sleep(0.01)
            assert answer.status_code == 200, answer.text
            assert all(set(update.result(60)) <= {200, 404, 409} for update in updates)
        finally:
            done.set()
        for producer in producers:
            producer.result()
    landed = [json.loads(line)["id"] for line in files(firn, "raw/")[1]]
    assert sorted(landed) == sorted(acknowledged)
    assert firn.api("GET", "pipelines/v1/streams") == [] and firn.api("GET", "pipelines/v1/sinks") == []
