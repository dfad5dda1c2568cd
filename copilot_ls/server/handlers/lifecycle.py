"""``shutdown``; ``initialize`` and ``exit`` are in ``app``, which owns what they change."""

from __future__ import annotations

import asyncio

from copilot_ls.server.protocol import Later, Protocol
from copilot_ls.server.session import Session

_CLOSING_SECONDS = 1.5


def shut_down(session: Session, protocol: Protocol) -> Later[None]:
    """Take no more requests, and let go of everything before the client is told that we did."""
    protocol.is_shut_down = True

    async def close() -> None:
        closing = asyncio.ensure_future(session.aclose())
        await asyncio.wait([closing], timeout=_CLOSING_SECONDS)

    return close
