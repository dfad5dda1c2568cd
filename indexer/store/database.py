"""The one file that holds an index: its schema, its connections, its state, its failures.

SQLite is the truth of an index: everything else (the vectors) can be rebuilt from it, and it can
be rebuilt from the repository. So no failure here is worth a traceback: a damaged file is replaced
by a new generation, a full disk leaves the last committed state.
The tables' contents are the business of the sibling modules.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from indexer.errors import IndexCorrupt, IndexerError, IndexLocked
from indexer.model import IndexState
from indexer.store import generations

logger = logging.getLogger(__name__)

APPLICATION_ID = 0x43504C53  # "CPLS"
SCHEMA_VERSION = 6
MIN_FREE_BYTES = 64 * 1024 * 1024
_ROWS_AT_ONCE = 1_000
_SECONDS_BETWEEN_CHECKS = 86_400.0

# Embeddings are the only costly content, and they depend on nothing else here: a new generation
# takes them over.
_EMBEDDINGS_SCHEMA = """
CREATE TABLE embeddings (
    text_hash TEXT NOT NULL,
    embedder TEXT NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (text_hash, embedder)
) WITHOUT ROWID;
"""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    stem TEXT NOT NULL,
    language TEXT NOT NULL,
    size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    n_lines INTEGER NOT NULL,
    docstring TEXT NOT NULL,
    exports TEXT,
    generated TEXT NOT NULL,
    indexed_at REAL NOT NULL
);
CREATE INDEX files_stem ON files (stem);

CREATE TABLE symbols (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    qualified_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    stub TEXT NOT NULL,
    signature TEXT,
    annotation TEXT,
    docstring TEXT NOT NULL,
    decorators TEXT NOT NULL,
    bases TEXT NOT NULL,
    flags INTEGER NOT NULL
);
CREATE INDEX symbols_name ON symbols (name);
CREATE INDEX symbols_lower_name ON symbols (lower(name));
CREATE INDEX symbols_file ON symbols (file_id);

CREATE TABLE refs (
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    line INTEGER NOT NULL,
    receiver TEXT NOT NULL,
    receiver_name TEXT NOT NULL,
    container TEXT NOT NULL,
    n_arguments INTEGER NOT NULL,
    keywords TEXT NOT NULL,
    has_unpacking INTEGER NOT NULL
);
CREATE INDEX refs_name ON refs (name);
CREATE INDEX refs_receiver ON refs (receiver_name, name) WHERE receiver_name <> '';
CREATE INDEX refs_container ON refs (file_id, container);

CREATE TABLE imports (
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    module TEXT NOT NULL,
    line INTEGER NOT NULL,
    name TEXT NOT NULL,
    alias TEXT NOT NULL,
    level INTEGER NOT NULL
);
CREATE INDEX imports_file ON imports (file_id);

CREATE TABLE traits (
    file_id INTEGER PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,
    counts TEXT NOT NULL
);

CREATE TABLE masked (
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    kind TEXT NOT NULL
);
CREATE INDEX masked_file ON masked (file_id);

CREATE TABLE names (
    name TEXT PRIMARY KEY,
    n_references INTEGER NOT NULL,
    n_definitions INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chunk_id TEXT NOT NULL,
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    qualified_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    header TEXT NOT NULL,
    text TEXT NOT NULL,
    text_hash TEXT NOT NULL
);
CREATE INDEX chunks_file ON chunks (file_id);
CREATE INDEX chunks_text_hash ON chunks (text_hash);

CREATE VIRTUAL TABLE chunks_fts USING fts5 (name, header, body, tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE symbols_fts USING fts5 (name, declaration, tokenize = 'porter unicode61');

CREATE TABLE skipped (
    path TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    rule TEXT NOT NULL,
    size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE problems (path TEXT NOT NULL, message TEXT NOT NULL, line INTEGER NOT NULL);
CREATE INDEX problems_path ON problems (path);
"""


