"""A folder that really is read-only, for root as well: mounted so, for a while."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody write in a folder; skips the test where this may not be done."""
    for options in (["--bind"], ["-o", "remount,ro,bind"]):
        done = subprocess.run(["mount", *options, folder, folder], capture_output=True, check=False)
        if done.returncode:
            subprocess.run(["umount", "-l", folder], capture_output=True, check=False)
            pytest.skip(f"no folder can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        # Lazily: an editor may still have the folder open.
        subprocess.run(["umount", "-l", folder], capture_output=True, check=True)
