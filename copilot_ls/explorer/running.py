"""One case, executed: its result or its exception, under a time limit, with output caught."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import itertools
import linecache
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from .freezing import Patches
from .nodes import Case, Entered
from .surroundings import Surroundings
from .watching import HERE, watched

MAX_OUTPUT = 20_000
MAX_ITEMS = 50
_MAX_FOLDERS = 1000
_THREAD_SECONDS = 0.5
_HAS_ALARM = hasattr(signal, "setitimer")


class OutOfTime(BaseException):
    """The case ran longer than it may; not an ``Exception``, so that few handlers catch it."""


class Outcome:
    """What happened.

    ``is_prepared`` says that what comes before the action went well; ``wrapper`` is what had to be
    put around the action to see its result; ``deed`` is what it does beyond its own folder, in
    words, and keeps it from being a test.
    """

    __slots__ = (
        "created", "deed", "error", "errors", "is_prepared", "is_timeout", "names", "output",
        "result", "seconds", "wrapper",
    )  # fmt: skip

    def __init__(self) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self.is_timeout = False
        self.deed = ""
        self.is_prepared = False
        self.output = ""
        self.errors = ""
        self.wrapper = "{}"
        self.names: dict[str, Any] = {}
        self.created: list[tuple[str, bool]] = []
        self.seconds = 0.0


class Runner:
    """Executes cases in a namespace; each that asks for ``tmp_path`` gets an empty folder."""

    def __init__(self, namespace: dict[str, Any], *, seconds: float = 1.0) -> None:
        self.namespace = namespace
        self.seconds = seconds
        self._own: Sequence[Any] = ()
        self._home = Path(tempfile.mkdtemp(prefix="case-"))
        # Code that works on the current folder must not find anything there that is needed.
        self._work = self._home / "work"
        self._n_folders = 0

    def run(
        self,
        case: Case,
        before_action: Callable[[dict[str, Any]], None] = lambda _: None,
        head: Sequence[str] = (),
        patches: Patches | None = None,
    ) -> Outcome:
        """Execute; what the code under test raises is in the outcome, never raised.

        ``before_action`` sees the names just before the action; ``head`` are statements that come
        first, and what they replace through ``patches`` is brought back.
        """
        outcome = Outcome()
        names = dict(self.namespace)
        outcome.names = names
        source = case.source()
        folder = self._folder(names) if "tmp_path" in source else None
        self.enter_folder()
        patches = patches or Patches()
        names["monkeypatch"] = patches
        threads = set(threading.enumerate())
        surroundings = self.surroundings()
        started = time.perf_counter()
        is_changed = False
        work = str(self._work)
        with caught_output() as (output, errors), watched(work) as deeds, time_limit(self.seconds):
            try:
                for line in [*head, *prelude_of(source), *case.lines()]:
                    exec(compile(line, "<case>", "exec"), names)
                before = set(folder.rglob("*")) if folder else set()
                before_action(names)
                outcome.is_prepared = True
                result = eval(compile(case.action.render(), "<case>", "eval"), names)
                is_entered = isinstance(case.action, Entered)
                outcome.result, outcome.wrapper = (entered if is_entered else settle)(result)
                if folder:
                    outcome.created = _created(folder, before)
            except OutOfTime:
                outcome.is_timeout = True
            except BaseException as error:
                if isinstance(error, (KeyboardInterrupt, MemoryError)):
                    raise
                outcome.error = error
            finally:
                patches.undo()
                is_changed = surroundings.restore()
        outcome.seconds = time.perf_counter() - started
        # Whoever runs such a test waits for the thread at the end, perhaps for ever.
        outcome.is_timeout = outcome.is_timeout or _is_one_running(threads)
        has_left_files = self.has_left_files
        if deeds.first:
            outcome.deed = deeds.first
        elif is_changed:
            outcome.deed = "changes something for the whole process"
        elif has_left_files:
            outcome.deed = HERE
        outcome.output, outcome.errors = output.getvalue(), errors.getvalue()
        if folder is not None:
            # Paths in results are compared later: the folder itself goes with the process.
            names["__folder__"] = folder
        return outcome

    def watch(self, module: ModuleType) -> None:
        """Put the code of this module back if a case changes it."""
        classes = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and value.__module__ == module.__name__
        ]
        self._own = (module, *classes)

    def surroundings(self) -> Surroundings:
        """What is in force now."""
        return Surroundings(self._own)

    def enter_folder(self) -> None:
        """Make an empty folder the current one, whatever became of it before."""
        try:
            self._work.mkdir(parents=True, exist_ok=True)
            os.chdir(self._work)
        except OSError:
            # Its rights were taken away, or a file stands in its place.
            for folder in (*reversed(self._home.parents), self._home, self._work):
                with contextlib.suppress(OSError):
                    folder.chmod(0o700)
            self._home = Path(tempfile.mkdtemp(prefix="case-"))
            self._work = self._home / "work"
            self._work.mkdir(parents=True, exist_ok=True)
            os.chdir(self._work)

    @property
    def has_left_files(self) -> bool:
        """Whether something was written into the current folder; it is taken away."""
        try:
            found = os.listdir(self._work)
        except OSError:
            return True
        if found and not _is_emptied(self._work):
            shutil.rmtree(self._work, ignore_errors=True)
        return bool(found)

    def move(self) -> None:
        """Use folders of its own, in a process that is a copy of another one."""
        self._home = self._home / f"copy{os.getpid()}"
        self._work = self._home / "work"

    def close(self) -> None:
        shutil.rmtree(self._home, ignore_errors=True)

    def _folder(self, names: dict[str, Any]) -> Path:
        folder = self._home / f"t{self._n_folders}"
        if not _is_emptied(folder):
            # Folders take long to remove.
            self._n_folders += 1
            if self._n_folders % _MAX_FOLDERS == 0:
                shutil.rmtree(self._home, ignore_errors=True)
            folder = self._home / f"t{self._n_folders}"
            folder.mkdir(parents=True, exist_ok=True)
        names["tmp_path"] = folder
        return folder


def _is_emptied(folder: Path) -> bool:
    """Whether the folder is there with nothing in it, once its files are taken away."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    return False
                os.unlink(entry.path)
            return bool(os.stat(folder).st_mode & 0o700 == 0o700)
    except OSError:
        return False


