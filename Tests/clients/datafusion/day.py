"""DataFusion reads through PyIceberg and Arrow: the table provider of PyIceberg's core is made for an older DataFusion."""

import json
import os

from datafusion import SessionContext
from pyiceberg.catalog.rest import RestCatalog

catalog = RestCatalog("firn", uri=os.environ["FIRN_URL"] + "/catalog", warehouse="local_lake", token=os.environ["FIRN_TOKEN"])
context = SessionContext()
for name in ("people", "deleted"):
    context.from_arrow(catalog.load_table(f"web.{name}").scan().to_arrow(), name)


def rows(sql):
    return context.sql(sql).to_pylist()


print(json.dumps({
    "groups": rows("SELECT name, count(*) AS n, sum(v) AS s FROM people WHERE id < 500 GROUP BY name ORDER BY name"),
    "deleted": rows("SELECT count(*) AS n FROM deleted")[0]["n"], "rows": rows("SELECT count(*) AS n FROM people")[0]["n"]}))
