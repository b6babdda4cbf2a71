"""Columns keep their values through renames, drops, promotions, new partition specs, and files written before or by others."""

import datetime
import decimal
import json
import struct

import pyarrow as pa
import pytest

from handmade import Handmade, field, identified, parquet

INT, LONG, TEXT = pa.int32(), pa.int64(), pa.string()


def test_renamed_dropped_added_again_reordered_and_nested(shared_firn):
    inner = lambda *fields: {"type": "struct", "fields": list(fields)}
    table = Handmade(shared_firn, "evo.names", [
        field(1, "id", "long"), field(2, "name", "string"), field(3, "p", inner(field(4, "x", "int"), field(5, "y", "int"))),
        field(6, "tags", {"type": "list", "element-id": 7, "element": inner(field(8, "k", "string"), field(9, "v", "int")), "element-required": False}),
        field(10, "m", {"type": "map", "key-id": 11, "key": "string", "value-id": 12, "value": inner(field(13, "a", "int")), "value-required": False})])
    point = pa.struct([("x", INT), ("y", INT)])
    table.commit(table.data({
        "id": pa.array([1, 2], LONG), "name": ["old", "older"], "p": pa.array([{"x": 1, "y": 2}, None], point),
        "tags": pa.array([[{"k": "a", "v": 1}], None], pa.list_(pa.struct([("k", TEXT), ("v", INT)]))),
        "m": pa.array([[("q", {"a": 5})], []], pa.map_(TEXT, pa.struct([("a", INT)])))}))
    table.evolve([
        field(10, "m", {"type": "map", "key-id": 11, "key": "string", "value-id": 12, "value": inner(field(14, "b", "int"), field(13, "a2", "long")), "value-required": False}),
        field(15, "name", "int"), field(1, "key", "long"), field(3, "point", inner(field(5, "x", "int"), field(16, "z", "int"))),
        field(6, "tags", {"type": "list", "element-id": 7, "element": inner(field(9, "value", "long")), "element-required": False})])
    table.register()
    assert table.rows("SELECT * FROM {t} ORDER BY key") == [
        {"m": {"q": {"b": None, "a2": 5}}, "name": None, "key": 1, "point": {"x": 2, "z": None}, "tags": [{"value": 1}]},
        {"m": {}, "name": None, "key": 2, "point": None, "tags": None}]


def test_promoted_types_and_filters_on_them(shared_firn):
    day = datetime.date
    table = Handmade(shared_firn, "evo.types", [
        field(1, "a", "int"), field(2, "b", "float"), field(3, "c", "decimal(5, 2)"), field(4, "d", "date"), field(5, "e", "date")], version=3)
    first = table.data({
        "a": pa.array([1, -2], INT), "b": pa.array([0.5, 1.5], pa.float32()), "c": pa.array([decimal.Decimal("1.25"), None], pa.decimal128(5, 2)),
        "d": pa.array([day(2026, 1, 1), day(1960, 2, 29)]), "e": pa.array([day(2026, 1, 1), day(1960, 2, 29)])})
    first["lower_bounds"] = [{"key": 1, "value": struct.pack("<i", -2)}, {"key": 4, "value": struct.pack("<i", -3594)}]
    first["upper_bounds"] = [{"key": 1, "value": struct.pack("<i", 1)}, {"key": 4, "value": struct.pack("<i", 20454)}]
    table.commit(first)
    table.evolve([field(1, "a", "long"), field(2, "b", "double"), field(3, "c", "decimal(30, 2)"), field(4, "d", "timestamp"),
                  field(5, "e", "timestamp_ns")])
    table.commit(table.data({
        "a": pa.array([2**40], LONG), "b": pa.array([1e300]), "c": pa.array([decimal.Decimal("1e20")], pa.decimal128(30, 2)),
        "d": pa.array([datetime.datetime(2026, 1, 1, 12)], pa.timestamp("us")), "e": pa.array([1], pa.timestamp("ns"))}))
    table.register()
    assert table.rows("SELECT * FROM {t} ORDER BY a") == [
        {"a": -2, "b": 1.5, "c": None, "d": "1960-02-29T00:00:00.000000", "e": "1960-02-29T00:00:00.000000000"},
        {"a": 1, "b": 0.5, "c": "1.25", "d": "2026-01-01T00:00:00.000000", "e": "2026-01-01T00:00:00.000000000"},
        {"a": 2**40, "b": 1e300, "c": "100000000000000000000.00", "d": "2026-01-01T12:00:00.000000", "e": "1970-01-01T00:00:00.000000001"}]
    assert table.rows("SELECT a FROM {t} WHERE d >= TIMESTAMP '2026-01-01 00:00:00' AND d < TIMESTAMP '2026-01-01 06:00:00'") == [{"a": 1}]
    assert table.rows("SELECT a FROM {t} WHERE a = -2 AND d < TIMESTAMP '1970-01-01 00:00:00'") == [{"a": -2}]


