"""What code does beyond computing, told by Python's own audit events. Standard library alone.

Inside the sandbox it does no harm. Where somebody runs a test there is no sandbox, so what asks
the network, starts programs or changes files elsewhere makes no test.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

HERE = "works on the current folder"
_ELSEWHERE = "changes files elsewhere"
_DEEDS = {
    "asks the network": (
        "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname",
        "socket.gethostbyaddr", "socket.sendto", "socket.sendmsg",
    ),
    "starts other programs": (
        "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork",
        "os.forkpty", "pty.spawn", "os.startfile", "os.kill", "os.killpg",
    ),
    _ELSEWHERE: (
        "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown",
        "os.link", "os.symlink", "os.truncate", "os.utime", "shutil.rmtree", "shutil.move",
    ),
}  # fmt: skip
_BY_EVENT = {event: deed for deed, events in _DEEDS.items() for event in events}
_OF_FILES = frozenset({*_DEEDS[_ELSEWHERE], "open", "os.listdir", "os.scandir"})
# Which of their arguments are paths that they change; of all others it is the first.
_CHANGED = {
    "os.rename": slice(2), "shutil.move": slice(2), "os.link": slice(1, 2),
    "os.symlink": slice(1, 2),
}  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Deeds:
    """The first thing of that kind that was done, in the words of a verdict; empty if nothing.

    ``work`` is the current folder, which holds anything where somebody runs the test.
    """

    def __init__(self, work: str) -> None:
        self.first = ""
        self._work = os.path.join(work, "")
        self._free = os.path.join(tempfile.gettempdir(), "")

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.first:
            self.first = self._of_file(event, arguments) if event in _OF_FILES else _BY_EVENT[event]

    def _of_file(self, event: str, arguments: tuple[Any, ...]) -> str:
        paths = arguments[_CHANGED.get(event, slice(1))]
        return next(filter(None, (self._of_path(event, path, arguments) for path in paths)), "")

    def _of_path(self, event: str, path: Any, arguments: tuple[Any, ...]) -> str:
        path = "." if path is None else path
        if not isinstance(path, (str, bytes, os.PathLike)):
            # An open file; it was opened before.
            return ""
        path = os.path.join(os.path.abspath(os.fsdecode(path)), "")
        if path.startswith(self._work):
            return HERE
        is_changing = event in _BY_EVENT or (event == "open" and (arguments[2] or 0) & _WRITING)
        is_own = path.startswith((self._free, os.devnull)) or "__pycache__" in path
        return _ELSEWHERE if is_changing and not is_own else ""


_current: list[Deeds] = []
_installed: list[bool] = []


@contextlib.contextmanager
def watched(work: str) -> Iterator[Deeds]:
    """Note what is done meanwhile, where ``work`` is the current folder."""
    if not _installed:
        # A hook cannot be taken away again.
        sys.addaudithook(_hook)
        _installed.append(True)
    deeds = Deeds(work)
    _current.append(deeds)
    try:
        yield deeds
    finally:
        _current.remove(deeds)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _current and (event in _OF_FILES or event in _BY_EVENT):
        with contextlib.suppress(Exception):
            _current[-1].note(event, arguments)