def decide_state(
    *, exists: bool, application_id: int, schema_version: int, stored_options: str, options: str
) -> IndexState:
    """Say whether a stored index can answer; the only place where that is decided.

    An index under other options still answers; one of another schema does not.
    A file without our application id is damage, whatever else it holds.
    """
    if not exists or (application_id == 0 and schema_version == 0):
        return IndexState.MISSING
    if application_id != APPLICATION_ID:
        return IndexState.CORRUPT
    if schema_version != SCHEMA_VERSION:
        return IndexState.SCHEMA_CHANGED
    if stored_options != options:
        return IndexState.OPTIONS_CHANGED
    return IndexState.READY


Identity: TypeAlias = tuple[str, int, int]
"""Name, device and inode of a file: whether it is still the same one."""


@dataclass
class _Lease:
    connection: sqlite3.Connection
    identity: Identity


class Database:
    """Connections to the index file of one folder.

    Safe to share between threads: each call of :meth:`reading` or :meth:`writing` has a
    connection of its own for as long as it lasts, taken from a small pool. Readers are served
    while another thread or process writes (WAL).
    If the file was removed or replaced meanwhile, the next call notices and opens what is there.
    ``generation`` is one file to stay with; otherwise it is the present one, see ``generations``.
    """

    def __init__(self, location: Path, *, generation: Path | None = None) -> None:
        self.location = location
        self._generation = generation
        self._pointer = generations.Pointer(location)
        self._idle: list[_Lease] = []
        self._lock = threading.Lock()
        self._is_closed = False

    @property
    def path(self) -> Path:
        return self._generation or self._pointer.target()

    def identity(self) -> Identity | None:
        """Which file is the index now, or ``None`` if there is none.

        Raises:
            IndexerError: the folder cannot be looked into.
        """
        path = self.path
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(path, error) from error
        return path.name, found.st_dev, found.st_ino

    def state(self, options: str) -> IndexState:
        """Read the state from the file; never raises for a damaged one."""
        try:
            with self.reading() as connection:
                if connection is None:
                    return IndexState.MISSING
                application_id = _pragma(connection, "application_id")
                version = _pragma(connection, "user_version")
                stored = ""
                if (application_id, version) == (APPLICATION_ID, SCHEMA_VERSION):
                    stored = get_meta(connection, "options")
        except IndexCorrupt:
            return IndexState.CORRUPT
        return decide_state(
            exists=True,
            application_id=application_id,
            schema_version=version,
            stored_options=stored,
            options=options,
        )

    def is_current(self, connection: sqlite3.Connection) -> bool:
        """Whether an open file has the tables that this version reads."""
        return (
            _pragma(connection, "application_id") == APPLICATION_ID
            and _pragma(connection, "user_version") == SCHEMA_VERSION
        )

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """One consistent view of the index, or ``None`` if there is no file.

        Raises:
            IndexCorrupt: the file is damaged.
            IndexerError: it cannot be read for another reason.
        """
        with self._translated(), self._leased() as connection:
            if connection is None:
                yield None
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                _end_quietly(connection)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or, whatever happens, nothing.

        The caller holds the writer's lock. The file must exist (see :meth:`create`).
        """
        with self._translated(), self._leased() as connection:
            if connection is None:
                raise IndexerError(
                    f"the index in {self.location} was removed while it was being written",
                    remedy="run the update again",
                )
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                _end_quietly(connection)
                raise

    def create(self, *, root: str) -> None:
        """Make the tables of the current schema in a file that is missing or empty.

        The caller holds the writer's lock.
        """
        with self._translated():
            self.location.mkdir(parents=True, exist_ok=True, mode=0o700)
            connection = _connect(self.path, mode="rwc")
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN IMMEDIATE")
                for statement in _statements(_EMBEDDINGS_SCHEMA + _SCHEMA):
                    connection.execute(statement)
                set_meta(connection, "root", root)
                set_meta(connection, "epoch", uuid.uuid4().hex)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                connection.execute("COMMIT")
            finally:
                connection.close()

    def new_generation(self, *, root: str, purpose: str) -> Database:
        """A database beside this one, with the embeddings of this one as far as they can be read.

        One that was left unfinished for the same ``purpose`` is taken up again; the caller closes
        it, and holds the writer's lock.
        """
        for path in self._pointer.others():
            left = Database(self.location, generation=path)
            if left._is_usable_for(purpose):
                return left
            left.close()
            generations.remove(path)
        fresh = Database(self.location, generation=generations.new_path(self.location))
        fresh.create(root=root)
        fresh._take_over(self.path)
        with fresh.writing() as connection:
            set_meta(connection, "purpose", purpose)
        return fresh

    def publish(self, fresh: Database, *, is_damaged: bool) -> None:
        """Let a finished generation be the index from now on; a damaged old one is kept aside."""
        with self._translated():
            fresh.trim()
            fresh.close()
            old = self.path
            self._forget_idle()
            self._pointer.set(fresh.path)
            if is_damaged:
                with contextlib.suppress(OSError):
                    old.replace(self.location / generations.DAMAGED)
                generations.remove(old)
        self.remove_leftovers()

    def remove_leftovers(self) -> None:
        """Remove the files of all generations but the present one."""
        for path in self._pointer.others():
            generations.remove(path)

    def was_checked_lately(self) -> bool:
        """Whether :meth:`is_sound` said so within the last day."""
        with self.reading() as connection:
            checked_at = float(get_meta(connection, "checked_at") or 0.0) if connection else 0.0
        return abs(time.time() - checked_at) < _SECONDS_BETWEEN_CHECKS

    def is_sound(self) -> bool:
        """Check the structure of every page; costs 1 to 3 ms per megabyte."""
        try:
            with self.reading() as connection:
                if connection is None:
                    return True
                found = connection.execute("PRAGMA quick_check(1)").fetchone()
            if not found or found[0] != "ok":
                return False
            with self.writing() as writer:
                set_meta(writer, "checked_at", repr(time.time()))
        except IndexCorrupt:
            return False
        else:
            return True

    def trim(self) -> None:
        """Fold the write-ahead log back into the file; waits some seconds for its readers."""
        with contextlib.suppress(IndexerError), self._translated(), self._leased() as connection:
            if connection is not None:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def require_space(self, n_bytes: int) -> None:
        """Refuse a write that would fill the disk.

        Raises:
            IndexerError: less than ``n_bytes`` and a reserve are free.
        """
        folder = next(p for p in (self.location, *self.location.parents) if p.exists())
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            return
        if free < n_bytes + MIN_FREE_BYTES:
            needed = (n_bytes + MIN_FREE_BYTES) // 1_000_000
            raise IndexerError(
                f"not enough disk space for the index: {free // 1_000_000} MB free in "
                f"{self.location}, about {needed} MB needed",
                remedy="free some space or move the cache to another disk",
            )

    @property
    def size(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        total = 0
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                total += Path(f"{self.path}{suffix}").stat().st_size
        return total

    def close(self) -> None:
        """Close the idle connections; those in use close when they are given back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for lease in idle:
            lease.connection.close()

    @contextlib.contextmanager
    def _leased(self) -> Iterator[sqlite3.Connection | None]:
        identity = self.identity()
        if identity is None:
            self._forget_idle()
            yield None
            return
        lease = self._take(identity)
        is_healthy = False
        try:
            yield lease.connection
            is_healthy = True
        finally:
            if not (is_healthy and self._give_back(lease)):
                lease.connection.close()

    def _take(self, identity: Identity) -> _Lease:
        stale: list[_Lease] = []
        found: _Lease | None = None
        with self._lock:
            while self._idle and found is None:
                lease = self._idle.pop()
                if lease.identity == identity:
                    found = lease
                else:
                    stale.append(lease)
        for lease in stale:
            lease.connection.close()
        return found or _Lease(_connect(self.path, mode="rw"), identity)

    def _give_back(self, lease: _Lease) -> bool:
        with self._lock:
            if not self._is_closed:
                self._idle.append(lease)
            return not self._is_closed

    def _forget_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for lease in idle:
            lease.connection.close()

    def _is_usable_for(self, purpose: str) -> bool:
        try:
            with self.reading() as connection:
                return (
                    connection is not None
                    and self.is_current(connection)
                    and get_meta(connection, "purpose") == purpose
                    and self.is_sound()
                )
        except IndexerError:
            return False

    def _take_over(self, old: Path) -> None:
        """Copy what costs most to make: embeddings, and what is known of the derived vectors."""
        if not old.is_file():
            return
        # What cannot be read is embedded again.
        with contextlib.suppress(sqlite3.Error), contextlib.closing(_connect(old, mode="rw")) as it:
            known = it.execute("SELECT key, value FROM meta WHERE key LIKE 'vectors%'").fetchall()
            rows = it.execute("SELECT text_hash, embedder, vector FROM embeddings")
            while batch := rows.fetchmany(_ROWS_AT_ONCE):
                with self.writing() as connection:
                    connection.executemany("INSERT INTO embeddings VALUES (?, ?, ?)", batch)
            with self.writing() as connection:
                for key, value in known:
                    set_meta(connection, key, value)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.IntegrityError):
            # Not the file's fault: rebuilding would only hide it.
            raise
        except sqlite3.Error as error:
            raise _translate(self.path, error) from error
        except OSError as error:
            raise _unreadable(self.path, error) from error


