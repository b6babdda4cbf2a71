"""Makes Parquet files the way other writers do, and beside each a JSON file of its rows as Firn should read them.

Run by hand with pyarrow 26 and duckdb 1.5: python make.py. The files are committed; ParquetFixtureTests read them.
"""
import datetime
import decimal
import json
import pathlib
import uuid

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
decimal.getcontext().prec = 60
EPOCH = datetime.datetime(1970, 1, 1)


def plain(value, kind):
    """A value as the tests print a Scalar: times as numbers, bytes as hex, structs and map entries as arrays."""
    if value is None:
        return None
    if pa.types.is_timestamp(kind):
        value = value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value
        return (value - EPOCH) // datetime.timedelta(microseconds=1)
    if pa.types.is_date(kind):
        return (value - EPOCH.date()).days
    if pa.types.is_time(kind):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
    if pa.types.is_decimal(kind):
        return str(int(value.scaleb(kind.scale)))
    if isinstance(value, uuid.UUID):
        return value.bytes.hex()
    if isinstance(value, bytes):
        return value.hex()
    if pa.types.is_map(kind):
        return [[plain(k, kind.key_type), plain(v, kind.item_type)] for k, v in value]
    if pa.types.is_list(kind):
        return [plain(item, kind.value_type) for item in value]
    if pa.types.is_struct(kind):
        return [plain(value[field.name], field.type) for field in kind]
    if pa.types.is_uint64(kind):
        return str(value)
    return value


def write(name, table, **options):
    pq.write_table(table, HERE / f"{name}.parquet", **options)
    write_rows(name, table)


def write_by_duckdb(name, table, options):
    connection = duckdb.connect()
    connection.register("rows", table)
    connection.execute(f"COPY rows TO '{HERE}/{name}.parquet' (FORMAT parquet, {options})")
    write_rows(name, table)


def write_rows(name, table):
    rows = [
        [plain(row[column.name], column.type) for column in table.schema] for row in table.to_pylist()
    ]
    (HERE / f"{name}.json").write_text(json.dumps(rows, ensure_ascii=False) + "\n")


def with_ids(schema):
    """Field ids for the top-level columns, as Iceberg's writers set them."""
    return pa.schema(
        [f.with_metadata({"PARQUET:field_id": str(i + 1)}) for i, f in enumerate(schema)])


count = 60
numbers = [None if i % 7 == 3 else i * 31 - 400 for i in range(count)]
words = [None if i % 5 == 1 else ["", "a", "twelve bytes", "a string longer than twelve bytes"][i % 4] + str(i % 9) for i in range(count)]
flat = pa.table({
    "bool": pa.array([None if i % 6 == 0 else i % 4 == 1 for i in range(count)], pa.bool_()),
    "int": pa.array(numbers, pa.int32()),
    "long": pa.array([None if n is None else n * 10_000_000_000 for n in numbers], pa.int64()),
    "float": pa.array([None if n is None else n / 8 for n in numbers], pa.float32()),
    "double": pa.array([None if n is None else n / 16 for n in numbers], pa.float64()),
    "date": pa.array([None if n is None else datetime.date(2026, 1, 31) + datetime.timedelta(days=n) for n in numbers], pa.date32()),
    "timestamp": pa.array([None if n is None else datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=n * 1_000_001) for n in numbers], pa.timestamp("us")),
    "string": pa.array(words, pa.string()),
    "binary": pa.array([None if w is None else w.encode() for w in words], pa.binary()),
    "decimal9": pa.array([None if n is None else decimal.Decimal(n).scaleb(-2) for n in numbers], pa.decimal128(9, 2)),
    "decimal38": pa.array([None if n is None else decimal.Decimal(n * 10**30).scaleb(-10) for n in numbers], pa.decimal128(38, 10)),
    "fixed": pa.array([None if n is None else abs(n).to_bytes(5, "big") for n in numbers], pa.binary(5)),
})
write("flat-ids-zstd", flat.cast(with_ids(flat.schema)), compression="zstd", row_group_size=25, store_schema=False)
write("flat-snappy-v2", flat, compression="snappy", data_page_version="2.0", data_page_size=64, write_batch_size=5)
write("flat-gzip-plain", flat, compression="gzip", use_dictionary=False, store_decimal_as_integer=True)
write("flat-lz4-arrow-schema", flat, compression="lz4", dictionary_pagesize_limit=40, data_page_size=64, write_batch_size=5)
write("encodings", flat.select(["int", "long", "double", "string", "binary", "fixed"]), use_dictionary=False, compression="brotli",
      column_encoding={"int": "DELTA_BINARY_PACKED", "long": "BYTE_STREAM_SPLIT", "double": "BYTE_STREAM_SPLIT",
                       "string": "DELTA_BYTE_ARRAY", "binary": "DELTA_LENGTH_BYTE_ARRAY", "fixed": "DELTA_BYTE_ARRAY"})

moments = [None if i % 9 == 4 else datetime.datetime(1969, 12, 31, 23, 59, 58) + datetime.timedelta(milliseconds=i * 123) for i in range(count)]
write("legacy-int96", pa.table({"at": pa.array(moments, pa.timestamp("us"))}), use_deprecated_int96_timestamps=True, store_schema=False)
write("units", pa.table({
    "millis": pa.array(moments, pa.timestamp("ms")),
    "zoned": pa.array(moments, pa.timestamp("us", "UTC")),
    "time": pa.array([None if m is None else m.time() for m in moments], pa.time32("ms")),
    "uint32": pa.array([None if i % 4 == 0 else 4_294_967_295 - i for i in range(count)], pa.uint32()),
    "uint64": pa.array([None if i % 4 == 0 else 18_446_744_073_709_551_615 - i for i in range(count)], pa.uint64()),
    "int8": pa.array([i - 30 for i in range(count)], pa.int8()),
    "uuid": pa.array([None if i % 4 == 0 else uuid.UUID(int=i * 2**90).bytes for i in range(count)], pa.uuid()),
}))

lists = [None if i % 5 == 0 else [None if j % 3 == 2 else i * j for j in range(i % 4)] for i in range(count)]
structs = [None if i % 6 == 5 else {"a": None if i % 4 == 3 else i, "b": {"c": words[i], "d": lists[i]}} for i in range(count)]
deep = [None if i % 8 == 7 else [None if j == 1 else [structs[k] for k in range(j)] for j in range(i % 4)] for i in range(count)]
maps = [None if i % 7 == 6 else [(f"k{j}", lists[(i + j) % count]) for j in range(i % 3)] for i in range(count)]
struct_type = pa.struct([("a", pa.int64()), ("b", pa.struct([("c", pa.string()), ("d", pa.list_(pa.int32()))]))])
nested = pa.table({
    "list": pa.array(lists, pa.list_(pa.int32())),
    "struct": pa.array(structs, struct_type),
    "deep": pa.array(deep, pa.list_(pa.list_(struct_type))),
    "map": pa.array(maps, pa.map_(pa.string(), pa.list_(pa.int32()))),
})
write("nested", nested, row_group_size=23)
write("nested-two-level", nested, use_compliant_nested_type=False, data_page_version="2.0", data_page_size=64)
write_by_duckdb("duckdb-flat", flat, "COMPRESSION snappy, PARQUET_VERSION v1")
write_by_duckdb("duckdb-nested", nested, "COMPRESSION zstd, PARQUET_VERSION v2")