_A_FILE = '(tmp_path / "file.txt").write_text("line one\\nline two\\n")'
_A_FOLDER = '(tmp_path / "folder").mkdir()'
_NEEDED = (
    ('"file.txt"', (_A_FILE,)),
    ('"folder"', (_A_FOLDER, '(tmp_path / "folder" / "a.py").write_text("x = 1\\n")')),
    ('"*"', (_A_FILE, _A_FOLDER)),
    ("a_function", ("def a_function(value=None, *args):\n    return value",)),
    ("a_generator", ("def a_generator(*args):\n    yield 1\n    yield 2",)),
    ("a_coroutine", ("async def a_coroutine(*args):\n    return 1",)),
    ('"link"', (_A_FILE, '(tmp_path / "link").symlink_to(tmp_path / "file.txt")')),
)


def prelude_of(source: str) -> list[str]:
    """Statements that make the files and functions which a case names."""
    lines = [line for mark, needed in _NEEDED if mark in source for line in needed]
    return list(dict.fromkeys(lines))


def settle(result: Any) -> tuple[Any, str]:
    """Await a coroutine and empty an iterator; returns the value and the text to wrap around."""
    if inspect.iscoroutine(result):
        value, inner = settle(asyncio.run(result))
        return value, inner.replace("{}", "asyncio.run({})")
    if isinstance(result, contextlib._GeneratorContextManager):
        return entered(result)
    if inspect.isasyncgen(result):

        async def collect() -> list[Any]:
            items: list[Any] = []
            async for item in result:
                items.append(item)
                if len(items) >= MAX_ITEMS:
                    break
            return items

        return asyncio.run(collect()), ""
    # Objects may answer to any name; Python looks for these at their class.
    is_iterator = hasattr(type(result), "__next__") and hasattr(type(result), "__iter__")
    if is_iterator and not isinstance(result, io.IOBase):
        items = list(itertools.islice(result, MAX_ITEMS + 1))
        if len(items) <= MAX_ITEMS:
            return items, "list({})"
        return items[:MAX_ITEMS], f"list(itertools.islice({{}}, {MAX_ITEMS}))"
    return result, "{}"


