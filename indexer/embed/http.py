"""Embeddings from an OpenAI-compatible server: ``POST <base URL>/embeddings``.

Texts of the repository leave the process here, so this is built only by the wiring, and only
when the user's own settings name the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from httpx import HTTPError, HTTPStatusError, InvalidURL

from indexer import secrets, web
from indexer.errors import EmbedderUnavailable
from indexer.ports import Vectors

_BATCH = 64
_REMEDY = "check the server and the embedder's settings; searching works without it"


@dataclass(frozen=True, slots=True)
class HttpEmbedderOptions:
    """Where the server is and how to reach it.

    ``base_url`` ends before ``/embeddings`` (``http://localhost:8080/v1``); ``ca_bundle`` is a
    file of certificates to trust instead of the system's. ``proxy`` is used only if it is given:
    the environment's proxies are ignored.
    """

    base_url: str
    model: str
    api_key: str = ""
    timeout_seconds: float = 30.0
    proxy: str = ""
    ca_bundle: Path | None = None


class HttpEmbedder:
    """Embeds by asking a server; one connection pool, safe to share between threads."""

    def __init__(self, options: HttpEmbedderOptions) -> None:
        """Open nothing yet: the first request connects.

        Raises:
            EmbedderUnavailable: the certificates or the addresses cannot be used.
        """
        self._options = options
        self._dimensions = 0
        try:
            self._client = web.open_client(
                web.WebOptions(options.api_key, options.proxy, options.ca_bundle),
                seconds=options.timeout_seconds,
            )
        except (OSError, ValueError) as error:
            raise EmbedderUnavailable(
                f"the embedding server {options.base_url} cannot be used: {error}", remedy=_REMEDY
            ) from error

    @property
    def name(self) -> str:
        return f"http-{self._options.base_url.rstrip('/')}-{self._options.model}"

    @property
    def dimensions(self) -> int:
        if not self._dimensions:
            self._dimensions = self.embed(["dimensions"]).shape[1]
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        parts = [self._ask(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
        if not parts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = np.concatenate(parts)
        self._dimensions = vectors.shape[1]
        return vectors

    def close(self) -> None:
        self._client.close()

    def _ask(self, texts: Sequence[str]) -> Vectors:
        url = f"{self._options.base_url.rstrip('/')}/embeddings"
        # What is stored has no secrets; a question may have some.
        inputs = [secrets.mask(text, "", "")[0] for text in texts]
        body = {"model": self._options.model, "input": inputs}
        try:
            response = self._client.post(url, json=body)
            response.raise_for_status()
            rows = sorted(response.json()["data"], key=lambda entry: int(entry["index"]))
            vectors = np.asarray([row["embedding"] for row in rows], dtype=np.float32)
        except HTTPStatusError as error:
            raise EmbedderUnavailable(
                f"the embedding server answered {error.response.status_code} at {url}",
                remedy=_REMEDY,
            ) from error
        except (HTTPError, InvalidURL, OSError) as error:
            raise EmbedderUnavailable(
                f"the embedding server does not answer at {url}: {error}", remedy=_REMEDY
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise EmbedderUnavailable(
                f"the embedding server's answer at {url} is not one of embeddings", remedy=_REMEDY
            ) from error
        if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
            raise EmbedderUnavailable(
                f"the embedding server at {url} gave no vectors for {len(texts)} texts",
                remedy=_REMEDY,
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = vectors / np.maximum(lengths, 1e-12)
        return unit
