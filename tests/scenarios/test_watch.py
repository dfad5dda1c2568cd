"""``copilot-ls index --watch``, as a person runs it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_the_index_follows_what_changes_until_it_is_interrupted(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "orders.py").write_text("def total(): ...\n")
    environment = {**os.environ, "COPILOT_LS_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "copilot_ls", "--set", "index.vectors=false"]
    with subprocess.Popen(
        [*command, "index", str(root), "--watch", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        first = _read_json(watching.stdout)
        assert first["stopped"] is False
        (root / "refunds.py").write_text("def refund(): ...\n")
        assert _read_json(watching.stdout) == {
            "added": ["refunds.py"],
            "changed": [],
            "removed": [],
        }
        found = subprocess.run(
            [*command, "search", "refund", "--in", str(root), "--json"],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        )
        assert json.loads(found.stdout)[0]["path"] == "refunds.py"
        watching.send_signal(signal.SIGINT)
        assert watching.wait(30) == 0
        assert watching.stderr.read() == ""


def _read_json(stream) -> dict[str, object]:
    """The next object, however many lines it takes."""
    text = ""
    while line := stream.readline():
        text += line
        try:
            return json.loads(text)
        except ValueError:
            continue
    raise AssertionError(f"ended after {text!r}")
