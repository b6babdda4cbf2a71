"""A real PostgreSQL for the tests, started by Scripts/postgres-for-tests and gone with this process."""

import atexit
import json
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "Scripts" / "postgres-for-tests"


class Postgres:
    shared_server = None

    def __init__(self, *arguments):
        self.process = subprocess.Popen([str(SCRIPT), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self.close)
        self.ready = self._answer()

    @classmethod
    def shared(cls):
        """One for all tests that leave it as it is."""
        if cls.shared_server is None:
            cls.shared_server = cls()
        return cls.shared_server

    def _answer(self):
        line = self.process.stdout.readline()
        assert line, "postgres-for-tests ended; is PostgreSQL installed? Scripts/bootstrap does it"
        return json.loads(line)

    def command(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self._answer()

    def schema(self):
        """The address of an empty schema."""
        return self.command("schema")["url"]

    def kill(self):
        self.command("kill")

    def start(self):
        self.command("start")

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(30)
