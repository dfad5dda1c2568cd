"""Where bytes meet code points: tree-sitter counts bytes, everything else counts characters.

No other module of the indexer handles bytes of source text.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from indexer.model import Span

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Source:
    """One text as UTF-8, and the way back from byte offsets to code points.

    Costs nothing for ASCII; otherwise one entry for each character beyond ASCII.
    A lone surrogate, which UTF-8 cannot hold, is replaced by U+FFFD; no offset moves.
    """

    __slots__ = ("_ends", "_surplus", "data", "text")

    def __init__(self, text: str) -> None:
        self._ends: list[int] = []
        self._surplus: list[int] = [0]
        if text.isascii():
            self.text = text
            self.data = text.encode("ascii")
            return
        try:
            self.data = text.encode()
        except UnicodeEncodeError:
            text = _SURROGATE.sub("\ufffd", text)
            self.data = text.encode()
        self.text = text
        surplus = 0
        for match in _BEYOND_ASCII.finditer(text):
            code = ord(match[0])
            surplus += 1 if code < 0x800 else 2 if code < 0x10000 else 3
            self._ends.append(match.end() + surplus)
            self._surplus.append(surplus)

    def offset(self, byte: int) -> int:
        """The code-point offset of a byte offset that lies on a character's boundary."""
        if not self._ends:
            return byte
        return byte - self._surplus[bisect_right(self._ends, byte)]

    def byte(self, offset: int) -> int:
        """The byte offset of a code-point offset."""
        if not self._ends:
            return offset
        return len(self.text[:offset].encode())

    def line_at(self, byte: int) -> str:
        """The line that a byte offset lies in, without its end."""
        start = self.data.rfind(b"\n", 0, byte) + 1
        end = self.data.find(b"\n", byte)
        return self.slice(start, len(self.data) if end < 0 else end)

    def span(self, start: int, end: int) -> Span:
        """The code points between two byte offsets."""
        if not self._ends:
            return Span(start, end)
        return Span(self.offset(start), self.offset(end))

    def slice(self, start: int, end: int) -> str:
        """The text between two byte offsets."""
        if not self._ends:
            return self.text[start:end]
        return self.data[start:end].decode(errors="replace")
