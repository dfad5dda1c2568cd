"""Fingerprints on disk: one SQLite file for all projects of a user, filled package by package.

A package is stored once, whichever projects have it installed. Readers are always served.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from copilot_ls.domain import CodeOrigin
from copilot_ls.provenance.fingerprints import fingerprints_of
from copilot_ls.provenance.packages import Package, read_source
from copilot_ls.user_store import UserStore

SCHEMA = 1
# The same fingerprint in more packages than this is an idiom and tells nothing.
_MAX_PACKAGES = 4
_MIN_SHARED = 3
_MIN_SHARE = 0.5
_LINES_APART = 40


@dataclass(frozen=True, slots=True)
class OriginStatus:
    """What is known: packages, files, fingerprints, and the size on disk."""

    n_packages: int = 0
    n_files: int = 0
    n_fingerprints: int = 0
    n_bytes: int = 0


class OriginStore:
    """The fingerprints of other people's code. Safe to use from several threads and processes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._store = UserStore(file, SCHEMA, _CREATE)

    def missing(self, packages: Sequence[Package]) -> list[Package]:
        """Those that are not stored in this version."""
        with self._reading() as connection:
            if connection is None:
                return list(packages)
            known = {row[0] for row in connection.execute("SELECT stamp FROM packages")}
        return [package for package in packages if package.stamp not in known]

    def add(
        self,
        packages: Sequence[Package],
        on_progress: Callable[[int, str], None] = lambda _, __: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Store packages, one transaction each; being interrupted loses the last at most."""
        with self._store.writing() as connection:
            for number, package in enumerate(packages):
                if should_stop():
                    return
                on_progress(number, package.name)
                with connection:
                    self._add(connection, package)

    def origins(self, text: str) -> list[CodeOrigin]:
        """Where a piece of code stands too, the most alike first.

        A place counts if it shares at least three fingerprints in a stretch of some lines, and at
        least half of all that the piece has; fewer are what any two programs share.
        """
        own = fingerprints_of(text)
        values = sorted({fingerprint.value for fingerprint in own})
        if len(values) < _MIN_SHARED:
            return []
        with self._reading() as connection:
            if connection is None:
                return []
            marks = ",".join("?" * len(values[:900]))
            rows = connection.execute(
                f"SELECT value, file, line FROM fingerprints WHERE value IN ({marks})",  # noqa: S608 - only question marks
                values[:900],
            ).fetchall()
            places = _places(rows, self._packages_of(connection, {row[1] for row in rows}))
            found = [
                self._origin(connection, file, line, shared / len(values))
                for (file, line), shared in places.most_common(5)
                if shared >= max(_MIN_SHARED, _MIN_SHARE * len(values))
            ]
        return [origin for origin in found if origin is not None]

    def status(self) -> OriginStatus:
        with self._reading() as connection:
            if connection is None:
                return OriginStatus()
            count = connection.execute(
                "SELECT (SELECT count(*) FROM packages), (SELECT count(*) FROM files),"
                " (SELECT count(*) FROM fingerprints)"
            ).fetchone()
        n_packages, n_files, n_fingerprints = count
        return OriginStatus(n_packages, n_files, n_fingerprints, self._file.stat().st_size)

    def _add(self, connection: sqlite3.Connection, package: Package) -> None:
        connection.execute(
            "DELETE FROM fingerprints WHERE file IN (SELECT id FROM files WHERE package IN"
            " (SELECT id FROM packages WHERE stamp = ?))",
            (package.stamp,),
        )
        connection.execute("DELETE FROM packages WHERE stamp = ?", (package.stamp,))
        cursor = connection.execute(
            "INSERT INTO packages (stamp, name, version, licence) VALUES (?, ?, ?, ?)",
            (package.stamp, package.name, package.version, package.licence),
        )
        package_id = cursor.lastrowid
        for path in package.files:
            prints = fingerprints_of(read_source(package, path))
            if not prints:
                continue
            file_id = connection.execute(
                "INSERT INTO files (package, path) VALUES (?, ?)", (package_id, path)
            ).lastrowid
            connection.executemany(
                "INSERT OR IGNORE INTO fingerprints (value, file, line) VALUES (?, ?, ?)",
                ((each.value, file_id, each.line) for each in prints),
            )

    def _packages_of(self, connection: sqlite3.Connection, files: set[int]) -> dict[int, int]:
        return {
            file: connection.execute("SELECT package FROM files WHERE id = ?", (file,)).fetchone()[
                0
            ]
            for file in files
        }

    def _origin(
        self, connection: sqlite3.Connection, file: int, line: int, share: float
    ) -> CodeOrigin | None:
        row = connection.execute(
            "SELECT name, version, licence, path FROM files JOIN packages"
            " ON packages.id = files.package WHERE files.id = ?",
            (file,),
        ).fetchone()
        if row is None:
            return None
        name, version, licence, path = row
        return CodeOrigin(name, version, licence, path, line, round(share, 3))

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        with contextlib.ExitStack() as stack:
            connection = None
            with contextlib.suppress(sqlite3.DatabaseError):
                connection = stack.enter_context(self._store.reading())
            yield connection


def _places(
    rows: Sequence[tuple[int, int, int]], packages: dict[int, int]
) -> Counter[tuple[int, int]]:
    """How many different fingerprints each place shares: a file, from a line on."""
    spread: defaultdict[int, set[int]] = defaultdict(set)
    for value, file, _ in rows:
        spread[value].add(packages[file])
    by_file: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for value, file, line in rows:
        if len(spread[value]) <= _MAX_PACKAGES:
            by_file[file].append((line, value))
    found: Counter[tuple[int, int]] = Counter()
    for file, entries in by_file.items():
        entries.sort()
        start = 0
        best, best_line = 0, 0
        for end, (line, _) in enumerate(entries):
            while line - entries[start][0] > _LINES_APART:
                start += 1
            shared = len({value for _, value in entries[start : end + 1]})
            if shared > best:
                best, best_line = shared, entries[start][0]
        found[file, best_line] = best
    return found


_CREATE = f"""
DROP TABLE IF EXISTS fingerprints; DROP TABLE IF EXISTS files; DROP TABLE IF EXISTS packages;
CREATE TABLE packages (
    id INTEGER PRIMARY KEY, stamp TEXT UNIQUE, name TEXT, version TEXT, licence TEXT
);
CREATE TABLE files (
    id INTEGER PRIMARY KEY, package INTEGER REFERENCES packages, path TEXT
);
CREATE TABLE fingerprints (
    value INTEGER, file INTEGER, line INTEGER, PRIMARY KEY (value, file, line)
) WITHOUT ROWID;
PRAGMA user_version = {SCHEMA};
"""