def entered(manager: Any) -> tuple[Any, str]:
    """Enter a context manager and leave it again; returns what it gave, as :func:`settle` does."""
    with manager as value:
        pass
    return value, ENTERING


ENTERING = "with {} as result:\n    pass"
"""The wrapper of a context manager; a statement, where the others are expressions."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise :class:`OutOfTime` in the code within; again every 50 ms if it is swallowed."""
    if not _HAS_ALARM or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_: int, __: Any) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.05)
    try:
        yield
    except OutOfTime:
        # It rang between the end of the work and here.
        pass
    finally:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        except OutOfTime:
            signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _is_one_running(before: Collection[threading.Thread]) -> bool:
    """Whether a thread that is not among ``before`` keeps the process from ending."""
    new = [each for each in threading.enumerate() if each not in before and not each.daemon]
    for thread in new:
        thread.join(_THREAD_SECONDS)
    return any(thread.is_alive() for thread in new)


class Deliberate:
    """Tells exceptions that the project's code raises on purpose from crashes."""

    def __init__(self, root: Path) -> None:
        self._root = str(root.resolve()) + os.sep
        self._raising: dict[str, set[int]] = {}

    def __call__(self, error: BaseException) -> bool:
        """Whether the innermost frame is a ``raise`` or ``assert`` of the project."""
        frames = _frames(error.__traceback__)
        if not frames:
            return False
        filename, line = frames[-1]
        if not os.path.abspath(filename).startswith(self._root):
            # Raised in a library that the project called: not a crash of the project's own if it
            # is of a kind that libraries use to say that an input is bad.
            return isinstance(error, (ValueError, KeyError, OSError, StopIteration)) and any(
                os.path.abspath(name).startswith(self._root) for name, _ in frames
            )
        return line in self._raise_lines(filename)

    def is_from_project(self, error: BaseException) -> bool:
        """Whether any frame of the project took part."""
        return any(
            os.path.abspath(name).startswith(self._root) for name, _ in _frames(error.__traceback__)
        )

    def place_of(self, error: BaseException) -> str:
        """The innermost line of the project's that took part."""
        own = [
            f"{name}:{line}"
            for name, line in _frames(error.__traceback__)
            if os.path.abspath(name).startswith(self._root)
        ]
        return own[-1] if own else ""

    def _raise_lines(self, filename: str) -> set[int]:
        if filename not in self._raising:
            lines: set[int] = set()
            try:
                tree = ast.parse("".join(linecache.getlines(filename)))
            except (SyntaxError, ValueError):
                tree = ast.Module([], [])
            for node in ast.walk(tree):
                if isinstance(node, (ast.Raise, ast.Assert)):
                    lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            self._raising[filename] = lines
        return self._raising[filename]


def _frames(traceback: TracebackType | None) -> list[tuple[str, int]]:
    frames = []
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if not filename.startswith("<") and "copilot_ls" + os.sep + "explorer" not in filename:
            frames.append((filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames


def _created(folder: Path, before: set[Path]) -> list[tuple[str, bool]]:
    found = sorted(set(folder.rglob("*")) - before)[:5]
    return [(path.relative_to(folder).as_posix(), path.is_dir()) for path in found]


class _Output(io.StringIO):
    def write(self, text: str) -> int:
        if self.tell() < MAX_OUTPUT:
            super().write(text)
        return len(text)


@contextlib.contextmanager
def caught_output() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """Catch what is printed, to both streams.

    Warnings are no output: what runs the tests may show them, gather them or leave them out.
    """
    output, errors = _Output(), _Output()
    kept = sys.stdout, sys.stderr, sys.stdin
    sys.stdout, sys.stderr, sys.stdin = output, errors, io.StringIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield output, errors
    finally:
        sys.stdout, sys.stderr, sys.stdin = kept
