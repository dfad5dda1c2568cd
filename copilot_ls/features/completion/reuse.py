"""Answers without a model: a suggestion is served again as its text is typed. Pure data.

A suggestion is remembered with the text around the place it was made for. It fits a later
request if what was typed since is the beginning of the suggestion; then the rest is offered.
So typing along never flickers, and taking characters back finds the earlier answer again.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from copilot_ls.domain import Document
from copilot_ls.features.completion.trigger import CLOSERS, Extent

_TAIL_CHARS = 600
_HEAD_CHARS = 120
_MAX_ENTRIES = 64


@dataclass(frozen=True, slots=True)
class Remembered:
    """A suggestion and the text it was made for."""

    uri: str
    tail: str
    head: str
    text: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class Reused:
    """What is left of a remembered suggestion after ``n_typed`` of its characters."""

    text: str
    n_typed: int
    extent: Extent


class SuggestionMemory:
    """The last suggestions, newest first; holds at most 64."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[str, str, str], Remembered] = OrderedDict()

    def remember(self, document: Document, offset: int, text: str, extent: Extent) -> None:
        """Keep ``text`` as the answer for this place."""
        tail = document.text[max(0, offset - _TAIL_CHARS) : offset]
        head = document.text[offset : offset + _HEAD_CHARS]
        key = (document.uri, tail, head)
        self._entries.pop(key, None)
        self._entries[key] = Remembered(document.uri, tail, head, text, extent)
        if len(self._entries) > _MAX_ENTRIES:
            self._entries.popitem(last=False)

    def find(self, document: Document, offset: int) -> Reused | None:
        """Return the rest of a suggestion that fits here, or nothing."""
        before = document.text[max(0, offset - 3 * _TAIL_CHARS) : offset]
        after = document.text[offset : offset + _HEAD_CHARS + 8]
        for entry in reversed(self._entries.values()):
            if entry.uri != document.uri or not _same_head(after, entry.head):
                continue
            n_typed = _typed_along(before, entry)
            if n_typed is not None and n_typed < len(entry.text):
                return Reused(entry.text[n_typed:], n_typed, entry.extent)
        return None

    def forget(self, uri: str) -> None:
        """Drop what was remembered for a document, for instance because it was rejected."""
        for key in [key for key in self._entries if key[0] == uri]:
            del self._entries[key]


def _typed_along(before: str, entry: Remembered) -> int | None:
    """Count the typed characters if ``before`` is the remembered tail plus part of the text."""
    for n_typed in range(len(entry.text)):
        if n_typed and before[-n_typed:] != entry.text[:n_typed]:
            continue
        rest = before[: len(before) - n_typed] if n_typed else before
        # An empty tail is the start of the document: it fits nowhere else.
        if rest.endswith(entry.tail) if entry.tail else not rest:
            return n_typed
    return None


def _same_head(after: str, head: str) -> bool:
    """Compare the texts right of the cursor, forgiving closers that the editor added or ate."""
    if after.startswith(head) or head.startswith(after[: len(head)] or "\0"):
        return True
    return _without_closers(after)[:60] == _without_closers(head)[:60]


def _without_closers(text: str) -> str:
    line, newline, rest = text.partition("\n")
    return line.lstrip("".join(CLOSERS)) + newline + rest