def test_files_without_ids_are_read_through_the_name_mapping_only(shared_firn):
    fields = [field(1, "id", "long"), field(2, "p", {"type": "struct", "fields": [field(3, "x", "int")]}),
              field(4, "tags", {"type": "list", "element-id": 5, "element": "string", "element-required": False}), field(6, "z", "string")]
    rows = {"ID": pa.array([1, 2], LONG), "p": pa.array([{"X1": 7}, {"X1": 8}], pa.struct([("X1", INT)])), "tags": [["a"], []], "z": ["no", "no"]}
    mapping = [{"field-id": 1, "names": ["id", "ID"]}, {"field-id": 2, "names": ["p"], "fields": [{"field-id": 3, "names": ["X1"]}]},
               {"field-id": 4, "names": ["tags"], "fields": [{"field-id": 5, "names": ["element"]}]}]
    table = Handmade(shared_firn, "evo.mapped", fields, properties={"schema.name-mapping.default": json.dumps(mapping)})
    table.commit(table.data(rows, ids=False)).register()
    # `z` is in the file, but nothing says that it is the table's.
    assert table.rows("SELECT * FROM {t} WHERE id > 1") == [{"id": 2, "p": {"x": 8}, "tags": [], "z": None}]
    bare = Handmade(shared_firn, "evo.bare", fields)
    file = bare.data(rows, ids=False)
    bare.commit(file).register()
    fault = bare.fault()
    assert fault["firn_code"] == "TAB-202" and "name mapping" in fault["message"] and file["file_path"] in fault["message"]
    assert bare.rows("SELECT count(*) AS n FROM {t}") == [{"n": 2}]


def test_partition_values_stand_for_columns_that_files_lack(shared_firn):
    fields = [field(1, "id", "long"), field(2, "day", "date"), field(3, "kind", "string")]
    table = Handmade(shared_firn, "evo.hive", fields, partition=[(2, "day", "identity", {"type": "int", "logicalType": "date"}), (3, "kind", "identity", "string")])
    for number, (day, kind) in enumerate([(20000, "a"), (20001, None), (None, "b")]):
        table.commit(table.data({"id": pa.array([number], LONG)}, partition={"day": day, "kind": kind}, fields=fields[:1]))
    table.repartition([(3, "kind_bucket", "bucket[4]", "int")])
    table.commit(table.data({"id": pa.array([3], LONG), "day": pa.array([20002], pa.date32()), "kind": ["c"]}, partition={"kind_bucket": 1}))
    table.register()
    assert table.rows("SELECT * FROM {t} ORDER BY id") == [
        {"id": 0, "day": "2024-10-04", "kind": "a"}, {"id": 1, "day": "2024-10-05", "kind": None}, {"id": 2, "day": None, "kind": "b"},
        {"id": 3, "day": "2024-10-06", "kind": "c"}]
    assert table.rows("SELECT id FROM {t} WHERE kind = 'b'") == [{"id": 2}]
    assert table.rows("SELECT id FROM {t} WHERE day >= DATE '2024-10-05' ORDER BY id") == [{"id": 1}, {"id": 3}]


