"""Vectors by content: what embedding a text once has cost is never paid again.

A vector belongs to the hash of a text and the name of an embedder, not to a place in a file, so
a function that moves, or comes back after a branch switch, keeps its vector.
They are stored as 16-bit floats: for unit vectors the error is far below the embedders' own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from indexer.ports import Vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_ERROR = 0.1


def missing_hashes(connection: sqlite3.Connection, embedder: str) -> list[str]:
    """The texts that this embedder has not seen: code before prose and data, oldest file first.

    Reads the whole table of chunks: a quarter of a second for 100,000.
    """
    rows = connection.execute(
        "SELECT c.text_hash FROM chunks c WHERE NOT EXISTS"
        " (SELECT 1 FROM embeddings e WHERE e.text_hash = c.text_hash AND e.embedder = ?)"
        " GROUP BY c.text_hash ORDER BY min(c.kind = 'text'), min(c.id)",
        (embedder,),
    )
    return [text_hash for (text_hash,) in rows]


def texts_of(connection: sqlite3.Connection, hashes: Sequence[str]) -> dict[str, str]:
    """What is embedded of each text (a few hundred) that a chunk still has."""
    marks = ",".join("?" * len(hashes))
    return dict(
        connection.execute(
            "SELECT text_hash, header || char(10) || text FROM chunks"  # noqa: S608
            f" WHERE text_hash IN ({marks}) GROUP BY text_hash",
            list(hashes),
        ).fetchall()
    )


def add(
    connection: sqlite3.Connection, embedder: str, hashes: Sequence[str], vectors: Vectors
) -> None:
    """Store one vector for each hash."""
    import numpy as np

    rows = np.asarray(vectors, dtype=np.float16)
    connection.executemany(
        "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)",
        [(text_hash, embedder, row.tobytes()) for text_hash, row in zip(hashes, rows, strict=True)],
    )


def live_hashes(connection: sqlite3.Connection, embedder: str) -> set[str]:
    """The embedded texts that are in the repository now."""
    rows = connection.execute(
        "SELECT DISTINCT e.text_hash FROM embeddings e JOIN chunks c ON c.text_hash = e.text_hash"
        " WHERE e.embedder = ?",
        (embedder,),
    )
    return {text_hash for (text_hash,) in rows}


def digest_of(hashes: Iterable[str]) -> str:
    """What tells one set of texts from another."""
    return blake2b("".join(sorted(hashes)).encode(), digest_size=16).hexdigest()


def read(
    connection: sqlite3.Connection, embedder: str, hashes: Sequence[str]
) -> tuple[list[str], Vectors]:
    """The stored vectors among these texts (a few hundred), scaled to length one again."""
    import numpy as np

    marks = ",".join("?" * len(hashes))
    rows = connection.execute(
        f"SELECT text_hash, vector FROM embeddings WHERE embedder = ? AND text_hash IN ({marks})",  # noqa: S608
        [embedder, *hashes],
    ).fetchall()
    if not rows:
        return [], np.zeros((0, 0), dtype=np.float32)
    vectors = np.stack([np.frombuffer(blob, dtype=np.float16) for _, blob in rows])
    return [text_hash for text_hash, _ in rows], normalise(vectors.astype(np.float32))


def collect(connection: sqlite3.Connection, embedder: str) -> int:
    """Drop vectors that no chunk uses, if they are more than those in use, and other embedders'.

    Called at the end of a complete update. Returns how many were dropped.
    """
    (n_all,) = connection.execute(
        "SELECT count(*) FROM embeddings WHERE embedder = ?", (embedder,)
    ).fetchone()
    (n_live,) = connection.execute("SELECT count(DISTINCT text_hash) FROM chunks").fetchone()
    if n_all <= 2 * n_live + 1_000:
        return 0
    cursor = connection.execute(
        "DELETE FROM embeddings WHERE embedder <> ? OR text_hash NOT IN"
        " (SELECT text_hash FROM chunks)",
        (embedder,),
    )
    return cursor.rowcount


def are_unit(vectors: Vectors) -> NDArray[np.bool_]:
    """Which rows have length one, as far as 16 bits tell: what came from elsewhere is checked."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1)
    is_unit: NDArray[np.bool_] = np.abs(lengths - 1.0) < _MAX_ERROR
    return is_unit


def normalise(vectors: Vectors) -> Vectors:
    """Scale rows to length one; rows of zeros stay zeros."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = vectors / np.maximum(lengths, 1e-12)
    return scaled
