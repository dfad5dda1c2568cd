"""Reading the tables: files, symbols, uses of names, and the lexical index.

A catalog is one consistent view, as long as the caller's read transaction lasts.
What it returns are facts; which of them answer a question is decided by ``indexer.search``.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from indexer.conventions.mine import ClassFacts, Evidence, FileFacts, mine
from indexer.conventions.model import Conventions, Trait
from indexer.errors import IndexCorrupt
from indexer.model import (
    Chunk,
    FileStamp,
    Import,
    Masked,
    Parameter,
    ParameterKind,
    ParsedFile,
    Problem,
    Reference,
    ReferenceKind,
    Signature,
    Skipped,
    SkipReason,
    Span,
    Symbol,
    SymbolKind,
)
from indexer.resolve.outline import MAX_REFERENCES, Outline
from indexer.store.database import get_meta
from indexer.store.records import (
    IS_ASYNC,
    IS_CERTAIN,
    IS_DEPRECATED,
    IS_PUBLIC,
    module_stem,
    receiver_name,
)

_SYMBOL = (
    "SELECT s.id, f.path, f.language, s.name, s.qualified_name, s.kind, s.start, s.end, s.line,"
    " s.end_line, s.stub, s.signature, s.annotation, s.docstring, s.decorators, s.bases, s.flags"
    " FROM symbols s JOIN files f ON f.id = s.file_id "
)
_CHUNK = (
    "SELECT c.id, c.chunk_id, f.path, c.qualified_name, c.kind, c.start, c.end, c.line,"
    " c.end_line, c.header, c.text, c.text_hash FROM chunks c JOIN files f ON f.id = c.file_id "
)
_REFERENCE = (
    "SELECT f.path, r.name, r.kind, r.start, r.end, r.line, r.receiver, r.container,"
    " r.n_arguments, r.keywords, r.has_unpacking FROM refs r JOIN files f ON f.id = r.file_id"
)
_CONTAINER = "SELECT c.id, f.path, c.qualified_name FROM chunks c JOIN files f ON f.id = c.file_id"
_MAX_CACHED: Final = 50_000
_COUNT_LIMIT: Final = 4_000
_MAX_MARKS: Final = 500
# How many callers of a name are looked at, and how many characters count as soon after it.
_MAX_CALLERS: Final = 40
_SOON: Final = 300


@dataclass
class Cache:
    """What readers of one generation of the index need not decode again.

    Shared between threads without a lock: entries are immutable and a lost one is decoded again.
    Row ids are never used twice in one ``epoch`` of the file, so what is kept by row id outlives
    a generation.
    """

    epoch: str = ""
    generation: str = ""
    symbols: dict[int, Symbol] = field(default_factory=dict)
    outlines_by_id: dict[int, Outline] = field(default_factory=dict)
    outlines: dict[str, Outline | None] = field(default_factory=dict)
    named: dict[tuple[str, int], list[Symbol]] = field(default_factory=dict)
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    frequencies: dict[tuple[str, str], int] = field(default_factory=dict)
    stems: dict[str, tuple[str, ...]] = field(default_factory=dict)
    followers: dict[str, list[tuple[str, str, str, bool]]] = field(default_factory=dict)
    folder_imports: dict[str, list[Import]] = field(default_factory=dict)
    conventions: dict[str, Conventions] = field(default_factory=dict)

    def at(self, epoch: str, generation: str) -> Cache:
        """This cache, or a new one with what still holds at another generation."""
        if (epoch, generation) == (self.epoch, self.generation):
            return self
        if epoch != self.epoch:
            return Cache(epoch, generation)
        # How often a word occurs need not be exact; only a word that is new must be noticed.
        frequencies = {key: count for key, count in self.frequencies.items() if count}
        return Cache(epoch, generation, self.symbols, self.outlines_by_id, frequencies=frequencies)


class Catalog:
    """Read access to one view of the index; ``cache`` must be of this view's generation."""

    def __init__(self, connection: sqlite3.Connection, cache: Cache) -> None:
        self._connection = connection
        self._cache = cache

    # Files

    def stamps(self, only: Sequence[str] | None = None) -> dict[str, FileStamp]:
        """The stamp of every indexed file by path, or of ``only`` these files and folders."""
        return {
            row[0]: FileStamp(*row)
            for where, paths in _under(only)
            for row in self._connection.execute(
                f"SELECT path, size, modified_ns, content_hash FROM files WHERE {where}",  # noqa: S608
                paths,
            )
        }

    def left_out(self, only: Sequence[str] | None = None) -> dict[str, tuple[Skipped, FileStamp]]:
        """The files that were skipped after reading them, with the stamp they had then."""
        return {
            path: (Skipped(path, SkipReason(reason), rule), FileStamp(path, size, modified_ns))
            for where, paths in _under(only)
            for path, reason, rule, size, modified_ns in self._connection.execute(
                "SELECT path, reason, rule, size, modified_ns FROM skipped"  # noqa: S608
                f" WHERE size >= 0 AND {where}",
                paths,
            )
        }

    def outline(self, path: str) -> Outline | None:
        """A file's symbols, imports and exports; ``None`` if it is not indexed."""
        cached = self._cache.outlines
        if path not in cached:
            if len(cached) > _MAX_CACHED // 10:
                cached.clear()
            cached[path] = self._read_outline(path)
        return cached[path]

    def paths_with_stem(self, stem: str) -> tuple[str, ...]:
        """The files that an import of a module called ``stem`` may mean."""
        cached = self._cache.stems
        if stem not in cached:
            if len(cached) > _MAX_CACHED:
                cached.clear()
            rows = self._connection.execute(
                "SELECT path FROM files WHERE stem = ? ORDER BY path", (stem,)
            )
            cached[stem] = tuple(path for (path,) in rows)
        return cached[stem]

    # Symbols and their uses

    def symbols_named(self, name: str, *, limit: int = 64) -> list[Symbol]:
        """Definitions whose last name part is ``name``."""
        cached = self._cache.named
        found = cached.get((name, limit))
        if found is None:
            if len(cached) > _MAX_CACHED:
                cached.clear()
            found = self._symbols("WHERE s.name = ? LIMIT ?", (name, limit))
            cached[name, limit] = found
        return found

    def symbols_at(self, places: Collection[tuple[str, str]]) -> dict[tuple[str, str], Symbol]:
        """The definitions at paths and qualified names; the first where several share both."""
        paths = sorted({path for path, _ in places})
        names = sorted({name for _, name in places})
        rows = self._connection.execute(
            "SELECT f.path, s.qualified_name, min(s.id) FROM files f"  # noqa: S608
            f" JOIN symbols s ON s.file_id = f.id WHERE f.path IN ({_marks(paths)})"
            f" AND +s.qualified_name IN ({_marks(names)}) GROUP BY f.path, s.qualified_name",
            [*paths, *names],
        )
        ids = {(path, name): row for path, name, row in rows if (path, name) in places}
        return dict(zip(ids, self.symbols_of(list(ids.values())), strict=True))

    def symbols_starting(self, prefix: str, *, limit: int = 64) -> list[Symbol]:
        """Definitions whose name starts with ``prefix``, letter case ignored; used ones first."""
        lower = prefix.lower()
        rows = self._connection.execute(
            "SELECT s.id FROM symbols s LEFT JOIN names n ON n.name = s.name"
            " WHERE lower(s.name) >= ? AND lower(s.name) < ?"
            " ORDER BY n.n_references DESC LIMIT ?",
            (lower, lower + "\U0010ffff", limit),
        )
        return self.symbols_of([symbol_id for (symbol_id,) in rows])

    def symbols_of(self, ids: Sequence[int]) -> list[Symbol]:
        """The symbols with these row ids, in this order."""
        known = {i: self._cache.symbols.get(i) for i in ids}
        missing = [i for i, symbol in known.items() if symbol is None]
        if missing:
            found = self._symbols(f"WHERE s.id IN ({_marks(missing)}) ORDER BY s.id", missing)
            known.update(zip(sorted(missing), found, strict=True))
        return [symbol for i in ids if (symbol := known[i]) is not None]

    def uses_in(self, path: str, container: str) -> list[tuple[str, str]]:
        """Names called inside a function, each with its receiver's text, in order."""
        return self._connection.execute(
            "SELECT r.name, r.receiver FROM refs r JOIN files f ON f.id = r.file_id"
            " WHERE f.path = ? AND r.container = ? AND r.kind IN ('call', 'base', 'decorator')",
            (path, container),
        ).fetchall()

    def uses_of(self, name: str, *, limit: int) -> list[Reference]:
        """The calls of a name, and where it is a base or a decorator."""
        rows = self._connection.execute(
            f"{_REFERENCE} WHERE r.name = ? AND r.kind IN ('call', 'base', 'decorator') LIMIT ?",
            (name, limit),
        )
        return [_decode_reference(row) for row in rows]

    def importers_of(self, path: str) -> list[Import]:
        """The imports that may mean a file, by its name; reads the whole table of imports."""
        return [
            Import(*row)
            for row in self._connection.execute(
                "SELECT f.path, i.module, i.line, i.name, i.alias, i.level FROM imports i"
                " JOIN files f ON f.id = i.file_id"
                " WHERE i.name = ?1 OR i.module = ?1 OR instr(i.module, ?1)",
                (module_stem(path),),
            )
        ]

    def uses_after(self, name: str, *, limit: int = 200) -> list[tuple[str, str, str, bool]]:
        """What functions call within a few lines after they call ``name``.

        Path, name and receiver, and whether ``name`` was called on the same receiver.
        """
        cached = self._cache.followers
        found = cached.get(name)
        if found is None:
            if len(cached) > _MAX_CACHED // 10:
                cached.clear()
            found = cached[name] = self._connection.execute(
                "SELECT f.path, b.name, b.receiver, b.receiver = a.receiver FROM"
                " (SELECT file_id, container, start, receiver FROM refs"
                "  WHERE name = ? AND kind = 'call' AND container <> '' LIMIT ?) a"
                " JOIN refs b ON b.file_id = a.file_id AND b.container = a.container"
                " AND b.start > a.start AND b.start < a.start + ? AND b.kind = 'call'"
                " JOIN files f ON f.id = a.file_id LIMIT ?",
                (name, _MAX_CALLERS, _SOON, limit),
            ).fetchall()
        return found

    def imports_under(self, folder: str, *, limit: int = 1_500) -> list[Import]:
        """The imports of the files in a folder and below."""
        cached = self._cache.folder_imports
        found = cached.get(folder)
        if found is None:
            if len(cached) > _MAX_CACHED // 100:
                cached.clear()
            # "0" is the character after "/".
            rows = self._connection.execute(
                "SELECT f.path, i.module, i.line, i.name, i.alias, i.level FROM files f"
                " JOIN imports i ON i.file_id = f.id WHERE f.path >= ? AND f.path < ? LIMIT ?",
                (f"{folder}/", f"{folder}0", limit),
            )
            found = cached[folder] = [Import(*row) for row in rows]
        return found

    def imports_of(self, name: str) -> list[Import]:
        """Imports anywhere that bind a name, a few hundred at most."""
        rows = self._connection.execute(
            "SELECT f.path, i.module, i.line, i.name, i.alias, i.level FROM imports i"
            " JOIN files f ON f.id = i.file_id WHERE i.alias = ?1"
            " OR (i.name = ?1 AND i.alias = '')"
            " OR (i.module = ?1 AND i.name = '' AND i.alias = '') LIMIT ?2",
            (name, _MAX_MARKS),
        )
        return [Import(*row) for row in rows]

    def imports_from(self, package: str) -> list[Import]:
        """Imports anywhere of a package or of what is inside it, a few hundred at most."""
        rows = self._connection.execute(
            "SELECT f.path, i.module, i.line, i.name, i.alias, i.level FROM imports i"
            " JOIN files f ON f.id = i.file_id WHERE i.level = 0"
            " AND (i.module = ?1 OR substr(i.module, 1, length(?1) + 1) = ?1 || '.') LIMIT ?2",
            (package, _MAX_MARKS),
        )
        return [Import(*row) for row in rows]

    def references_in(self, path: str) -> list[Reference]:
        """All uses of names in a file, in order."""
        return self._references("WHERE f.path = ?", (path,))

    def references_to(
        self, name: str, kind: ReferenceKind | None = None, *, limit: int = MAX_REFERENCES
    ) -> list[Reference]:
        """Uses of a name anywhere, so many at most.

        All uses of the name are read until so many of the kind are found: up to 50 ms for each
        thousand that is not in memory yet.
        """
        if kind is None:
            return self._references("WHERE r.name = ? LIMIT ?", (name, limit))
        where = "WHERE r.name = ? AND r.kind = ? LIMIT ?"
        return self._references(where, (name, kind.value, limit))

    def name_counts(self, names: Iterable[str]) -> dict[str, tuple[int, int]]:
        """How often each name is used and defined in the repository."""
        cached = self._cache.counts
        if len(cached) > _MAX_CACHED:
            cached.clear()
        wanted = list(names)
        missing = [name for name in wanted if name not in cached]
        for start in range(0, len(missing), _MAX_MARKS):
            part = missing[start : start + _MAX_MARKS]
            cached.update(dict.fromkeys(part, (0, 0)))
            for name, n_references, n_definitions in self._connection.execute(
                f"SELECT * FROM names WHERE name IN ({_marks(part)})",  # noqa: S608
                part,
            ):
                cached[name] = (n_references, n_definitions)
        return {name: cached.get(name, (0, 0)) for name in wanted}

    def symbols_used_on(self, receiver: str, *, limit: int = 64) -> list[tuple[str, int]]:
        """What is called on receivers of this name, and how often, most used first."""
        name = receiver_name(receiver)
        if not name:
            return []
        return self._connection.execute(
            "SELECT name, count(*) FROM refs WHERE receiver_name = ? AND receiver_name <> ''"
            " GROUP BY name ORDER BY 2 DESC LIMIT ?",
            (name, limit),
        ).fetchall()

    # The lexical index

    def match_symbols(
        self, terms: Sequence[str], *, weights: tuple[float, float], limit: int
    ) -> list[tuple[Symbol, float]]:
        """Symbols by BM25 of (qualified name, stub and docstring); higher is better."""
        if not terms:
            return []
        rows = self._match("symbols_fts", _any_of(terms), weights, limit)
        symbols = self.symbols_of([rowid for rowid, _ in rows])
        return list(zip(symbols, (score for _, score in rows), strict=True))

    def match_chunks(
        self,
        terms: Sequence[str],
        *,
        weights: tuple[float, float, float],
        limit: int,
        common: Sequence[str] = (),
        heads_only: bool = False,
    ) -> list[tuple[int, float]]:
        """Row ids of chunks by BM25 of (qualified name, header, body); higher is better.

        A chunk must hold one of ``terms``; ``common`` ones are weighed there, but not looked for,
        for what makes a search slow is the number of chunks to be scored (on 150,000 chunks the
        slowest of 60 questions took 42 ms when all were, 6 ms so). Where there are only common
        ones, a chunk must hold the first two.
        """
        if not terms and not common:
            return []
        columns = "{name header} : " if heads_only else ""
        expression = _telling_first(terms, common)
        found = self._match("chunks_fts", f"{columns}({expression})", weights, limit)
        if not found and not terms and len(common) > 1:
            found = self._match("chunks_fts", f"{columns}({_any_of(common)})", weights, limit)
        return found

    def chunks_of(self, rowids: Sequence[int]) -> dict[int, Chunk]:
        """The chunks with these row ids."""
        rows = self._connection.execute(f"{_CHUNK} WHERE c.id IN ({_marks(rowids)})", list(rowids))
        return {row[0]: _decode_chunk(row) for row in rows}

    def containers_of(self, rowids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Path and qualified name of chunks: cheaper than the chunks themselves."""
        rows = self._connection.execute(
            f"{_CONTAINER} WHERE c.id IN ({_marks(rowids)})",
            list(rowids),
        )
        return {rowid: (path, name) for rowid, path, name in rows}

    def chunks_with_hashes(self, hashes: Sequence[str]) -> dict[str, list[int]]:
        """Row ids of the chunks that have one of these texts."""
        found: dict[str, list[int]] = {}
        for text_hash, rowid in self._connection.execute(
            f"SELECT text_hash, id FROM chunks WHERE text_hash IN ({_marks(hashes)})",  # noqa: S608
            list(hashes),
        ):
            found.setdefault(text_hash, []).append(rowid)
        return found

    def frequency(self, term: str, *, in_chunks: bool = False) -> int:
        """In how many symbols (or chunks) a term occurs; counted up to a few thousand."""
        table = "chunks_fts" if in_chunks else "symbols_fts"
        cached = self._cache.frequencies
        key = (table, term)
        if key not in cached:
            if len(cached) > _MAX_CACHED:
                cached.clear()
            row = self._connection.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {table} MATCH ? LIMIT ?)",  # noqa: S608
                (_any_of([term]), _COUNT_LIMIT),
            ).fetchone()
            cached[key] = int(row[0])
        return cached[key]

    def all_symbols(self) -> list[Symbol]:
        """Every definition, by file and place; for evaluations and whole-repository reports."""
        return self._symbols("ORDER BY f.path, s.start", ())

    # Conventions

    def conventions(self, under: str = "") -> Conventions:
        """What the files below a folder (or one file) have in common."""
        cached = self._cache.conventions
        if under not in cached:
            cached[under] = mine(self._evidence(under))
        return cached[under]

    def _evidence(self, under: str) -> Evidence:
        # A folder's paths lie between its slash and the character that follows the slash.
        chosen = "(?1 = '' OR f.path = ?1 OR (f.path >= ?1 || '/' AND f.path < ?1 || '0'))"
        bounds = (under,)
        execute = self._connection.execute
        files = execute(
            "SELECT f.path, f.language, f.n_lines, t.counts FROM files f"  # noqa: S608
            f" LEFT JOIN traits t ON t.file_id = f.id WHERE {chosen} ORDER BY f.path",
            bounds,
        )
        imports = execute(
            "SELECT f.path, i.module, i.line, i.name, i.alias, i.level FROM imports i"  # noqa: S608
            f" JOIN files f ON f.id = i.file_id WHERE {chosen}",
            bounds,
        )
        classes = execute(
            "SELECT f.path, s.name, s.line, s.bases FROM symbols s"  # noqa: S608
            f" JOIN files f ON f.id = s.file_id WHERE s.kind = 'class'"
            f" AND s.bases <> '' AND {chosen}",
            bounds,
        )
        return Evidence(
            files=[
                FileFacts(path, language, n_lines, _decode_traits(counts))
                for path, language, n_lines, counts in files
            ],
            imports=[Import(*row) for row in imports],
            classes=[
                ClassFacts(path, name, line, json.loads(bases))
                for path, name, line, bases in classes
            ],
            fixtures=self._symbols(
                f"WHERE s.decorators LIKE '%fixture%' AND f.language = 'python' AND {chosen}",
                bounds,
            ),
        )

    # What people are told

    def counts(self) -> dict[str, int]:
        """Rows by table."""
        return {
            table: int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
            for table in ("files", "symbols", "refs", "chunks", "embeddings", "masked")
        }

    def languages(self) -> dict[str, int]:
        rows = self._connection.execute(
            "SELECT language, count(*) FROM files GROUP BY language ORDER BY 2 DESC"
        )
        return dict(rows.fetchall())

    def folders(self) -> list[str]:
        """The folders that hold indexed files, and those around them."""
        found: set[str] = set()
        for (path,) in self._connection.execute("SELECT path FROM files"):
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return sorted(found)

    def skipped(self) -> list[Skipped]:
        """What was left out, entirely or but for its definitions, by path."""
        rows = self._connection.execute(
            "SELECT path, reason, rule FROM skipped UNION ALL"
            " SELECT path, ?, generated FROM files WHERE generated <> '' ORDER BY path",
            (SkipReason.GENERATED_CODE.value,),
        )
        return [Skipped(path, SkipReason(reason), rule) for path, reason, rule in rows]

    def masked(self) -> list[Masked]:
        rows = self._connection.execute(
            "SELECT f.path, m.line, m.kind FROM masked m JOIN files f ON f.id = m.file_id"
            " ORDER BY f.path, m.line"
        )
        return [Masked(*row) for row in rows]

    def problems(self) -> list[Problem]:
        rows = self._connection.execute("SELECT path, message, line FROM problems ORDER BY path")
        return [Problem(*row) for row in rows]

    def meta(self, key: str) -> str:
        return get_meta(self._connection, key)

    def _references(self, where: str, parameters: Sequence[object]) -> list[Reference]:
        rows = self._connection.execute(f"{_REFERENCE} {where}", parameters)
        return [_decode_reference(row) for row in rows]

    def _symbols(self, where: str, parameters: Sequence[object]) -> list[Symbol]:
        cached = self._cache.symbols
        if len(cached) > _MAX_CACHED:
            cached.clear()
        found = []
        for row in self._connection.execute(_SYMBOL + where, parameters):
            symbol = cached.get(row[0])
            if symbol is None:
                symbol = cached[row[0]] = self._decode(row)
            found.append(symbol)
        return found

    def _decode(self, row: Sequence[object]) -> Symbol:
        try:
            return _decode_symbol(row)
        except (ValueError, TypeError) as error:
            raise IndexCorrupt(
                f"the index holds a symbol that cannot be read: {error}",
                remedy="update it; it is rebuilt from the repository",
            ) from error

    def _read_outline(self, path: str) -> Outline | None:
        row = self._connection.execute(
            "SELECT id, language, docstring, exports FROM files WHERE path = ?", (path,)
        ).fetchone()
        if row is None:
            return None
        file_id, language, docstring, exports = row
        known = self._cache.outlines_by_id
        if file_id in known:
            return known[file_id]
        imports = self._connection.execute(
            "SELECT module, line, name, alias, level FROM imports WHERE file_id = ?", (file_id,)
        )
        problems = self._connection.execute(
            "SELECT path, message, line FROM problems WHERE path = ?", (path,)
        )
        outline = Outline(
            ParsedFile(
                path=path,
                language=language,
                symbols=tuple(self._symbols("WHERE s.file_id = ? ORDER BY s.id", (file_id,))),
                imports=tuple(Import(path, *rest) for rest in imports),
                exports=None if exports is None else tuple(json.loads(exports)),
                docstring=docstring,
                problems=tuple(Problem(*row) for row in problems),
            )
        )
        if len(known) > _MAX_CACHED // 10:
            known.clear()
        known[file_id] = outline
        return outline

    def _match(
        self,
        table: str,
        expression: str,
        weights: Sequence[float],
        limit: int,
    ) -> list[tuple[int, float]]:
        columns = ", ".join(str(float(weight)) for weight in weights)
        rows = self._connection.execute(
            f"SELECT rowid, -bm25({table}, {columns}) AS score FROM {table}"  # noqa: S608
            f" WHERE {table} MATCH ? ORDER BY score DESC LIMIT ?",
            (expression, limit),
        )
        return rows.fetchall()


def _under(only: Sequence[str] | None) -> list[tuple[str, tuple[str, ...]]]:
    """Conditions, with their parameters, for paths that are these or lie in these."""
    if only is None or not {"", "."}.isdisjoint(only):
        return [("1", ())]
    # "0" is the character after "/".
    return [
        ("(path = ? OR (path >= ? AND path < ?))", (path, f"{path}/", f"{path}0")) for path in only
    ]


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _any_of(terms: Sequence[str]) -> str:
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)


def _telling_first(terms: Sequence[str], common: Sequence[str]) -> str:
    if not terms:
        must, may = _all_of(common[:2]), _any_of(common[2:])
    else:
        must, may = _any_of(terms), _any_of(common)
    return f"({must}) OR (({must}) AND ({may}))" if may else must


def _all_of(terms: Sequence[str]) -> str:
    return " AND ".join(_any_of([term]) for term in terms)


def _decode_symbol(row: Sequence[object]) -> Symbol:
    (
        _,
        path,
        language,
        name,
        qualified_name,
        kind,
        start,
        end,
        line,
        end_line,
        stub,
        signature,
        annotation,
        docstring,
        decorators,
        bases,
        flags,
    ) = row
    return Symbol(
        path=str(path),
        language=str(language),
        name=str(name),
        qualified_name=str(qualified_name),
        kind=SymbolKind(str(kind)),
        span=Span(_int(start), _int(end)),
        line=_int(line),
        end_line=_int(end_line),
        stub=str(stub),
        signature=_decode_signature(signature),
        annotation=None if annotation is None else str(annotation),
        docstring=str(docstring),
        decorators=tuple(json.loads(str(decorators))) if decorators else (),
        bases=tuple(json.loads(str(bases))) if bases else (),
        is_async=bool(_int(flags) & IS_ASYNC),
        is_public=bool(_int(flags) & IS_PUBLIC),
        is_deprecated=bool(_int(flags) & IS_DEPRECATED),
        is_certain=bool(_int(flags) & IS_CERTAIN),
    )


def _decode_traits(counts: object) -> list[Trait]:
    return [Trait(*each) for each in json.loads(str(counts))] if counts else []


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a number was stored as {value!r}")
    return value


def _decode_signature(value: object) -> Signature | None:
    if value is None:
        return None
    returns, inferred, *parameters = json.loads(str(value))
    return Signature(
        parameters=tuple(
            Parameter(name, ParameterKind(kind), annotation, default, optional)
            for name, kind, annotation, default, optional in parameters
        ),
        returns=returns,
        inferred=inferred,
    )


def _decode_reference(row: Sequence[object]) -> Reference:
    path, name, kind, start, end, line, receiver, container, n_arguments, keywords, unpacks = row
    return Reference(
        path=str(path),
        name=str(name),
        kind=ReferenceKind(str(kind)),
        span=Span(_int(start), _int(end)),
        line=_int(line),
        receiver=str(receiver),
        container=str(container),
        n_arguments=_int(n_arguments),
        keywords=tuple(str(keywords).split()),
        has_unpacking=bool(unpacks),
    )


def _decode_chunk(row: Sequence[object]) -> Chunk:
    _, chunk_id, path, qualified_name, kind, start, end, line, end_line, header, text, digest = row
    return Chunk(
        id=str(chunk_id),
        path=str(path),
        qualified_name=str(qualified_name),
        kind=str(kind),
        span=Span(_int(start), _int(end)),
        line=_int(line),
        end_line=_int(end_line),
        header=str(header),
        text=str(text),
        text_hash=str(digest),
    )
