"""What the binary links, and in which order: libparquet exports an OpenSSL and a simdjson of its own."""

import re
import subprocess

from firn_server import BINARY


def needed():
    text = subprocess.run(["readelf", "-d", BINARY], capture_output=True, text=True, check=True).stdout
    return re.findall(r"NEEDED.*\[(\S+)\]", text)


def test_only_arrow_and_parquet_of_arrow_are_linked():
    arrow = {name.split(".so")[0] for name in needed() if "arrow" in name or "parquet" in name}
    assert arrow <= {"libarrow", "libparquet", "libarrow_flight"}, arrow


def test_what_parquet_would_shadow_comes_before_it():
    order = [name.split(".so")[0] for name in needed()]
    for library in ("libcurl", "libpq", "libssl", "libcrypto", "libsimdjson"):
        if library in order:
            assert order.index(library) < order.index("libparquet"), order
            assert order.index(library) < order.index("libarrow"), order
    assert "libcrypto" in order
