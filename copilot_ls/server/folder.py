"""A workspace folder in the session: its workspace, and the updates of its index.

What an update says of itself goes to a progress bar and to the status; what it fails with goes
to the status alone.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls.errors import CopilotError
from copilot_ls.server.background import UpdateQueue, fair_rest
from copilot_ls.server.client import Client, Progress
from copilot_ls.server.guard import Guard
from copilot_ls.server.status import Source, StatusBoard
from indexer.errors import IndexerError
from indexer.model import UpdatePhase, UpdateProgress

if TYPE_CHECKING:
    from copilot_ls.wiring import Workspace

logger = logging.getLogger(__name__)

# Parsing and writing take turns, so that they share their part of the bar; embedding has its own.
_PHASE_PERCENTS = {
    UpdatePhase.SCAN: (0, 5),
    UpdatePhase.PARSE: (5, 100),
    UpdatePhase.WRITE: (5, 100),
    UpdatePhase.EMBED: (0, 100),
}
# Editors tell of many files in a few messages.
_SETTLE_SECONDS = 0.05


class Folder:
    """A workspace folder, or (without ``uri``) the folder of a file that was opened on its own.

    ``number`` makes the ids of its suggestions unique in the session. ``location`` is the path
    as the editor writes it, which may lead through links.
    """

    def __init__(
        self,
        number: int,
        location: Path,
        uri: str | None,
        workspace: Workspace,
        *,
        client: Client,
        board: StatusBoard,
        guard: Guard,
    ) -> None:
        self.number = number
        self.location = location
        self.uri = uri
        self.workspace = workspace
        self._client = client
        self._board = board
        self._guard = guard
        self._updates = UpdateQueue(self._update, settle_s=_SETTLE_SECONDS, rest=fair_rest)
        # Beside the updates: a file that is saved must not wait until all texts are embedded.
        self._embeddings = UpdateQueue(self._embed)
        workspace.tell_of_lost_index(self._replace_lost_index)

    @property
    def _name(self) -> str:
        return str(self.workspace.root)

    def relative(self, path: Path) -> str | None:
        """Return ``path`` relative to this folder, none if it is not inside."""
        for root in (self.location, self.workspace.root):
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return None

    def request_update(self, paths: Sequence[str] | None, *, at_once: bool = False) -> None:
        """Bring the index up to date with some files, or with everything."""
        if self.uri is not None and self.workspace.settings.index.enabled:
            self._updates.request(paths, at_once=at_once)

    def begin(self) -> None:
        """Bring the index up to date, and from now on after each change on disk."""
        if self.uri is not None and self.workspace.settings.index.enabled:
            # Said at once: the server is not ready in the moment until the work begins.
            self._board.facts.percents[self._name] = 0
        self.request_update(None)
        if not self._client.watches_files and self.workspace.settings.index.enabled:
            self.workspace.watch(self.request_update)

    def pause(self, *, paused: bool) -> None:
        """Stop indexing and embedding, or go on with it."""
        for queue in (self._updates, self._embeddings):
            if paused:
                queue.pause()
            else:
                queue.resume()

    async def aclose(self) -> None:
        await self._embeddings.aclose()
        await self._updates.aclose()
        self._board.facts.percents.pop(self._name, None)
        self._board.clear_trouble(Source.INDEX, about=self._name)
        await self.workspace.aclose()

    def _replace_lost_index(self) -> None:
        """Build an index that was deleted or damaged under us."""
        if not self._updates.is_busy:
            self.request_update(None)

    async def _update(self, paths: Sequence[str] | None) -> None:
        bar = None
        if paths is None:
            title = f"Indexing {self.workspace.root.name}"
            bar = await self._client.begin_progress(title, self._updates.cancel_current)
            self._board.facts.percents[self._name] = 0
            self._board.refresh()
        ending = "stopped"
        try:
            ending = await self._update_reporting(paths, bar)
        finally:
            if self._board.facts.percents.pop(self._name, None) is not None:
                self._board.refresh()
            if bar is not None:
                bar.end(ending)

    async def _embed(self, _: Sequence[str] | None) -> None:
        """Make vectors, which searching by words can do without for the time being."""
        if not await self.workspace.makes_vectors():
            return
        bar: Progress | None = None
        ending = "stopped"

        def report(progress: UpdateProgress) -> None:
            if bar is not None:
                bar.report(_percent(progress), f"{progress.done}/{progress.total or '?'}")

        title = f"Embedding {self.workspace.root.name}"
        bar = await self._client.begin_progress(title, self._embeddings.cancel_current)
        try:
            found = await self.workspace.make_vectors(report)
            ending = f"{found.n_embedded} texts"
        except (CopilotError, IndexerError, OSError) as error:
            logger.warning("No vectors were made for %s: %s", self._name, error)
            ending = "failed"
        except Exception as error:
            self._guard.note_unexpected("embedding", error)
            ending = "failed"
        finally:
            if bar is not None:
                bar.end(ending)

    async def _update_reporting(self, paths: Sequence[str] | None, bar: Progress | None) -> str:
        """Run the update and return, in a few words, how it ended."""

        def report(progress: UpdateProgress) -> None:
            percent = _percent(progress)
            if paths is None:
                self._board.facts.percents[self._name] = percent
                self._board.refresh()
            if bar is not None:
                bar.report(percent, f"{progress.phase} {progress.done}/{progress.total or '?'}")

        try:
            found = await self.workspace.update_index(paths, report)
        except (CopilotError, IndexerError, OSError) as error:
            logger.warning("The index of %s was not updated: %s", self._name, error)
            trouble = str(error)
        except Exception as error:
            self._guard.note_unexpected("indexing", error)
            trouble = "The index was not updated (the log says where)"
        else:
            self._board.clear_trouble(Source.INDEX, about=self._name)
            if paths is None:
                self._embeddings.request(None)
            return "1 file" if found.n_files == 1 else f"{found.n_files} files"
        self._board.report_trouble(Source.INDEX, trouble, about=self._name)
        return "failed"


def _percent(progress: UpdateProgress) -> int:
    start, end = _PHASE_PERCENTS[progress.phase]
    if not progress.total:
        return start
    return start + (end - start) * min(progress.done, progress.total) // progress.total
