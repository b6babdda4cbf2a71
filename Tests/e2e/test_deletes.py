"""Deleted rows stay deleted: position deletes, equality deletes, deletion vectors, whoever wrote them."""

import random

import pyarrow as pa
import pytest

from clients import duckdb_connection, pyiceberg_catalog
from handmade import Handmade, deletion_vector, field

FIELDS = [field(1, "id", "long"), field(2, "name", "string")]


def rows(start, end, **options):
    return {"id": pa.array(range(start, end), pa.int64()), "name": [f"n{i % 10}" for i in range(start, end)]}


def ids(table, where=""):
    return [row["id"] for row in table.rows(f"SELECT id FROM {{t}} {where} ORDER BY id")]


def check(table, expected):
    """The rows, and that no shortcut counts deleted ones."""
    expected = sorted(expected)
    assert ids(table) == expected
    assert table.rows("SELECT count(*) AS n FROM {t}") == [{"n": len(expected)}]
    some = [i for i in expected if i > 20 and i % 10 == 3]
    assert ids(table, "WHERE name = 'n3' AND id > 20") == some
    top = table.rows("SELECT min(id) AS a, max(id) AS b FROM {t}")[0]
    assert (top["a"], top["b"]) == ((expected[0], expected[-1]) if expected else (None, None))
    assert len(table.rows("SELECT id FROM {t} LIMIT 5")) == min(5, len(expected))


def test_position_deletes_of_one_file_and_of_a_partition(shared_firn):
    table = Handmade(shared_firn, "del.positions", FIELDS)
    first, second = table.data(rows(0, 100), row_group_size=30), table.data(rows(100, 200))
    table.commit(first, second)
    table.commit(table.positions([(first, i) for i in (0, 29, 30, 99)] + [(second, 5)]))
    # Named file; the same position twice; a file that is no part of the table any more.
    table.commit(table.positions([(first, 30), (first, 31)], referenced_data_file=first["file_path"]),
                 table.positions([({"file_path": table.location + "/data/gone.parquet"}, 1)]))
    table.register()
    check(table, set(range(200)) - {0, 29, 30, 99, 105, 31})


def test_position_deletes_apply_to_their_own_commit_and_never_to_newer_data(shared_firn):
    table = Handmade(shared_firn, "del.order", FIELDS)
    old = table.data(rows(0, 10))
    new = table.data(rows(10, 20))
    table.commit(old, table.positions([(old, 1), (new, 2)]))
    table.commit(new)
    table.register()
    check(table, set(range(20)) - {1})


def test_equality_deletes_apply_to_older_data_only(shared_firn):
    table = Handmade(shared_firn, "del.equality", FIELDS)
    table.commit(table.data(rows(0, 50)))
    table.commit(table.data(rows(50, 100)), table.equality({"id": pa.array([7, 55], pa.int64())}, [1]))
    table.commit(table.equality({"name": ["n4"], "id": pa.array([14], pa.int64())}, [2, 1]))
    table.commit(table.data({"id": pa.array([7], pa.int64()), "name": ["n7"]}))
    table.register()
    check(table, [i for i in range(100) if i not in (7, 14)] + [7])


