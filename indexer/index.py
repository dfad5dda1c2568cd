"""The index of one folder: the façade through which everybody else sees the indexer.

Behind a few methods stand scanning, parsing, the store, embedding, the vectors, their locks and
fusion. Opening is cheap; whatever is heavy is imported when it is first needed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from indexer import plan, scan
from indexer.conventions.model import Conventions
from indexer.errors import EmbedderUnavailable, IndexCorrupt, IndexerError
from indexer.intake.pool import Taken, take_in_all
from indexer.model import (
    FileStamp,
    Hit,
    IndexOptions,
    IndexState,
    IndexStatus,
    ParsedFile,
    Plan,
    Problem,
    Query,
    Reference,
    SearchMode,
    Skipped,
    Symbol,
    UpdatePhase,
    UpdateProgress,
    UpdateReport,
)
from indexer.ports import Embedder
from indexer.resolve.outline import EmptyRepository, Repository
from indexer.search.completion import CompletionSearch
from indexer.search.natural import search_natural
from indexer.search.related import search_related
from indexer.search.usage import certain_calls, search_usage
from indexer.store import embeddings, lock, records
from indexer.store.catalog import Cache, Catalog
from indexer.store.database import Database, get_meta, set_meta, touch
from indexer.store.records import FileRows
from indexer.store.vectors import VectorIndex
from indexer.syntax import parse

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

OnProgress = Callable[[UpdateProgress], None]
ShouldStop = Callable[[], bool]

# What a kill loses at most; smaller transactions cost more, because each sorts its words anew.
_FILES_PER_TRANSACTION = 500
_BYTES_PER_TRANSACTION = 2_000_000
_TEXTS_PER_TRANSACTION = 64
# The tables and the lexical index of a file take about five times its size.
_STORE_BYTES_PER_SOURCE_BYTE = 6
_UNREADABLE = "unreadable"
_DAMAGED = Problem("", "the stored index was damaged; it was moved aside and made anew")


class Index:
    """What is known of one folder, kept in ``location``.

    Safe to use from several threads and processes at once: reading is always served, writing is
    one process at a time. An index that is missing, of another schema or damaged answers with
    nothing; the next update makes it anew.
    """

    def __init__(
        self, root: Path, location: Path, *, options: IndexOptions, embedder: Embedder | None
    ) -> None:
        self.root = root
        self.location = location
        self._options = options
        self._options_hash = _hash_options(options)
        self._embedder = embedder
        self._database = Database(location)
        self._cache = Cache()
        self._completions = CompletionSearch(_parse_document)
        self._vectors = VectorIndex(self._database)
        self._history = scan.History()
        self._is_damaged = False

    @classmethod
    def open(
        cls,
        root: Path,
        location: Path,
        *,
        options: IndexOptions,
        embedder: Embedder | None = None,
    ) -> Index:
        """Open the index of ``root``; nothing is read or written yet.

        Without an embedder, searching is lexical and structural only.
        """
        return cls(root, location, options=options, embedder=embedder)

    @property
    def state(self) -> IndexState:
        """Whether the stored index can answer, read from the file now.

        Raises:
            IndexerError: the file exists and cannot be read (permissions, a failing disk).
        """
        return IndexState.CORRUPT if self._is_damaged else self._database.state(self._options_hash)

    def update(
        self,
        paths: Sequence[str] | None = None,
        *,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
        with_vectors: bool = True,
    ) -> UpdateReport:
        """Make the index equal to the folder, or to the folder at ``paths`` (saved files).

        Files are written a few hundred per transaction, each entirely or not at all; a killed
        update loses the last transaction, and the next one goes on from there. Searching sees
        each transaction at once; embedding comes last and costs only texts never seen before.
        ``should_stop`` is asked between files and batches.

        Raises:
            IndexLocked: another process is updating this index.
            PathRefused: the folder cannot be scanned.
            IndexerError: the index cannot be written; it stays as it was.
        """
        run = _Run(on_progress or _ignore, should_stop or _never)
        with lock.hold(self.location):
            try:
                self._update(run, paths, with_vectors=with_vectors)
            except IndexCorrupt:
                logger.warning("the index is damaged, rebuilding it", exc_info=True)
                self._is_damaged = True
                run = _Run(on_progress or _ignore, should_stop or _never)
                self._update(run, None, with_vectors=with_vectors)
            self._database.trim()
        return run.report()

    def search(self, query: Query) -> list[Hit]:
        """Answer a question, best hit first; empty if there is no index that can answer."""
        query = replace(query, text=_encodable(query.text), path=_encodable(query.path))

        def ask(catalog: Catalog, generation: str) -> list[Hit]:
            match query.mode:
                case SearchMode.COMPLETION:
                    return self._completions.search(catalog, query, generation=generation)
                case SearchMode.NL:
                    return search_natural(catalog, query, self._nearest)
                case SearchMode.USAGE:
                    return search_usage(catalog, query, self._read_text)
                case SearchMode.RELATED:
                    self._history = scan.read_history(self.root, known=self._history)
                    return search_related(catalog, query, self._history.commits)

        return self._answer(ask, [])

    def lookup(self, name: str) -> list[Symbol]:
        """Definitions of a name, or of a qualified one (``Order.total``, ``shop.Order.total``)."""
        name = _encodable(name)
        last = name.rpartition(".")[2]

        def ask(catalog: Catalog, _: str) -> list[Symbol]:
            found = catalog.symbols_named(last)
            return [symbol for symbol in found if last == name or _is_called(symbol, name)]

        return self._answer(ask, [])

    def consult(self, question: Callable[[Repository], _T]) -> _T:
        """Answer a question about the repository's names from one consistent view of them."""
        answered: list[_T] = []

        def ask(catalog: Catalog, _: str) -> list[_T]:
            return [question(catalog)]

        answer = self._answer(ask, answered)
        return answer[0] if answer else question(EmptyRepository())

    def symbols(self) -> list[Symbol]:
        """Every definition by path and place; takes seconds on a big repository."""
        return self._answer(lambda catalog, _: catalog.all_symbols(), [])

    def certain_calls(self, paths: Sequence[str]) -> list[tuple[Reference, Symbol]]:
        """Calls in files, each with the definition in another file that it certainly means."""
        return self._answer(
            lambda catalog, _: list(certain_calls(catalog, self._read_text, paths)), []
        )

    def conventions(self, under: str = "") -> Conventions:
        """What the repository usually does, or one folder or file of it.

        Costs about 10 ms for each hundred files once after an update; nothing after that.
        """
        under = _encodable(under)
        return self._answer(lambda catalog, _: catalog.conventions(under), Conventions())

    def status(self) -> IndexStatus:
        """The figures for people; takes milliseconds."""
        holder = lock.holder_of(self.location)
        status = IndexStatus(
            root=str(self.root),
            location=str(self.location),
            state=self.state,
            store_bytes=self._database.size,
            embedder=self._embedder.name if self._embedder else "",
            vectors="off",
            writer=f"process {holder}" if holder else "",
        )

        def ask(catalog: Catalog, _: str) -> IndexStatus:
            counts = catalog.counts()
            return replace(
                status,
                n_files=counts["files"],
                n_symbols=counts["symbols"],
                n_references=counts["refs"],
                n_chunks=counts["chunks"],
                n_vectors=counts["embeddings"],
                languages=catalog.languages(),
                vectors=self._vectors_state(catalog),
                updated_at=float(catalog.meta("updated_at") or 0.0),
            )

        return self._answer(ask, status)

    def skipped(self) -> list[Skipped]:
        """The files that were seen and left out, with the reason."""
        return self._answer(lambda catalog, _: catalog.skipped(), [])

    def problems(self) -> list[Problem]:
        """What indexed files could not say, such as syntax errors, by path."""
        return self._answer(lambda catalog, _: catalog.problems(), [])

    def close(self) -> None:
        """Close the store and the vectors. The embedder is the caller's."""
        self._vectors.close()
        self._database.close()

    # Updating

    def _update(self, run: _Run, paths: Sequence[str] | None, *, with_vectors: bool) -> None:
        paths = self._prepare(run, paths)
        started_ns = time.time_ns()
        with run.phase(UpdatePhase.SCAN):
            found = self._scan(run, paths)
        wanted = [*run.plan.added, *run.plan.changed]
        n_bytes = sum(found[path].size for path in wanted)
        self._database.require_space(_STORE_BYTES_PER_SOURCE_BYTE * n_bytes)
        if run.plan.removed:
            with run.phase(UpdatePhase.WRITE), self._database.writing() as connection:
                for path in run.plan.removed:
                    records.remove_file(connection, path)
                touch(connection)
        self._write(run, [found[path] for path in wanted])
        if run.should_stop():
            return
        with self._database.writing() as connection:
            records.restamp_files(connection, (found[path] for path in run.plan.unchanged))
            records.write_skipped(
                connection, run.skipped, run.left_out, covers=partial(plan.covers, paths)
            )
            if paths is None:
                set_meta(connection, "options", self._options_hash)
                set_meta(connection, "scanned_at_ns", str(started_ns))
        if with_vectors and self._options.vectors and self._embedder is not None:
            with run.phase(UpdatePhase.EMBED):
                self._embed(run, self._embedder, is_complete=paths is None)

    def _scan(self, run: _Run, paths: Sequence[str] | None) -> dict[str, FileStamp]:
        """Find the files, hash those that may have changed, and plan; returns their stamps."""
        result = scan.scan(self.root, self._options, only=paths)
        run.problems += result.problems
        run.skipped += result.skipped
        with self._database.reading() as connection:
            catalog = Catalog(_existing(connection), Cache())
            stored, left_out = catalog.stamps(), catalog.left_out()
            stored_at_ns = int(catalog.meta("scanned_at_ns") or 0)
        found = result.files
        again = plan.unsure_paths(
            {path: stamp for path, (_, stamp) in left_out.items()}, found, stored_at_ns=stored_at_ns
        )
        for path in (left_out.keys() & found.keys()) - set(again):
            run.skipped.append(left_out[path][0])
            run.left_out[path] = found.pop(path)
        for path in plan.unsure_paths(stored, found, stored_at_ns=stored_at_ns):
            source = scan.read_source(self.root, path, self._options)
            digest = _UNREADABLE if isinstance(source, Skipped) else source.stamp.content_hash
            found[path] = replace(found[path], content_hash=digest)
        run.plan = plan.plan_update(stored, found, only=paths)
        return found

    def _prepare(self, run: _Run, paths: Sequence[str] | None) -> Sequence[str] | None:
        """Make sure that there is a sound index to write to; a new one needs all files."""
        state = self.state
        if state in {IndexState.READY, IndexState.OPTIONS_CHANGED} and (
            paths is not None or self._database.is_sound()
        ):
            return paths if state is IndexState.READY else None
        if state in {IndexState.READY, IndexState.OPTIONS_CHANGED, IndexState.CORRUPT}:
            state = IndexState.CORRUPT
            run.problems.append(_DAMAGED)
        self._database.require_space(0)
        self._database.create(state, root=str(self.root))
        self._is_damaged = False
        return None

    def _write(self, run: _Run, stamps: Sequence[FileStamp]) -> None:
        """Take in these files and write them, some of them in each transaction."""
        batch: list[Taken] = []
        size = 0
        with contextlib.closing(take_in_all(self.root, stamps, self._options)) as coming:
            while not run.should_stop():
                with run.phase(UpdatePhase.PARSE):
                    taken = next(coming, None)
                if taken is None:
                    break
                stamp = stamps[run.n_taken]
                run.n_taken += 1
                run.tell(UpdateProgress(UpdatePhase.PARSE, run.n_taken, len(stamps), stamp.path))
                if isinstance(taken, Skipped):
                    run.skipped.append(taken)
                    run.left_out[stamp.path] = stamp
                batch.append(taken)
                size += stamp.size
                if size > _BYTES_PER_TRANSACTION or len(batch) >= _FILES_PER_TRANSACTION:
                    self._write_batch(run, batch, total=len(stamps))
                    batch, size = [], 0
        self._write_batch(run, batch, total=len(stamps))

    def _write_batch(self, run: _Run, batch: Sequence[Taken], *, total: int) -> None:
        if not batch:
            return
        written = [taken for taken in batch if isinstance(taken, FileRows)]
        with run.phase(UpdatePhase.WRITE), self._database.writing() as connection:
            for taken in batch:
                if isinstance(taken, Skipped):
                    records.remove_file(connection, taken.path)
            records.write_files(connection, written)
            touch(connection)
        run.n_files += len(written)
        run.n_symbols += sum(len(rows.symbols) for rows in written)
        run.n_chunks += sum(len(rows.chunks) for rows in written)
        run.problems += (problem for rows in written for problem in rows.found_problems())
        run.tell(UpdateProgress(UpdatePhase.WRITE, run.n_taken, total))

    def _embed(self, run: _Run, embedder: Embedder, *, is_complete: bool) -> None:
        try:
            run.n_embedded = self._embed_missing(run, embedder)
        except EmbedderUnavailable as error:
            run.problems.append(Problem("", str(error)))
            return
        if run.should_stop():
            return
        if is_complete:
            with self._database.writing() as connection:
                embeddings.collect(connection, embedder.name)
        try:
            self._vectors.refresh(embedder.name)
        except IndexCorrupt:
            raise
        except IndexerError as error:
            run.problems.append(Problem("", str(error)))

    def _embed_missing(self, run: _Run, embedder: Embedder) -> int:
        n_done = 0
        with self._database.reading() as connection:
            n_total = embeddings.count_missing(_existing(connection), embedder.name)
        while not run.should_stop():
            with self._database.reading() as connection:
                batch = embeddings.missing_texts(
                    _existing(connection), embedder.name, limit=_TEXTS_PER_TRANSACTION
                )
            if not batch:
                break
            vectors = embedder.embed([text for _, text in batch])
            with self._database.writing() as connection:
                embeddings.add(connection, embedder.name, [h for h, _ in batch], vectors)
                touch(connection)
            n_done += len(batch)
            run.tell(UpdateProgress(UpdatePhase.EMBED, n_done, max(n_total, n_done)))
        return n_done

    # Searching

    def _answer(self, ask: Callable[[Catalog, str], _T], default: _T) -> _T:
        """Ask one view of the index; ``default`` if there is none, or none that can be read."""
        try:
            with self._database.reading() as connection:
                if connection is None or not self._database.is_current(connection):
                    return default
                generation = get_meta(connection, "generation")
                self._cache = cache = self._cache.at(get_meta(connection, "epoch"), generation)
                return ask(Catalog(connection, cache), generation)
        except IndexCorrupt:
            logger.warning("the index is damaged; update it to rebuild it", exc_info=True)
            self._is_damaged = True
            return default

    def _read_text(self, path: str) -> str | None:
        source = scan.read_source(self.root, path, self._options)
        return None if isinstance(source, Skipped) else source.text

    def _nearest(self, text: str, limit: int) -> Sequence[tuple[str, float]]:
        if self._embedder is None or not self._options.vectors:
            return []
        try:
            if not self._vectors.refresh(self._embedder.name):
                return []
            (vector,) = self._embedder.embed([text])
        except IndexerError as error:
            logger.warning("searching without vectors: %s", error)
            return []
        return self._vectors.query(vector, limit=limit)

    def _vectors_state(self, catalog: Catalog) -> str:
        if self._embedder is None or not self._options.vectors:
            return "off"
        if self._vectors.is_open:
            return "open in this process"
        holder = lock.holder_of(self.location, "vectors")
        if holder:
            return f"open in process {holder}"
        return catalog.meta("vectors_state") or "not built"


