"""Polars reads, filters and appends. It takes no keys from the catalog, so it is given some."""

import json
import os

import polars
from pyiceberg.catalog.rest import RestCatalog

os.environ["POLARS_ICEBERG_PLANNER"] = "pyiceberg"
OPTIONS = {"aws_endpoint_url": os.environ["FIRN_S3"], "aws_access_key_id": os.environ["FIRN_KEY"],
           "aws_secret_access_key": os.environ["FIRN_SECRET"], "aws_region": "auto", "aws_allow_http": "true"}
catalog = RestCatalog("firn", uri=os.environ["FIRN_URL"] + "/catalog", warehouse="local_lake", token=os.environ["FIRN_TOKEN"])


def scan(name):
    return polars.scan_iceberg(catalog.load_table(name), storage_options=OPTIONS)


column = polars.col
groups = scan("web.people").filter(column("id") < 500).group_by("name").agg(polars.len().alias("n"), column("v").sum().alias("s"))
seen = {"groups": groups.sort("name").collect().to_dicts(),
        "deleted": scan("web.deleted").select(polars.len()).collect().item()}
polars.DataFrame({"id": [2000], "name": ["polars"], "v": [1.0]}).write_iceberg(catalog.load_table("web.people"), mode="append")
seen["rows"] = scan("web.people").select(polars.len()).collect().item()
print(json.dumps(seen))