def test_nulls_are_equal_in_equality_deletes_of_every_type(shared_firn):
    import datetime
    import decimal
    values = {
        "b": ("boolean", pa.bool_(), [True, False]), "i": ("int", pa.int32(), [1, 2]), "l": ("long", pa.int64(), [1, 2]),
        "f": ("float", pa.float32(), [1.5, float("nan")]), "d": ("double", pa.float64(), [float("nan"), 2.5]),
        "c": ("decimal(9, 2)", pa.decimal128(9, 2), [decimal.Decimal("1.25"), decimal.Decimal("2.00")]),
        "g": ("decimal(38, 2)", pa.decimal128(38, 2), [decimal.Decimal("1.25"), decimal.Decimal("2.00")]),
        "y": ("date", pa.date32(), [datetime.date(2026, 1, 1), datetime.date(1960, 1, 1)]),
        "t": ("time", pa.time64("us"), [datetime.time(1, 2, 3), datetime.time(4, 5, 6)]),
        "m": ("timestamp", pa.timestamp("us"), [datetime.datetime(2026, 1, 1), datetime.datetime(1960, 1, 1)]),
        "s": ("string", pa.string(), ["short", "a string that is longer than a view holds"]),
        "x": ("binary", pa.binary(), [b"\0\xff", b""]), "u": ("uuid", pa.binary(16), [b"0" * 16, b"1" * 16]),
    }
    fields = [field(1, "id", "long")] + [field(i + 2, name, type) for i, (name, (type, _, _)) in enumerate(values.items())]
    table = Handmade(shared_firn, "del.types", fields)
    content = {"id": pa.array(range(3), pa.int64())}
    content |= {name: pa.array(items + [None], type) for name, (_, type, items) in values.items()}
    table.commit(table.data(content))
    for number, (name, (_, type, items)) in enumerate(values.items()):
        one = Handmade(shared_firn, f"del.type_{name}", fields)
        one.commit(one.data(content))
        one.commit(one.equality({name: pa.array([items[0], None], type)}, [number + 2]))
        one.register()
        assert ids(one) == [1], name
        two = Handmade(shared_firn, f"del.type2_{name}", fields)
        two.commit(two.data(content))
        two.commit(two.equality({name: pa.array([items[1]], type), "id": pa.array([1], pa.int64())}, [1, number + 2]))
        two.register()
        assert ids(two) == [0, 2], name


def test_equality_deletes_keep_to_their_partition_unless_their_spec_has_none(shared_firn):
    table = Handmade(shared_firn, "del.parts", FIELDS, partition=[(2, "name", "identity", "string")])
    for name in ("a", "b"):
        table.commit(table.data({"id": pa.array([1, 2, 3], pa.int64()), "name": [name] * 3}, partition={"name": name}))
    table.commit(table.equality({"id": pa.array([1], pa.int64())}, [1], partition={"name": "a"}))
    table.repartition([])
    table.commit(table.equality({"id": pa.array([2], pa.int64())}, [1]))
    table.register()
    assert table.rows("SELECT id, name FROM {t} ORDER BY name, id") == [
        {"id": 3, "name": "a"}, {"id": 1, "name": "b"}, {"id": 3, "name": "b"}]


def test_equality_deletes_of_dropped_added_and_nested_columns(shared_firn):
    point = {"type": "struct", "fields": [field(4, "x", "int"), field(5, "y", "int")]}
    old = [field(1, "id", "long"), field(2, "gone", "string"), field(3, "p", point)]
    table = Handmade(shared_firn, "del.columns", old)
    points = pa.array([{"x": 1, "y": 1}, {"x": 2, "y": 1}, None], pa.struct([("x", pa.int32()), ("y", pa.int32())]))
    table.commit(table.data({"id": pa.array([1, 2, 3], pa.int64()), "gone": ["a", "b", None], "p": points}))
    table.commit(table.equality({"gone": ["a"]}, [2]))
    table.evolve([field(1, "id", "long"), field(3, "p", point), field(6, "late", "int")])
    table.commit(table.data({"id": pa.array([4, 5], pa.int64()), "p": points.take([0, 1]), "late": pa.array([1, None], pa.int32())}))
    # Older files have no `late`: it is null there.
    table.commit(table.equality({"late": pa.array([None], pa.int32()), "id": pa.array([2], pa.int64())}, [1, 6]))
    inner = pa.array([{"x": None}, {"x": 1}], pa.struct([("x", pa.int32())]))
    table.commit(table.equality(pa.table({"p": inner}), [4], fields=[field(3, "p", {"type": "struct", "fields": [field(4, "x", "int")]})]))
    table.register()
    assert ids(table) == [5]


def test_deletion_vectors(shared_firn):
    table = Handmade(shared_firn, "del.vectors", FIELDS, version=3)
    chosen = random.Random(4)
    dense = sorted(chosen.sample(range(200_000), 90_000))
    run = list(range(70_000, 139_000))
    sparse = [0, 65_535, 65_536, 199_999]
    files = [table.data(rows(i * 200_000, (i + 1) * 200_000), row_group_size=70_000) for i in range(4)]
    table.commit(*files)
    # A vector replaces position deletes of its file.
    table.commit(table.positions([(files[0], 1)]))
    gone = [dense, run, sparse, []]
    table.commit(*[table.vector(file, positions) for file, positions in zip(files, gone)])
    table.register()
    expected = [i * 200_000 + p for i, positions in enumerate(gone) for p in sorted(set(range(200_000)) - set(positions))]
    assert table.rows("SELECT count(*) AS n, sum(id) AS s FROM {t}") == [{"n": len(expected), "s": sum(expected)}]
    assert ids(table, "WHERE id < 100") == [i for i in expected if i < 100]
    assert ids(table, "WHERE id >= 269990 AND id < 270010") == list(range(269_990, 270_000))
    duck = duckdb_connection(shared_firn).execute("SELECT count(*), sum(id) FROM firn.del.vectors").fetchone()
    assert duck == (len(expected), sum(expected))


