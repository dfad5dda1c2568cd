"""Writing files into the tables, and taking them out again.

A file is first made into rows, which needs no database and happens where it was parsed, mostly in
another process; writing them is then all that the one writer has to do.
Every function that writes works inside the caller's transaction and leaves the tables consistent
with each other: the lexical index and the counts of names follow the rows of a file.
Reading is the business of ``catalog``.
"""

from __future__ import annotations

import json
import posixpath
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from indexer.chunk import split_identifiers
from indexer.conventions.model import Trait
from indexer.model import Chunk, FileStamp, Masked, ParsedFile, Problem, Signature, Skipped

if TYPE_CHECKING:
    import sqlite3

_NAMELESS = frozenset({"self", "cls", "this", "super"})
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode
IS_ASYNC, IS_PUBLIC, IS_DEPRECATED, IS_CERTAIN = 1, 2, 4, 8

Row: TypeAlias = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True)
class FileRecord:
    """All that is stored of one file."""

    stamp: FileStamp
    parsed: ParsedFile
    chunks: Sequence[Chunk]
    traits: Sequence[Trait]
    n_lines: int
    problems: Sequence[Problem] = ()
    masked: Sequence[Masked] = ()
    generated: str = ""


class FileRows(NamedTuple):
    """One file as rows of the tables, each without the ids that only the writer can give.

    Made of strings, numbers, lists and tuples alone, so that it travels between processes at the
    cost of copying. ``symbol_words`` and ``chunk_words`` are what the lexical index gets.
    """

    stamp: Row
    file: Row
    symbols: list[Row]
    symbol_words: list[Row]
    references: list[Row]
    imports: list[Row]
    chunks: list[Row]
    chunk_words: list[Row]
    traits: str
    masked: list[Row]
    problems: list[Row]

    @property
    def path(self) -> str:
        return str(self.stamp[0])

    def found_problems(self) -> list[Problem]:
        """What the file could not say of itself."""
        return [Problem(str(p), str(message), int(line or 0)) for p, message, line in self.problems]


def rows_of(record: FileRecord) -> FileRows:
    """A file as rows; pure, and half of what indexing it costs."""
    parsed, stamp = record.parsed, record.stamp
    return FileRows(
        stamp=(stamp.path, stamp.size, stamp.modified_ns, stamp.content_hash),
        file=(
            module_stem(stamp.path),
            parsed.language,
            record.n_lines,
            parsed.docstring,
            None if parsed.exports is None else json.dumps(parsed.exports),
            record.generated,
        ),
        symbols=[
            (
                symbol.name,
                symbol.qualified_name,
                symbol.kind.value,
                symbol.span.start,
                symbol.span.end,
                symbol.line,
                symbol.end_line,
                symbol.stub,
                _encode_signature(symbol.signature),
                symbol.annotation,
                symbol.docstring,
                json.dumps(symbol.decorators) if symbol.decorators else "",
                json.dumps(symbol.bases) if symbol.bases else "",
                IS_ASYNC * symbol.is_async
                | IS_PUBLIC * symbol.is_public
                | IS_DEPRECATED * symbol.is_deprecated
                | IS_CERTAIN * symbol.is_certain,
            )
            for symbol in parsed.symbols
        ],
        symbol_words=[
            (
                split_identifiers(symbol.qualified_name),
                split_identifiers(f"{symbol.stub} {symbol.docstring}"),
            )
            for symbol in parsed.symbols
        ],
        references=[
            (
                reference.name,
                reference.kind.value,
                reference.span.start,
                reference.span.end,
                reference.line,
                reference.receiver,
                receiver_name(reference.receiver),
                reference.container,
                reference.n_arguments,
                " ".join(reference.keywords),
                reference.has_unpacking,
            )
            for reference in parsed.references
        ],
        imports=[(i.module, i.line, i.name, i.alias, i.level) for i in parsed.imports],
        chunks=[
            (
                chunk.id,
                chunk.qualified_name,
                chunk.kind,
                chunk.span.start,
                chunk.span.end,
                chunk.line,
                chunk.end_line,
                chunk.header,
                chunk.text,
                chunk.text_hash,
            )
            for chunk in record.chunks
        ],
        chunk_words=[
            (
                split_identifiers(chunk.qualified_name),
                split_identifiers(chunk.header),
                split_identifiers(chunk.text),
            )
            for chunk in record.chunks
        ],
        traits=json.dumps(record.traits) if record.traits else "",
        masked=[(entry.line, entry.kind) for entry in record.masked],
        problems=[
            (problem.path, problem.message, problem.line)
            for problem in (*record.problems, *parsed.problems)
        ],
    )