def get_meta(connection: sqlite3.Connection, key: str) -> str:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(row[0]) if row else ""


def set_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


def touch(connection: sqlite3.Connection) -> None:
    """Note that the content changed, so that readers drop what they derived from it."""
    _count_up(connection, "generation")
    set_meta(connection, "updated_at", repr(time.time()))


def touch_embeddings(connection: sqlite3.Connection) -> None:
    """Note new embeddings, which matter to the derived vectors alone."""
    _count_up(connection, "embedded")


def _count_up(connection: sqlite3.Connection, key: str) -> None:
    # A number, not the time: clocks jump.
    set_meta(connection, key, str(int(get_meta(connection, key) or 0) + 1))


def _connect(path: Path, *, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    if mode == "rw" and not os.access(path.parent, os.W_OK):
        # A WAL file in a folder that we may not write to opens only as a frozen one.
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(
        uri, uri=True, timeout=5.0, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -16000")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute(f"PRAGMA {name}").fetchone()
    return int(row[0]) if row else 0


def _statements(script: str) -> list[str]:
    return [part for part in script.split(";\n") if part.strip()]


def _end_quietly(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _translate(path: Path, error: sqlite3.Error) -> IndexerError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    match code:
        case sqlite3.SQLITE_FULL:
            return IndexerError(
                f"the disk is full; the index in {path.parent} stays as it was",
                remedy="free some space and update again",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return IndexerError(
                f"the index in {path.parent} cannot be opened for this: {error}",
                remedy="check the permissions of this folder or move the cache elsewhere",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return IndexLocked(
                f"the index in {path.parent} is busy: {error}", remedy="try again in a moment"
            )
        case sqlite3.SQLITE_IOERR:
            return IndexerError(
                f"reading or writing the index in {path.parent} failed: {error}",
                remedy="check the disk and its free space, then update again",
            )
        case _:
            # Not a database, malformed pages, a missing table, text that is not UTF-8.
            return IndexCorrupt(
                f"the index in {path.parent} is damaged: {error}",
                remedy="update it; it is rebuilt from the repository",
            )


def _unreadable(path: Path, error: OSError) -> IndexerError:
    return IndexerError(
        f"the index in {path.parent} cannot be used: {error.strerror or error}",
        remedy="check the permissions and free space of this folder, or move the cache elsewhere",
    )