def test_defaults_fill_files_from_before_the_column(shared_firn):
    old = [field(1, "id", "long"), field(2, "p", {"type": "struct", "fields": [field(3, "x", "int")]})]
    table = Handmade(shared_firn, "evo.defaults", old, version=3)
    table.commit(table.data({"id": pa.array([1, 2], LONG), "p": pa.array([{"x": 1}, None], pa.struct([("x", INT)]))}))
    defaults = {
        "b": ("boolean", True, True), "i": ("int", 7, 7), "l": ("long", 2**60, 2**60), "f": ("float", 0.5, 0.5), "d": ("double", -1.5, -1.5),
        "c": ("decimal(9, 2)", "14.20", "14.20"), "g": ("decimal(38, 0)", "-1" + "0" * 30, "-1" + "0" * 30), "y": ("date", "2026-01-31", "2026-01-31"),
        "t": ("time", "22:31:08.123456", "22:31:08.123456"), "m": ("timestamp", "1960-01-31T12:00:00.5", "1960-01-31T12:00:00.500000"),
        "z": ("timestamptz", "2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00.000000Z"), "n": ("timestamp_ns", "2026-01-31T12:00:00.000000001", "2026-01-31T12:00:00.000000001"),
        "s": ("string", "hé", "hé"), "u": ("uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7", "f79c3e09-677c-4bbd-a479-3f349cb785e7"),
        "x": ("binary", "00ff", "AP8="), "w": ("fixed[2]", "0102", "AQI=")}
    more = [field(10 + i, name, type, **{"initial-default": json_value, "write-default": json_value})
            for i, (name, (type, json_value, _)) in enumerate(defaults.items())]
    nested = field(2, "p", {"type": "struct", "fields": [field(3, "x", "int"), field(4, "y", "int", **{"initial-default": 9})]})
    whole = field(5, "q", {"type": "struct", "fields": [field(6, "k", "int", **{"initial-default": 3}), field(7, "j", "string")]}, **{"initial-default": {}})
    table.evolve([old[0], nested, whole] + more)
    table.commit(table.data({"id": pa.array([3], LONG), "p": pa.array([{"x": 5, "y": None}], pa.struct([("x", INT), ("y", INT)])),
                             "q": pa.array([None], pa.struct([("k", INT), ("j", TEXT)])), "i": pa.array([None], INT)}))
    table.register()
    first, second, third = table.rows("SELECT * FROM {t} ORDER BY id")
    assert {name: first[name] for name in defaults} == {name: shown for name, (_, _, shown) in defaults.items()}
    assert (first["p"], second["p"], third["p"]) == ({"x": 1, "y": 9}, None, {"x": 5, "y": None})
    assert first["q"] == {"k": 3, "j": None} and third["q"] is None and third["i"] is None and third["s"] == "hé"
    assert table.rows("SELECT count(*) AS n FROM {t} WHERE i = 7 AND s = 'hé'") == [{"n": 2}]


