"""Puts the tables of the random queries into a Firn catalog."""

from differential.tables import COLUMNS, arrow_table


def load(firn, catalog):
    """`catalog` is PyIceberg's; the tables get two snapshots, so that a scan has several files."""
    import pyarrow as pa
    from pyiceberg.schema import Schema
    from pyiceberg.io.pyarrow import visit_pyarrow

    catalog.create_namespace("fuzz")
    for name in COLUMNS:
        rows = arrow_table(name)
        table = catalog.create_table(f"fuzz.{name}", schema=rows.schema)
        half = len(rows) // 2
        for part in (rows[:half], rows[half:]):
            if len(part):
                table.append(part)
