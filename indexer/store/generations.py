"""Which file of an index folder is the index now.

An index that must be built anew (another schema, damage, ``--rebuild``) is built in a file of its
own beside the present one, which goes on answering until the pointer is set to the new file, in
one step. Names are never used twice, because SQLite ties its log to the name of a file.
An index that was never built anew has no pointer and lies in ``index.sqlite``.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
import uuid
from pathlib import Path

FIRST = "index.sqlite"
DAMAGED = "index.sqlite.damaged"
_POINTER = "current"
_MAX_TRIES = 40
_SECONDS_BETWEEN_TRIES = 0.05
_NAME = re.compile(r"index(-[0-9a-f]{12})?\.sqlite")


class Pointer:
    """The name of the present generation; asking costs one ``stat`` while nothing changes."""

    def __init__(self, location: Path) -> None:
        self._location = location
        self._place = location / _POINTER
        self._known: tuple[tuple[int, int, int], Path] | None = None

    def target(self) -> Path:
        """The file that is the index now; it may be missing."""
        try:
            found = self._place.stat()
        except OSError:
            return self._location / FIRST
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        known = self._known
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            name = self._place.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            name = ""
        path = self._location / (name if _NAME.fullmatch(name) else FIRST)
        self._known = stamp, path
        return path

    def set(self, path: Path) -> None:
        """Make another file the index, whether the power fails or not."""
        scratch = self._place.with_suffix(f".{uuid.uuid4().hex[:8]}")
        with scratch.open("w", encoding="ascii") as file:
            file.write(path.name)
            file.flush()
            os.fsync(file.fileno())
        for attempt in range(_MAX_TRIES):
            try:
                scratch.replace(self._place)
            except PermissionError:
                # On Windows, nothing can take the place of a file while somebody reads it.
                if attempt == _MAX_TRIES - 1:
                    raise
                time.sleep(_SECONDS_BETWEEN_TRIES)
            else:
                return

    def others(self) -> list[Path]:
        """Files of other generations, the latest first: left by a killed rebuild, or replaced."""
        present = self.target().name
        found = [
            path
            for path in self._location.glob("index*.sqlite")
            if _NAME.fullmatch(path.name) and path.name != present
        ]
        return sorted(found, key=_modified_ns, reverse=True)


def new_path(location: Path) -> Path:
    """A name that was never used."""
    return location / f"index-{uuid.uuid4().hex[:12]}.sqlite"


def remove(path: Path) -> None:
    """Remove a generation with its logs; what is open on Windows stays for the next time."""
    for suffix in ("-shm", "-wal", ""):
        with contextlib.suppress(OSError):
            Path(f"{path}{suffix}").unlink()


def _modified_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