@pytest.mark.parametrize("what", ["magic", "checksum", "cut", "count", "empty", "cookie"])
def test_damaged_vectors_are_an_error_and_never_ignored(shared_firn, what):
    table = Handmade(shared_firn, f"del.bad_{what}", FIELDS, version=3)
    file = table.data(rows(0, 10))
    table.commit(file)
    good = bytearray(deletion_vector([1, 2]))
    if what == "magic":
        good[4] ^= 1
    elif what == "checksum":
        good[-1] ^= 1
    elif what == "cookie":
        good[21] ^= 64
    blob = {"cut": bytes(good[:-3]), "empty": b""}.get(what, bytes(good))
    table.commit(table.vector(file, [1, 2, 3] if what == "count" else [1, 2], blob=blob))
    table.register()
    assert table.fault("SELECT count(*) FROM {t}")["firn_code"] == "TAB-104"


def test_a_missing_delete_file_is_an_error(shared_firn):
    table = Handmade(shared_firn, "del.missing", FIELDS)
    file = table.data(rows(0, 10))
    deletes = table.positions([(file, 1)])
    table.commit(file, deletes).register()
    table.s3.delete_object(Bucket="lake", Key=deletes["file_path"].removeprefix("s3://lake/"))
    fault = table.fault("SELECT count(*) FROM {t}")
    assert fault["firn_code"] == "TAB-104" and deletes["file_path"] in fault["message"]


@pytest.mark.parametrize("partitioned", [False, True])
def test_duckdb_deletes_updates_and_merges(shared_firn, partitioned):
    name = f"ducks_{partitioned}"
    duck = duckdb_connection(shared_firn, read_only=False)
    duck.execute("CREATE SCHEMA IF NOT EXISTS firn.duck")
    duck.execute(f"CREATE TABLE firn.duck.{name} (id BIGINT, k VARCHAR, v INTEGER)" + (" PARTITIONED BY (k)" if partitioned else ""))
    duck.execute(f"INSERT INTO firn.duck.{name} SELECT i, 'k' || (i % 4), i * 2 FROM range(1000) t(i)")
    statements = ["DELETE FROM firn.duck.{n} WHERE id % 7 = 0", "UPDATE firn.duck.{n} SET v = -1 WHERE id % 11 = 0",
                  "DELETE FROM firn.duck.{n} WHERE k = 'k3' AND id < 500",
                  "MERGE INTO firn.duck.{n} USING (SELECT i AS id FROM range(990, 1010) t(i)) s ON {n}.id = s.id "
                  "WHEN MATCHED THEN UPDATE SET v = 7 WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'new', 0)"]
    for statement in statements:
        duck.execute(statement.format(n=name))
        want = duck.execute(f"SELECT id, k, v FROM firn.duck.{name} ORDER BY id").fetchall()
        got = [tuple(row.values()) for row in shared_firn.rows("lake", f"SELECT id, k, v FROM duck.{name} ORDER BY id")]
        assert got == want, statement
        assert shared_firn.rows("lake", f"SELECT count(*) AS n FROM duck.{name}") == [{"n": len(want)}]


def test_pyiceberg_deletes(shared_firn):
    catalog = pyiceberg_catalog(shared_firn)
    catalog.create_namespace_if_not_exists("py")
    table = catalog.create_table("py.rows", schema=pa.schema([("id", pa.int64()), ("name", pa.string())]))
    table.append(pa.table(rows(0, 100)))
    table.delete("id >= 10 and id < 20")
    table.upsert(pa.table({"id": pa.array([5, 200], pa.int64()), "name": ["up", "new"]}), join_cols=["id"])
    want = sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["id"])
    assert shared_firn.rows("lake", "SELECT id, name FROM py.rows ORDER BY id") == want
