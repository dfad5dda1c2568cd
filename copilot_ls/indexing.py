"""An index beside an event loop: questions in one thread, saves in another, the rest in a child.

The whole repository is indexed, and texts are embedded, by a process with low priority, so that
parsing never holds this process's interpreter lock and embedding never fills its memory.
How an index is opened is the wiring's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from copilot_ls.config import Settings
from indexer.conventions.model import Conventions
from indexer.errors import IndexerError, IndexLocked, ReadingTakesLong
from indexer.model import (
    Hit,
    IndexStatus,
    Plan,
    Query,
    Symbol,
    UpdatePhase,
    UpdateProgress,
    UpdateReport,
)
from indexer.resolve.outline import Repository

if TYPE_CHECKING:
    from indexer.index import Index
    from indexer.watch import FolderWatch

logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")
OnProgress = Callable[[UpdateProgress], None]

_LOCK_TRIES = 10
# Each reads libraries for 0.15 s at most; whoever asks gives up earlier.
_N_READINGS = 40
_LOCK_WAIT_SECONDS = 0.5
_SECONDS_TO_STOP = 5.0
# No file of an index can usefully be larger; a fault that grows one without bound stops here.
_MAX_STORE_FILE_BYTES = 16 << 30


class IndexReader:
    """The ``CodeIndex`` port on an index, off the event loop.

    A search never waits for a save to be indexed. ``on_loss`` is called, on the loop, when a
    question found no index that could answer it: it was deleted, damaged or of another version.
    """

    def __init__(
        self, root: Path, settings: Settings, open_index: Callable[[], Index], working_folder: Path
    ) -> None:
        self.on_loss: Callable[[], None] = _ignore
        self._root = root
        self._settings = settings
        self._open_index = open_index
        self._working_folder = working_folder
        self._index: Index | None = None
        self._documents: dict[str, str] = {}
        self._watch: FolderWatch | None = None
        self._opening = threading.Lock()
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="index-read")
        self._writers = ThreadPoolExecutor(1, thread_name_prefix="index-write")

    async def search(self, query: Query) -> Sequence[Hit]:
        return await self._read(lambda index: index.search(query))

    async def lookup(self, name: str) -> Sequence[Symbol]:
        return await self._read(lambda index: index.lookup(name))

    async def consult(
        self, question: Callable[[Repository], _Result], *, about: str = ""
    ) -> _Result:
        for _ in range(_N_READINGS):
            # Libraries are read a little at each try, so that others get their turn in between.
            with contextlib.suppress(ReadingTakesLong):
                return await self._read(lambda index: index.consult(question, about=about))
        return await self._read(lambda index: index.consult(question, about=about))

    async def status(self) -> IndexStatus:
        return await self._read(lambda index: index.status())

    async def conventions(self) -> Conventions:
        return await self._read(lambda index: index.conventions())

    def put_document(self, path: str, text: str) -> None:
        """Let an open document hide its stored file; parsed when a question meets it."""
        self._documents[path] = text
        if self._index is not None:
            self._index.put_document(path, text)

    def drop_document(self, path: str) -> None:
        """A document was closed: what is stored of its file counts again."""
        self._documents.pop(path, None)
        if self._index is not None:
            self._index.drop_document(path)

    async def update(self, paths: Sequence[str] | None, on_progress: OnProgress) -> UpdateReport:
        """Bring the index up to date: some files here and now, everything in a child.

        Some files become everything where the index cannot take them: it is not built yet.
        Cancelling stops it; what was written stays, and the next update goes on from there.

        Raises:
            IndexLocked: another process is updating everything, or wrote for five seconds.
            IndexerError: it failed; the index stays as it was.
        """
        if paths is not None and (report := await self._update_here(paths)) is not None:
            return report
        report = await self._run_child(["--no-vectors"], on_progress)
        if self._watch is not None:
            self._watch.look_again()
        return report

    async def makes_vectors(self) -> bool:
        return await self._read(lambda index: index.makes_vectors)

    async def make_vectors(self, on_progress: OnProgress) -> UpdateReport:
        """Embed in a child what has no vectors yet; it takes minutes the first time.

        Cancelling stops it; what was embedded stays.
        """
        return await self._run_child(["--only-vectors"], on_progress)

    def watch(self, on_change: Callable[[Sequence[str] | None], None]) -> None:
        """Call ``on_change``, on the loop, with what changes on disk; ``None`` means anything.

        For clients that do not watch files for us. What cannot be watched is only logged.
        """
        loop = asyncio.get_running_loop()

        def listen() -> None:
            try:
                self._watch = watch = self._opened().watch()
                for paths in watch.changes():
                    loop.call_soon_threadsafe(on_change, paths)
            except IndexerError as error:
                logger.warning("Changes on disk are not noticed: %s", error)
            except RuntimeError:
                # The loop is closed: nobody listens any more.
                return

        threading.Thread(target=listen, name="index-watch", daemon=True).start()

    async def aclose(self) -> None:
        if self._watch is not None:
            self._watch.close()
        loop = asyncio.get_running_loop()
        if self._index is not None:
            await loop.run_in_executor(self._writers, self._index.close)
        self._readers.shutdown(wait=False)
        self._writers.shutdown(wait=False)

    async def _update_here(self, paths: Sequence[str]) -> UpdateReport | None:
        stop = threading.Event()

        def update() -> UpdateReport | None:
            index = self._opened()
            if not index.takes_single_files:
                return None
            return index.update(paths, should_stop=stop.is_set, with_vectors=False)

        loop = asyncio.get_running_loop()
        for attempt in range(_LOCK_TRIES):
            try:
                return await loop.run_in_executor(self._writers, update)
            except IndexLocked:
                if attempt == _LOCK_TRIES - 1:
                    raise
                await asyncio.sleep(_LOCK_WAIT_SECONDS)
            except asyncio.CancelledError:
                stop.set()
                raise
        raise AssertionError("unreachable")

    async def _read(self, ask: Callable[[Index], _Result]) -> _Result:
        index: Index | None = None

        def answer() -> _Result:
            nonlocal index
            index = self._opened()
            return ask(index)

        answered = await asyncio.get_running_loop().run_in_executor(self._readers, answer)
        if index is not None and index.is_lost:
            self.on_loss()
        return answered

    def _opened(self) -> Index:
        with self._opening:
            if self._index is None:
                index = self._open_index()
                for path, text in [*self._documents.items()]:
                    index.put_document(path, text)
                self._index = index
            return self._index

    async def _run_child(self, options: Sequence[str], on_progress: OnProgress) -> UpdateReport:
        self._working_folder.mkdir(parents=True, exist_ok=True)
        child = await asyncio.create_subprocess_exec(
            *_command(self._root, self._settings, options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self._working_folder,
            limit=1 << 20,
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
        )
        answer: dict[str, object] = {}
        try:
            while line := await child.stdout.readline() if child.stdout else b"":
                message = json.loads(line)
                if progress := message.get("progress"):
                    on_progress(
                        UpdateProgress(
                            UpdatePhase(progress["phase"]),
                            progress["done"],
                            progress["total"],
                            progress["path"],
                        )
                    )
                else:
                    answer = message
            await child.wait()
        finally:
            if child.returncode is None:
                child.terminate()
                with contextlib.suppress(TimeoutError, ProcessLookupError):
                    await asyncio.wait_for(child.wait(), _SECONDS_TO_STOP)
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        return _report_of(answer, child.returncode)


def be_a_background_process(*, lower_priority: bool) -> None:
    """Limit what this process can do to the machine while it indexes."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = _MAX_STORE_FILE_BYTES if hard == resource.RLIM_INFINITY else hard
    if soft == resource.RLIM_INFINITY or soft > limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    if lower_priority:
        os.nice(10)
        # Niceness alone is not enough: an engine whose threads meet at barriers waits for the one
        # that shares its core with us. This class runs only where nobody else wants to.
        if hasattr(os, "SCHED_IDLE"):
            with contextlib.suppress(OSError):
                os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def without_lists(report: UpdateReport) -> UpdateReport:
    """Shorten a report to its figures, for a message between processes."""
    return dataclasses.replace(report, plan=Plan(), skipped=(), problems=report.problems[:20])


