r"""The texts that are open in the editor.

Stands instead of pygls's documents, which split lines as ``str.splitlines`` does: a form feed
or U+2028 then shifts every later edit. Here a line ends where the protocol says, at ``\n``,
``\r\n`` or ``\r``, and an edit costs its own lines, not the whole text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from lsprotocol import types

from copilot_ls.domain import Document
from copilot_ls.server import convert
from copilot_ls.server.convert import Encoding
from indexer.model import Span

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def split_lines(text: str) -> list[str]:
    """Split at the protocol's line endings, keeping them; the last line has none."""
    lines = _LINE.findall(text)
    if not lines or lines[-1][-1] in "\r\n":
        lines.append("")
    return lines


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of a document with its lines; taken before the first ``await`` and kept."""

    document: Document
    lines: Sequence[str]
    encoding: Encoding

    def offset(self, position: types.Position) -> int:
        line, column = _locate(self.lines, position, self.encoding)
        return sum(map(len, self.lines[:line])) + column

    def range(self, span: Span) -> types.Range:
        return types.Range(start=self._position(span.start), end=self._position(span.end))

    def with_text(self, span: Span, text: str) -> Snapshot:
        """Return what the document would be with ``span`` replaced."""
        old = self.document
        changed = old.text[: span.start] + text + old.text[span.end :]
        document = Document(old.uri, old.path, old.language, changed, old.version)
        return Snapshot(document, split_lines(changed), self.encoding)

    def _position(self, offset: int) -> types.Position:
        ends = list(accumulate(map(len, self.lines)))
        number = min(bisect_right(ends, offset), len(ends) - 1)
        line = self.lines[number]
        start = ends[number] - len(line)
        character = convert.to_character(line, offset - start, self.encoding)
        return types.Position(number, character)


class OpenDocument:
    """A text while the editor owns it; the only mutable thing about documents."""

    def __init__(self, item: types.TextDocumentItem, *, path: str, encoding: Encoding) -> None:
        self.uri = item.uri
        self.path = path
        self.language = item.language_id
        self.version = item.version
        self._encoding = encoding
        self._lines = split_lines(_without_surrogates(item.text))
        self._snapshot: Snapshot | None = None

    def change(
        self, changes: Sequence[types.TextDocumentContentChangeEvent], *, version: int
    ) -> None:
        """Apply edits in order; positions outside of the text mean its nearest edge."""
        for change in changes:
            text = _without_surrogates(change.text)
            if isinstance(change, types.TextDocumentContentChangePartial):
                self._replace(change.range, text)
            else:
                self._lines = split_lines(text)
        self.version = version
        self._snapshot = None

    def move(self, path: str) -> None:
        """Give the document another path, because the workspace folders changed."""
        self.path = path
        self._snapshot = None

    def snapshot(self) -> Snapshot:
        """Return the present version; the same object until the next edit."""
        if self._snapshot is None:
            text = "".join(self._lines)
            document = Document(self.uri, self.path, self.language, text, self.version)
            self._snapshot = Snapshot(document, tuple(self._lines), self._encoding)
        return self._snapshot

    def _replace(self, target: types.Range, text: str) -> None:
        lines = self._lines
        first, first_column = _locate(lines, target.start, self._encoding)
        last, last_column = max(_locate(lines, target.end, self._encoding), (first, first_column))
        head = lines[first][:first_column]
        tail = lines[last][last_column:]
        if not head and first > 0 and lines[first - 1].endswith("\r"):
            # A line feed that comes to stand after this carriage return joins it.
            first -= 1
            head = lines[first]
        replacement = split_lines(head + text + tail)
        if last + 1 < len(lines):
            # The tail ends its line, so that the empty rest is the line that follows anyway.
            replacement.pop()
        lines[first : last + 1] = replacement


def _locate(lines: Sequence[str], position: types.Position, encoding: Encoding) -> tuple[int, int]:
    if position.line >= len(lines):
        return len(lines) - 1, len(lines[-1])
    line = lines[position.line].rstrip("\r\n")
    return position.line, convert.to_column(line, position.character, encoding)


def _without_surrogates(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON can carry but no encoder accepts.

    U+FFFD is as wide in every encoding of positions, so that nothing shifts.
    """
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)
