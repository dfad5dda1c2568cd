"""A folder of our own for texts on their way to a program that reads files.

It lies in memory where the system offers that, is readable by this user alone, and is removed
with its owner; what a killed process left behind, the next one removes.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path

_PREFIX = "copilot-ls-scan-"
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there, never a known name
_NAME = re.compile(rf"{_PREFIX}(\d+)-")


def make_private_folder() -> Path:
    """Make an empty folder; the caller removes it."""
    parent = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    _sweep(parent)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))


def _sweep(parent: Path) -> None:
    import psutil

    for path in parent.glob(f"{_PREFIX}*"):
        match = _NAME.match(path.name)
        # Another user's folder cannot be removed, which is as it should be.
        if match and not psutil.pid_exists(int(match[1])):
            _release(path)
            shutil.rmtree(path, ignore_errors=True)


def _release(folder: Path) -> None:
    """Let go the processes that wait for ever at a pipe to which nobody will come any more."""
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_fifo():
                os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
