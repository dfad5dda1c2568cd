"""Nearest neighbours in a Chroma server that the user names, shared by a team.

One collection for each repository and embedder; ids are the hashes of texts, as everywhere, so
that all who work on a repository fill the same collection, nobody embeds what somebody else has,
and an id that is unknown here is simply another branch's.
Spoken over its HTTP interface, because its Python client waits for ever and reads the
environment's proxies. Whatever fails is said once and left alone for a while: searching goes on
with words and structure.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import sqlite3
import threading
import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeAlias

from indexer.errors import IndexerError
from indexer.ports import Vectors
from indexer.store import embeddings
from indexer.store.database import Database, get_meta, set_meta
from indexer.web import WebOptions, address_of, open_client, pieces_of

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger(__name__)

_BATCH = 500
_SECONDS_OF_REST = 60.0
_MAX_ANSWER = 64 << 20

Json: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """A server as the user's settings name it, and what the repository is called there.

    ``query_seconds`` is how long a search waits; filling has more time.
    """

    url: str
    repository: str
    web: WebOptions = WebOptions()
    tenant: str = "default_tenant"
    database: str = "default_database"
    connect_seconds: float = 2.0
    query_seconds: float = 3.0
    fill_seconds: float = 60.0


class ServerVectors:
    """The ``Neighbours`` and ``VectorSource`` ports on a collection of a server."""

    def __init__(self, database: Database, server: ChromaServer) -> None:
        self._database = database
        self._server = server
        self._guard = threading.Lock()
        self._client: httpx.Client | None = None
        self._collections: dict[str, str] = {}
        self._present: set[str] = set()
        self._failure = ""
        self._rests_until = 0.0

    @property
    def place(self) -> str:
        return address_of(self._server.url)

    def open(self, embedder: str) -> bool:
        """Find or make the collection; one request, and none after that."""
        if time.monotonic() < self._rests_until:
            return False
        self._collection(embedder)
        return True

    def are_known_complete(self, connection: sqlite3.Connection, embedder: str) -> bool:
        """Whether this machine filled this very collection with these very texts."""
        if time.monotonic() < self._rests_until:
            return False
        collection = self._collection(embedder)
        digest = embeddings.digest_of(embeddings.live_hashes(connection, embedder))
        return get_meta(connection, "server_filled") == f"{collection} {digest}"

    def refresh(self, embedder: str) -> bool:
        """Add the vectors that the server does not have; those of others stay."""
        if time.monotonic() < self._rests_until:
            return False
        with self._database.reading() as connection:
            if connection is None:
                return False
            wanted = embeddings.live_hashes(connection, embedder)
        missing = sorted(wanted - self._present)
        for start in range(0, len(missing), _BATCH):
            self._add(embedder, missing[start : start + _BATCH])
        filled = f"{self._collection(embedder)} {embeddings.digest_of(wanted)}"
        with self._database.writing() as connection:
            set_meta(connection, "server_filled", filled)
        return True

    def check(self, embedder: str, dimensions: int) -> None:
        """Find or make the collection."""
        del dimensions
        self._collection(embedder)

    def fetch(
        self, embedder: str, dimensions: int, hashes: Sequence[str]
    ) -> Iterator[tuple[list[str], Vectors]]:
        """The vectors that somebody else has made of these texts."""
        import numpy as np

        if time.monotonic() < self._rests_until:
            return
        for start in range(0, len(hashes), _BATCH):
            asked = hashes[start : start + _BATCH]
            body: Json = {"ids": list(asked), "include": ["embeddings"]}
            answer = self._ask(embedder, "get", body, self._server.fill_seconds)
            found = dict(_rows(answer, set(asked), dimensions))
            if not found:
                continue
            vectors = np.stack([*found.values()])
            is_unit = embeddings.are_unit(vectors)
            sound = [
                text_hash for text_hash, is_kept in zip(found, is_unit, strict=True) if is_kept
            ]
            self._present.update(sound)
            yield sound, vectors[is_unit]

    def query(self, vector: Vectors, *, limit: int) -> list[tuple[str, float]]:
        if not self._embedder_in_use:
            return []
        try:
            answer = self._ask(
                self._embedder_in_use,
                "query",
                {
                    "query_embeddings": [[float(value) for value in vector]],
                    "n_results": limit,
                    "include": ["distances"],
                },
                self._server.query_seconds,
            )
        except IndexerError as error:
            logger.warning("searching without vectors: %s", error)
            return []
        match answer:
            case {"ids": [list(ids), *_], "distances": [list(distances), *_]}:
                return [
                    (str(text_hash), 1.0 - distance)
                    for text_hash, distance in zip(ids, distances, strict=False)
                    if isinstance(distance, float | int) and math.isfinite(distance)
                ]
        return []

    def state(self) -> str:
        if self._failure and time.monotonic() < self._rests_until:
            return f"at {self.place}, which does not work: {self._failure}"
        return f"at {self.place}"

    def close(self) -> None:
        with self._guard:
            if self._client is not None:
                self._client.close()
                self._client = None

    @property
    def _embedder_in_use(self) -> str:
        return next(iter(self._collections), "")

    def _add(self, embedder: str, hashes: Sequence[str]) -> None:
        known = self._ask(
            embedder, "get", {"ids": list(hashes), "include": []}, self._server.fill_seconds
        )
        ids = known.get("ids")
        self._present.update(str(each) for each in ids if each) if isinstance(ids, list) else None
        new = [text_hash for text_hash in hashes if text_hash not in self._present]
        if not new:
            return
        with self._database.reading() as connection:
            if connection is None:
                return
            found, vectors = embeddings.read(connection, embedder, new)
        body: Json = {
            "ids": found,
            # Half precision is what is stored; more digits would only be longer.
            "embeddings": [[round(float(value), 5) for value in row] for row in vectors],
        }
        self._ask(embedder, "upsert", body, self._server.fill_seconds)
        self._present.update(found)

    def _collection(self, embedder: str) -> str:
        with self._guard:
            known = self._collections.get(embedder)
        if known is not None:
            return known
        server = self._server
        digest = blake2b(embedder.encode(), digest_size=6).hexdigest()
        body: Json = {
            "name": f"{server.repository}-{digest}",
            "metadata": {"hnsw:space": "cosine", "embedder": embedder},
            "get_or_create": True,
        }
        base = f"/api/v2/tenants/{server.tenant}/databases/{server.database}/collections"
        answer = self._send(base, body, server.query_seconds)
        match answer:
            case {"id": str(identity)} if identity.replace("-", "").isalnum():
                with self._guard:
                    self._collections = {embedder: f"{base}/{identity}"}
                return f"{base}/{identity}"
        raise self._failed("it does not speak as a Chroma server does")

    def _ask(self, embedder: str, what: str, body: Json, seconds: float) -> Json:
        return self._send(f"{self._collection(embedder)}/{what}", body, seconds)

    def _send(self, path: str, body: Json, seconds: float) -> Json:
        import httpx

        timeout = httpx.Timeout(seconds, connect=self._server.connect_seconds)
        try:
            with self._http().stream(
                "POST", self._server.url.rstrip("/") + path, json=body, timeout=timeout
            ) as response:
                if response.status_code in {401, 403}:
                    raise self._failed(f"it refuses us ({response.status_code}); check the token")
                if response.status_code == 404:
                    # Somebody deleted the collection: the next request makes it anew.
                    self._collections, self._present = {}, set()
                response.raise_for_status()
                pieces = pieces_of(response, seconds=seconds, limit=_MAX_ANSWER)
                answer: Any = json.loads(b"".join(pieces))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RecursionError) as error:
            raise self._failed(_reason(error)) from error
        self._failure = ""
        return answer if isinstance(answer, dict) else {}

    def _http(self) -> httpx.Client:
        with self._guard:
            if self._client is None:
                options = self._server.web
                self._client = open_client(options, seconds=self._server.fill_seconds)
                if options.token:
                    self._client.headers["X-Chroma-Token"] = options.token
            return self._client

    def _failed(self, reason: str) -> IndexerError:
        self._failure = reason
        self._rests_until = time.monotonic() + _SECONDS_OF_REST
        return IndexerError(
            f"the Chroma server {self.place} does not work: {reason}",
            remedy="check it and index.chroma_url; searching works without it",
        )


def _reason(error: Exception) -> str:
    import httpx

    match error:
        case httpx.TimeoutException() | TimeoutError():
            return "it does not answer in time"
        case httpx.HTTPStatusError():
            return f"it answers {error.response.status_code}"
        case _:
            return str(error) or type(error).__name__


def _rows(answer: Json, wanted: Container[str], dimensions: int) -> Iterator[tuple[str, Vectors]]:
    """The vectors in an answer to ``get``, of the texts that were asked for."""
    import numpy as np

    ids, rows = answer.get("ids"), answer.get("embeddings")
    if not isinstance(ids, list) or not isinstance(rows, list):
        return
    for text_hash, row in zip(ids, rows, strict=False):
        if isinstance(text_hash, str) and text_hash in wanted and isinstance(row, list):
            with contextlib.suppress(ValueError, TypeError, OverflowError):
                vector = np.asarray(row, dtype=np.float32)
                if vector.shape == (dimensions,):
                    yield text_hash, vector
