"""An embedder without a model: the words of a text, hashed into a vector.

It knows no synonyms. It is what tests use, and what is left where no model can be had:
two texts are near if they share (split) identifiers.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from indexer.chunk import split_identifiers
from indexer.ports import Vectors


class HashingEmbedder:
    """Feature hashing with signs and damped counts; the same text gives the same vector always."""

    def __init__(self, dimensions: int = 256) -> None:
        self._dimensions = dimensions

    @property
    def name(self) -> str:
        return f"hashing-1-{self._dimensions}"

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for term, count in Counter(split_identifiers(text).split()).items():
                digest = _digest(term)
                sign = 1.0 if digest & 1 else -1.0
                row[(digest >> 1) % self._dimensions] += sign * (1.0 + math.log(count))
            if not row.any():
                row[0] = 1.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def close(self) -> None:
        """Hold nothing, release nothing."""


@lru_cache(maxsize=65_536)
def _digest(term: str) -> int:
    encoded = term.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), "little")