class _Run:
    """What one update has done so far."""

    def __init__(self, tell: OnProgress, should_stop: ShouldStop) -> None:
        self.tell = tell
        self.should_stop = should_stop
        self.plan = Plan()
        self.problems: list[Problem] = []
        self.skipped: list[Skipped] = []
        self.left_out: dict[str, FileStamp] = {}
        self.n_taken = self.n_files = self.n_symbols = self.n_chunks = self.n_embedded = 0
        self._seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def phase(self, phase: UpdatePhase) -> Iterator[None]:
        """Time a phase; phases that come in turns add up."""
        if phase is UpdatePhase.SCAN:
            self.tell(UpdateProgress(phase, 0, 0))
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - started
            self._seconds[phase] = self._seconds.get(phase, 0.0) + spent

    def report(self) -> UpdateReport:
        return UpdateReport(
            plan=self.plan,
            n_files=self.n_files,
            n_symbols=self.n_symbols,
            n_chunks=self.n_chunks,
            n_embedded=self.n_embedded,
            skipped=tuple(self.skipped),
            problems=tuple(self.problems),
            seconds=dict(self._seconds),
        )


def _existing(connection: sqlite3.Connection | None) -> sqlite3.Connection:
    if connection is None:
        raise IndexerError("the index was removed meanwhile", remedy="run the update again")
    return connection


def _parse_document(path: str, text: str) -> ParsedFile:
    return parse.parse(path, parse.language_of(path) or "", text)


def _encodable(text: str) -> str:
    """The text with lone surrogates replaced, one for one: SQLite takes none."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _is_called(symbol: Symbol, name: str) -> bool:
    module = symbol.path.rpartition(".")[0].removesuffix("/__init__").replace("/", ".")
    return f".{module}.{symbol.qualified_name}".endswith(f".{name}")


def _hash_options(options: IndexOptions) -> str:
    encoded = json.dumps(astuple(options)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def _ignore(_: UpdateProgress) -> None:
    pass


def _never() -> bool:
    return False
