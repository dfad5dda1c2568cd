"""One SQLite file in the cache for all projects of a user: read by many, written by few.

Readers are always served, a long write beside them or not, and see what was there before it. A
file of another schema counts as none, and is made anew when it is written.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_WAIT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class UserStore:
    """``create`` is a script that drops what there is and makes the tables of ``schema``."""

    file: Path
    schema: int
    create: str

    @property
    def version(self) -> int:
        """A number that changes with each write; 0 if there was none."""
        # What was written last may stand in the log alone, while somebody reads.
        times = [0]
        for path in (self.file, Path(f"{self.file}-wal")):
            with contextlib.suppress(OSError):
                times.append(path.stat().st_mtime_ns)
        return max(times)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """Open it; nothing if there is none, or one of another schema.

        Raises:
            sqlite3.DatabaseError: it is damaged.
        """
        if not self.file.is_file():
            yield None
            return
        connection = sqlite3.connect(f"{self.file.absolute().as_uri()}?mode=ro", uri=True)
        try:
            (schema,) = connection.execute("PRAGMA user_version").fetchone()
            yield connection if schema == self.schema else None
        finally:
            connection.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open it, made if need be; transactions are the caller's.

        Raises:
            OSError, sqlite3.Error: it cannot be written.
        """
        self.file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.file, timeout=_WAIT_SECONDS)
        try:
            # Else a long transaction locks readers out as soon as it outgrows its memory.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            (schema,) = connection.execute("PRAGMA user_version").fetchone()
            if schema != self.schema:
                connection.executescript(self.create)
            yield connection
        finally:
            connection.close()
