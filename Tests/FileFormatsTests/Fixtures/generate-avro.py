"""Writes the Avro fixtures with fastavro, an independent implementation: python3 generate-avro.py"""
import pathlib

import fastavro

HERE = pathlib.Path(__file__).parent
SCHEMA = {
    "type": "record", "name": "row", "namespace": "test.ns", "fields": [
        {"name": "id", "type": "long", "field-id": 1},
        {"name": "small", "type": "int", "field-id": 2},
        {"name": "flag", "type": ["null", "boolean"], "default": None, "field-id": 3},
        {"name": "f", "type": "float", "field-id": 4},
        {"name": "d", "type": "double", "field-id": 5},
        {"name": "name", "type": ["string", "null"], "field-id": 6},
        {"name": "raw", "type": "bytes", "field-id": 7},
        {"name": "fx", "type": {"type": "fixed", "name": "four", "size": 4}, "field-id": 8},
        {"name": "again", "type": ["null", "four"], "field-id": 9},
        {"name": "tags", "type": {"type": "array", "items": ["null", "string"], "element-id": 11}, "field-id": 10},
        {"name": "counts", "type": {"type": "map", "values": "long"}, "field-id": 12},
        {"name": "inner", "type": {"type": "record", "name": "inner_t", "fields": [
            {"name": "x", "type": "long", "field-id": 14}]}, "field-id": 13},
        {"name": "color", "type": {"type": "enum", "name": "color_t", "symbols": ["red", "green"]}, "field-id": 15},
    ],
}


def rows():
    for i in range(600):
        yield {
            "id": i * (-1) ** i * 2**40, "small": -i, "flag": None if i % 3 == 0 else i % 2 == 0, "f": i / 4, "d": -i / 8,
            "name": None if i % 7 == 0 else f"name {i} é", "raw": bytes([i % 256]) * (i % 5), "fx": bytes([i % 256] * 4),
            "again": None if i % 2 else bytes([1, 2, 3, 4]), "tags": [None, "x"] * (i % 3), "counts": {"k": i},
            "inner": {"x": i}, "color": ["red", "green"][i % 2],
        }


for codec in ["null", "deflate", "zstandard"]:
    with open(HERE / f"rows-{codec}.avro", "wb") as out:
        fastavro.writer(out, fastavro.parse_schema(SCHEMA), rows(), codec=codec, sync_interval=4000)
