"""An answer under way that outlives the request it was begun for.

Each key cancels the request of the key before. Beginning anew each time would mean that somebody
who types faster than the model answers never sees anything; so the stream goes on as long as what
is typed is what it writes, and the requests come and go.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from copilot_ls.domain import Completion, Document
from copilot_ls.features.completion.reuse import typed_since
from copilot_ls.features.completion.trigger import CLOSERS
from copilot_ls.features.completion.writer import Attempt, Hole, Writer

_log = logging.getLogger(__name__)


class Generation:
    """One answer being written; ``on_end`` gets it, whether or not anybody waits.

    When the last request that waited was cancelled, it goes on for ``orphan_seconds``: as long as
    it takes an editor to send the request of the next key.
    """

    def __init__(
        self,
        writer: Writer,
        hole: Hole,
        *,
        on_end: Callable[[Attempt, Completion], None],
        orphan_seconds: float,
    ) -> None:
        self.hole = hole
        self.attempt = Attempt(hole, on_text=self._tell)
        self._on_end = on_end
        self._orphan_seconds = orphan_seconds
        self._n_waiting = 0
        self._leaving: asyncio.TimerHandle | None = None
        self._news = asyncio.Event()
        self._task = asyncio.create_task(writer.write(self.attempt))
        self._task.add_done_callback(self._finish)

    @property
    def is_over(self) -> bool:
        return self._task.done()

    @property
    def was_stopped(self) -> bool:
        return self._task.cancelled()

    def result(self) -> Completion:
        """Return the answer, or raise what was unexpected; only when it is over."""
        return self._task.result()

    def fits(self, document: Document, offset: int) -> bool:
        """Tell whether what was typed since it began is, so far, what it writes."""
        typed = typed_since(self.hole.document, self.hole.offset, document, offset)
        if typed is None:
            return False
        written = self.attempt.raw_text.replace("\r\n", "\n")
        typed = typed.replace("\r\n", "\n")
        if not _left_of(self.hole).strip():
            # On a blank line the model may repeat an indentation that stands there already.
            written, typed = written.lstrip(" \t"), typed.lstrip(" \t")
        return written.startswith(typed) or typed.startswith(written)

    def still_fits(self, document: Document) -> bool:
        """Tell the same of a document whose cursor is not known."""
        end = self.hole.offset + len(document.text) - len(self.hole.document.text)
        # An editor that closes brackets by itself puts the closer behind the cursor.
        ends = [end - 1, end] if document.text[end - 1 : end] in CLOSERS else [end]
        return any(self.fits(document, offset) for offset in ends)

    async def wait(self, until: float | None = None) -> None:
        """Wait for more text, for the end, or until a time of the loop's clock.

        Cancelling the wait leaves the generation alone for a while.
        """
        self._n_waiting += 1
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        try:
            async with asyncio.timeout_at(until):
                self._news.clear()
                if not self.is_over:
                    await self._news.wait()
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            if self._n_waiting == 1 and not self.is_over:
                loop = asyncio.get_running_loop()
                self._leaving = loop.call_later(self._orphan_seconds, self.stop)
            raise
        finally:
            self._n_waiting -= 1

    def stop(self) -> None:
        """Stop now, inside the engine as well."""
        self._task.cancel()

    async def aclose(self) -> None:
        self.stop()
        await asyncio.wait([self._task])

    def _tell(self) -> None:
        self._news.set()

    def _finish(self, task: asyncio.Task[Completion]) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
        if not task.cancelled():
            if (error := task.exception()) is None:
                self._on_end(self.attempt, task.result())
            elif not self._n_waiting:
                _log.error("an answer that nobody waited for failed: %s", type(error).__name__)
        self._news.set()


def _left_of(hole: Hole) -> str:
    text = hole.document.text
    return text[text.rfind("\n", 0, hole.offset) + 1 : hole.offset]
