"""The door to the hosts that the user's own settings name.

What the environment says of proxies and certificates is ignored, and a redirect is not followed:
a connection goes where the settings say, or nowhere.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from httpx import Client, Response


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How to reach a server.

    ``token`` is sent as a bearer's; ``ca_bundle`` is a file of certificates to trust instead of
    the usual ones; ``proxy`` is used only if it is given.
    """

    token: str = ""
    proxy: str = ""
    ca_bundle: Path | None = None


def open_client(options: WebOptions, *, seconds: float) -> Client:
    """A client that waits at most ``seconds`` for each step of an answer.

    Raises:
        OSError: the certificates cannot be read.
        ValueError: the proxy cannot be used.
    """
    import httpx

    try:
        return httpx.Client(
            headers={"Authorization": f"Bearer {options.token}"} if options.token else {},
            timeout=seconds,
            proxy=options.proxy or None,
            verify=(
                ssl.create_default_context(cafile=str(options.ca_bundle))
                if options.ca_bundle
                else True
            ),
            trust_env=False,
            follow_redirects=False,
        )
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error


def pieces_of(response: Response, *, seconds: float, limit: int) -> Iterator[bytes]:
    """A streamed answer, bit by bit, as long as it keeps within time and size.

    Raises:
        TimeoutError: all of it takes longer than ``seconds``.
        ValueError: it is longer than ``limit`` bytes.
    """
    deadline = time.monotonic() + seconds
    n_bytes = 0
    for piece in response.iter_bytes(1 << 16):
        n_bytes += len(piece)
        if n_bytes > limit:
            raise ValueError("the answer is too long")
        if time.monotonic() > deadline:
            raise TimeoutError("the answer takes too long")
        yield piece


def address_of(url: str) -> str:
    """A URL, or what should be one, as it may be shown: without what is secret in it."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("?")[0].partition("#")[0].rstrip("/").partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
