"""What must hold of an index file whatever happened to the process that wrote it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from indexer.store.generations import Pointer

_NAMES = """
SELECT name, sum(r), sum(d) FROM
  (SELECT name, 1 AS r, 0 AS d FROM refs UNION ALL SELECT name, 0, 1 FROM symbols)
GROUP BY name ORDER BY name
"""
_STORED_NAMES = """
SELECT name, n_references, n_definitions FROM names
WHERE n_references <> 0 OR n_definitions <> 0 ORDER BY name
"""
_DERIVED = {
    "names": (_NAMES, _STORED_NAMES),
    "symbols_fts": (
        "SELECT id FROM symbols ORDER BY 1",
        "SELECT rowid FROM symbols_fts ORDER BY 1",
    ),
    "chunks_fts": ("SELECT id FROM chunks ORDER BY 1", "SELECT rowid FROM chunks_fts ORDER BY 1"),
}
_CONTENT = """
SELECT path, stem, language, size, content_hash, n_lines, docstring, exports FROM files;
SELECT f.path, s.qualified_name, s.kind, s.start, s.end, s.stub, s.signature
  FROM symbols s JOIN files f ON f.id = s.file_id;
SELECT f.path, r.name, r.kind, r.start, r.receiver, r.container
  FROM refs r JOIN files f ON f.id = r.file_id;
SELECT f.path, c.chunk_id, c.text_hash FROM chunks c JOIN files f ON f.id = c.file_id;
SELECT path, message, line FROM problems
"""


def assert_consistent(location: Path) -> int:
    """Check the present generation and return how many files it holds."""
    path = Pointer(location).target()
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if connection.execute("PRAGMA application_id").fetchone() == (0,):
            # Killed before the tables were there.
            return 0
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        for table, (truth, derived) in _DERIVED.items():
            found = connection.execute(derived).fetchall()
            assert connection.execute(truth).fetchall() == found, table
            if table.endswith("_fts"):
                connection.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
        return int(connection.execute("SELECT count(*) FROM files").fetchone()[0])


def content(location: Path) -> list[tuple[object, ...]]:
    """All that is stored of files but ids and times, in a fixed order."""
    with closing(sqlite3.connect(Pointer(location).target())) as connection:
        return [
            row
            for query in _CONTENT.split(";")
            for row in sorted(connection.execute(query).fetchall(), key=repr)
        ]


def bytes_on_disk(location: Path) -> int:
    """What the folder really takes; a sparse file counts with what was written of it."""
    return sum(path.stat().st_blocks * 512 for path in _files(location))


def _files(location: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(location):
        yield from (Path(folder, name) for name in names)
