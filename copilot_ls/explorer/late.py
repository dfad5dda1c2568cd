"""Lines that come in on standard input while a search is under way. Standard library alone."""

from __future__ import annotations

import os


class Late:
    """What is written to standard input, line by line; make it before anything else reads there.

    Code under test finds an empty standard input. Where a pipe cannot be asked without waiting
    (Windows before Python 3.12) nothing comes after the first line.
    """

    def __init__(self) -> None:
        self._file = os.dup(0)
        self._read = b""
        self._is_open = True
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)

    def first(self) -> str:
        """The first line; waits for it."""
        while b"\n" not in self._read:
            data = os.read(self._file, 65_536)
            if not data:
                break
            self._read += data
        line, _, self._read = self._read.partition(b"\n")
        try:
            os.set_blocking(self._file, False)
        except (AttributeError, OSError):
            self._is_open = False
        return line.decode()

    def take(self) -> list[str]:
        """The lines that have come since."""
        while self._is_open:
            try:
                data = os.read(self._file, 65_536)
            except BlockingIOError:
                break
            self._read += data
            self._is_open = bool(data)
        *lines, self._read = self._read.split(b"\n")
        return [line.decode() for line in lines]
