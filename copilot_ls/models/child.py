"""Runs a helper program for as long as somebody watches it.

Downloads and preparations happen in processes of their own: they can be ended in the middle,
their memory goes back to the system, and what their libraries print or crash on stays theirs.
A helper of ours tells events as lines of JSON behind a mark, so that other libraries' chatter on
the same stream does no harm, and it ends by itself when its watcher dies.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MARK = "\x1e"
_TICK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a helper ended; ``tail`` holds its last lines."""

    returncode: int
    tail: str


def run_child(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
    on_tick: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run ``command`` to its end; whatever a callback raises ends it and its children.

    ``on_tick`` is called about ten times a second.
    """
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, **environment, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    tail: deque[str] = deque(maxlen=20)
    try:
        while (line := _next(lines)) is not None:
            if not line:
                on_tick()
                continue
            if not line.startswith(MARK):
                tail.append(line)
            on_line(line)
        on_tick()
        return Outcome(process.wait(), "\n".join(tail))
    finally:
        _end(process)
        reader.join(timeout=5)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def python_module(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours, blind to modules in its working folder."""
    return [sys.executable, "-P", "-m", module, *arguments]


def parse_event(line: str) -> dict[str, object] | None:
    """Return the event that a line of a helper of ours tells, if it is one."""
    if not line.startswith(MARK):
        return None
    event = json.loads(line.removeprefix(MARK))
    return event if isinstance(event, dict) else None


def tell(**event: object) -> None:
    """Tell the watcher (called inside a helper)."""
    print(MARK + json.dumps(event), flush=True)


def end_with_watcher() -> None:
    """End this process when the one that watches it is gone (called inside a helper)."""
    # Not through `sys.stdin`: a thread that holds its lock makes the interpreter's end abort.
    descriptor = sys.stdin.fileno()

    def wait() -> None:
        while os.read(descriptor, 4096):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _read(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    if process.stdout is None:
        raise AssertionError
    try:
        for line in process.stdout:
            lines.put(line.rstrip("\r\n") or " ")
    except ValueError:
        pass  # the stream was closed because the watcher lost interest
    finally:
        lines.put(None)


def _next(lines: queue.SimpleQueue[str | None]) -> str | None:
    """Return the next line, an empty text if there is none yet, or nothing at the end."""
    try:
        return lines.get(timeout=_TICK_SECONDS)
    except queue.Empty:
        return ""


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    import psutil

    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        family = []
    process.kill()
    for member in family:
        try:
            member.kill()
        except psutil.Error:
            continue
    process.wait()