def test_row_lineage_and_where_a_row_lies(shared_firn):
    fields = [field(1, "id", "long")]
    table = Handmade(shared_firn, "evo.lineage", fields, version=3)
    a, b = table.data({"id": pa.array(range(10), LONG)}, row_group_size=4), table.data({"id": pa.array(range(10, 15), LONG)})
    table.commit(a, b)
    lineage = fields + [field(2147483540, "_row_id", "long"), field(2147483539, "_last_updated_sequence_number", "long")]
    # A rewritten file: two rows carry their old ids, one is new.
    c = table.data({"id": pa.array([100, 3, 4], LONG), "_row_id": pa.array([None, 3, 4], LONG),
                    "_last_updated_sequence_number": pa.array([None, 1, None], LONG)}, fields=lineage)
    table.commit(c, table.positions([(a, 3), (a, 4)]))
    table.register()
    rows = table.rows("SELECT id, _row_id, _last_updated_sequence_number AS s, _file, _pos, _spec_id FROM {t} ORDER BY id")
    assert [(r["id"], r["_row_id"], r["s"], r["_pos"]) for r in rows] == (
        [(i, i, 1, i) for i in (0, 1, 2)] + [(3, 3, 1, 1), (4, 4, 2, 2)] + [(i, i, 1, i) for i in range(5, 10)]
        + [(i, i, 1, i - 10) for i in range(10, 15)] + [(100, 15, 2, 0)])
    assert {r["_file"] for r in rows} == {a["file_path"], b["file_path"], c["file_path"]} and rows[0]["_spec_id"] == 0
    assert table.rows("SELECT * FROM {t} WHERE _pos = 4 AND _row_id > 9") == [{"id": 14}]
    assert table.rows("SELECT t.* FROM {t} AS t NATURAL JOIN {t} AS u WHERE t.id = 1") == [{"id": 1}]
    old = Handmade(shared_firn, "evo.no_lineage", fields)
    old.commit(old.data({"id": pa.array([1], LONG)})).register()
    assert "_row_id" in old.fault("SELECT _row_id FROM {t}")["message"]


def test_version_1_with_manifests_in_the_snapshot(shared_firn):
    table = Handmade(shared_firn, "evo.first", [field(1, "id", "long"), field(2, "k", "string")], version=1, partition=[(2, "k", "identity", "string")])
    table.commit(table.data({"id": pa.array([1, 2], LONG), "k": ["a", "a"]}, partition={"k": "a"}))
    table.commit(table.data({"id": pa.array([3], LONG), "k": ["b"]}, partition={"k": "b"}))
    table.register()
    assert table.rows("SELECT * FROM {t} ORDER BY id") == [{"id": 1, "k": "a"}, {"id": 2, "k": "a"}, {"id": 3, "k": "b"}]
    assert table.rows("SELECT id FROM {t} WHERE k = 'b'") == [{"id": 3}]


def short(text):
    return bytes([len(text) << 2 | 1]) + text.encode()


def test_variants_are_json(shared_firn):
    names = ["a", "b", "list"]
    metadata = b"\x01\x03" + bytes([0, 1, 2, 6]) + b"ablist"
    array = bytes([0x03, 2, 0, 2, 3]) + b"\x0c\x2a" + b"\x00"  # [42, null]
    members = [b"\x04", short('x"y'), array]
    offsets = [0, len(members[0]), len(members[0]) + len(members[1]), sum(map(len, members))]
    whole = bytes([0x02, 3, 0, 1, 2]) + bytes(offsets) + b"".join(members)
    kinds = {
        b"\x00": None, b"\x08": False, b"\x0c\xff": -1, b"\x10" + struct.pack("<h", 300): 300, b"\x14" + struct.pack("<i", -70000): -70000,
        b"\x18" + struct.pack("<q", 2**60): 2**60, b"\x1c" + struct.pack("<d", 2.5): 2.5, b"\x38" + struct.pack("<f", 0.1): 0.1,
        b"\x20\x02" + struct.pack("<i", -5): -0.05, b"\x2c" + struct.pack("<i", 20000): "2024-10-04",
        b"\x34" + struct.pack("<q", 1_500_000): "1970-01-01T00:00:01.500000", b"\x30" + struct.pack("<q", -1_000_000): "1969-12-31T23:59:59Z",
        b"\x3c\x02\x00\x00\x00\x00\xff": "AP8=", b"\x40\x03\x00\x00\x00abc": "abc", b"\x44" + struct.pack("<q", 1): "00:00:00.000001",
        b"\x50" + bytes(range(16)): "00010203-0405-0607-0809-0a0b0c0d0e0f", whole: {"a": True, "b": 'x"y', "list": [42, None]}}
    table = Handmade(shared_firn, "evo.variant", [field(1, "id", "long"), field(2, "v", "variant")], version=3)

    def data(values, metadata=metadata):
        kind = pa.struct([pa.field("metadata", pa.binary(), False), pa.field("value", pa.binary())])
        rows = pa.table({"id": pa.array(range(len(values)), LONG),
                         "v": pa.array([None if v is None else {"metadata": metadata, "value": v} for v in values], kind)})
        return table.data(rows, file=parquet(rows, [field(1, "id", "long"), field(2, "v", "string")]))

    table.commit(data([*kinds, None])).register()
    got = [row["v"] for row in table.rows("SELECT id, v FROM {t} ORDER BY id")]
    assert [None if text is None else json.loads(text) for text in got] == [*kinds.values(), None]
    assert got[0] == "null" and got[-1] is None
    assert table.rows("SELECT v->>'b' AS b, v->'list' AS l FROM {t} WHERE v->>'a' = 'true'") == [{"b": 'x"y', "l": "[42,null]"}]
    for number, bad in enumerate([b"", b"\xfc", b"\x18\x00", b"\x02\x01\x07\x00\x01\x04", b"\x03\x01\x09\x01\x04", whole[:-1], b"\xff\xff\xff\xff"]):
        broken = Handmade(shared_firn, f"evo.bad_variant{number}", table.fields, version=3)
        table, keep = broken, table
        broken.commit(data([bad])).register()
        assert broken.fault("SELECT v FROM {t}")["firn_code"] == "FMT-201", bad
        assert broken.rows("SELECT id FROM {t}") == [{"id": 0}]
        table = keep


