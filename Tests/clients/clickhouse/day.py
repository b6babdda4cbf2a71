"""ClickHouse, in process: reads through the catalog and inserts.

Keys and the store's address are settings of the database here, not the catalog's: with an address from the catalog it
looks for metadata at the table's path twice over (ClickHouse issue 93283).
"""

import json
import os

from chdb import session

clickhouse = session.Session()
clickhouse.query("SET allow_experimental_database_iceberg = 1; SET allow_insert_into_iceberg = 1")
clickhouse.query(
    f"CREATE DATABASE firn ENGINE = DataLakeCatalog('{os.environ['FIRN_URL']}/catalog/v1', '{os.environ['FIRN_KEY']}', "
    f"'{os.environ['FIRN_SECRET']}') SETTINGS catalog_type = 'rest', warehouse = 'local_lake', vended_credentials = false, "
    f"storage_endpoint = '{os.environ['FIRN_S3']}/lake', auth_header = 'Authorization: Bearer {os.environ['FIRN_TOKEN']}'")


def rows(sql):
    return [json.loads(line) for line in str(clickhouse.query(sql, "JSONEachRow")).splitlines()]


def count(table):
    return int(rows(f"SELECT count() AS n FROM firn.`web.{table}`")[0]["n"])


groups = rows("SELECT name, count() AS n, sum(v) AS s FROM firn.`web.people` WHERE id < 500 GROUP BY name ORDER BY name")
seen = {"groups": [{**group, "n": int(group["n"])} for group in groups], "deleted": count("deleted")}
clickhouse.query("INSERT INTO firn.`web.people` VALUES (2000, 'clickhouse', 1.0)")
seen["rows"] = count("people")
print(json.dumps(seen))
