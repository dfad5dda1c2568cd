"""One update: find what changed in the folder, take it in, write it, embed what is new.

An update works on whatever database it is given, the present index or a new generation of it;
which one, and under which lock, is decided by ``indexer.index``.
Several updates may run at once, in several processes: each transaction is whole, and what
somebody else stored after this update made its plan is never replaced by what was read for it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from indexer import plan, scan
from indexer.errors import EmbedderUnavailable, IndexCorrupt, IndexerError
from indexer.intake.pool import Taken, take_in_all
from indexer.model import (
    FileStamp,
    IndexOptions,
    Plan,
    Problem,
    Skipped,
    UpdatePhase,
    UpdateProgress,
    UpdateReport,
)
from indexer.ports import Embedder, Neighbours, VectorSource
from indexer.store import embeddings, lock, records
from indexer.store.catalog import Cache, Catalog
from indexer.store.database import Database, set_meta, touch, touch_embeddings
from indexer.store.records import FileRows

OnProgress = Callable[[UpdateProgress], None]
ShouldStop = Callable[[], bool]

# What a kill loses at most; smaller transactions cost more, because each sorts its words anew.
# The first is small, so that there is something to be found soon; each next one is twice as large.
_FILES_PER_TRANSACTION = 500
_BYTES_PER_TRANSACTION = 2_000_000
_FIRST_BYTES = 200_000
# They share batches by length, and a killed process embeds them again: a second's work.
_TEXTS_PER_TRANSACTION = 128
# The tables and the lexical index of a file take about five times its size.
_STORE_BYTES_PER_SOURCE_BYTE = 6
_UNREADABLE = "unreadable"


class Update:
    """What one update has done so far; ``tell`` hears of its progress.

    ``should_stop`` is asked between files and between transactions; what was written stays.
    """

    def __init__(
        self, root: Path, options: IndexOptions, *, tell: OnProgress, should_stop: ShouldStop
    ) -> None:
        self.should_stop = should_stop
        self.problems: list[Problem] = []
        self._root = root
        self._options = options
        self._tell = tell
        self._plan = Plan()
        self._planned_at = 0
        self._skipped: list[Skipped] = []
        self._left_out: dict[str, FileStamp] = {}
        self._n_taken = self._n_files = self._n_symbols = self._n_chunks = self._n_embedded = (
            self._n_taken_over
        ) = 0
        self._seconds: dict[str, float] = {}

    def apply(self, database: Database, paths: Sequence[str] | None, *, options_hash: str) -> None:
        """Make the tables equal to the folder, or to the folder at ``paths``.

        Raises:
            PathRefused: the folder cannot be scanned.
            IndexCorrupt: the database is damaged.
            IndexerError: it cannot be written.
        """
        started_ns = time.time_ns()
        with self._phase(UpdatePhase.SCAN):
            found = self._scan(database, paths)
        wanted = [*self._plan.added, *self._plan.changed]
        n_bytes = sum(found[path].size for path in wanted)
        database.require_space(_STORE_BYTES_PER_SOURCE_BYTE * n_bytes)
        if self._plan.removed:
            with self._phase(UpdatePhase.WRITE), database.writing() as connection:
                for path in self._plan.removed:
                    records.remove_file(connection, path, planned_at=self._planned_at)
                touch(connection)
        self._take_in(database, [found[path] for path in wanted])
        if self.should_stop():
            return
        with database.writing() as connection:
            records.restamp_files(connection, (found[path] for path in self._plan.unchanged))
            records.write_skipped(
                connection, self._skipped, self._left_out, covers=partial(plan.covers, paths)
            )
            if paths is None:
                set_meta(connection, "options", options_hash)
                set_meta(connection, "scanned_at_ns", str(started_ns))

    def embed(
        self,
        database: Database,
        vectors: Neighbours,
        embedder: Embedder,
        sources: Sequence[VectorSource] = (),
    ) -> None:
        """Embed texts never seen before, and bring the derived vectors up to date.

        What other machines have embedded is taken from the ``sources``.

        One process at a time; another one that does so already is enough.
        """
        held = lock.try_acquire(database.location, "embedding")
        if held is None:
            self.problems.append(Problem("", "another process is making vectors already"))
            return
        try:
            with self._phase(UpdatePhase.EMBED):
                self._take_over(database, embedder, sources)
                self._embed(database, vectors, embedder)
        finally:
            held.release()

    def report(self) -> UpdateReport:
        return UpdateReport(
            plan=self._plan,
            n_files=self._n_files,
            n_symbols=self._n_symbols,
            n_chunks=self._n_chunks,
            n_embedded=self._n_embedded,
            n_taken_over=self._n_taken_over,
            skipped=tuple(self._skipped),
            problems=tuple(self.problems),
            seconds=dict(self._seconds),
        )

    def _scan(self, database: Database, paths: Sequence[str] | None) -> dict[str, FileStamp]:
        """Find the files, hash those that may have changed, and plan; returns their stamps."""
        with _reading(database) as connection:
            # Before the folder is looked at: what is stored later was read later.
            self._planned_at = records.last_file_id(connection)
        result = scan.scan(self._root, self._options, only=paths)
        self.problems += result.problems
        self._skipped += result.skipped
        with _reading(database) as connection:
            catalog = Catalog(connection, Cache())
            stored, left_out = catalog.stamps(paths), catalog.left_out(paths)
            stored_at_ns = int(catalog.meta("scanned_at_ns") or 0)
        found = result.files
        again = plan.unsure_paths(
            {path: stamp for path, (_, stamp) in left_out.items()}, found, stored_at_ns=stored_at_ns
        )
        for path in (left_out.keys() & found.keys()) - set(again):
            self._skipped.append(left_out[path][0])
            self._left_out[path] = found.pop(path)
        for path in plan.unsure_paths(stored, found, stored_at_ns=stored_at_ns):
            source = scan.read_source(self._root, path, self._options, as_it_is=True)
            digest = _UNREADABLE if isinstance(source, Skipped) else source.stamp.content_hash
            found[path] = replace(found[path], content_hash=digest)
        self._plan = plan.plan_update(stored, found, only=paths)
        return found

    def _take_in(self, database: Database, stamps: Sequence[FileStamp]) -> None:
        """Take in these files and write them, some of them in each transaction."""
        batch: list[Taken] = []
        size, limit = 0, min(_FIRST_BYTES, _BYTES_PER_TRANSACTION)
        with contextlib.closing(take_in_all(self._root, stamps, self._options)) as coming:
            while not self.should_stop():
                with self._phase(UpdatePhase.PARSE):
                    taken = next(coming, None)
                if taken is None:
                    break
                stamp = stamps[self._n_taken]
                self._n_taken += 1
                self._tell(
                    UpdateProgress(UpdatePhase.PARSE, self._n_taken, len(stamps), stamp.path)
                )
                if isinstance(taken, Skipped):
                    self._skipped.append(taken)
                    self._left_out[stamp.path] = stamp
                batch.append(taken)
                size += stamp.size
                if size > limit or len(batch) >= _FILES_PER_TRANSACTION:
                    self._write(database, batch, total=len(stamps))
                    batch, size, limit = [], 0, min(2 * limit, _BYTES_PER_TRANSACTION)
        self._write(database, batch, total=len(stamps))

    def _write(self, database: Database, batch: Sequence[Taken], *, total: int) -> None:
        if not batch:
            return
        written = [taken for taken in batch if isinstance(taken, FileRows)]
        with self._phase(UpdatePhase.WRITE), database.writing() as connection:
            for taken in batch:
                if isinstance(taken, Skipped):
                    records.remove_file(connection, taken.path, planned_at=self._planned_at)
            records.write_files(connection, written, planned_at=self._planned_at)
            touch(connection)
        self._n_files += len(written)
        self._n_symbols += sum(len(rows.symbols) for rows in written)
        self._n_chunks += sum(len(rows.chunks) for rows in written)
        self.problems += (problem for rows in written for problem in rows.found_problems())
        self._tell(UpdateProgress(UpdatePhase.WRITE, self._n_taken, total))

    def _take_over(
        self, database: Database, embedder: Embedder, sources: Sequence[VectorSource]
    ) -> None:
        """Look up what is missing; a source that fails costs only the time to embed."""
        for source in sources:
            with _reading(database) as connection:
                missing = embeddings.missing_hashes(connection, embedder.name)
            if not missing or self.should_stop():
                return
            try:
                for hashes, vectors in source.fetch(embedder.name, embedder.dimensions, missing):
                    with database.writing() as connection:
                        embeddings.add(connection, embedder.name, hashes, vectors)
                        touch_embeddings(connection)
                    self._n_taken_over += len(hashes)
                    self._tell(UpdateProgress(UpdatePhase.FETCH, self._n_taken_over, len(missing)))
                    if self.should_stop():
                        return
            except IndexCorrupt:
                raise
            except IndexerError as error:
                self.problems.append(Problem("", str(error)))

    def _embed(self, database: Database, vectors: Neighbours, embedder: Embedder) -> None:
        try:
            self._embed_missing(database, embedder)
        except EmbedderUnavailable as error:
            self.problems.append(Problem("", str(error)))
            return
        if self.should_stop():
            return
        with database.writing() as connection:
            embeddings.collect(connection, embedder.name)
        try:
            with _reading(database) as connection:
                if vectors.are_known_complete(connection, embedder.name):
                    return
            with database.writing() as connection:
                # Also texts that were embedded long ago may be back, after a switch of branches.
                touch_embeddings(connection)
            vectors.refresh(embedder.name)
        except IndexCorrupt:
            raise
        except IndexerError as error:
            self.problems.append(Problem("", str(error)))

    def _embed_missing(self, database: Database, embedder: Embedder) -> None:
        with _reading(database) as connection:
            missing = embeddings.missing_hashes(connection, embedder.name)
        for start in range(0, len(missing), _TEXTS_PER_TRANSACTION):
            if self.should_stop():
                return
            with _reading(database) as connection:
                texts = embeddings.texts_of(
                    connection, missing[start : start + _TEXTS_PER_TRANSACTION]
                )
            if not texts:
                continue
            made = embedder.embed(list(texts.values()))
            with database.writing() as connection:
                embeddings.add(connection, embedder.name, list(texts), made)
                touch_embeddings(connection)
            self._n_embedded += len(texts)
            self._tell(UpdateProgress(UpdatePhase.EMBED, self._n_embedded, len(missing)))

    @contextlib.contextmanager
    def _phase(self, phase: UpdatePhase) -> Iterator[None]:
        """Time a phase; phases that come in turns add up."""
        if phase is UpdatePhase.SCAN:
            self._tell(UpdateProgress(phase, 0, 0))
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - started
            self._seconds[phase] = self._seconds.get(phase, 0.0) + spent


@contextlib.contextmanager
def _reading(database: Database) -> Iterator[sqlite3.Connection]:
    with database.reading() as connection:
        if connection is None:
            raise IndexerError("the index was removed meanwhile", remedy="run the update again")
        yield connection