def last_file_id(connection: sqlite3.Connection) -> int:
    """What was stored later has a greater id, whatever the clock says."""
    return _next_id(connection, "files") - 1


def write_files(
    connection: sqlite3.Connection, files: Sequence[FileRows], *, planned_at: int
) -> None:
    """Store files in place of what was stored of them up to ``planned_at``, a last file id.

    What somebody else stored since then is newer than what was read for the plan, and stays.
    """
    files = [rows for rows in files if remove_file(connection, rows.path, planned_at=planned_at)]
    file_id = _next_id(connection, "files")
    symbol_id = _next_id(connection, "symbols")
    chunk_id = _next_id(connection, "chunks")
    references: Counter[str] = Counter()
    definitions: Counter[str] = Counter()
    for rows in files:
        _write_file(connection, rows, file_id, symbol_id, chunk_id)
        references.update(str(row[0]) for row in rows.references)
        definitions.update(str(row[0]) for row in rows.symbols)
        file_id += 1
        symbol_id += len(rows.symbols)
        chunk_id += len(rows.chunks)
    _count_names(connection, references, definitions, sign=1)


def remove_file(connection: sqlite3.Connection, path: str, *, planned_at: int) -> bool:
    """Forget a file, if it is known; false if it was stored after ``planned_at``, and stays.

    Its embeddings stay until they are collected.
    """
    row = connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
    if row is not None:
        (file_id,) = row
        if file_id > planned_at:
            return False
        _remove(connection, file_id)
    connection.execute("DELETE FROM problems WHERE path = ?", (path,))
    return True


def restamp_files(connection: sqlite3.Connection, stamps: Iterable[FileStamp]) -> None:
    """Note the present size and time of files whose content is the stored one."""
    connection.executemany(
        "UPDATE files SET size = ?1, modified_ns = ?2 WHERE path = ?3"
        " AND (size <> ?1 OR modified_ns <> ?2)",
        [(stamp.size, stamp.modified_ns, stamp.path) for stamp in stamps if stamp.content_hash],
    )


def write_skipped(
    connection: sqlite3.Connection,
    skipped: Iterable[Skipped],
    stamps: Mapping[str, FileStamp],
    *,
    covers: Callable[[str], bool],
) -> None:
    """Replace the skipped files that this update ``covers``.

    Those that were read before they were skipped have a stamp, so as not to be read again.
    """
    known = connection.execute("SELECT path FROM skipped").fetchall()
    connection.executemany(
        "DELETE FROM skipped WHERE path = ?", [row for row in known if covers(row[0])]
    )
    connection.executemany(
        "INSERT OR REPLACE INTO skipped VALUES (?, ?, ?, ?, ?)",
        [
            (entry.path, entry.reason.value, entry.rule, stamp.size, stamp.modified_ns)
            if (stamp := stamps.get(entry.path))
            else (entry.path, entry.reason.value, entry.rule, -1, -1)
            for entry in skipped
        ],
    )


