"""Where published vectors lie: a folder that all see, or the same folder behind HTTP.

    copilot-ls-vectors.json     the manifest: for each embedder, its segments
    <digest>.vectors            the segments, which never change

A manifest is believed in nothing but which files to look at: each file is held against its digest,
and the sizes are capped before anything is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

from indexer import web
from indexer.errors import ExchangeRefused
from indexer.exchange.segment import MAX_BYTES, MAX_DIMENSIONS, MAX_VECTORS, Segment

MANIFEST = "copilot-ls-vectors.json"
FORMAT = 1
_MAX_MANIFEST = 4 << 20
_MAX_SEGMENTS = 4_096
_MAX_EMBEDDERS = 64
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SECONDS_PER_STEP = 20.0
_SECONDS_AT_LEAST = 60.0
# Slower than this is a server that wants to keep us.
_MIN_BYTES_PER_SECOND = 50_000
_REMEDY = "check the address; texts are embedded here meanwhile"


@dataclass(frozen=True, slots=True)
class Shelfful:
    """What lies there for one embedder."""

    embedder: str
    dimensions: int
    segments: tuple[Segment, ...] = ()

    @property
    def n_vectors(self) -> int:
        return sum(segment.n_vectors for segment in self.segments)

    def with_segment(self, segment: Segment) -> Shelfful:
        return replace(self, segments=(*self.segments, segment))


class Shelf(Protocol):
    """Reads files by name; a folder and a web server."""

    @property
    def place(self) -> str:
        """The address as people write it."""
        ...

    def read(self, name: str, limit: int) -> bytes | None:
        """A small file, ``None`` if there is none.

        Raises:
            ExchangeRefused: it is larger than ``limit``, or cannot be reached.
        """
        ...

    def fetch(self, segment: Segment, cache: Path) -> Path:
        """A file on this machine that holds a segment, not yet held against its digest.

        Raises:
            ExchangeRefused: it is missing, of another size, or cannot be reached.
        """
        ...


def contents(shelf: Shelf) -> list[Shelfful]:
    """What is published, for all embedders; empty if nothing is.

    Raises:
        ExchangeRefused: the manifest cannot be reached or understood.
    """
    data = shelf.read(MANIFEST, _MAX_MANIFEST)
    if data is None:
        return []
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ExchangeRefused(f"the manifest at {shelf.place} cannot be read: {error}") from error
    match manifest:
        case {"format": int(number)} if number != FORMAT:
            raise ExchangeRefused(
                f"what is published at {shelf.place} has format {number}, not {FORMAT}",
                remedy="publish it with the version that is used here",
            )
        case {"embedders": list(entries)} if len(entries) <= _MAX_EMBEDDERS:
            return [_shelfful(entry, shelf.place) for entry in entries]
    raise ExchangeRefused(f"the manifest at {shelf.place} is none of copilot-ls")


def manifest_of(shelffuls: list[Shelfful]) -> bytes:
    """The manifest that says so."""
    entries = [asdict(shelfful) for shelfful in shelffuls]
    return json.dumps({"format": FORMAT, "embedders": entries}, indent=1).encode()


def _shelfful(entry: object, place: str) -> Shelfful:
    match entry:
        case {
            "embedder": str(embedder),
            "dimensions": int(dimensions),
            "segments": list(segments),
        } if 0 < dimensions <= MAX_DIMENSIONS and len(segments) <= _MAX_SEGMENTS:
            return Shelfful(embedder, dimensions, tuple(_segment(each, place) for each in segments))
    raise ExchangeRefused(f"the manifest at {place} is damaged")


def _segment(entry: object, place: str) -> Segment:
    match entry:
        case {"digest": str(digest), "n_vectors": int(n_vectors), "n_bytes": int(n_bytes)} if (
            _DIGEST.fullmatch(digest) and 0 < n_vectors <= MAX_VECTORS and 0 < n_bytes <= MAX_BYTES
        ):
            return Segment(digest, n_vectors, n_bytes)
    raise ExchangeRefused(f"the manifest at {place} is damaged")


class FolderShelf:
    """A folder: a network share, an artefact of CI that was unpacked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def place(self) -> str:
        return str(self._folder)

    def read(self, name: str, limit: int) -> bytes | None:
        try:
            with (self._folder / name).open("rb") as file:
                data = file.read(limit + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ExchangeRefused(f"{self._folder} cannot be read: {error.strerror}") from error
        if len(data) > limit:
            raise ExchangeRefused(f"{self._folder / name} is too large")
        return data

    def fetch(self, segment: Segment, cache: Path) -> Path:
        del cache
        file = self._folder / segment.name
        try:
            size = file.stat().st_size if file.is_file() else -1
        except OSError:
            size = -1
        if size != segment.n_bytes:
            raise ExchangeRefused(
                f"{file} is missing or not of the size that the manifest says",
                remedy="publish it again",
            )
        return file


class WebShelf:
    """A folder behind HTTP; what was fetched once is kept, by its digest."""

    def __init__(self, url: str, options: web.WebOptions) -> None:
        self._url = url.rstrip("/")
        self._options = options

    @property
    def place(self) -> str:
        return web.address_of(self._url)

    def read(self, name: str, limit: int) -> bytes | None:
        with self._stream(name, limit) as pieces:
            return None if pieces is None else b"".join(pieces)

    def fetch(self, segment: Segment, cache: Path) -> Path:
        file = cache / segment.name
        if file.is_file() and file.stat().st_size == segment.n_bytes:
            return file
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = file.with_suffix(".part")
        n_bytes = 0
        try:
            with self._stream(segment.name, segment.n_bytes) as pieces, part.open("wb") as out:
                for piece in pieces or ():
                    n_bytes += out.write(piece)
            if n_bytes != segment.n_bytes:
                raise ExchangeRefused(
                    f"{self.place}/{segment.name} is not of the size that the manifest says",
                    remedy="publish it again",
                )
            part.replace(file)
        except OSError as error:
            raise ExchangeRefused(f"{file} cannot be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
        return file

    @contextmanager
    def _stream(self, name: str, n_bytes: int) -> Iterator[Iterator[bytes] | None]:
        from httpx import HTTPError, InvalidURL

        try:
            with (
                web.open_client(self._options, seconds=_SECONDS_PER_STEP) as client,
                client.stream(
                    "GET", f"{self._url}/{name}", headers={"Accept-Encoding": "identity"}
                ) as response,
            ):
                if response.status_code == 404:
                    yield None
                    return
                if response.is_redirect:
                    raise ExchangeRefused(
                        f"{self.place} redirects elsewhere", remedy="name the place itself"
                    )
                response.raise_for_status()
                yield web.pieces_of(
                    response,
                    seconds=_SECONDS_AT_LEAST + n_bytes / _MIN_BYTES_PER_SECOND,
                    limit=n_bytes,
                )
        except (HTTPError, InvalidURL, OSError, ValueError) as error:
            raise ExchangeRefused(
                f"{self.place} does not answer: {str(error) or type(error).__name__}",
                remedy=_REMEDY,
            ) from error
