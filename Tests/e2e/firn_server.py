"""A Firn server under test: starts it, talks to it, stops or kills it."""

import json
import os
import select
import signal
import subprocess
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
# What the tests read themselves goes from the environment: a server refuses variables that are no settings.
BINARY = Path(os.environ.pop("FIRN_BINARY", ROOT / ".build" / "release" / "firn"))
ON_POSTGRES = os.environ.pop("FIRN_TEST_METASTORE", "") == "postgres"
DEBUG = ROOT / ".build" / "debug" / "firn"
FLIGHTS = ROOT / ".deps" / "data" / "flights.csv"
ACCOUNT = "local"


class ServerDied(Exception):
    """The process ended before it was ready."""


class Firn:
    schemas = {}

    def __init__(self, data, binary=BINARY, env=None, arguments=()):
        self.data, self.binary = Path(data), binary
        self.env, self.arguments = {**os.environ, **(env or {})}, list(arguments)
        self.log = self.data.parent / (self.data.name + ".log")
        self.process = None
        if ON_POSTGRES and "FIRN_METASTORE" not in self.env:
            self.env["FIRN_METASTORE"] = self.schema_of(self.data)

    @classmethod
    def schema_of(cls, data):
        """The schema that holds the state of a data directory, when the tests run on PostgreSQL."""
        from postgres_server import Postgres
        if data not in cls.schemas:
            cls.schemas[data] = Postgres.shared().schema()
        return cls.schemas[data]

    def start(self, timeout=30):
        command = [str(self.binary), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0",
                   "--s3-listen", "127.0.0.1:0", *self.arguments]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=self.env)
        ready, _, _ = select.select([self.process.stdout], [], [], timeout)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            self.process.kill()
            code = self.process.wait()
            raise ServerDied(f"exit {code}; log ends: {self.log.read_text()[-2000:]}")
        self.ready = json.loads(line)
        self.url, self.s3 = self.ready["http"], self.ready["s3"]
        token = json.loads((self.data / "admin-token").read_text())
        self.token_id, self.token = token["id"], token["value"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self.token}"
        return self

    def stop(self, timeout=30):
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        finally:
            self.process.kill()
            self.process.stdout.close()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def is_running(self):
        return self.process.poll() is None

    def restart(self):
        self.stop()
        return self.start()

    # Requests

    def call(self, method, path, **options):
        return self.session.request(method, self.url + path, timeout=options.pop("timeout", 60), **options)

    def api(self, method, path, body=None, **options):
        """A management call below the account; returns `result`, fails on an error."""
        answer = self.call(method, f"/client/v4/accounts/{ACCOUNT}/{path}", json=body, **options)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()["result"]

    def query(self, bucket, sql):
        return self.call("POST", f"/api/v1/accounts/{ACCOUNT}/r2-sql/query/{bucket}", json={"query": sql})

    def rows(self, bucket, sql):
        answer = self.query(bucket, sql)
        assert answer.ok, f"{sql}: {answer.status_code} {answer.text}"
        return answer.json()["result"]["rows"]

    def cli(self, *arguments, **options):
        env = {**self.env, "FIRN_URL": self.url, "FIRN_TOKEN": self.token}
        return subprocess.run([str(self.binary), *map(str, arguments)], env=env, capture_output=True, text=True,
                              timeout=120, **options)

    def cli_offline(self, *arguments, timeout=60):
        """A command that needs no running server."""
        return subprocess.run([str(self.binary), *map(str, arguments)], env=self.env, capture_output=True, text=True,
                              timeout=timeout)

    # A bucket with a catalog, a stream, a sink and a pipeline

    def make_bucket(self, name="lake"):
        self.api("POST", "r2/buckets", {"name": name})
        self.api("POST", f"r2-catalog/{name}/enable")
        return name

    def make_pipeline(self, sql=None, schema=None, bucket="lake", name="events", rolling=None):
        stream = self.api("POST", "pipelines/v1/streams", {
            "name": name, "http": {"enabled": True, "authentication": True},
            "schema": {"fields": schema} if schema else None,
            "format": {"type": "json", "unstructured": schema is None}})
        sink = self.api("POST", "pipelines/v1/sinks", {
            "name": name + "_sink", "type": "r2_data_catalog", "format": {"type": "parquet"},
            "config": {"bucket": bucket, "namespace": "web", "table_name": name, "token": self.token,
                       "rolling_policy": rolling or {"interval_seconds": 1}}})
        pipeline = self.api("POST", "pipelines/v1/pipelines", {
            "name": name + "_pipeline", "sql": sql or f"INSERT INTO {name}_sink SELECT * FROM {name}"})
        return stream, sink, pipeline

    def ingest(self, stream, events, **options):
        return self.call("POST", f"/ingest/{stream}", json=events, **options)

    def flush(self, stream_id, timeout=60):
        return self.api("POST", f"firn/streams/{stream_id}/flush", timeout=timeout)

    def stats(self, pipeline_id):
        return self.api("GET", f"firn/pipelines/{pipeline_id}/stats")

    def metric(self, name):
        """The sum of a metric's members."""
        text = self.call("GET", "/metrics").text
        values = [line.rsplit(" ", 1)[1] for line in text.splitlines()
                  if line.startswith(name + " ") or line.startswith(name + "{")]
        return sum(map(float, values))


def wait_until(condition, timeout=30, what="the condition"):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come true in {timeout} s")
