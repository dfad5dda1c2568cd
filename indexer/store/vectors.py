"""Nearest neighbours in Chroma: derived from the embeddings in SQLite, and never trusted.

Embedded Chroma is not safe across processes, its reader does not see another process's writes,
and a process killed while adding can leave a file that grows without bound once it is written
again (chroma-core/chroma#7510). Hence the rules of this module, the only one that imports it:

- one process at a time has it open, under a lock of its own; others search without vectors;
- it is marked dirty while written, and looked at before and after it is opened: the size of its
  link file, its count, and whether it finds vectors that it holds;
- whatever fails, it is thrown away and filled again from SQLite, without embedding anything;
- while it is written, no file of this process can grow beyond what the vectors may need.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.errors import IndexCorrupt, IndexerError
from indexer.ports import Vectors
from indexer.store import embeddings, lock
from indexer.store.database import Database, get_meta, set_meta

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

logger = logging.getLogger(__name__)

FOLDER = "vectors"
BATCH = 500
_COLLECTION = "chunks"
_N_PROBES = 5
_MIN_PROBE_SIMILARITY = 0.99
# hnswlib needs about 9 bytes of links per vector above the lowest level; this is generous.
_LINK_BYTES_PER_VECTOR = 512
_LINK_BYTES = 1 << 20
# Measured: 3.5 kB for each of 10,000 vectors of 384 numbers, without documents.
_BYTES_PER_VECTOR = 5_000
_FILE_BYTES = 1 << 30
_FILE_BYTES_PER_VECTOR = 1 << 14


class VectorIndex:
    """The vectors of the chunks that are in the repository now.

    Nothing is opened before the first :meth:`refresh`; from then until :meth:`close` this process
    owns them. Safe to use from several threads.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._embedder = ""
        self._guard = threading.Lock()
        self._held: lock.Lock | None = None
        self._client: ClientAPI | None = None
        self._collection: Collection | None = None
        self._folder = database.location / FOLDER
        self._generation = ""
        # Nothing is tried twice that failed and has not changed since.
        self._failed_generation = "-"
        self.n_vectors = 0

    @property
    def is_open(self) -> bool:
        return self._held is not None

    def open(self, embedder: str) -> bool:
        """The same as :meth:`refresh`: what is opened is brought up to date."""
        return self.refresh(embedder)

    def state(self) -> str:
        """Who has them open, or how they were left."""
        if self.is_open:
            return "open in this process"
        holder = lock.holder_of(self._database.location, FOLDER)
        if holder:
            return f"open in process {holder}"
        return self._read_meta()["vectors_state"] or "not built"

    def are_known_complete(self, connection: sqlite3.Connection, embedder: str) -> bool:
        """Whether the last process that had them left them as they would be made now.

        Tells without opening them, which costs seconds.
        """
        digest = embeddings.digest_of(embeddings.live_hashes(connection, embedder))
        return (
            get_meta(connection, "vectors_state") == "clean"
            and get_meta(connection, "vectors_embedder") == embedder
            and get_meta(connection, "vectors_digest") == digest
        )

    def refresh(self, embedder: str) -> bool:
        """Make the vectors equal to SQLite's; false if another process owns them.

        Cheap if nothing changed. The first call in a process imports Chroma, which takes a second
        or two; after a big update by another process the new vectors are added here.

        Raises:
            IndexerError: they cannot be written; told once, until the index changes.
        """
        with self._guard:
            if self._held is None:
                self._held = lock.try_acquire(self._database.location, FOLDER)
                if self._held is None:
                    return False
            if embedder != self._embedder:
                self._drop_client()
                self._embedder = embedder
            meta = self._read_meta()
            if meta["generation"] == self._failed_generation:
                return False
            if self._collection is not None and meta["generation"] == self._generation:
                return True
            try:
                self._open(meta)
                self._sync()
            except IndexerError:
                raise
            except Exception as error:
                logger.warning("vectors failed, rebuilding them", exc_info=error)
                self._rebuild(meta["generation"])
            self._generation = meta["generation"]
            return True

    def query(self, vector: Vectors, *, limit: int) -> list[tuple[str, float]]:
        """Hashes of the nearest texts with their cosine similarity, best first."""
        with self._guard:
            if self._collection is None or self.n_vectors == 0:
                return []
            try:
                return self._nearest(vector, limit)
            except Exception as error:
                logger.warning("a query of the vectors failed", exc_info=error)
                self._generation = ""
                self._mark("dirty")
                self._drop_client()
                return []

    def close(self) -> None:
        """Close Chroma and give the lock back."""
        with self._guard:
            self._drop_client()
            if self._held is not None:
                self._held.release()
                self._held = None

    def _rebuild(self, generation: str) -> None:
        try:
            self._start_afresh()
            self._sync()
        except IndexerError:
            raise
        except Exception as error:
            # Half of them are of no use, and what filled the disk must not stay on it.
            self._drop_client()
            self._failed_generation = generation
            shutil.rmtree(self._folder, ignore_errors=True)
            raise IndexerError(
                f"the vectors in {self._folder.parent} cannot be written: {error}",
                remedy="check the free space of this folder; searching works without them",
            ) from error

    def _open(self, meta: dict[str, str]) -> None:
        if self._collection is not None:
            return
        folder = self._database.location / FOLDER / (meta["vectors_folder"] or "none")
        count = int(meta["vectors_count"] or 0)
        is_usable = (
            meta["vectors_state"] == "clean"
            and meta["vectors_embedder"] == self._embedder
            and folder.is_dir()
            and _links_are_sane(folder, count)
        )
        if not is_usable:
            self._start_afresh()
            return
        self._folder = folder
        self._connect()
        self.n_vectors = self._chunks.count()
        if self.n_vectors != count or not self._finds_what_it_holds():
            logger.warning("vectors do not match the index, rebuilding them")
            self._start_afresh()

    def _start_afresh(self) -> None:
        # A new folder each time: this process may still have files of the old one mapped.
        self._drop_client()
        self._mark("dirty")
        shutil.rmtree(self._database.location / FOLDER, ignore_errors=True)
        self._folder = self._database.location / FOLDER / uuid.uuid4().hex[:12]
        self._folder.mkdir(parents=True, mode=0o700)
        self._connect()
        self.n_vectors = 0

    def _connect(self) -> None:
        import chromadb
        from chromadb.config import Settings

        self._client = chromadb.PersistentClient(
            str(self._folder), settings=Settings(anonymized_telemetry=False)
        )
        self._collection = self._client.get_or_create_collection(
            _COLLECTION, embedding_function=None, metadata={"hnsw:space": "cosine"}
        )

    def _sync(self) -> None:
        collection = self._chunks
        with self._reading() as connection:
            wanted = embeddings.live_hashes(connection, self._embedder)
        stored = set(collection.get(include=[])["ids"]) if self.n_vectors else set()
        gone, new = sorted(stored - wanted), sorted(wanted - stored)
        if gone and len(gone) > len(wanted):
            # Deleted vectors stay in the graph as ballast.
            self._start_afresh()
            collection, gone, new = self._chunks, [], sorted(wanted)
        if gone or new:
            self._database.require_space(_BYTES_PER_VECTOR * len(new))
            self._mark("dirty")
            limit = _FILE_BYTES + _FILE_BYTES_PER_VECTOR * len(wanted)
            with limited_file_size(limit):
                for start in range(0, len(gone), BATCH):
                    collection.delete(ids=gone[start : start + BATCH])
                for start in range(0, len(new), BATCH):
                    with self._reading() as connection:
                        hashes, vectors = embeddings.read(
                            connection, self._embedder, new[start : start + BATCH]
                        )
                    if hashes:
                        collection.add(ids=hashes, embeddings=vectors)
        self.n_vectors = collection.count()
        self._mark("clean", digest=embeddings.digest_of(wanted))

    def _finds_what_it_holds(self) -> bool:
        ids = self._chunks.get(limit=_N_PROBES, include=[])["ids"]
        with self._reading() as connection:
            hashes, vectors = embeddings.read(connection, self._embedder, ids)
        if len(hashes) < len(ids):
            # Texts whose embeddings were collected: nothing to compare with.
            return bool(hashes) or not ids
        for vector in vectors:
            nearest = self._nearest(vector, 1)
            if not nearest or nearest[0][1] < _MIN_PROBE_SIMILARITY:
                return False
        return True

    def _nearest(self, vector: Vectors, limit: int) -> list[tuple[str, float]]:
        import numpy as np

        found = self._chunks.query(
            query_embeddings=np.asarray(vector, dtype=np.float32).reshape(1, -1),
            n_results=min(limit, self.n_vectors),
            include=["distances"],
        )
        distances = found["distances"] or [[]]
        return [
            (text_hash, 1.0 - float(distance))
            for text_hash, distance in zip(found["ids"][0], distances[0], strict=True)
        ]

    @property
    def _chunks(self) -> Collection:
        if self._collection is None:
            raise IndexerError("the vectors are not open")
        return self._collection

    def _drop_client(self) -> None:
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.close()
        self._client = self._collection = None

    def _read_meta(self) -> dict[str, str]:
        keys = (
            "epoch",
            "embedded",
            "vectors_state",
            "vectors_count",
            "vectors_folder",
            "vectors_embedder",
        )
        with self._reading() as connection:
            meta = {key: get_meta(connection, key) for key in keys}
        # Saved files bring no vectors until they are embedded, and what is gone is never asked for.
        meta["generation"] = f"{meta['epoch']}+{meta['embedded']}"
        return meta

    def _mark(self, state: str, *, digest: str = "") -> None:
        with self._database.writing() as connection:
            set_meta(connection, "vectors_state", state)
            if state == "clean":
                set_meta(connection, "vectors_count", str(self.n_vectors))
                set_meta(connection, "vectors_folder", self._folder.name)
                set_meta(connection, "vectors_embedder", self._embedder)
                set_meta(connection, "vectors_digest", digest)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._database.reading() as connection:
            if connection is None:
                raise IndexCorrupt("the index was removed", remedy="run the update again")
            yield connection


@contextlib.contextmanager
def limited_file_size(n_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``n_bytes`` meanwhile (POSIX; elsewhere nothing).

    A write beyond it fails with an ordinary error: Python ignores the signal.
    """
    if sys.platform == "win32":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = n_bytes if soft == resource.RLIM_INFINITY else min(n_bytes, soft)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _links_are_sane(folder: Path, n_vectors: int) -> bool:
    limit = _LINK_BYTES + _LINK_BYTES_PER_VECTOR * n_vectors
    try:
        return all(path.stat().st_size <= limit for path in folder.rglob("link_lists.bin"))
    except OSError:
        return False
