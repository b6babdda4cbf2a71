"""Iceberg tables made byte by byte, for what no client at hand writes: equality deletes, deletion vectors, old versions.

    table = Handmade(firn, "web.t", [field(1, "id", "long"), field(2, "name", "string")])
    first = table.data({"id": [1, 2], "name": ["a", "b"]})
    table.commit(first)
    table.commit(table.vector(first, [0]))
    table.register()
"""

import io
import json
import struct
import uuid
import zlib

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from pyroaring import BitMap64

SNAPSHOTS = 1000


def field(id, name, type, required=False, **more):
    return {"id": id, "name": name, "type": type, "required": required, **more}


# Avro

def varint(number):
    number = (number << 1) ^ (number >> 63)
    number &= 2**64 - 1
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def encode(schema, value):
    if isinstance(schema, list):
        return varint(0) if value is None else varint(1) + encode(schema[1], value)
    kind = schema["type"] if isinstance(schema, dict) else schema
    if isinstance(kind, (dict, list)):
        return encode(kind, value)
    if kind == "record":
        return b"".join(encode(part["type"], value.get(part["name"])) for part in schema["fields"])
    if kind == "array":
        items = b"".join(encode(schema["items"], item) for item in value)
        return (varint(len(value)) + items if value else b"") + varint(0)
    if kind in ("int", "long"):
        return varint(value)
    if kind == "boolean":
        return bytes([value])
    if kind == "float":
        return struct.pack("<f", value)
    if kind == "double":
        return struct.pack("<d", value)
    if kind == "fixed":
        return value
    data = value.encode() if isinstance(value, str) else value
    return varint(len(data)) + data


def avro(schema, rows, meta):
    meta = {**meta, "avro.schema": json.dumps(schema), "avro.codec": "null"}
    sync = bytes(range(16))
    head = b"Obj\x01" + varint(len(meta))
    for key, value in meta.items():
        head += varint(len(key)) + key.encode() + varint(len(value.encode())) + value.encode()
    body = b"".join(encode(schema, row) for row in rows)
    return head + varint(0) + sync + (varint(len(rows)) + varint(len(body)) + body + sync if rows else b"")


def part(id, name, type, optional=True):
    return {"name": name, "type": ["null", type] if optional else type, "field-id": id}


def pairs(name, key, value, type):
    return {"type": "array", "logicalType": "map", "items": {"type": "record", "name": name, "fields": [
        part(key, "key", "int", False), part(value, "value", type, False)]}}


def data_file_schema(partition, version):
    parts = [part(100, "file_path", "string", False), part(101, "file_format", "string", False),
             part(102, "partition", {"type": "record", "name": "r102", "fields": partition}, False),
             part(103, "record_count", "long", False), part(104, "file_size_in_bytes", "long", False)]
    if version == 1:
        parts.append(part(105, "block_size_in_bytes", "long", False))
    else:
        parts = [part(134, "content", "int", False)] + parts
    parts += [part(110, "null_value_counts", pairs("k121_v122", 121, 122, "long")),
              part(109, "value_counts", pairs("k119_v120", 119, 120, "long")),
              part(125, "lower_bounds", pairs("k126_v127", 126, 127, "bytes")),
              part(128, "upper_bounds", pairs("k129_v130", 129, 130, "bytes"))]
    if version > 1:
        parts += [part(135, "equality_ids", {"type": "array", "items": "int", "element-id": 136}),
                  part(143, "referenced_data_file", "string")]
    if version > 2:
        parts += [part(142, "first_row_id", "long"), part(144, "content_offset", "long"),
                  part(145, "content_size_in_bytes", "long")]
    return {"type": "record", "name": "r2", "fields": parts}


def entry_schema(partition, version):
    parts = [part(0, "status", "int", False), part(1, "snapshot_id", "long")]
    if version > 1:
        parts += [part(3, "sequence_number", "long"), part(4, "file_sequence_number", "long")]
    return {"type": "record", "name": "manifest_entry",
            "fields": parts + [part(2, "data_file", data_file_schema(partition, version), False)]}


def list_schema(version):
    parts = [part(500, "manifest_path", "string", False), part(501, "manifest_length", "long", False),
             part(502, "partition_spec_id", "int", False)]
    if version > 1:
        parts += [part(517, "content", "int", False), part(515, "sequence_number", "long", False),
                  part(516, "min_sequence_number", "long", False)]
    parts.append(part(503, "added_snapshot_id", "long", version == 1))
    parts += [part(id, name, "int" if name.endswith("files_count") else "long", version == 1) for id, name in (
        (504, "added_files_count"), (505, "existing_files_count"), (506, "deleted_files_count"),
        (512, "added_rows_count"), (513, "existing_rows_count"), (514, "deleted_rows_count"))]
    if version > 2:
        parts.append(part(520, "first_row_id", "long"))
    return {"type": "record", "name": "manifest_file", "fields": parts}


# Parquet with field ids

