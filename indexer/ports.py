"""What the indexer asks of the outside world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from sqlite3 import Connection

    # Whoever only searches by words shall not pay for it.
    import numpy as np
    import numpy.typing as npt

Vectors: TypeAlias = "npt.NDArray[np.float32]"


class Embedder(Protocol):
    """Turns texts into unit vectors of one fixed length.

    Implementations: a local ONNX model, an OpenAI-compatible server, and hashing for tests.
    """

    @property
    def name(self) -> str:
        """Identifies the model and its preparation; vectors of different names never mix."""
        ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return an array of shape ``(len(texts), dimensions)``, rows of length one.

        Raises:
            EmbedderUnavailable: the model is missing or its server does not answer.
        """
        ...

    def close(self) -> None: ...


class VectorSource(Protocol):
    """Vectors that another machine made: looked up before a text is embedded here.

    Implementations: what was published in a folder or behind HTTP, and a Chroma server.
    """

    @property
    def place(self) -> str:
        """Where they come from, as people write it."""
        ...

    def check(self, embedder: str, dimensions: int) -> None:
        """See, without fetching, that it can be used with this embedder.

        Raises:
            IndexerError: it cannot, and why.
        """
        ...

    def fetch(
        self, embedder: str, dimensions: int, hashes: Sequence[str]
    ) -> Iterator[tuple[list[str], Vectors]]:
        """The vectors of these texts that are there, in batches, rows of length one.

        Raises:
            IndexerError: the place cannot be reached, or what is there cannot be used.
        """
        ...


class Neighbours(Protocol):
    """Finds the texts nearest to a vector: derived from the stored embeddings, never trusted.

    Implementations: Chroma in this process, and a Chroma server. Safe to use from many threads.
    """

    def open(self, embedder: str) -> bool:
        """Get ready to be asked; false if that is not possible now.

        Raises:
            IndexerError: it failed, and why.
        """
        ...

    def are_known_complete(self, connection: Connection, embedder: str) -> bool:
        """Whether a refresh would find nothing to do, as far as can be told without one.

        Raises:
            IndexerError: it failed, and why.
        """
        ...

    def refresh(self, embedder: str) -> bool:
        """Hold what the index holds, as far as it is there; false if somebody else sees to that.

        Raises:
            IndexerError: it failed, and why.
        """
        ...

    def query(self, vector: Vectors, *, limit: int) -> list[tuple[str, float]]:
        """Hashes of the nearest texts with their cosine similarity, best first."""
        ...

    def state(self) -> str:
        """How it is, in words for people."""
        ...

    def close(self) -> None: ...
