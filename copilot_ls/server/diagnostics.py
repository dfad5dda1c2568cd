"""Weaknesses as diagnostics: when a document is looked at, and how the editor learns of it.

A client that asks for diagnostics, and can be told to ask again, is answered; every other client
is told. Never both: the provider is only offered to the former. Results belong to a version of a
document, and those of an older one are dropped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from copilot_ls.domain import Severity
from copilot_ls.errors import ScannerError
from copilot_ls.features.security.report import Reported
from copilot_ls.server.client import Client
from copilot_ls.server.documents import Snapshot
from copilot_ls.server.guard import Guard
from copilot_ls.server.status import Source, StatusBoard

if TYPE_CHECKING:
    from copilot_ls.features.security.live import LiveCheck
    from copilot_ls.server.session import Opened

logger = logging.getLogger(__name__)
SOURCE = "copilot-ls"
# A text that changes with every look is answered as it is, in the end.
_MAX_LOOKS = 5
_SEVERITIES = {
    Severity.HIGH: types.DiagnosticSeverity.Error,
    Severity.MEDIUM: types.DiagnosticSeverity.Warning,
    Severity.LOW: types.DiagnosticSeverity.Information,
}


class _Occasion(Enum):
    """Why a document is looked at, which decides how long to wait."""

    OPENED = auto()
    CHANGED = auto()
    DEMANDED = auto()


class Diagnostics:
    """Looks at documents when they changed, and keeps the editor's view of them up to date.

    ``find`` returns an open document, ``opened`` lists all of them.
    """

    def __init__(
        self,
        client: Client,
        board: StatusBoard,
        guard: Guard,
        *,
        find: Callable[[str], Opened | None],
        opened: Callable[[], Sequence[str]],
    ) -> None:
        self._client = client
        self._board = board
        self._guard = guard
        self._find = find
        self._opened = opened
        self._work: dict[str, asyncio.Task[None]] = {}
        self._told: dict[str, tuple[int, list[types.Diagnostic]]] = {}
        self._deep = asyncio.Semaphore(1)
        self._under_way: dict[str, int] = {}
        self._is_closed = False

    def opened(self, uri: str) -> None:
        """Look closely soon, so that the first save finds most of the work done."""
        self._schedule(uri, _Occasion.OPENED)

    def changed(self, uri: str) -> None:
        """Look at a document when its user pauses, and more closely when he rests."""
        self._schedule(uri, _Occasion.CHANGED)

    def look_closely(self, uri: str) -> None:
        """Look with everything now, unless a look at this very version is under way.

        That is due when a document was saved, and when code came into it that nobody typed.
        """
        opened = self._find(uri)
        if opened is None or self._under_way.get(uri) != opened.document.version:
            self._schedule(uri, _Occasion.DEMANDED)

    def closed(self, uri: str, live: LiveCheck | None) -> None:
        """Take back what was said of a document."""
        self._cancel(uri)
        if live is not None:
            live.forget(uri)
        if self._told.pop(uri, None):
            self._client.publish_diagnostics(uri, None, [])

    def refresh(self) -> None:
        """Look at all documents again: settings or folders changed."""
        for uri in self._opened():
            self._schedule(uri, _Occasion.CHANGED)
        if self._client.pulls_diagnostics:
            self._guard.spawn("refreshing diagnostics", self._client.refresh_diagnostics)

    def aclose(self) -> None:
        self._is_closed = True
        for uri in list(self._work):
            self._cancel(uri)

    async def look(self, uri: str) -> tuple[Snapshot, list[Reported]] | None:
        """Look quickly at the newest version of a document; nothing if it is left alone."""
        for _ in range(_MAX_LOOKS):
            live = await self._live(uri)
            opened = self._find(uri)
            if opened is None or live is None:
                return None
            snapshot = opened.document.snapshot()
            reported = await live.look(snapshot.document)
            if opened.document.version == snapshot.document.version:
                break
        return snapshot, reported

    def to_diagnostics(
        self, snapshot: Snapshot, reported: Sequence[Reported]
    ) -> list[types.Diagnostic]:
        return [
            to_diagnostic(each, snapshot, with_places=self._client.shows_related_places)
            for each in reported
        ]

    def _schedule(self, uri: str, occasion: _Occasion) -> None:
        self._cancel(uri)
        if not self._is_closed:
            work = partial(self._run, uri, occasion)
            self._work[uri] = self._guard.spawn("looking for weaknesses", work)

    def _cancel(self, uri: str) -> None:
        if (task := self._work.pop(uri, None)) is not None:
            task.cancel()

    async def _run(self, uri: str, occasion: _Occasion) -> None:
        live = await self._live(uri)
        if live is None:
            return
        options = live.options
        if occasion is not _Occasion.DEMANDED:
            # Whoever leafs through files is not looked after.
            await asyncio.sleep(options.debounce_ms / 1000)
        if not self._client.pulls_diagnostics and (found := await self.look(uri)) is not None:
            self._publish(uri, *found)
        if occasion is _Occasion.CHANGED:
            await asyncio.sleep(options.idle_ms / 1000)
        async with self._deep:
            opened = self._find(uri)
            if opened is None:
                return
            snapshot = opened.document.snapshot()
            self._under_way[uri] = snapshot.document.version
            try:
                reported = await live.look_deeply(snapshot.document)
            except ScannerError as error:
                self._board.report_trouble(Source.SECURITY, str(error))
                return
            finally:
                self._under_way.pop(uri, None)
        self._board.clear_trouble(Source.SECURITY)
        if opened.document.version != snapshot.document.version:
            logger.debug("Dropped what was found in an older version")
        elif self._client.pulls_diagnostics:
            await self._client.refresh_diagnostics()
        else:
            self._publish(uri, snapshot, reported)

    async def _live(self, uri: str) -> LiveCheck | None:
        """Return what looks at a document, once it is known that it may be looked at."""
        opened = self._find(uri)
        if opened is None or opened.folder is None or opened.exclusion is None:
            return None
        workspace, path = opened.folder.workspace, opened.document.path
        is_left_alone = bool(await asyncio.shield(opened.exclusion))
        if is_left_alone and path:
            is_left_alone = not await asyncio.to_thread(lambda: workspace.is_scanned(path))
        if is_left_alone:
            return None
        return workspace.security

    def _publish(self, uri: str, snapshot: Snapshot, reported: Sequence[Reported]) -> None:
        opened = self._find(uri)
        if opened is None or opened.document.version != snapshot.document.version:
            return
        told = (snapshot.document.version, self.to_diagnostics(snapshot, reported))
        if told == self._told.get(uri) or not (reported or uri in self._told):
            return
        self._client.publish_diagnostics(uri, *told)
        if reported:
            self._told[uri] = told
        else:
            del self._told[uri]


def to_diagnostic(reported: Reported, snapshot: Snapshot, *, with_places: bool) -> types.Diagnostic:
    finding = reported.finding
    places = [
        types.DiagnosticRelatedInformation(
            types.Location(snapshot.document.uri, snapshot.range(step.span)), step.message
        )
        for step in finding.trace
    ]
    return types.Diagnostic(
        range=snapshot.range(finding.span),
        message=finding.message,
        severity=_SEVERITIES[finding.severity],
        code=finding.rule,
        code_description=(
            types.CodeDescription(finding.references[0]) if finding.references else None
        ),
        source=SOURCE,
        related_information=places if places and with_places else None,
        data={"fingerprint": reported.fingerprint},
    )
