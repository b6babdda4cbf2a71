"""Writers of several kinds on one table, each a process, and what the table must hold afterwards.

Every writer keeps to rows of its own (`writer`, `batch`, `number`), so what must be there follows from what it was told:

* `append`     PyIceberg appends a batch of ten rows again and again;
* `insert`     Firn's INSERT does the same;
* `overwrite`  PyIceberg replaces all rows of its own by those of the next batch;
* `rewrite`    PyIceberg deletes rows of a file everybody shares, which rewrites that file.
"""

import json
import multiprocessing
import random
import time

import pyarrow as pa
import requests

from clients import pyiceberg_catalog

SCHEMA = pa.schema([("writer", pa.string()), ("batch", pa.int64()), ("number", pa.int64())])
ROWS = 10
SEEDS = 2000


def rows(writer, batch, count=ROWS):
    return pa.table({"writer": [writer] * count, "batch": pa.array([batch] * count, pa.int64()),
                     "number": pa.array(range(count), pa.int64())}, schema=SCHEMA)


class Writer:
    """Runs in a process of its own; writes one line of JSON at the end."""

    def __init__(self, firn, kind, name, seconds, pause, report):
        self.firn, self.kind, self.name, self.report = firn, kind, name, report
        self.end, self.pause = time.monotonic() + seconds, pause
        self.rng = random.Random(name)
        self.done, self.unknown, self.conflicts = [], [], 0

    def run(self):
        error = None
        try:
            getattr(self, self.kind)()
        except Exception as caught:  # the parent raises it
            error = f"{type(caught).__name__}: {caught}"
        self.report.write_text(json.dumps({"name": self.name, "kind": self.kind, "done": self.done, "unknown": self.unknown,
                                           "conflicts": self.conflicts, "error": error}))

    def until_done(self, batch, attempt, keeps_trying=False):
        """Tries one batch until it is in, or time is up; a refused attempt has left nothing."""
        from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException, ServiceUnavailableError
        while True:
            try:
                attempt()
                self.done.append(batch)
                return
            except (CommitFailedException, ServiceUnavailableError):
                self.conflicts += 1
            except (CommitStateUnknownException, requests.RequestException):
                self.unknown.append(batch)
                return
            if time.monotonic() > self.end and not keeps_trying:
                return
            time.sleep(self.rng.random() * self.pause)

    def loop(self, attempt_of):
        batch = 0
        while time.monotonic() < self.end:
            self.until_done(batch, attempt_of(batch))
            batch += 1
            time.sleep(self.rng.random() * 2 * self.pause)

    def append(self):
        table = pyiceberg_catalog(self.firn).load_table("web.shared")

        def attempt_of(batch):
            def attempt():
                table.refresh()
                table.append(rows(self.name, batch))
            return attempt
        self.loop(attempt_of)

    def overwrite(self):
        table = pyiceberg_catalog(self.firn).load_table("web.shared")

        def attempt_of(batch):
            def attempt():
                table.refresh()
                table.overwrite(rows(self.name, batch), overwrite_filter=f"writer == '{self.name}'")
            return attempt
        self.loop(attempt_of)

    def rewrite(self):
        """Each batch deletes a hundred of the shared rows."""
        table = pyiceberg_catalog(self.firn).load_table("web.shared")
        batch = 0
        while time.monotonic() < self.end or not self.done:
            def attempt():
                table.refresh()
                table.delete(f"writer == 'seed' and number < {(batch + 1) * 50}")
            self.until_done(batch, attempt, keeps_trying=not self.done)
            batch += 1
            time.sleep(self.rng.random() * 2 * self.pause)

    def insert(self):
        from pyiceberg.exceptions import CommitFailedException
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.firn.token}"
        path = f"{self.firn.url}/api/v1/accounts/local/r2-sql/query/lake"

        def attempt_of(batch):
            values = ", ".join(f"('{self.name}', {batch}, {number})" for number in range(ROWS))

            def attempt():
                answer = session.post(path, json={"query": f"INSERT INTO web.shared VALUES {values}"}, timeout=60)
                if answer.status_code in (409, 429, 503):
                    raise CommitFailedException(answer.text)
                answer.raise_for_status()
            return attempt
        self.loop(attempt_of)


def prepare(firn):
    firn.make_bucket("lake")
    catalog = pyiceberg_catalog(firn)
    catalog.create_namespace("web")
    catalog.create_table("web.shared", schema=SCHEMA).append(rows("seed", 0, SEEDS))


def run(firn, folder, kinds, seconds, pause):
    """Runs a writer for each of `kinds`; answers what each was told."""
    # Forked, so that PyIceberg is imported once.
    context = multiprocessing.get_context("fork")
    import pyiceberg.catalog.rest  # noqa: F401
    started = []
    for number, kind in enumerate(kinds):
        report = folder / f"writer-{number}.json"
        writer = Writer(firn, kind, f"{kind}-{number}", seconds, pause, report)
        process = context.Process(target=writer.run, daemon=True)
        process.start()
        started.append((process, report))
    told = []
    for process, report in started:
        process.join(seconds + 120)
        assert not process.is_alive(), f"{report.name}: a writer does not end"
        told.append(json.loads(report.read_text()))
    errors = [entry for entry in told if entry["error"]]
    assert not errors, errors
    return told


def faults(firn, told):
    """What of the table does not follow from what the writers were told."""
    found = {}
    for row in firn.rows("lake", "SELECT writer, batch, number FROM web.shared"):
        found.setdefault(row["writer"], {}).setdefault(row["batch"], []).append(row["number"])
    result = []
    seeds = sorted(found.pop("seed", {}).get(0, []))
    [rewriter] = [entry for entry in told if entry["kind"] == "rewrite"]
    last = max(rewriter["done"], default=-1)
    allowed = [list(range((batch + 1) * 50, SEEDS)) for batch in [last, *rewriter["unknown"]]]
    if seeds not in allowed:
        result.append(f"shared rows: {len(seeds)} are left, expected {[len(rows) for rows in allowed]}")
    for entry in told:
        if entry["kind"] == "rewrite":
            continue
        batches = found.pop(entry["name"], {})
        for batch, numbers in batches.items():
            if sorted(numbers) != list(range(ROWS)):
                result.append(f"{entry['name']}: batch {batch} is torn or doubled: {sorted(numbers)}")
        sure, maybe = set(entry["done"]), set(entry["unknown"])
        if entry["kind"] == "overwrite":
            sure = {max(sure)} if sure else set()
            if not (set(batches) == sure or (len(batches) == 1 and set(batches) <= maybe)):
                result.append(f"{entry['name']}: has {sorted(batches)}, was told {sorted(sure)}")
        elif not sure <= set(batches) <= sure | maybe:
            result.append(f"{entry['name']}: lacks {sorted(sure - set(batches))}, has uncalled "
                          f"{sorted(set(batches) - sure - maybe)}")
    if found:
        result.append(f"rows nobody wrote: {sorted(found)}")
    return result
