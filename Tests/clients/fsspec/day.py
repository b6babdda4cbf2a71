"""PyIceberg's fsspec files: every request to storage is signed by the catalog, nobody here has keys."""

import json
import os

import pyarrow as pa
from pyiceberg.catalog.rest import RestCatalog

catalog = RestCatalog("firn", uri=os.environ["FIRN_URL"] + "/catalog", warehouse="local_lake", token=os.environ["FIRN_TOKEN"],
                      **{"header.X-Iceberg-Access-Delegation": "remote-signing", "py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO"})
rows = pa.table({"id": pa.array(range(100_000), pa.int64())})
table = catalog.create_table("web.fsspec", schema=rows.schema)
for _ in range(2):
    table.append(rows)
read = catalog.load_table("web.fsspec").scan(row_filter="id >= 50000").to_arrow()
print(json.dumps({"rows": read.num_rows, "sum": sum(read["id"].to_pylist()), "signer": table.io.properties["s3.signer"],
                  "keys": [name for name in table.io.properties if "access-key" in name or "session-token" in name]}))