def with_ids(type, iceberg):
    """The Arrow type with the ids of an Iceberg type inside."""
    if not isinstance(iceberg, dict):
        return type
    if iceberg["type"] == "struct":
        return pa.struct([identified(type.field(i), f) for i, f in enumerate(iceberg["fields"])])
    if iceberg["type"] == "list":
        inner = identified(type.value_field, {"id": iceberg["element-id"], "type": iceberg["element"]})
        return pa.list_(inner.with_name("element"))
    key = identified(type.key_field, {"id": iceberg["key-id"], "type": iceberg["key"]})
    value = identified(type.item_field, {"id": iceberg["value-id"], "type": iceberg["value"]})
    return pa.map_(key, value)


def identified(arrow, iceberg):
    return pa.field(arrow.name, with_ids(arrow.type, iceberg["type"]), arrow.nullable,
                    {b"PARQUET:field_id": str(iceberg["id"]).encode()})


def parquet(table, fields, **options):
    """`fields` is None for a file without ids."""
    if fields is not None:
        by_name = {f["name"]: f for f in fields}
        table = table.cast(pa.schema([identified(f, by_name[f.name]) for f in table.schema]))
    sink = io.BytesIO()
    pq.write_table(table, sink, store_schema=False, **options)
    return sink.getvalue()


def deletion_vector(positions):
    """The blob `deletion-vector-v1` of the Puffin specification."""
    body = b"\xd1\xd3\x39\x64" + BitMap64(positions).serialize()
    return struct.pack(">I", len(body)) + body + struct.pack(">I", zlib.crc32(body))


def puffin(blobs):
    """A Puffin file; answers it and the place of each blob. `blobs`: (bytes, data file, count)."""
    out, places = b"PFA1", []
    for blob, _, _ in blobs:
        places.append((len(out), len(blob)))
        out += blob
    footer = json.dumps({"blobs": [
        {"type": "deletion-vector-v1", "fields": [], "snapshot-id": -1, "sequence-number": -1, "offset": offset, "length": length,
         "properties": {"referenced-data-file": path, "cardinality": str(count)}}
        for (offset, length), (_, path, count) in zip(places, blobs)]}).encode()
    return out + b"PFA1" + footer + struct.pack("<I", len(footer)) + b"\0\0\0\0PFA1", places


