"""The one wrapper around every handler: what becomes of a failure is decided here.

A cancelled handler stays cancelled. An expected failure is one change of the status and an
empty answer. An unexpected one is logged, without the user's code, and answered so that nobody
waits; nothing ever becomes a popup.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from pygls.exceptions import JsonRpcException, JsonRpcInternalError

from copilot_ls.errors import CopilotError, ModelError, ScannerError
from copilot_ls.server.protocol import Later
from copilot_ls.server.status import Source, StatusBoard
from indexer.errors import IndexerError

logger = logging.getLogger(__name__)

Handler = Callable[[Any], Any]


class Guard:
    """Wraps handlers; ``counts`` tells how often each kind of failure occurred."""

    def __init__(self, board: StatusBoard) -> None:
        self.counts: Counter[str] = Counter()
        self._board = board
        self._logged: set[tuple[str, str, str, int]] = set()

    def wrap(self, method: str, handler: Handler, *, answers_empty: bool = False) -> Handler:
        """Return ``handler`` made safe.

        With ``answers_empty``, an unexpected failure is answered with null, as typing must not
        be disturbed; otherwise it becomes an error of the protocol.
        """

        def guarded(params: Any) -> Any:
            try:
                result = handler(params)
            except Exception as error:
                return self._settle(method, error, answers_empty=answers_empty)
            return partial(guarded_rest, result) if callable(result) else result

        async def guarded_rest(rest: Later[Any]) -> Any:
            try:
                return await rest()
            except asyncio.CancelledError:
                self.counts["cancelled"] += 1
                raise
            except Exception as error:
                return self._settle(method, error, answers_empty=answers_empty)

        return guarded

    def spawn(self, name: str, work: Later[None]) -> asyncio.Task[None]:
        """Run ``work`` beside the handlers, with its failures settled in the same way."""

        async def run() -> None:
            try:
                await work()
            except Exception as error:
                self._settle(name, error, answers_empty=True)

        return asyncio.create_task(run(), name=name)

    def note_unexpected(self, what: str, error: BaseException) -> None:
        """Log where it happened, at its first time; a fault may come back with every key.

        The message itself may hold the user's code and is kept back.
        """
        self.counts["unexpected"] += 1
        frames = traceback.extract_tb(error.__traceback__)
        place = (what, type(error).__name__, frames[-1].filename, frames[-1].lineno or 0)
        level = logging.DEBUG if place in self._logged else logging.ERROR
        self._logged.add(place)
        told = "".join(traceback.format_list(frames))
        logger.log(level, "%s failed unexpectedly: %s\n%s", what, type(error).__name__, told)
        logger.debug("%s", error)

    def _settle(self, method: str, error: Exception, *, answers_empty: bool) -> None:
        match error:
            case JsonRpcException():
                raise error
            case CopilotError() | IndexerError():
                self.counts["expected"] += 1
                self._board.report_trouble(source_of(error), str(error))
            case _:
                self.note_unexpected(method, error)
                if not answers_empty:
                    raise JsonRpcInternalError("Internal error; the log says where") from error


def source_of(error: CopilotError | IndexerError) -> Source:
    """Tell whose trouble an expected failure is."""
    if isinstance(error, ModelError):
        return Source.MODEL
    if isinstance(error, ScannerError):
        return Source.SECURITY
    return Source.INDEX if isinstance(error, IndexerError) else Source.WORKSPACE
