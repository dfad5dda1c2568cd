"""Who may write: one process per index, and who it is.

The lock is the operating system's, so a killed writer leaves nothing to clean up.
The holder's process id stands in a file beside it, only to be named in messages.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from indexer.errors import IndexerError, IndexLocked


@contextlib.contextmanager
def hold(location: Path, name: str = "writer") -> Iterator[Lock]:
    """Hold the lock ``name`` of an index folder, without waiting for it.

    Raises:
        IndexLocked: another process (or another thread of this one) holds it.
        IndexerError: the folder cannot be written.
    """
    lock = try_acquire(location, name)
    if lock is None:
        holder = holder_of(location, name)
        who = f"process {holder}" if holder else "another process"
        raise IndexLocked(
            f"{who} is updating the index in {location}",
            remedy="wait for it to finish; searching works meanwhile",
        )
    try:
        yield lock
    finally:
        lock.release()


class Lock:
    """A lock that is held until :meth:`release`.

    ``follows_a_death`` tells that whoever held it before never released it.
    """

    def __init__(self, path: Path) -> None:
        from filelock import FileLock

        self._pid_file = path.with_suffix(".pid")
        self._lock = FileLock(path, timeout=0, thread_local=False)
        self._lock.acquire()
        self.follows_a_death = self._pid_file.exists()
        with contextlib.suppress(OSError):
            self._pid_file.write_text(str(os.getpid()), encoding="ascii")

    def release(self) -> None:
        with contextlib.suppress(OSError):
            self._pid_file.unlink()
        self._lock.release()


def try_acquire(location: Path, name: str) -> Lock | None:
    """Return the lock, or ``None`` if someone else holds it."""
    from filelock import Timeout

    try:
        location.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Lock(location / f"{name}.lock")
    except Timeout:
        return None
    except OSError as error:
        raise IndexerError(
            f"the folder {location} cannot be written: {error.strerror or error}",
            remedy="check its permissions and free space, or move the cache elsewhere",
        ) from error


def holder_of(location: Path, name: str = "writer") -> int:
    """The process id of the holder, or 0 if nobody is known to hold the lock."""
    import psutil

    try:
        pid = int((location / f"{name}.pid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
    return pid if psutil.pid_exists(pid) else 0