def _command(root: Path, settings: Settings, options: Sequence[str]) -> list[str]:
    command = [sys.executable, "-P", "-m", "copilot_ls"]
    for setting in dataclasses.fields(settings.index):
        value = getattr(settings.index, setting.name)
        text = json.dumps(list(value) if isinstance(value, tuple) else value)
        command += ["--set", f"index.{setting.name}={text}"]
    return [*command, "index", str(root), "--json-lines", *options]


def _report_of(answer: dict[str, object], returncode: int | None) -> UpdateReport:
    match answer:
        case {"report": dict(figures)}:
            return UpdateReport(
                plan=Plan(),
                n_files=figures["n_files"],
                n_symbols=figures["n_symbols"],
                n_chunks=figures["n_chunks"],
                n_embedded=figures["n_embedded"],
                n_taken_over=figures["n_taken_over"],
                seconds=figures["seconds"],
            )
        case {"error": str(error), "kind": "IndexLocked", **rest}:
            raise IndexLocked(error, remedy=str(rest.get("remedy", "")))
        case {"error": str(error), **rest}:
            raise IndexerError(error, remedy=str(rest.get("remedy", "")))
    raise IndexerError(
        f"the indexing process ended with code {returncode}",
        remedy="run `copilot-ls --debug index` to see why",
    )


def _ignore() -> None:
    pass
