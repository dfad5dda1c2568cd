"""Files taken in by a few processes at once, in order, whatever a file does to its process.

Parsing is most of the work of a first index, it holds the interpreter lock, and a parser in C can
hang or die on hostile input; processes answer all three. They are started with nothing inherited
but the priority, which works alike on all systems. See ``docs/decisions``.

A file that kills its process is tried again, then as plain text, and then left out.
Few files are taken in here and now: starting a process costs as much as a hundred of them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

from indexer.intake import worker
from indexer.intake.file import take_in
from indexer.model import FileStamp, IndexOptions, Skipped, SkipReason
from indexer.store.records import FileRows

logger = logging.getLogger(__name__)

Taken: TypeAlias = FileRows | Skipped

WORKER: Sequence[str] = (sys.executable, "-P", "-m", "indexer.intake.worker")
# Four keep one writer busy.
MAX_WORKERS = 4
MIN_FILES_FOR_WORKERS = 100
# On the clock; for systems without a limit of processor time, and for a process that waits.
MAX_SECONDS_WITHOUT_ANSWER = 120.0
_MAX_STARTS_IN_VAIN = 2
_MAX_TRIES = 2
_JOB_FILES = 32
_JOB_BYTES = 128_000
# So much is read ahead while the writer is busy with a transaction.
_JOBS_AHEAD = 24
# Most answers then fit into the pipe at once (Linux; elsewhere it is ignored).
_PIPE_BYTES = 1 << 20


def take_in_all(
    root: Path, stamps: Sequence[FileStamp], options: IndexOptions, *, n_workers: int | None = None
) -> Generator[Taken, None, None]:
    """Take in files, in the order given; closing the generator ends the processes.

    ``n_workers`` is the number of processes, 0 for none, by default one for each processor.
    """
    if n_workers is None:
        n_workers = 0 if len(stamps) < MIN_FILES_FOR_WORKERS else _n_processors()
    paths = [stamp.path for stamp in stamps]
    n_taken = 0
    if n_workers:
        pool = _Pool(root, options, _jobs(stamps))
        try:
            for taken in pool.run(min(n_workers, MAX_WORKERS)):
                n_taken += 1
                yield taken
        except _NoWorkers:
            logger.warning("no worker process can be started; indexing goes on without")
        finally:
            pool.close()
    for path in paths[n_taken:]:
        yield take_in(root, path, options)


class _NoWorkers(Exception):
    """Processes end before they have done anything."""


@dataclass(slots=True)
class _Job:
    """Some files for one process, and its answer for all of them, once it is there."""

    paths: list[str]
    is_given: bool = False
    n_tries: int = 0
    as_text: bool = False
    answer: bytes | None = None

    def taken(self) -> list[Taken]:
        """What the answer says, decoded where the time for it is."""
        answers = worker.decode(self.answer or b"")
        if not isinstance(answers, list):
            raise TypeError(answers)
        return [
            FileRows(*each) if len(each) > 3 else Skipped(each[0], SkipReason(each[1]), each[2])
            for each in answers
        ]

    def after_failure(self) -> list[_Job]:
        """What to do when this job has ended its process: look at each file on its own."""
        if len(self.paths) > 1:
            return [_Job([path]) for path in self.paths]
        if self.as_text:
            given_up = worker.encode([(self.paths[0], SkipReason.HARMFUL.value, "")])
            return [_Job(self.paths, is_given=True, answer=given_up)]
        n_tries = self.n_tries + 1
        return [_Job(self.paths, n_tries=n_tries, as_text=n_tries >= _MAX_TRIES)]


class _Process:
    """A worker and the pipes to it."""

    def __init__(self, root: Path, options: IndexOptions) -> None:
        self.job: _Job | None = None
        self.is_ready = False
        self.answered_at = time.monotonic()
        self._child = subprocess.Popen(
            WORKER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pipesize=_PIPE_BYTES,
            # Windows would show a console.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.send((os.fspath(root), asdict(options)))

    def send(self, plain: worker.Plain) -> None:
        """Send; a process that has died is noticed where its answers are read."""
        self.answered_at = time.monotonic()
        if self._child.stdin is not None:
            with contextlib.suppress(OSError):
                worker.write_frame(self._child.stdin, worker.encode(plain))

    def receive(self) -> bytes:
        if self._child.stdout is None:
            raise EOFError
        return worker.read_frame(self._child.stdout)

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._child.kill()

    def end(self) -> None:
        self.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


class _Pool:
    """Shared by the thread that wants results and one listening thread for each process.

    The listening threads do next to nothing, so that they do not take the interpreter lock from
    the writer, which gives it back for every row.
    """

    def __init__(self, root: Path, options: IndexOptions, jobs: Iterator[_Job]) -> None:
        self._root = root
        self._options = options
        self._coming = jobs
        self._ahead: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._processes: dict[_Process, threading.Thread] = {}
        self._n_starts_in_vain = 0
        self._is_closed = False

    def run(self, n_workers: int) -> Iterator[Taken]:
        """Yield the results in order.

        Raises:
            _NoWorkers: processes cannot be started; what was yielded so far is right.
        """
        with self._changed:
            self._look_ahead()
            for _ in range(min(n_workers, len(self._ahead))):
                self._start()
        while True:
            with self._changed:
                while self._ahead and self._ahead[0].answer is None:
                    if self._n_starts_in_vain >= _MAX_STARTS_IN_VAIN and not self._processes:
                        raise _NoWorkers
                    self._changed.wait(1.0)
                    self._end_silent_ones()
                if not self._ahead:
                    return
                job = self._ahead.popleft()
                self._look_ahead()
                self._give_work()
            yield from job.taken()

    def close(self) -> None:
        """End all processes and wait for the threads."""
        with self._changed:
            self._is_closed = True
            processes = dict(self._processes)
        for process in processes:
            process.kill()
        for thread in processes.values():
            thread.join()

    def _look_ahead(self) -> None:
        while len(self._ahead) < _JOBS_AHEAD:
            job = next(self._coming, None)
            if job is None:
                return
            self._ahead.append(job)

    def _give_work(self) -> None:
        for process in self._processes:
            if process.job is None and process.is_ready:
                job = next((job for job in self._ahead if not job.is_given), None)
                if job is None:
                    return
                job.is_given = True
                process.job = job
                process.send((job.paths, job.as_text))

    def _start(self) -> None:
        try:
            process = _Process(self._root, self._options)
        except (OSError, ValueError):
            self._n_starts_in_vain += 1
            return
        thread = threading.Thread(target=self._listen, args=(process,), daemon=True)
        self._processes[process] = thread
        thread.start()

    def _listen(self, process: _Process) -> None:
        with contextlib.suppress(EOFError, OSError, ValueError):
            while True:
                answer = process.receive()
                with self._changed:
                    process.is_ready = True
                    process.answered_at = time.monotonic()
                    if process.job is not None:
                        process.job.answer = answer
                        process.job = None
                    self._give_work()
                    self._changed.notify_all()
        process.end()
        with self._changed:
            self._bury(process)
            self._changed.notify_all()

    def _bury(self, process: _Process) -> None:
        """See to it that a dead process's job is done, and by whom."""
        del self._processes[process]
        if self._is_closed:
            return
        job = process.job
        if job is not None:
            logger.warning("a process died while it read %d files", len(job.paths))
            place = self._ahead.index(job)
            self._ahead.remove(job)
            for number, each in enumerate(job.after_failure()):
                self._ahead.insert(place + number, each)
            self._give_work()
        elif not process.is_ready:
            self._n_starts_in_vain += 1
        has_work = any(not job.is_given for job in self._ahead)
        if has_work and self._n_starts_in_vain < _MAX_STARTS_IN_VAIN:
            self._start()

    def _end_silent_ones(self) -> None:
        for process in self._processes:
            silence = time.monotonic() - process.answered_at
            is_waited_for = process.job is not None or not process.is_ready
            if is_waited_for and silence > MAX_SECONDS_WITHOUT_ANSWER:
                process.kill()


def _jobs(stamps: Sequence[FileStamp]) -> Iterator[_Job]:
    paths: list[str] = []
    size = 0
    for stamp in stamps:
        if paths and (size + stamp.size > _JOB_BYTES or len(paths) >= _JOB_FILES):
            yield _Job(paths)
            paths, size = [], 0
        paths.append(stamp.path)
        size += stamp.size
    if paths:
        yield _Job(paths)


def _n_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
