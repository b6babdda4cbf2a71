"""Writes the metadata fixtures of these tests with PyIceberg, an independent implementation.

Run by hand when a fixture should change: python3 generate.py (needs pyiceberg and pyarrow). The warehouse is a
directory that answers for s3://lake.
"""
import datetime
import decimal
import pathlib
import shutil
import tempfile
import uuid

import pyarrow as pa
from pyiceberg.catalog.memory import InMemoryCatalog
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, TruncateTransform
from pyiceberg import types as t

HERE = pathlib.Path(__file__).parent
ROOT = pathlib.Path(tempfile.mkdtemp())


class LakeIO(PyArrowFileIO):
    """Keeps s3://lake in a directory, so that the paths inside the files are those of a bucket."""

    @staticmethod
    def local(location: str) -> str:
        path = ROOT / location.removeprefix("s3://lake/")
        path.parent.mkdir(parents=True, exist_ok=True)
        return str(path)

    def new_input(self, location: str):
        file = super().new_input(self.local(location))
        file._location = location
        return file

    def new_output(self, location: str):
        file = super().new_output(self.local(location))
        file._location = location
        return file

    def delete(self, location) -> None:
        super().delete(self.local(location if isinstance(location, str) else location.location))


def everything() -> Schema:
    return Schema(
        t.NestedField(1, "id", t.LongType(), required=True, doc="the key"),
        t.NestedField(2, "flag", t.BooleanType()),
        t.NestedField(3, "small", t.IntegerType()),
        t.NestedField(4, "f", t.FloatType()),
        t.NestedField(5, "d", t.DoubleType()),
        t.NestedField(6, "price", t.DecimalType(9, 2)),
        t.NestedField(7, "big", t.DecimalType(38, 10)),
        t.NestedField(8, "day", t.DateType()),
        t.NestedField(9, "clock", t.TimeType()),
        t.NestedField(10, "ts", t.TimestampType()),
        t.NestedField(11, "tstz", t.TimestamptzType()),
        t.NestedField(12, "name", t.StringType()),
        t.NestedField(13, "u", t.UUIDType()),
        t.NestedField(14, "fx", t.FixedType(4)),
        t.NestedField(15, "bin", t.BinaryType()),
        t.NestedField(16, "tags", t.ListType(17, t.StringType(), element_required=False)),
        t.NestedField(18, "attrs", t.MapType(19, t.StringType(), 20, t.LongType(), value_required=False)),
        t.NestedField(21, "where", t.StructType(
            t.NestedField(22, "lat", t.DoubleType()), t.NestedField(23, "lon", t.DoubleType()))),
        identifier_field_ids=[1],
    )


def rows(count: int, start: int, schema: Schema) -> pa.Table:
    day = datetime.date(2024, 1, 1)
    base = datetime.datetime(2024, 1, 1, 23, 30)
    names = ["alpha", "beta", None, "a string that is longer than sixteen bytes", "Zürich"]
    data = []
    for i in range(start, start + count):
        data.append({
            "id": i, "flag": i % 2 == 0, "small": -i, "f": float("nan") if i % 5 == 0 else i / 2, "d": i * 1.5,
            "price": decimal.Decimal(i * 100 + 25) / 100, "big": decimal.Decimal(i) * 10**15,
            "day": day + datetime.timedelta(days=i % 3), "clock": datetime.time(1, 2, i % 60),
            "ts": base + datetime.timedelta(hours=i),
            "tstz": (base + datetime.timedelta(hours=i)).replace(tzinfo=datetime.timezone.utc),
            "name": names[i % 5], "u": uuid.UUID(int=i).bytes, "fx": bytes([i % 256] * 4), "bin": bytes([255] * (i % 20)),
            "tags": ["x", None], "attrs": [("k", i)], "where": {"lat": 1.0 * i, "lon": None},
        })
    from pyiceberg.io.pyarrow import schema_to_pyarrow
    return pa.Table.from_pylist(data, schema=schema_to_pyarrow(schema))


def main() -> None:
    catalog = InMemoryCatalog("lake", warehouse="s3://lake", **{"py-io-impl": "__main__.LakeIO"})
    catalog.create_namespace("web")
    spec = PartitionSpec(
        PartitionField(10, 1000, DayTransform(), "ts_day"), PartitionField(1, 1001, BucketTransform(4), "id_bucket"),
        PartitionField(12, 1002, TruncateTransform(3), "name_trunc"), PartitionField(2, 1003, IdentityTransform(), "flag"))
    order = SortOrder(SortField(1, direction=SortDirection.DESC, null_order=NullOrder.NULLS_LAST))
    table = catalog.create_table("web.everything", everything(), location="s3://lake/web/everything",
                                 partition_spec=spec, sort_order=order,
                                 properties={"write.parquet.compression-codec": "zstd"})
    table.append(rows(6, 0, table.schema()))
    table.append(rows(5, 100, table.schema()))
    keep(catalog.load_table("web.everything"), "everything")
    old = catalog.create_table("web.old", everything(), location="s3://lake/web/old",
                               partition_spec=PartitionSpec(PartitionField(3, 1000, IdentityTransform(), "small")),
                               properties={"format-version": "1"})
    old.append(rows(3, 0, old.schema()))
    old.append(rows(2, 10, old.schema()))
    keep(catalog.load_table("web.old"), "old")
    shutil.rmtree(ROOT)


def keep(table, name: str) -> None:
    """Copies a table's metadata; planning needs no data files."""
    out = HERE / name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    shutil.copy(LakeIO.local(table.metadata_location), out / "metadata.json")
    for path in sorted((ROOT / "web" / name / "metadata").glob("*.avro")):
        shutil.copy(path, out / path.name)


if __name__ == "__main__":
    main()
