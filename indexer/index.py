"""The index of one folder: the façade through which everybody else sees the indexer.

Behind a few methods stand scanning, parsing, the store, embedding, the vectors, their locks and
fusion. Opening is cheap; whatever is heavy is imported when it is first needed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from indexer import history, scan
from indexer.conventions.model import Conventions
from indexer.errors import IndexCorrupt, IndexerError
from indexer.intake.file import understand
from indexer.libraries import Libraries, Project, find_environment
from indexer.model import (
    Hit,
    IndexOptions,
    IndexState,
    IndexStatus,
    Masked,
    ParsedFile,
    Problem,
    Query,
    SearchMode,
    Skipped,
    Symbol,
    UpdateProgress,
    UpdateReport,
)
from indexer.ports import Embedder, Neighbours, VectorSource
from indexer.resolve.outline import EmptyRepository, Repository, Stored
from indexer.search import natural
from indexer.search.completion import CompletionSearch, Ranking
from indexer.search.corpus import Corpus
from indexer.search.overlay import OpenDocuments, Overlay, version_of
from indexer.search.related import search_related
from indexer.search.usage import search_usage
from indexer.store import lock
from indexer.store.catalog import Cache, Catalog
from indexer.store.chroma_server import ChromaServer, ServerVectors
from indexer.store.database import Database, Identity, get_meta
from indexer.store.vectors import VectorIndex
from indexer.syntax import parse
from indexer.update import OnProgress, ShouldStop, Update
from indexer.watch import FolderWatch

if TYPE_CHECKING:
    from indexer.exchange.transfer import Publication

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

_DAMAGED = Problem("", "the stored index was damaged; it was put aside and made anew")


class Index:
    """What is known of one folder, kept in ``location``.

    Safe to use from several threads and processes at once: reading is always served, writing is
    one process at a time. An index that is missing, of another schema or damaged answers with
    nothing; the next update makes it anew.
    """

    def __init__(
        self,
        root: Path,
        location: Path,
        *,
        options: IndexOptions,
        embedder: Embedder | None,
        environment: str,
        sources: Sequence[VectorSource],
        server: ChromaServer | None,
    ) -> None:
        self.root = root
        self.location = location
        self._options = options
        self._options_hash = _hash_options(options)
        self._embedder = embedder
        self._database = Database(location)
        self._cache = Cache()
        self._completions = CompletionSearch(_parse_document)
        self._sources = list(sources)
        self._vectors: Neighbours = VectorIndex(self._database)
        if server is not None:
            self._vectors = at_server = ServerVectors(self._database, server)
            self._sources.append(at_server)
        self._documents = OpenDocuments(understand)
        self._environment = environment
        self._commits = history.Commits()
        self._damaged: Identity | None = None
        self.is_lost = False
        """Whether the last question found no index that could answer it."""

    @classmethod
    def open(
        cls,
        root: Path,
        location: Path,
        *,
        options: IndexOptions,
        embedder: Embedder | None = None,
        environment: str = "",
        sources: Sequence[VectorSource] = (),
        server: ChromaServer | None = None,
    ) -> Index:
        """Open the index of ``root``; nothing is read or written yet.

        Without an embedder, searching is lexical and structural only. ``environment`` is the
        user's choice of the folder where the project's packages are installed. ``sources`` are
        asked for vectors before a text is embedded; a ``server`` is one of them, and is searched
        instead of vectors of our own.
        """
        return cls(
            root,
            location,
            options=options,
            embedder=embedder,
            environment=environment,
            sources=sources,
            server=server,
        )

    @cached_property
    def _libraries(self) -> Libraries:
        return Libraries(find_environment(self.root, named=self._environment))

    @property
    def state(self) -> IndexState:
        """Whether the stored index can answer, read from the file now.

        Raises:
            IndexerError: the file exists and cannot be read (permissions, a failing disk).
        """
        if self._damaged is not None and self._damaged == self._database.identity():
            return IndexState.CORRUPT
        return self._database.state(self._options_hash)

    @property
    def makes_vectors(self) -> bool:
        """Whether texts are embedded at all, here."""
        return self._options.vectors and self._embedder is not None

    @property
    def takes_single_files(self) -> bool:
        """Whether some files can be updated alone, which is quick; otherwise everything must be."""
        state = self.state
        # While another process builds the index, single files can be stored already.
        return state is IndexState.READY or (
            state is IndexState.OPTIONS_CHANGED and lock.holder_of(self.location) != 0
        )

    def update(
        self,
        paths: Sequence[str] | None = None,
        *,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
        with_vectors: bool = True,
        rebuild: bool = False,
    ) -> UpdateReport:
        """Make the index equal to the folder, or to the folder at ``paths`` (saved files).

        Files are written some hundred per transaction, each entirely or not at all; a killed
        update loses the last transaction, and the next one goes on from there. Searching sees
        each transaction at once; embedding comes last and costs only texts never seen before.
        Single files can be updated while another process updates everything or embeds.
        ``rebuild`` makes everything anew, beside what is there, which answers until the end.

        Raises:
            IndexLocked: another process is updating all of this index.
            PathRefused: the folder cannot be scanned.
            IndexerError: the index cannot be written; it stays as it was.
        """
        start = partial(self._start, on_progress, should_stop)
        update = start()
        if paths is None or rebuild or not self._update_some(update, paths):
            with lock.hold(self.location) as held:
                update = self._update_all(start, rebuild=rebuild, must_check=held.follows_a_death)
                if not update.should_stop():
                    self._database.remove_leftovers()
                self._database.trim()
        if with_vectors:
            self._embed(update)
        return update.report()

    def make_vectors(
        self, *, on_progress: OnProgress | None = None, should_stop: ShouldStop | None = None
    ) -> UpdateReport:
        """Embed what is indexed and has no vectors yet, and bring the derived vectors up to date.

        Nothing happens without an embedder, or while another process does it.
        """
        update = self._start(on_progress, should_stop)
        if self.state in {IndexState.READY, IndexState.OPTIONS_CHANGED}:
            self._embed(update)
        return update.report()

    def check_sources(self) -> None:
        """See that vectors that were made elsewhere can be taken over.

        Raises:
            IndexerError: they cannot, and why.
        """
        embedder = self._need_embedder()
        for source in self._sources:
            source.check(embedder.name, embedder.dimensions)

    def publish(self, folder: Path) -> Publication:
        """Put the vectors into a folder from which other machines take them.

        Raises:
            IndexerError: there are none, or the folder cannot be written.
        """
        from indexer.exchange.transfer import publish

        return publish(self._database, self._need_embedder().name, folder)

    def search(self, query: Query) -> list[Hit]:
        """Answer a question, best hit first; empty if there is no index that can answer."""
        query = replace(query, text=_encodable(query.text), path=_encodable(query.path))

        def ask(corpus: Corpus, generation: str) -> list[Hit]:
            match query.mode:
                case SearchMode.COMPLETION:
                    return self._completions.search(corpus, query, generation=generation)
                case SearchMode.NL:
                    return natural.search_natural(corpus, query, self._nearest)
                case SearchMode.USAGE:
                    return search_usage(corpus, query, self._read_text)
                case SearchMode.RELATED:
                    self._commits = history.last_commits(self.root, self._commits)
                    return search_related(corpus, query, self._commits.paths)

        return self._ask(ask, [], about=query.path, before=query.before)

    def rank(self, query: Query) -> Ranking | None:
        """All candidates of a ``COMPLETION`` query with their features; to train the ranker."""
        return self._answer(
            lambda catalog, generation: self._completions.rank(
                catalog, query, generation=generation
            ),
            None,
        )

    def describe(self, query: Query) -> tuple[list[list[float]], list[tuple[str, str]]]:
        """The features of all candidates of an ``NL`` query; to train its weights."""

        def ask(catalog: Catalog, _: str) -> tuple[list[list[float]], list[tuple[str, str]]]:
            found = natural.candidates(catalog, query, self._nearest)
            keys = list(found)
            return natural.rows_of(query.text, found, keys), keys

        nothing: tuple[list[list[float]], list[tuple[str, str]]] = ([], [])
        return self._answer(ask, nothing)

    def lookup(self, name: str) -> list[Symbol]:
        """Definitions of a name, or of a qualified one (``Order.total``, ``shop.Order.total``)."""
        name = _encodable(name)
        last = name.rpartition(".")[2]

        def ask(corpus: Corpus, _: str) -> list[Symbol]:
            found = corpus.symbols_named(last)
            return [symbol for symbol in found if last == name or _is_called(symbol, name)]

        return self._ask(ask, [])

    def consult(self, question: Callable[[Repository], _T], *, about: str = "") -> _T:
        """Answer a question about the repository's names from one consistent view of them.

        Open documents hide what is stored of their files, but for the one ``about`` which the
        question brings its own text.

        Raises:
            ReadingTakesLong: libraries are still being read; the next question gets further.
        """
        answered: list[_T] = []

        def ask(corpus: Corpus, _: str) -> list[_T]:
            with self._libraries.limited():
                return [question(self._project(corpus))]

        answer = self._ask(ask, answered, about=about)
        if answer:
            return answer[0]
        with self._libraries.limited():
            return question(self._project(EmptyRepository()))

    def _project(self, stored: Stored) -> Repository:
        return Project(stored, self._libraries, root=self.root.resolve(), read_text=self._read_text)

    def put_document(self, path: str, text: str) -> None:
        """Let the text of an open document hide what is stored of its file; costs nothing yet."""
        if parse.language_of(path) is not None:
            self._documents.put(path, _encodable(text))

    def drop_document(self, path: str) -> None:
        """A document was closed: what is stored of its file counts again."""
        self._documents.drop(path)

    def symbols(self) -> list[Symbol]:
        """Every definition by path and place; takes seconds on a big repository."""
        return self._answer(lambda catalog, _: catalog.all_symbols(), [])

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
                n_masked=counts["masked"],
                languages=catalog.languages(),
                vectors=self._vectors_state(),
                updated_at=float(catalog.meta("updated_at") or 0.0),
            )

        return self._answer(ask, status)

    def skipped(self) -> list[Skipped]:
        """The files that were seen and left out, with the reason."""
        return self._answer(lambda catalog, _: catalog.skipped(), [])

    def masked(self) -> list[Masked]:
        """The secrets that were replaced before anything was stored: where, and of what kind."""
        return self._answer(lambda catalog, _: catalog.masked(), [])

    def problems(self) -> list[Problem]:
        """What indexed files could not say, such as syntax errors, by path."""
        return self._answer(lambda catalog, _: catalog.problems(), [])

    def watch(self) -> FolderWatch:
        """What tells of changes in the folders that are indexed now; the caller closes it."""
        return FolderWatch(
            self.root, self._options, lambda: self._answer(lambda catalog, _: catalog.folders(), [])
        )

    def close(self) -> None:
        """Close the store and the vectors. The embedder is the caller's."""
        self._vectors.close()
        self._database.close()

    # Updating

    def _start(self, on_progress: OnProgress | None, should_stop: ShouldStop | None) -> Update:
        return Update(
            self.root,
            self._options,
            tell=on_progress or _ignore,
            should_stop=should_stop or _never,
        )

    def _need_embedder(self) -> Embedder:
        if self._embedder is None:
            raise IndexerError(
                "vectors are off, or there is no embedding model here",
                remedy="set index.vectors, and run `copilot-ls model pull`",
            )
        return self._embedder

    def _embed(self, update: Update) -> None:
        if self._options.vectors and self._embedder is not None:
            update.embed(self._database, self._vectors, self._embedder, self._sources)

    def _update_some(self, update: Update, paths: Sequence[str]) -> bool:
        """Update single files, without the writer's lock; false if that cannot be done."""
        if not self.takes_single_files:
            return False
        try:
            update.apply(self._database, paths, options_hash=self._options_hash)
        except IndexCorrupt:
            self._note_damage()
            return False
        else:
            return True

    def _update_all(
        self, start: Callable[[], Update], *, rebuild: bool, must_check: bool
    ) -> Update:
        """Update everything, in place or, where that would not do, in a new generation."""
        state = self.state
        if state is IndexState.MISSING:
            self._database.require_space(0)
            self._database.create(root=str(self.root))
        update = start()
        is_damaged = state is IndexState.CORRUPT
        if not is_damaged and not rebuild and state is not IndexState.SCHEMA_CHANGED:
            try:
                is_known_sound = not must_check and self._database.was_checked_lately()
                if is_known_sound or self._database.is_sound():
                    update.apply(self._database, None, options_hash=self._options_hash)
                    return update
            except IndexCorrupt:
                logger.warning("the index is damaged, rebuilding it", exc_info=True)
                update = start()
            is_damaged = True
        if is_damaged:
            update.problems.append(_DAMAGED)
        purpose = self._options_hash
        with contextlib.closing(
            self._database.new_generation(root=str(self.root), purpose=purpose)
        ) as fresh:
            update.apply(fresh, None, options_hash=self._options_hash)
            if update.should_stop():
                return update
            self._database.publish(fresh, is_damaged=is_damaged)
        # What was saved meanwhile was stored in the old generation.
        start().apply(self._database, None, options_hash=self._options_hash)
        return update

    def _note_damage(self) -> None:
        logger.warning("the index is damaged; update it to rebuild it")
        self._damaged = self._database.identity()

    # Searching

    def _ask(
        self,
        ask: Callable[[Corpus, str], _T],
        default: _T,
        *,
        about: str = "",
        before: str = "",
    ) -> _T:
        """Ask the index as the open documents hide it, but for the one that is asked about.

        That one counts as stored, or as holding what it held ``before``.
        """
        documents = self._documents.others(about, before=before)

        def ask_overlay(catalog: Catalog, generation: str) -> _T:
            if not documents:
                return ask(catalog, generation)
            return ask(Overlay(catalog, documents), f"{generation}+{version_of(documents)}")

        return self._answer(ask_overlay, default)

    def _answer(self, ask: Callable[[Catalog, str], _T], default: _T) -> _T:
        """Ask one view of the index; ``default`` if there is none, or none that can be read."""
        try:
            with self._database.reading() as connection:
                if connection is None or not self._database.is_current(connection):
                    self.is_lost = True
                    return default
                self.is_lost = False
                generation = get_meta(connection, "generation")
                self._cache = cache = self._cache.at(get_meta(connection, "epoch"), generation)
                return ask(Catalog(connection, cache), generation)
        except IndexCorrupt:
            self._note_damage()
            self.is_lost = True
            return default

    def _read_text(self, path: str) -> str | None:
        typed = self._documents.text_of(path)
        if typed is not None:
            return typed
        source = scan.read_source(self.root, path, self._options)
        return None if isinstance(source, Skipped) else source.text

    def _nearest(self, text: str, limit: int) -> Sequence[tuple[str, float]]:
        if self._embedder is None or not self._options.vectors:
            return []
        try:
            if not self._vectors.open(self._embedder.name):
                return []
            (vector,) = self._embedder.embed([text])
        except IndexerError as error:
            logger.warning("searching without vectors: %s", error)
            return []
        return self._vectors.query(vector, limit=limit)

    def _vectors_state(self) -> str:
        if self._embedder is None or not self._options.vectors:
            return "off"
        return self._vectors.state()


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
