"""What the indexer asks of the outside world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
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
