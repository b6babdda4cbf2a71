"""Reads the tables ForeignReaderTests left in a directory with PyIceberg and fastavro, and checks every row.

    FIRN_TABLE_DUMP=/some/dir swift test --filter ForeignReader && python3 read-with-pyiceberg.py /some/dir
"""
import pathlib
import sys

import fastavro
from pyiceberg.expressions import EqualTo, GreaterThanOrEqual
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.table import StaticTable

ROOT = pathlib.Path(sys.argv[1])
NAMES = ["alpha", "beta", None, "Zürich/../x", "a long name that is cut in bounds"]
table_root = ROOT


class LakeIO(PyArrowFileIO):
    def new_input(self, location):
        file = super().new_input(str(table_root / location.removeprefix("s3://lake/")))
        file._location = location
        return file


import __main__

__main__.LakeIO = LakeIO
for table_root in sorted(ROOT.iterdir()):
    table = StaticTable.from_metadata(
        "s3://lake/web/t/metadata/v.metadata.json", properties={"py-io-impl": "__main__.LakeIO"})
    rows = sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["id"])
    assert [row["id"] for row in rows] == list(range(60)), table_root
    for row in rows:
        i = row["id"]
        assert row["na me"] == NAMES[i % 5], row
        assert row["ts"].timestamp() == i * 3600, row
        assert int(row["price"] * 100) == i - 5, row
        assert (row["d"] != row["d"]) == (i % 4 == 0), row
        assert row["tags"] == (None if i % 3 == 0 else [f"t{i}", None]), row
        assert row["at"]["lat"] == 1.0 and (row["at"]["day"].toordinal() - 719163) == i % 2, row
    assert len(table.scan(row_filter=EqualTo("id", 17)).to_arrow()) == 1
    assert len(table.scan(row_filter=GreaterThanOrEqual("ts", "1970-01-02T00:00:00+00:00")).to_arrow()) == 36
    for path in (table_root / "web/t/metadata").glob("*.avro"):
        list(fastavro.reader(open(path, "rb")))
    print(table_root.name, len(list(table.scan().plan_files())), "files", table.spec())
