"""The README's example does what it says when it is pasted."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from firn_server import BINARY

ROOT = Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_the_example_runs_as_it_stands(tmp_path):
    section = (ROOT / "README.md").read_text().split("## From event to answer")[1].split("\n## ")[0]
    shell, python = (re.search(rf"```{language}\n(.*?)```", section, re.S).group(1) for language in ("sh", "python"))
    http, s3 = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    (tmp_path / ".build").mkdir()
    (tmp_path / ".build" / "release").symlink_to(Path(BINARY).resolve().parent)
    (tmp_path / "client.py").write_text(python.replace("127.0.0.1:8787", http))
    # Stops at the first command that fails, and takes the server away.
    script = ("set -e\ntrap 'kill $(jobs -p)' EXIT\n" + shell.replace("127.0.0.1:8787", http)
              + f"echo ---\n{sys.executable} client.py\n")
    environment = dict(os.environ, FIRN_LISTEN=http, FIRN_S3_LISTEN=s3, FIRN_URL=f"http://{http}")
    run = subprocess.Popen(["bash", "-c", script], cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, start_new_session=True)
    try:
        output, errors = run.communicate(timeout=120)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
    assert run.returncode == 0, output + errors
    answer, table = output.split("---")
    rows = [re.split(r"\W+", line.strip("│| ")) for line in answer.splitlines()]
    assert ["view", "2"] in [row[:2] for row in rows] and ["buy", "1"] in [row[:2] for row in rows], answer
    assert table.count("'user_id'") == 3 and "'event': 'buy'" in table, table
