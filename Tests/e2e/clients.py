"""Other people's clients, pointed at a Firn server."""

import hashlib
import importlib.util
from pathlib import Path


def pyiceberg_catalog(firn, bucket="lake"):
    from pyiceberg.catalog.rest import RestCatalog

    return RestCatalog("firn", uri=f"{firn.url}/catalog", warehouse=f"local_{bucket}", token=firn.token)


def storage_catalog(firn, bucket="lake"):
    """PyIceberg with the token's own S3 keys instead of those the catalog gives for one table."""
    from pyiceberg.catalog.rest import RestCatalog

    return RestCatalog(
        "firn", uri=f"{firn.url}/catalog", warehouse=f"local_{bucket}", token=firn.token,
        **{"header.X-Iceberg-Access-Delegation": "none", "s3.access-key-id": firn.token_id,
           "s3.secret-access-key": hashlib.sha256(firn.token.encode()).hexdigest()})


def s3_client(firn):
    import boto3

    return boto3.client("s3", endpoint_url=firn.s3, region_name="auto", aws_access_key_id=firn.token_id,
                        aws_secret_access_key=hashlib.sha256(firn.token.encode()).hexdigest())


def duckdb_connection(firn, bucket="lake", read_only=True):
    """DuckDB with its iceberg extension, loaded offline from wheels, attached as `firn`."""
    import duckdb

    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for name in ("httpfs", "avro", "iceberg"):
        folder = Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
        [file] = folder.rglob("*.duckdb_extension")
        connection.execute(f"LOAD '{file}'")
    connection.execute(f"CREATE SECRET firn_secret (TYPE ICEBERG, TOKEN '{firn.token}')")
    connection.execute(
        f"ATTACH 'local_{bucket}' AS firn (TYPE ICEBERG, ENDPOINT '{firn.url}/catalog', SECRET firn_secret"
        + ("" if read_only else ", READ_ONLY false") + ")")
    return connection
