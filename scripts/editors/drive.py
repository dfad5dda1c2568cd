"""Runs the scenarios in VS Code and those in the other editors side by side: both wait a lot.

Those with the real default model are asked for: ``-m "editors and real_model"``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARKS = "editors and not real_model"
HALVES = {"VS Code": "vscode", "other editors": "not vscode"}


def main() -> int:
    """Return 0 if all scenarios passed; what each half printed follows when both have ended."""
    running = []
    for title, chosen in HALVES.items():
        # `-s` shows the figures that scenarios measure.
        command = [sys.executable, "-m", "pytest", "-q", "-s", "-k", chosen, "-m", MARKS]
        # Closed with the process: a pipe that nobody reads would hold it up.
        output = tempfile.TemporaryFile()  # noqa: SIM115
        process = subprocess.Popen(
            [*command, "tests/editors", *sys.argv[1:]],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        running.append((title, process, output))
    is_green = True
    for title, process, output in running:
        is_green &= process.wait() == 0
        output.seek(0)
        print(f"-- {title}\n{output.read().decode(errors='replace')}")
        output.close()
    return 0 if is_green else 1


if __name__ == "__main__":
    sys.exit(main())