@pytest.mark.parametrize("type", ["geometry(srid:4326)", "geography", "geometry"])
def test_types_nobody_reads_are_an_error_with_their_names(shared_firn, type):
    name = "evo.geo_" + type.partition("(")[0] + str(len(type))
    table = Handmade(shared_firn, name, [field(1, "id", "long"), field(2, "place", type)], version=3)
    table.register()
    fault = table.fault()
    assert "place" in fault["message"] and type in fault["message"] and fault["firn_code"] == "ICE-205"


def test_unknown_columns_are_null(shared_firn):
    table = Handmade(shared_firn, "evo.unknown", [field(1, "id", "long"), field(2, "u", "unknown")], version=3)
    table.commit(table.data({"id": pa.array([1], LONG)}, fields=[field(1, "id", "long")])).register()
    assert table.rows("SELECT * FROM {t}") == [{"id": 1, "u": None}]
    assert table.rows("SELECT id FROM {t} WHERE u IS NULL") == [{"id": 1}]


@pytest.mark.parametrize("format", ["ORC", "AVRO"])
def test_other_file_formats_are_an_error_with_the_file(shared_firn, format):
    table = Handmade(shared_firn, f"evo.{format.lower()}", [field(1, "id", "long")])
    file = table.file(0, format, b"not parquet", 1)
    table.commit(file).register()
    fault = table.fault("SELECT count(*) FROM {t}")
    assert fault["firn_code"] == "TAB-202" and format in fault["message"] and file["file_path"] in fault["message"]


