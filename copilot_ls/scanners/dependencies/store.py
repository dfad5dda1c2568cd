"""Advisories on disk: one SQLite file for all projects of a user, filled by imports alone.

What was imported from a place is replaced as a whole when it is imported from there again; until
it is complete, readers see what there was before.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from copilot_ls.domain import Severity
from copilot_ls.errors import ScannerError
from copilot_ls.scanners.dependencies.osv import Advisory, Affected
from copilot_ls.user_store import UserStore

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Source:
    """A place that advisories came from; ``digest`` is a SHA-256, ``seconds`` since the epoch."""

    place: str
    digest: str
    seconds: float
    n_advisories: int


@dataclass(frozen=True, slots=True)
class AdvisoryStatus:
    """What is known: advisories by ecosystem, where they came from, the size on disk."""

    n_advisories: int
    ecosystems: dict[str, int]
    sources: tuple[Source, ...]
    n_bytes: int


class AdvisoryStore:
    """All advisories of this machine. Safe to use from several threads and processes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._store = UserStore(file, _SCHEMA, _CREATE)

    @property
    def version(self) -> int:
        """A number that changes with each import; 0 if nothing was ever imported."""
        return self._store.version

    def replace(
        self, place: str, advisories: Iterable[Advisory], digest: Callable[[], str]
    ) -> Source:
        """Put advisories into the place of all that were imported from there before.

        ``digest`` is asked when they are all read. If ``advisories`` raises, nothing has changed.

        Raises:
            ScannerError: the file cannot be written.
        """
        try:
            with self._store.writing() as connection, connection:
                return _replace(connection, place, advisories, digest)
        except (OSError, sqlite3.Error) as error:
            raise ScannerError(
                f"{self._file} cannot be written: {error}", remedy="free some space, or delete it"
            ) from error

    def find(self, ecosystem: str, package: str) -> list[Advisory]:
        """Return the advisories on a package, spelt as ``package_of`` does; each once."""
        with self._reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(_FIND, (ecosystem, package)).fetchall()
        found: dict[str, Advisory] = {}
        for identity, about, affected in rows:
            found.setdefault(identity, _unpacked(identity, about, affected, ecosystem, package))
        return [*found.values()]

    def packages(self) -> frozenset[tuple[str, str]]:
        """Return all pairs of ecosystem and package that an advisory is about."""
        with self._reading() as connection:
            if connection is None:
                return frozenset()
            return frozenset(connection.execute("SELECT DISTINCT ecosystem, package FROM affected"))

    def status(self) -> AdvisoryStatus | None:
        """Say what there is; nothing if nothing was ever imported."""
        with self._reading() as connection:
            if connection is None:
                return None
            sources = connection.execute(
                "SELECT place, digest, seconds,"
                " (SELECT count(*) FROM advisories WHERE source = sources.id) FROM sources"
                " ORDER BY place"
            ).fetchall()
            ecosystems = connection.execute(
                "SELECT ecosystem, count(DISTINCT advisory) FROM affected GROUP BY ecosystem"
            ).fetchall()
        if not sources:
            return None
        return AdvisoryStatus(
            sum(source[3] for source in sources),
            dict(ecosystems),
            tuple(Source(*source) for source in sources),
            self._file.stat().st_size,
        )

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        try:
            with self._store.reading() as connection:
                yield connection
        except sqlite3.OperationalError as error:
            raise ScannerError(
                f"{self._file} cannot be read: {error}", remedy="try again"
            ) from error
        except sqlite3.DatabaseError as error:
            raise ScannerError(
                f"{self._file} is damaged: {error}",
                remedy="delete it, and run `copilot-ls advisories import` again",
            ) from error


def _replace(
    connection: sqlite3.Connection,
    place: str,
    advisories: Iterable[Advisory],
    digest: Callable[[], str],
) -> Source:
    connection.execute(
        "DELETE FROM affected WHERE advisory IN (SELECT advisories.rowid FROM advisories"
        " JOIN sources ON sources.id = source WHERE place = ?)",
        (place,),
    )
    connection.execute(
        "DELETE FROM advisories WHERE source IN (SELECT id FROM sources WHERE place = ?)", (place,)
    )
    connection.execute("DELETE FROM sources WHERE place = ?", (place,))
    source = connection.execute("INSERT INTO sources (place) VALUES (?)", (place,)).lastrowid
    n_advisories = 0
    for advisory in advisories:
        row = connection.execute(
            "INSERT INTO advisories (source, id, about) VALUES (?, ?, ?)",
            (source, advisory.id, _packed(_about(advisory))),
        ).lastrowid
        connection.executemany(
            "INSERT INTO affected (ecosystem, package, advisory, versions) VALUES (?, ?, ?, ?)",
            (
                (each.ecosystem, each.package, row, _packed([each.versions, each.ranges]))
                for each in advisory.affected
            ),
        )
        n_advisories += 1
    values = (digest(), time.time())
    connection.execute("UPDATE sources SET digest = ?, seconds = ? WHERE id = ?", (*values, source))
    return Source(place, *values, n_advisories)


def _about(advisory: Advisory) -> list[object]:
    return [
        advisory.aliases,
        advisory.summary,
        advisory.severity,
        advisory.score,
        advisory.cwe,
        advisory.references,
    ]


def _packed(value: object) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)


def _unpacked(identity: str, about: bytes, affected: str, ecosystem: str, package: str) -> Advisory:
    aliases, summary, severity, score, cwe, references = json.loads(zlib.decompress(about))
    ranges_of = [json.loads(zlib.decompress(bytes.fromhex(each))) for each in affected.split()]
    return Advisory(
        identity,
        tuple(aliases),
        summary,
        Severity(severity),
        score,
        tuple(cwe),
        tuple(references),
        tuple(
            Affected(
                ecosystem,
                package,
                tuple(versions),
                tuple(tuple((event, at) for event, at in events) for events in ranges),
            )
            for versions, ranges in ranges_of
        ),
    )


# The advisory of the newest source counts if several have it.
_FIND = """
SELECT id, about, group_concat(hex(versions), ' ') FROM affected
JOIN advisories ON advisories.rowid = advisory
WHERE ecosystem = ? AND package = ?
GROUP BY advisory ORDER BY source DESC, id
"""

_CREATE = f"""
DROP TABLE IF EXISTS affected; DROP TABLE IF EXISTS advisories; DROP TABLE IF EXISTS sources;
CREATE TABLE sources (id INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT, digest TEXT, seconds REAL);
CREATE TABLE advisories (source INTEGER REFERENCES sources, id TEXT, about BLOB);
CREATE INDEX of_source ON advisories (source);
CREATE TABLE affected (ecosystem TEXT, package TEXT, advisory INTEGER, versions BLOB);
CREATE INDEX of_package ON affected (ecosystem, package);
CREATE INDEX of_advisory ON affected (advisory);
PRAGMA user_version = {_SCHEMA};
"""
