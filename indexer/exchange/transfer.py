"""Vectors that one machine made, for the others: published by CI, looked up by everybody.

What is asked for are texts that lie in this machine's own index: nothing that its ignore rules
leave out can come back this way, and what the other side knows of other code is never looked at.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from indexer.errors import ExchangeRefused, IndexerError
from indexer.exchange import segment as segments
from indexer.exchange.segment import Segment
from indexer.exchange.shelf import (
    MANIFEST,
    FolderShelf,
    Shelf,
    Shelfful,
    contents,
    manifest_of,
)
from indexer.ports import Vectors
from indexer.store import embeddings
from indexer.store.database import Database

_READ_AT_ONCE = 500
_VECTORS_PER_SEGMENT = 50_000
# Each publication adds a small one; when there are more, they are put together.
_MAX_SMALL = 20
_SMALL = 5_000
_SECONDS_KEPT = 24 * 3_600


@dataclass(frozen=True, slots=True)
class Publication:
    """What publishing did: ``n_new`` vectors were added to ``n_known``."""

    place: str
    n_new: int
    n_known: int
    n_bytes: int = 0


class PublishedVectors:
    """The ``VectorSource`` port on a shelf."""

    def __init__(self, shelf: Shelf, cache: Path) -> None:
        self._shelf = shelf
        self._cache = cache

    @property
    def place(self) -> str:
        return self._shelf.place

    def check(self, embedder: str, dimensions: int) -> None:
        """See that something of this embedder is there.

        Raises:
            ExchangeRefused: it is not, or cannot be reached.
        """
        self._find(embedder, dimensions)

    def fetch(
        self, embedder: str, dimensions: int, hashes: Sequence[str]
    ) -> Iterator[tuple[list[str], Vectors]]:
        """The vectors of these texts, as far as they are there, in batches.

        Raises:
            ExchangeRefused: nothing is there, nothing of this embedder, or it is not sound.
        """
        shelfful = self._find(embedder, dimensions)
        wanted = {bytes.fromhex(text_hash) for text_hash in hashes}
        for segment in reversed(shelfful.segments):
            if not wanted:
                break
            with _opened(self._shelf, segment, self._cache) as stream:
                for found, vectors in segments.read(
                    stream, segment, wanted, embedder=embedder, dimensions=dimensions
                ):
                    wanted.difference_update(map(bytes.fromhex, found))
                    yield found, vectors
        self._forget_all_but(shelfful)

    def _find(self, embedder: str, dimensions: int) -> Shelfful:
        return _of(contents(self._shelf), embedder, dimensions, self.place)

    def _forget_all_but(self, shelfful: Shelfful) -> None:
        names = {segment.name for segment in shelfful.segments}
        with contextlib.suppress(OSError):
            for file in self._cache.glob("*.vectors"):
                if file.name not in names:
                    file.unlink(missing_ok=True)


def publish(database: Database, embedder: str, folder: Path) -> Publication:
    """Put what a folder does not have yet of this index's vectors there.

    Several publications at once are safe; of what one of them adds, the manifest may lose sight
    until the next.

    Raises:
        IndexerError: there is nothing to publish, or the folder cannot be written.
    """
    with database.reading() as connection:
        mine = sorted(embeddings.live_hashes(connection, embedder)) if connection else []
    if not mine:
        raise IndexerError(
            "there are no vectors to publish", remedy="run `copilot-ls index` with vectors first"
        )
    shelf = FolderShelf(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = next((each for each in contents(shelf) if each.embedder == embedder), None)
        there, sound = _what_is_there(shelf, known) if known else (set(), [])
        new = [text_hash for text_hash in mine if text_hash not in there]
        n_bytes = dimensions = 0
        for start in range(0, len(new), _VECTORS_PER_SEGMENT):
            part = new[start : start + _VECTORS_PER_SEGMENT]
            hashes, vectors = _read_all(database, embedder, part)
            dimensions = int(vectors.shape[1])
            sound.append(segments.write(folder, embedder, hashes, vectors))
            n_bytes += sound[-1].n_bytes
        if new:
            shelfful = Shelfful(embedder, dimensions, tuple(sound))
            _announce(shelf, folder, _put_together(shelf, folder, shelfful))
    except OSError as error:
        raise IndexerError(
            f"{folder} cannot be written: {error.strerror or error}",
            remedy="check its permissions and free space",
        ) from error
    return Publication(shelf.place, len(new), len(there), n_bytes)


def _announce(shelf: FolderShelf, folder: Path, shelfful: Shelfful) -> None:
    """Write the manifest, and remove what none has named for a day: others may be reading it."""
    others = [each for each in contents(shelf) if each.embedder != shelfful.embedder]
    part = folder / f".{MANIFEST}.{os.getpid()}"
    part.write_bytes(manifest_of([*others, shelfful]))
    part.replace(folder / MANIFEST)
    named = {segment.name for each in (*others, shelfful) for segment in each.segments}
    for file in folder.glob("*.vectors"):
        with contextlib.suppress(OSError):
            if file.name not in named and time.time() - file.stat().st_mtime > _SECONDS_KEPT:
                file.unlink()


def _what_is_there(shelf: FolderShelf, known: Shelfful) -> tuple[set[str], list[Segment]]:
    """The texts that a folder has vectors of, and its segments without those that are damaged."""
    there: set[str] = set()
    sound: list[Segment] = []
    for segment in known.segments:
        with contextlib.suppress(ExchangeRefused), _opened(shelf, segment) as stream:
            there.update(
                segments.hashes_of(
                    stream, segment, embedder=known.embedder, dimensions=known.dimensions
                )
            )
            sound.append(segment)
    return there, sound


def _put_together(shelf: FolderShelf, folder: Path, shelfful: Shelfful) -> Shelfful:
    """Small segments as one, if there are many."""
    small = [each for each in shelfful.segments if each.n_vectors <= _SMALL]
    if len(small) <= _MAX_SMALL:
        return shelfful
    big = [each for each in shelfful.segments if each.n_vectors > _SMALL]
    found: dict[str, Vectors] = {}
    for segment in small:
        with _opened(shelf, segment) as stream:
            for hashes, vectors in segments.read(
                stream,
                segment,
                _Everything(),
                embedder=shelfful.embedder,
                dimensions=shelfful.dimensions,
            ):
                found.update(zip(hashes, vectors, strict=True))
    merged = segments.write(folder, shelfful.embedder, list(found), np.stack([*found.values()]))
    return replace(shelfful, segments=(*big, merged))


class _Everything(Container[bytes]):
    def __contains__(self, _: object) -> bool:
        return True


@contextlib.contextmanager
def _opened(shelf: Shelf, segment: Segment, cache: Path = Path()) -> Iterator[BinaryIO]:
    file = shelf.fetch(segment, cache)
    try:
        segments.check(file, segment)
    except ExchangeRefused:
        # One that was damaged on its way must not be taken from here again.
        if file.parent == cache:
            file.unlink(missing_ok=True)
        raise
    with file.open("rb") as stream:
        yield stream


def _read_all(
    database: Database, embedder: str, hashes: Sequence[str]
) -> tuple[list[str], Vectors]:
    """The vectors of these texts, as far as another process has not dropped them meanwhile."""
    rows: dict[str, Vectors] = {}
    for start in range(0, len(hashes), _READ_AT_ONCE):
        with database.reading() as connection:
            if connection is None:
                raise IndexerError("the index was removed meanwhile", remedy="run it again")
            found, vectors = embeddings.read(
                connection, embedder, hashes[start : start + _READ_AT_ONCE]
            )
        rows.update(zip(found, vectors, strict=True))
    return [*rows], np.stack([*rows.values()])


def _of(shelffuls: Sequence[Shelfful], embedder: str, dimensions: int, place: str) -> Shelfful:
    for shelfful in shelffuls:
        if (shelfful.embedder, shelfful.dimensions) == (embedder, dimensions):
            return shelfful
    if not shelffuls:
        raise ExchangeRefused(
            f"nothing is published at {place}", remedy="publish with `copilot-ls index --publish`"
        )
    names = ", ".join(shelfful.embedder for shelfful in shelffuls)
    raise ExchangeRefused(
        f"what is published at {place} was made by {names}, and here it is {embedder}",
        remedy="use the same embedding model and version on both sides",
    )