@pytest.mark.parametrize("options", [
    {"compression": "snappy", "data_page_version": "2.0"}, {"compression": "gzip", "use_dictionary": False}, {"compression": "brotli"},
    {"compression": "lz4", "dictionary_pagesize_limit": 500}, {"compression": "zstd", "data_page_size": 300, "write_page_index": True},
    {"compression": "none", "use_deprecated_int96_timestamps": True}, {"compression": "zstd", "column_encoding": {"id": "DELTA_BINARY_PACKED"}, "use_dictionary": False},
], ids=lambda options: "-".join(map(str, options.values()))[:40])
def test_files_by_pyarrow_in_many_shapes(shared_firn, options):
    name = "evo.shape_" + "".join(c for c in str(options) if c.isalnum())[:40].lower()
    fields = [field(1, "id", "long"), field(2, "s", "string"), field(3, "t", "timestamp"), field(4, "c", "decimal(20, 3)"), field(5, "n", "timestamp_ns")]
    table = Handmade(shared_firn, name, fields, version=3)
    moment = datetime.datetime(2026, 1, 1, 0, 0, 0, 123456)
    rows = [{"id": i, "s": None if i % 7 == 0 else f"value {i % 900}", "t": moment + datetime.timedelta(seconds=i),
             "c": decimal.Decimal(i).scaleb(-3), "n": moment + datetime.timedelta(microseconds=i)} for i in range(3000)]
    kinds = pa.schema([("id", LONG), ("s", TEXT), ("t", pa.timestamp("us")), ("c", pa.decimal128(20, 3)), ("n", pa.timestamp("ns"))])
    table.commit(table.data(pa.Table.from_pylist(rows, kinds), row_group_size=1000, **options)).register()
    got = table.rows("SELECT * FROM {t} ORDER BY id")
    assert len(got) == 3000
    for row, want in zip(got, rows):
        assert row == {"id": want["id"], "s": want["s"], "t": want["t"].isoformat(timespec="microseconds"), "c": f"{want['c']:.3f}",
                       "n": want["n"].isoformat(timespec="microseconds") + "000"}
    assert table.rows("SELECT count(*) AS n FROM {t} WHERE s = 'value 8' AND id > 1500") == [{"n": 2}]


def test_each_level_leaves_out_what_cannot_match(shared_firn):
    """Partitions, file bounds, row groups, pages: EXPLAIN ANALYZE tells, and the answers do not change."""
    fields = [field(1, "id", "long"), field(2, "k", "string"), field(3, "text", "string"), field(4, "none", "int")]
    table = Handmade(shared_firn, "evo.levels", fields, partition=[(2, "k", "identity", "string")])
    size = 100_000
    for number, key in enumerate(["a", "b", "c"]):
        start = number * size
        file = table.data({
            "id": pa.array(range(start, start + size), LONG), "k": [key] * size, "text": [f"text number {i}" for i in range(start, start + size)],
            "none": pa.array([None] * size, INT)}, partition={"k": key}, row_group_size=50_000, write_page_index=True, data_page_size=8192, use_dictionary=False)
        table.commit(file, table.positions([(file, 10), (file, 60_010)], partition={"k": key}))
    table.register()

    def explain(where):
        lines = table.rows("EXPLAIN ANALYZE SELECT text FROM {t} WHERE " + where)
        return next(line["plan"] for line in lines if "manifests=" in line["plan"])

    one = "id >= 160000 AND id < 160020 AND k = 'b'"
    line = explain(one)
    assert "manifests=6" in line and "files=3 (2 skipped)" in line and "delete files=1" in line and "row groups=2 (1 skipped)" in line, line
    pages, skipped = (int(part) for part in line.split("pages=")[1].split(" skipped")[0].split(" ("))
    assert pages > 10 and skipped >= pages - 3, line
    assert int(line.split("read=")[1].split("]")[0]) < 200_000, line
    assert [r["text"] for r in table.rows("SELECT text FROM {t} WHERE " + one + " ORDER BY id")] == [
        f"text number {i}" for i in range(160_000, 160_020) if i != 160_010]
    assert table.rows("SELECT count(*) AS n, min(_pos) AS a, max(_pos) AS b FROM {t} WHERE " + one) == [{"n": 19, "a": 60_000, "b": 60_019}]
    for where, expected in [("id % 9973 = 5", [i for i in range(3 * size) if i % 9973 == 5 and i % size not in (10, 60_010)]),
                            ("none IS NOT NULL", []), ("id > 299990", list(range(299_991, 300_000)))]:
        got = table.rows("SELECT id, text, none FROM {t} WHERE " + where + " ORDER BY id")
        assert got == [{"id": i, "text": f"text number {i}", "none": None} for i in expected], where
