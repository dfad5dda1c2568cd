"""A file of vectors by the hash of their text: what machines exchange. Hostile until it is checked.

    magic, 8 bytes · length of the header, 4 bytes, little-endian · header, JSON
    n hashes of 16 bytes, ascending · n vectors of 16-bit floats, little-endian, in the same order

It says nothing of paths, names or code: whoever has a text can look up its vector, and a false
vector can do no more than rank a text wrongly.
The file's name is its digest, so that it never changes and is never fetched twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

import numpy as np

from indexer.errors import ExchangeRefused
from indexer.ports import Vectors
from indexer.store import embeddings

MAGIC = b"CPLSVEC1"
HASH_BYTES = 16
MAX_VECTORS = 1_000_000
MAX_DIMENSIONS = 8_192
MAX_BYTES = 2 << 30
_MAX_HEADER = 4_096
_ROWS_AT_ONCE = 4_096
_MAX_GAP = 16


@dataclass(frozen=True, slots=True)
class Segment:
    """What a manifest promises of one file."""

    digest: str
    n_vectors: int
    n_bytes: int

    @property
    def name(self) -> str:
        return f"{self.digest}.vectors"


def write(folder: Path, embedder: str, hashes: Sequence[str], vectors: Vectors) -> Segment:
    """Write vectors into a new file of ``folder``, complete or not at all."""
    order = sorted(range(len(hashes)), key=lambda index: hashes[index])
    header = json.dumps(
        {"embedder": embedder, "dimensions": int(vectors.shape[1]), "n": len(hashes)}
    ).encode()
    part = folder / f".{os.getpid()}.part"
    try:
        digest = blake2b(digest_size=32)
        with part.open("wb") as file:
            for piece in _pieces(header, [hashes[i] for i in order], vectors, order):
                digest.update(piece)
                file.write(piece)
            n_bytes = file.tell()
            file.flush()
            os.fsync(file.fileno())
        segment = Segment(digest.hexdigest(), len(hashes), n_bytes)
        part.replace(folder / segment.name)
    finally:
        part.unlink(missing_ok=True)
    return segment


def _pieces(
    header: bytes, hashes: Sequence[str], vectors: Vectors, order: Sequence[int]
) -> Iterator[bytes]:
    yield MAGIC + len(header).to_bytes(4, "little") + header
    yield b"".join(map(bytes.fromhex, hashes))
    for start in range(0, len(order), _ROWS_AT_ONCE):
        rows = vectors[list(order[start : start + _ROWS_AT_ONCE])]
        yield np.asarray(rows, dtype="<f2").tobytes()


def check(file: Path, promised: Segment) -> None:
    """Hold a file against what was promised of it.

    Raises:
        ExchangeRefused: it is another one, or damaged.
    """
    digest = blake2b(digest_size=32)
    with file.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    if digest.hexdigest() != promised.digest:
        raise ExchangeRefused(
            f"{promised.name} is damaged or was tampered with: its digest is another one",
            remedy="publish it again",
        )


def hashes_of(
    file: BinaryIO, promised: Segment, *, embedder: str, dimensions: int
) -> Iterator[str]:
    """The texts whose vectors a file holds; reads nothing else of it.

    Raises:
        ExchangeRefused: it does not hold what it should.
    """
    _after_header(file, promised, embedder, dimensions)
    data = _exactly(file, promised.n_vectors * HASH_BYTES)
    for start in range(0, len(data), HASH_BYTES):
        yield data[start : start + HASH_BYTES].hex()


def read(
    file: BinaryIO,
    promised: Segment,
    wanted: Container[bytes],
    *,
    embedder: str,
    dimensions: int,
) -> Iterator[tuple[list[str], Vectors]]:
    """The wanted vectors of a checked file, in batches, without those that are no unit vectors.

    Raises:
        ExchangeRefused: it does not hold what it should.
    """
    n = promised.n_vectors
    start = _after_header(file, promised, embedder, dimensions)
    if promised.n_bytes != start + n * (HASH_BYTES + 2 * dimensions):
        raise ExchangeRefused(f"{promised.name} has another length than its header says")
    hashes = _exactly(file, n * HASH_BYTES)
    rows: list[int] = []
    last = b""
    for row in range(n):
        text_hash = hashes[row * HASH_BYTES : (row + 1) * HASH_BYTES]
        if text_hash <= last:
            raise ExchangeRefused(f"the texts in {promised.name} are not in order")
        last = text_hash
        if text_hash in wanted:
            rows.append(row)
    first = start + n * HASH_BYTES
    for batch in range(0, len(rows), _ROWS_AT_ONCE):
        chosen = rows[batch : batch + _ROWS_AT_ONCE]
        yield _sound(hashes, chosen, _vectors(file, first, chosen, dimensions))


def _after_header(file: BinaryIO, promised: Segment, embedder: str, dimensions: int) -> int:
    start = file.read(len(MAGIC) + 4)
    length = int.from_bytes(start[len(MAGIC) :], "little")
    if not start.startswith(MAGIC) or not 0 < length <= _MAX_HEADER:
        raise ExchangeRefused(f"{promised.name} is no file of vectors")
    try:
        header = json.loads(file.read(length))
    except (ValueError, RecursionError) as error:
        raise ExchangeRefused(f"{promised.name} has no header that can be read") from error
    if header != {"embedder": embedder, "dimensions": dimensions, "n": promised.n_vectors}:
        raise ExchangeRefused(
            f"{promised.name} holds vectors of another embedder, or another number of them",
            remedy="publish them with the version that is used here",
        )
    return len(start) + length


def _vectors(file: BinaryIO, first: int, rows: Sequence[int], dimensions: int) -> Vectors:
    """Rows that may be far apart: what lies between near ones is read and thrown away."""
    width = 2 * dimensions
    found = np.empty((len(rows), dimensions), dtype=np.float32)
    at = 0
    while at < len(rows):
        end = at + 1
        while end < len(rows) and rows[end] - rows[end - 1] <= _MAX_GAP:
            end += 1
        file.seek(first + rows[at] * width)
        data = _exactly(file, (rows[end - 1] - rows[at] + 1) * width)
        block = np.frombuffer(data, dtype="<f2").reshape(-1, dimensions)
        found[at:end] = block[[row - rows[at] for row in rows[at:end]]]
        at = end
    return found


def _exactly(file: BinaryIO, n_bytes: int) -> bytes:
    data = file.read(n_bytes)
    if len(data) != n_bytes:
        raise ExchangeRefused(f"{file.name} became shorter while it was read")
    return data


def _sound(hashes: bytes, rows: Sequence[int], vectors: Vectors) -> tuple[list[str], Vectors]:
    is_unit = embeddings.are_unit(vectors)
    kept = [row for row, is_kept in zip(rows, is_unit, strict=True) if is_kept]
    names = [hashes[row * HASH_BYTES : (row + 1) * HASH_BYTES].hex() for row in kept]
    return names, vectors[is_unit]
