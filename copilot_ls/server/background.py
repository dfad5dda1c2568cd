"""Index updates, one at a time for each workspace, the rest waiting as one.

Saving ten files while an update runs costs one more update, not ten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

# Above this, comparing the whole repository costs less than asking for each path.
MANY_PATHS = 200


class UpdateQueue:
    """One update running, one waiting; ``None`` as paths means the whole repository.

    ``update`` runs one; it handles its own failures and may be cancelled.
    """

    def __init__(self, update: Callable[[Sequence[str] | None], Awaitable[None]]) -> None:
        self._update = update
        self._waiting: set[str] = set()
        self._whole_is_waiting = False
        self._worker: asyncio.Task[None] | None = None
        self._current: asyncio.Task[None] | None = None

    def request(self, paths: Sequence[str] | None) -> None:
        """Ask for an update; joins one that waits already."""
        if paths is None:
            self._whole_is_waiting = True
        else:
            self._waiting.update(paths)
        if self._has_waiting() and (self._worker is None or self._worker.done()):
            self._worker = asyncio.create_task(self._work())

    def cancel_current(self) -> None:
        """Stop the update that runs; what waits goes on."""
        if self._current is not None:
            self._current.cancel()

    async def idle(self) -> None:
        """Wait until nothing runs and nothing waits."""
        while self._worker is not None and not self._worker.done():
            await asyncio.wait([self._worker])

    async def aclose(self) -> None:
        """Drop what waits, stop what runs, and wait for it."""
        self._waiting.clear()
        self._whole_is_waiting = False
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait([self._worker])

    def _has_waiting(self) -> bool:
        return self._whole_is_waiting or bool(self._waiting)

    async def _work(self) -> None:
        while self._has_waiting():
            whole = self._whole_is_waiting or len(self._waiting) > MANY_PATHS
            paths = None if whole else sorted(self._waiting)
            self._whole_is_waiting = False
            self._waiting.clear()
            self._current = asyncio.create_task(_run(self._update, paths))
            try:
                # Waiting, unlike awaiting, tells a cancelled update from a cancelled worker.
                await asyncio.wait([self._current])
            except asyncio.CancelledError:
                self._current.cancel()
                await asyncio.wait([self._current])
                raise


async def _run(
    update: Callable[[Sequence[str] | None], Awaitable[None]], paths: Sequence[str] | None
) -> None:
    await update(paths)
