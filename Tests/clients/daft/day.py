"""Daft reads, filters and appends."""

import json
import os

import daft
from pyiceberg.catalog.rest import RestCatalog

catalog = RestCatalog("firn", uri=os.environ["FIRN_URL"] + "/catalog", warehouse="local_lake", token=os.environ["FIRN_TOKEN"])


def read(name):
    return daft.read_iceberg(catalog.load_table(name))


people = read("web.people")
groups = people.where(people["id"] < 500).groupby("name").agg(daft.col("id").count().alias("n"), daft.col("v").sum().alias("s"))
seen = {"groups": groups.sort("name").to_pylist(), "deleted": read("web.deleted").count_rows()}
daft.from_pydict({"id": [2000], "name": ["daft"], "v": [1.0]}).write_iceberg(catalog.load_table("web.people"), mode="append")
seen["rows"] = read("web.people").count_rows()
print(json.dumps(seen))
