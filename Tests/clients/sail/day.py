"""Sail, through Spark's client: reads, inserts, deletes. It takes no keys from the catalog, so it is given some."""

import json
import os

os.environ["SAIL_CATALOG__LIST"] = (
    f'[{{type="iceberg-rest", name="firn", uri="{os.environ["FIRN_URL"]}/catalog", warehouse="local_lake", '
    f'bearer_access_token="{os.environ["FIRN_TOKEN"]}"}}]')
os.environ["SAIL_CATALOG__DEFAULT_CATALOG"] = "firn"
os.environ.update(AWS_ENDPOINT_URL=os.environ["FIRN_S3"], AWS_ENDPOINT=os.environ["FIRN_S3"], AWS_REGION="auto", AWS_ALLOW_HTTP="true",
                  AWS_ACCESS_KEY_ID=os.environ["FIRN_KEY"], AWS_SECRET_ACCESS_KEY=os.environ["FIRN_SECRET"])

from pysail.spark import SparkConnectServer  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402

server = SparkConnectServer("127.0.0.1", 0)
server.start(background=True)
spark = SparkSession.builder.remote(f"sc://127.0.0.1:{server.listening_address[1]}").getOrCreate()


def rows(sql):
    return [row.asDict() for row in spark.sql(sql).collect()]


def count(table):
    return rows(f"SELECT count(*) AS n FROM firn.web.{table}")[0]["n"]


seen = {"groups": rows("SELECT name, count(*) AS n, sum(v) AS s FROM firn.web.people WHERE id < 500 GROUP BY name ORDER BY name"),
        "tables": sorted(row["tableName"] for row in rows("SHOW TABLES IN firn.web"))}
try:
    seen["deleted"] = count("deleted")
except Exception as error:
    seen["deleted"] = type(error).__name__
rows("INSERT INTO firn.web.people VALUES (2000, 'sail', 1.0), (2001, 'sail', 2.0)")
rows("DELETE FROM firn.web.people WHERE id = 2001")
seen["rows"] = count("people")
print(json.dumps(seen))
