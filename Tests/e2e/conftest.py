import subprocess
from pathlib import Path

import pytest

from firn_server import Firn


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: long suites, run by `make test-slow`")
    config.addinivalue_line("markers", "clients: heavy clients, run by `make test-clients`")


@pytest.fixture
def firn(tmp_path):
    """A fresh server, stopped at the end; its exit code must be 0 unless the test killed it."""
    server = Firn(tmp_path / "data").start()
    yield server
    if server.is_running():
        assert server.stop() == 0


@pytest.fixture(scope="module")
def shared_firn(tmp_path_factory):
    """One server for the tests of a module that do not disturb each other."""
    server = Firn(tmp_path_factory.mktemp("shared") / "data").start()
    server.make_bucket("lake")
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="session")
def recorder(tmp_path_factory):
    """The library that records what a server does to its files."""
    library = tmp_path_factory.mktemp("recorder") / "recorder.so"
    source = Path(__file__).parent / "powercut" / "recorder.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True)
    return library