class Handmade:
    def __init__(self, firn, name, fields, version=2, partition=(), properties=None, bucket="lake"):
        """`partition`: (source id, name, transform, Avro type)."""
        self.firn, self.bucket, self.version = firn, bucket, version
        self.namespace, self.name = name.split(".")
        self.key = f"{self.namespace}/{self.name}-{uuid.uuid4().hex[:8]}"
        self.location = f"s3://{bucket}/{self.key}"
        self.schemas, self.specs = [], []
        self.properties = properties or {}
        self.snapshots, self.manifests = [], []
        self.sequence, self.count, self.next_row_id = 0, 0, 0
        import hashlib
        self.s3 = boto3.client("s3", endpoint_url=firn.s3, aws_access_key_id=firn.token_id, region_name="auto",
                               aws_secret_access_key=hashlib.sha256(firn.token.encode()).hexdigest())
        self.evolve(fields)
        self.repartition(partition)

    def evolve(self, fields):
        self.fields = fields
        self.schemas.append({"type": "struct", "schema-id": len(self.schemas), "fields": fields})

    def repartition(self, partition):
        self.partition = [part(1000 + 10 * len(self.specs) + i, name, type) for i, (_, name, _, type) in enumerate(partition)]
        self.specs.append({"spec-id": len(self.specs), "fields": [
            {"source-id": source, "field-id": 1000 + 10 * len(self.specs) + i, "name": name, "transform": transform}
            for i, (source, name, transform, _) in enumerate(partition)]})

    def put(self, name, data):
        self.s3.put_object(Bucket=self.bucket, Key=f"{self.key}/{name}", Body=data)
        return f"{self.location}/{name}"

    def file(self, content, format, data, count, partition=None, **more):
        self.count += 1
        path = self.put(f"data/{self.count:05}.{format.lower()}", data)
        return {"content": content, "file_path": path, "file_format": format, "partition": partition or {}, "record_count": count,
                "file_size_in_bytes": len(data), "block_size_in_bytes": 0, **more}

    def data(self, rows, partition=None, fields=None, ids=True, file=None, **options):
        table = rows if isinstance(rows, pa.Table) else pa.table(rows)
        data = file or parquet(table, (fields or self.fields) if ids else None, **options)
        return self.file(0, "PARQUET", data, table.num_rows, partition)

    def equality(self, rows, ids, partition=None, fields=None):
        table = pa.table(rows) if isinstance(rows, dict) else rows
        return self.file(2, "PARQUET", parquet(table, fields or self.fields), table.num_rows, partition, equality_ids=ids)

    def positions(self, deletes, partition=None, **more):
        """`deletes`: (data file, position)."""
        table = pa.table({"file_path": [f["file_path"] for f, _ in deletes], "pos": pa.array([p for _, p in deletes], pa.int64())})
        fields = [field(2147483546, "file_path", "string"), field(2147483545, "pos", "long")]
        return self.file(1, "PARQUET", parquet(table, fields), table.num_rows, partition, **more)

    def vector(self, target, positions, partition=None, blob=None):
        blob = blob if blob is not None else deletion_vector(positions)
        data, [(offset, length)] = puffin([(blob, target["file_path"], len(positions))])
        return self.file(1, "PUFFIN", data, len(positions), partition, referenced_data_file=target["file_path"],
                         content_offset=offset, content_size_in_bytes=length)

    def manifest(self, content, files, snapshot):
        self.count += 1
        spec = self.specs[-1]
        meta = {"schema": json.dumps(self.schemas[-1]), "partition-spec": json.dumps(spec["fields"]), "schema-id": "0",
                "partition-spec-id": str(spec["spec-id"]), "format-version": str(self.version), "content": ("data", "deletes")[content]}
        rows = [{"status": 1, "snapshot_id": snapshot, "data_file": f} for f in files]
        data = avro(entry_schema(self.partition, self.version), rows, meta)
        row_count = sum(f["record_count"] for f in files)
        manifest = {"manifest_path": self.put(f"metadata/m{self.count}.avro", data), "manifest_length": len(data),
                    "partition_spec_id": spec["spec-id"], "content": content, "sequence_number": self.sequence,
                    "min_sequence_number": self.sequence, "added_snapshot_id": snapshot, "added_files_count": len(files),
                    "existing_files_count": 0, "deleted_files_count": 0, "added_rows_count": row_count, "existing_rows_count": 0,
                    "deleted_rows_count": 0, "first_row_id": None}
        if content == 0 and self.version > 2:
            manifest["first_row_id"] = self.next_row_id
            self.next_row_id += row_count
        return manifest

    def commit(self, *files):
        """A snapshot that adds data and delete files."""
        self.sequence += 1
        snapshot = SNAPSHOTS + len(self.snapshots)
        first_row_id = self.next_row_id
        for content in (0, 1):
            chosen = [f for f in files if min(f["content"], 1) == content]
            if chosen:
                self.manifests.append(self.manifest(content, chosen, snapshot))
        self.snapshots.append({"snapshot-id": snapshot, "sequence-number": self.sequence, "timestamp-ms": 1_700_000_000_000 + self.sequence,
                               "summary": {"operation": "append"}, "schema-id": self.schemas[-1]["schema-id"]})
        if self.version == 1:
            del self.snapshots[-1]["sequence-number"]
            self.snapshots[-1]["manifests"] = [m["manifest_path"] for m in self.manifests]
            return self
        if self.version > 2:
            self.snapshots[-1].update({"first-row-id": first_row_id, "added-rows": self.next_row_id - first_row_id})
        data = avro(list_schema(self.version), self.manifests, {"snapshot-id": str(snapshot), "format-version": str(self.version)})
        self.snapshots[-1]["manifest-list"] = self.put(f"metadata/snap-{snapshot}.avro", data)
        return self

    def metadata(self, **changes):
        """Where the metadata file lies; `changes` are members with underscores for hyphens."""
        metadata = {"format-version": self.version, "table-uuid": str(uuid.uuid4()), "location": self.location,
                    "last-updated-ms": 1_700_000_000_000, "last-column-id": 1000, "schemas": self.schemas,
                    "current-schema-id": len(self.schemas) - 1, "partition-specs": self.specs,
                    "default-spec-id": len(self.specs) - 1, "last-partition-id": 2000, "properties": self.properties,
                    "current-snapshot-id": self.snapshots[-1]["snapshot-id"] if self.snapshots else -1, "snapshots": self.snapshots,
                    "sort-orders": [{"order-id": 0, "fields": []}], "default-sort-order-id": 0}
        if self.version == 1:
            metadata.update({"schema": self.schemas[-1], "partition-spec": self.specs[-1]["fields"]})
        else:
            metadata["last-sequence-number"] = self.sequence
        if self.version > 2:
            metadata["next-row-id"] = self.next_row_id
        metadata.update({name.replace("_", "-"): value for name, value in changes.items()})
        self.count += 1
        return self.put(f"metadata/{self.count:05}-{uuid.uuid4()}.metadata.json", json.dumps(metadata).encode())

    def try_to_register(self, **changes):
        path = self.metadata(**changes)
        prefix = self.firn.call("GET", f"/catalog/v1/config?warehouse=local_{self.bucket}").json()["overrides"]["prefix"]
        base = f"/catalog/v1/{prefix}/namespaces"
        self.firn.call("POST", base, json={"namespace": [self.namespace]})
        return self.firn.call("POST", f"{base}/{self.namespace}/register", json={"name": self.name, "metadata-location": path})

    def register(self, **changes):
        answer = self.try_to_register(**changes)
        assert answer.ok, answer.text
        return self

    def rows(self, sql="SELECT * FROM {t}"):
        return self.firn.rows(self.bucket, sql.format(t=f"{self.namespace}.{self.name}"))

    def fault(self, sql="SELECT * FROM {t}"):
        answer = self.firn.query(self.bucket, sql.format(t=f"{self.namespace}.{self.name}"))
        assert not answer.ok, answer.text
        return answer.json()["errors"][0]
