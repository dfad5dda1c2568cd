"""Index updates, one at a time for each workspace, the rest waiting as one.

Saving ten files while an update runs costs one more update, not ten; and however many files a
tool writes, looking at the whole repository takes a third of the time at most.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

# Above this, a process of its own that compares the whole repository disturbs typing less.
MANY_PATHS = 20
_MAX_REST_SECONDS = 20.0


def fair_rest(seconds: float) -> float:
    """Twice as long as the work took, 20 seconds at most."""
    return min(_MAX_REST_SECONDS, 2.0 * seconds)


class UpdateQueue:
    """One update running, one waiting; ``None`` as paths means the whole repository.

    ``update`` runs one; it handles its own failures and may be cancelled.
    What comes within ``settle_s`` seconds of the first request is done at once. ``rest`` says
    how long the whole repository is let alone after an update of it that took so many seconds.
    """

    def __init__(
        self,
        update: Callable[[Sequence[str] | None], Awaitable[None]],
        *,
        settle_s: float = 0.0,
        rest: Callable[[float], float] = lambda _: 0.0,
    ) -> None:
        self._update = update
        self._settle_s = settle_s
        self._rest = rest
        self._waiting: set[str] = set()
        self._whole_is_waiting = False
        self._rested_at = 0.0
        self._is_paused = False
        self._has_changed = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._current: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether an update runs or waits."""
        return self._worker is not None and not self._worker.done()

    def request(self, paths: Sequence[str] | None, *, at_once: bool = False) -> None:
        """Ask for an update; joins one that waits already. ``at_once`` ends a rest."""
        if paths is None or len(self._waiting | set(paths)) > MANY_PATHS:
            self._whole_is_waiting = True
        else:
            self._waiting.update(paths)
        if at_once:
            self._rested_at = 0.0
        self._has_changed.set()
        self._start()

    def cancel_current(self) -> None:
        """Stop the update that runs; what waits goes on."""
        if self._current is not None:
            self._current.cancel()

    def pause(self) -> None:
        """Stop the update that runs and begin none; nothing that was asked for is forgotten."""
        self._is_paused = True
        self._has_changed.set()
        self.cancel_current()

    def resume(self) -> None:
        self._is_paused = False
        self._rested_at = 0.0
        self._start()

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

    def _start(self) -> None:
        if self._has_waiting() and not self.is_busy:
            self._worker = asyncio.create_task(self._work())

    def _has_waiting(self) -> bool:
        return not self._is_paused and (self._whole_is_waiting or bool(self._waiting))

    async def _work(self) -> None:
        while self._has_waiting():
            if self._settle_s:
                await asyncio.sleep(self._settle_s)
            is_rested = self._rested_at <= asyncio.get_running_loop().time()
            if not is_rested and not self._waiting:
                await self._sleep_until_rested()
                continue
            is_whole = self._whole_is_waiting and is_rested
            paths = None if is_whole else sorted(self._waiting)
            if is_whole:
                self._whole_is_waiting = False
            self._waiting.clear()
            started = asyncio.get_running_loop().time()
            self._current = asyncio.create_task(_run(self._update, paths))
            try:
                # Waiting, unlike awaiting, tells a cancelled update from a cancelled worker.
                await asyncio.wait([self._current])
            except asyncio.CancelledError:
                self._current.cancel()
                await asyncio.wait([self._current])
                raise
            now = asyncio.get_running_loop().time()
            if paths is None:
                self._rested_at = now + self._rest(now - started)
            if self._is_paused and self._current.cancelled():
                self.request(paths)

    async def _sleep_until_rested(self) -> None:
        """Sleep, or wake for something else to do."""
        self._has_changed.clear()
        seconds = self._rested_at - asyncio.get_running_loop().time()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._has_changed.wait(), max(0.0, seconds))


async def _run(
    update: Callable[[Sequence[str] | None], Awaitable[None]], paths: Sequence[str] | None
) -> None:
    await update(paths)