def module_stem(path: str) -> str:
    """The name by which an import may mean this file: of ``a/b/__init__.py`` it is ``b``."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    if stem in {"__init__", "index"} and folder:
        return posixpath.basename(folder)
    return stem


@lru_cache(maxsize=16_384)
def receiver_name(receiver: str) -> str:
    """The name by which a receiver is known: ``client`` of ``self._client``; empty for a call."""
    name = receiver.rpartition(".")[2].strip()
    return name.lstrip("_") if name.isidentifier() and name not in _NAMELESS else ""


def _write_file(
    connection: sqlite3.Connection, rows: FileRows, file_id: int, symbol_id: int, chunk_id: int
) -> None:
    path, size, modified_ns, content_hash = rows.stamp
    stem, language, n_lines, docstring, exports, generated = rows.file
    connection.execute(
        "INSERT INTO files (id, path, stem, language, size, modified_ns, content_hash, n_lines,"
        " docstring, exports, generated, indexed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            file_id,
            path,
            stem,
            language,
            size,
            modified_ns,
            content_hash,
            n_lines,
            docstring,
            exports,
            generated,
            time.time(),
        ),
    )
    connection.executemany(
        "INSERT INTO symbols VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(rowid, file_id, *row) for rowid, row in enumerate(rows.symbols, symbol_id)],
    )
    connection.executemany(
        "INSERT INTO symbols_fts (rowid, name, declaration) VALUES (?, ?, ?)",
        [(rowid, *words) for rowid, words in enumerate(rows.symbol_words, symbol_id)],
    )
    connection.executemany(
        "INSERT INTO refs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(file_id, *row) for row in rows.references],
    )
    connection.executemany(
        "INSERT INTO imports VALUES (?, ?, ?, ?, ?, ?)", [(file_id, *row) for row in rows.imports]
    )
    connection.executemany(
        "INSERT INTO masked VALUES (?, ?, ?)", [(file_id, *row) for row in rows.masked]
    )
    if rows.traits:
        connection.execute("INSERT INTO traits VALUES (?, ?)", (file_id, rows.traits))
    connection.executemany(
        "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(rowid, row[0], file_id, *row[1:]) for rowid, row in enumerate(rows.chunks, chunk_id)],
    )
    connection.executemany(
        "INSERT INTO chunks_fts (rowid, name, header, body) VALUES (?, ?, ?, ?)",
        [(rowid, *words) for rowid, words in enumerate(rows.chunk_words, chunk_id)],
    )
    connection.executemany("INSERT INTO problems VALUES (?, ?, ?)", rows.problems)


def _remove(connection: sqlite3.Connection, file_id: int) -> None:
    counts = (
        dict(
            connection.execute(
                f"SELECT name, count(*) FROM {table} WHERE file_id = ? GROUP BY name",  # noqa: S608
                (file_id,),
            ).fetchall()
        )
        for table in ("refs", "symbols")
    )
    _count_names(connection, *counts, sign=-1)
    for table in ("chunks", "symbols"):
        connection.execute(
            f"DELETE FROM {table}_fts WHERE rowid IN"  # noqa: S608
            f" (SELECT id FROM {table} WHERE file_id = ?)",
            (file_id,),
        )
    connection.execute("DELETE FROM files WHERE id = ?", (file_id,))


def _next_id(connection: sqlite3.Connection, table: str) -> int:
    """A row id that was never used: readers keep what they decoded by row id."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return int(row[0]) + 1 if row else 1


def _count_names(
    connection: sqlite3.Connection,
    references: Mapping[str, int],
    definitions: Mapping[str, int],
    *,
    sign: int,
) -> None:
    connection.executemany(
        "INSERT INTO names VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " n_references = n_references + excluded.n_references,"
        " n_definitions = n_definitions + excluded.n_definitions",
        [
            (name, sign * references.get(name, 0), sign * definitions.get(name, 0))
            for name in references.keys() | definitions.keys()
        ],
    )


def _encode_signature(signature: Signature | None) -> str | None:
    if signature is None:
        return None
    return _ENCODE(
        [
            signature.returns,
            signature.inferred,
            *(
                [p.name, p.kind.value, p.annotation, p.default, p.optional]
                for p in signature.parameters
            ),
        ]
    )
