"""Semgrep as a scanner: programs that end with their answer, one of them started ahead.

A core process that was started ahead waits for its rules, of which it gets those that can say
something of a text; it answers in the time that reading them and scanning takes. Each answers
once, so that none grows, and a crash costs one scan. The texts are written to a private folder
under names of our own: what Semgrep sees of a repository is what we chose to show, whatever the
repository says about ignoring, configuring or linking.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import shutil
from asyncio.subprocess import Process
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from copilot_ls.domain import Document, ScanReport
from copilot_ls.errors import ScannerError
from copilot_ls.scanners.engine import Engine, environment
from copilot_ls.scanners.languages import dialect_of
from copilot_ls.scanners.narrowing import narrow
from copilot_ls.scanners.private import make_private_folder
from copilot_ls.scanners.results import Results, UnknownOutput, read_results
from copilot_ls.scanners.rulebook import Rule, Rulebook
from indexer.model import Problem

_log = logging.getLogger(__name__)
# For one rule on one file; a file that is slow for this many rules is given up.
_RULE_SECONDS = 5
_MAX_SLOW_RULES = 3
_MAX_MEMORY_MB = 2_000
# For one process: what starting may take on a busy machine, and for each file.
_START_SECONDS = 30
_FILE_SECONDS = 20
_BATCH_DOCUMENTS = 64
_BATCH_CHARS = 500_000
_BACKGROUND_PRIORITY = 5
_HAS_NAMED_PIPES = hasattr(os, "mkfifo")
_NODE_LANGUAGES = frozenset(
    {"javascript", "typescript", "tsx", "javascriptreact", "typescriptreact"}
)
_NODE_MODULE = re.compile(r"(\bfrom\s*|\b(?:require|import)\(\s*)([\"'])node:([\w/]+)\2")


class SemgrepScanner:
    """The ``Scanner`` port on Semgrep.

    ``jobs`` processes run side by side. With ``idle_seconds``, one more is kept ahead, until
    nothing was scanned for so long; it takes 110 MB.
    """

    def __init__(
        self, engine: Engine, rulebook: Rulebook, *, jobs: int, idle_seconds: float
    ) -> None:
        self._engine = engine
        self._rules = {
            name: {id_: rule for id_, rule in rulebook.rules.items() if name in rule.languages}
            for name in {name for rule in rulebook.rules.values() for name in rule.languages}
        }
        self._problems = list(rulebook.problems)
        self._slots = asyncio.Semaphore(jobs)
        self._idle_seconds = idle_seconds
        self._folder: Path | None = None
        self._numbers = count()
        self._ahead: _WaitingCore | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._core_works = engine.core is not None

    async def scan(
        self, documents: Sequence[Document], on_progress: Callable[[int], None]
    ) -> ScanReport:
        n_done = 0

        async def scan_batch(batch: _Batch) -> Results:
            nonlocal n_done
            async with self._slots:
                results = await self._scan_batch(batch)
            n_done += len(batch.documents)
            on_progress(n_done)
            return results

        batches = [*_batches(documents, self._rules)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(scan_batch(batch)) for batch in batches]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        on_progress(len(documents))
        found = [task.result() for task in tasks]
        broken = {rule: why for results in found for rule, why in results.broken_rules.items()}
        return ScanReport(
            tuple(finding for results in found for finding in results.findings),
            (
                *self._problems,
                *(Problem("", f"rule {rule} is not used: {why}") for rule, why in broken.items()),
                *(problem for results in found for problem in results.problems),
            ),
        )

    async def warm(self) -> None:
        """Start a process ahead, unless one waits already."""
        await self._start_ahead()

    async def aclose(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        await self._stop_ahead()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    async def _scan_batch(self, batch: _Batch) -> Results:
        """Scan some documents; those that bring a process down are found out and named."""
        try:
            return await self._run(batch)
        except _Failed as error:
            if len(batch.documents) == 1:
                [document] = batch.documents
                _log.debug("Semgrep failed on one document: %s", error)
                return Results((), (Problem(document.path, f"is not scanned: {error}"),))
        middle = len(batch.documents) // 2
        halves = [
            await self._scan_batch(_Batch(batch.language, part))
            for part in (batch.documents[:middle], batch.documents[middle:])
        ]
        return Results(
            tuple(finding for half in halves for finding in half.findings),
            tuple(problem for half in halves for problem in half.problems),
            {rule: why for half in halves for rule, why in half.broken_rules.items()},
        )

    async def _run(self, batch: _Batch) -> Results:
        folder = self._private_folder() / f"run-{next(self._numbers)}"
        folder.mkdir()
        rules = self._rules[batch.language]
        try:
            seconds = _START_SECONDS + _FILE_SECONDS * len(batch.documents)
            if self._core_works:
                work = await asyncio.to_thread(_prepare, batch, rules, folder)
                if not work.rules:
                    return Results(())
                try:
                    output = await self._ask_core(batch.language, work, folder, seconds)
                    return read_results(output, work.files, work.rules)
                except UnknownOutput as error:
                    if self._engine.cli is None:
                        raise ScannerError(
                            f"Semgrep {self._engine.version} answers in an unknown way: {error}",
                            remedy="install a version that is known to work: "
                            "pip install 'copilot-ls[security]'",
                        ) from error
                    _log.warning("Semgrep's core is not understood; its slow command line serves")
                    self._core_works = False
            files = _write(batch.documents, folder)
            output = await self._ask_cli(batch.language, files, folder, seconds)
            try:
                return read_results(output, files, rules)
            except UnknownOutput as error:
                raise _Failed(f"Semgrep's answer is not understood ({error})") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if self._idle_seconds:
                await self._start_ahead()

    async def _ask_core(self, language: str, work: _Work, folder: Path, seconds: float) -> bytes:
        targets = _targets(work.files, language)
        waiting = self._take()
        if waiting is not None:
            return await waiting.answer(work.configuration, targets, seconds)
        (folder / "rules.json").write_bytes(work.configuration)
        (folder / "targets.json").write_bytes(targets)
        command = _core_command(self._core(), folder / "rules.json", folder / "targets.json")
        return await _output(await _spawn(command, self._private_folder()), seconds)

    async def _ask_cli(
        self, language: str, files: Iterable[str], folder: Path, seconds: float
    ) -> bytes:
        command = [
            str(self._engine.cli),
            "scan",
            "--json",
            "--no-rewrite-rule-ids",
            "--disable-nosem",
            "--metrics=off",
            "--disable-version-check",
            "--no-git-ignore",
            "--quiet",
            "--jobs=1",
            f"--timeout={_RULE_SECONDS}",
            f"--timeout-threshold={_MAX_SLOW_RULES}",
            f"--max-memory={_MAX_MEMORY_MB}",
            "--max-target-bytes=0",
            f"--config={self._rules_file(language)}",
            *files,
        ]
        return await _output(await _spawn(command, folder), seconds)

    def _take(self) -> _WaitingCore | None:
        """Return the process that waits, if there is one that lives."""
        waiting, self._ahead = self._ahead, None
        if waiting is not None and not waiting.is_alive:
            waiting.forget()
            return None
        return waiting

    async def _start_ahead(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        loop = asyncio.get_running_loop()
        self._idle_timer = loop.call_later(
            self._idle_seconds, lambda: loop.create_task(self._stop_ahead())
        )
        if not self._core_works or not _HAS_NAMED_PIPES:
            return
        if self._ahead is not None:
            if self._ahead.is_alive:
                return
            await self._stop_ahead()
        folder = self._private_folder() / f"ahead-{next(self._numbers)}"
        folder.mkdir()
        self._ahead = await _WaitingCore.start(self._core(), folder)

    async def _stop_ahead(self) -> None:
        if self._ahead is not None:
            process, self._ahead = self._ahead, None
            await process.stop()

    def _core(self) -> Path:
        if self._engine.core is None:
            raise AssertionError("nobody asks for a core that is not there")
        return self._engine.core

    def _private_folder(self) -> Path:
        if self._folder is None:
            self._folder = make_private_folder()
        return self._folder

    def _rules_file(self, language: str) -> Path:
        path = self._private_folder() / f"rules-{language}.json"
        if not path.exists():
            path.write_text(Rulebook(self._rules[language]).to_semgrep(), encoding="utf-8")
        return path


class _Failed(Exception):
    """A process did not answer; the text says why, for the user."""


@dataclass(frozen=True, slots=True)
class _Batch:
    language: str
    documents: Sequence[Document]


@dataclass(frozen=True, slots=True)
class _Work:
    """What a core is to do: files, as documents by their paths, and rules by their ids there."""

    files: Mapping[str, Document]
    rules: Mapping[str, Rule]
    configuration: bytes


def _prepare(batch: _Batch, rules: Mapping[str, Rule], folder: Path) -> _Work:
    """Write what of the documents must be looked at; each part has rules of its own."""
    files: dict[str, Document] = {}
    sent: dict[str, Rule] = {}
    definitions: list[Mapping[str, object]] = []
    for document in batch.documents:
        dialect = dialect_of(document.language)
        suffix = dialect.suffix if dialect else ""
        spelled = replace(document, text=_spelled_for(document))
        for part in narrow(spelled, rules.values()):
            number = len(files)
            path = folder / f"{number}{suffix}"
            path.write_bytes(part.text.encode(errors="replace"))
            files[str(path)] = replace(document, text=part.text)
            for definition in part.definitions:
                id_ = f"{definition['id']}.s{number}"
                only = {"include": [f"/{path.name}"]}
                definitions.append({**definition, "id": id_, "paths": only})
                sent[id_] = rules[str(definition["id"])]
    return _Work(files, sent, json.dumps({"rules": definitions}).encode())


class _WaitingCore:
    """A core that waits at a pipe for its rules, and has its list of files by then.

    The pipe has the name of a YAML file, since JSON is read twice.
    """

    def __init__(self, process: Process, folder: Path, writer: int) -> None:
        self._process = process
        self._folder = folder
        self._writer: int | None = writer

    @classmethod
    async def start(cls, core: Path, folder: Path) -> _WaitingCore:
        """Start one that has a folder to itself."""
        rules, targets = folder / "rules.yaml", folder / "targets.json"
        os.mkfifo(rules, 0o600)
        # Open for both, so that neither side waits for the other to open it.
        writer = os.open(rules, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            process = await _spawn(_core_command(core, rules, targets), folder)
        except BaseException:
            os.close(writer)
            raise
        return cls(process, folder, writer)

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def answer(self, rules: bytes, targets: bytes, seconds: float) -> bytes:
        """Tell it rules and files, and return what it writes.

        Raises:
            _Failed: it died, or took longer than ``seconds``.
        """
        (self._folder / "targets.json").write_bytes(targets)
        # A process that has not come to the pipe yet will find a plain file in its place.
        plain = self._folder / "plain.yaml"
        plain.write_bytes(rules)
        plain.replace(self._folder / "rules.yaml")
        telling = asyncio.create_task(self._tell(rules))
        try:
            return await _output(self._process, seconds)
        finally:
            # If it found the plain file, the pipe is still full.
            telling.cancel()
            await asyncio.wait([telling])
            await self.stop()

    async def stop(self) -> None:
        await _kill(self._process)
        self.forget()

    def forget(self) -> None:
        """Remove what it leaves behind."""
        self._close()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _tell(self, rules: bytes) -> None:
        """Write into the pipe, as fast as it is read, and close it."""
        loop = asyncio.get_running_loop()
        left = memoryview(rules)
        pipe = self._writer
        while pipe is not None and left:
            try:
                left = left[os.write(pipe, left) :]
            except BlockingIOError:
                writable = loop.create_future()
                loop.add_writer(pipe, _resolve, writable)
                try:
                    await writable
                finally:
                    loop.remove_writer(pipe)
        self._close()

    def _close(self) -> None:
        if self._writer is not None:
            os.close(self._writer)
            self._writer = None


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _batches(documents: Sequence[Document], languages: Container[str]) -> Iterator[_Batch]:
    """Yield documents of one language together, few enough that progress can be seen."""
    waiting: dict[str, list[Document]] = {}
    for document in documents:
        dialect = dialect_of(document.language)
        if dialect is None or dialect.name not in languages:
            continue
        batch = waiting.setdefault(dialect.name, [])
        batch.append(document)
        n_chars = sum(len(each.text) for each in batch)
        if len(batch) == _BATCH_DOCUMENTS or n_chars > _BATCH_CHARS:
            yield _Batch(dialect.name, waiting.pop(dialect.name))
    for language, batch in waiting.items():
        yield _Batch(language, batch)


def _write(documents: Sequence[Document], folder: Path) -> dict[str, Document]:
    """Write texts under numbers; return each document by the path it went to."""
    files = {}
    for number, document in enumerate(documents):
        dialect = dialect_of(document.language)
        path = folder / f"{number}{dialect.suffix if dialect else ''}"
        path.write_bytes(_spelled_for(document).encode(errors="replace"))
        files[str(path)] = document
    return files


def _spelled_for(document: Document) -> str:
    """Return the text with ``node:fs`` as ``fs``, the name that rules know; nothing else moves."""
    if "node:" not in document.text or document.language not in _NODE_LANGUAGES:
        return document.text
    return _NODE_MODULE.sub(r"\1\2\3\2     ", document.text)


def _targets(files: Iterable[str], language: str) -> bytes:
    """Write the list of files in the form in which the core takes it."""
    entries = [
        [
            "CodeTarget",
            {
                "path": {"fpath": path, "ppath": f"/{Path(path).name}"},
                "analyzer": language,
                "products": ["sast"],
            },
        ]
        for path in files
    ]
    return json.dumps(["Targets", entries]).encode()


def _core_command(core: Path, rules: Path, targets: Path) -> list[str]:
    return [
        str(core),
        "-json_nodots",
        "-fast",
        *("-rules", str(rules)),
        *("-targets", str(targets)),
        *("-j", "1"),
        *("-timeout", str(_RULE_SECONDS)),
        *("-timeout_threshold", str(_MAX_SLOW_RULES)),
        *("-max_memory", str(_MAX_MEMORY_MB)),
    ]


async def _spawn(command: Sequence[str], home: Path) -> Process:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=home,
            env=environment(home),
        )
    except OSError as error:
        raise ScannerError(
            f"Semgrep cannot be started: {error}",
            remedy="reinstall it: pip install --force-reinstall 'copilot-ls[security]'",
        ) from error
    if hasattr(os, "setpriority"):
        # Typing and its model go first.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _BACKGROUND_PRIORITY)
    return process


async def _output(process: Process, seconds: float) -> bytes:
    """Wait for a process and return what it wrote; kills it on the way out if need be."""
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate()
    except TimeoutError as error:
        raise _Failed(f"Semgrep took longer than {seconds:.0f} seconds") from error
    finally:
        await _kill(process)
    # It says 0 for no findings, 1 for findings and 2 for errors, which its answer then names.
    if process.returncode not in {0, 1, 2} or not output:
        raise _Failed(f"Semgrep ended with code {process.returncode}")
    return output


async def _kill(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
