"""Answers without a model: a suggestion is served again as its text is typed. Pure data.

A suggestion is remembered by the text above the line it was made in, so that finding it again is
a few look-ups however many there are: one for each line that was typed since. It fits if what
stands there now is the beginning of what would stand there had it been accepted. So typing along
never flickers, taking characters back finds the earlier answer, and that a model had nothing to
offer is remembered as well.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from copilot_ls.domain import Completion, Document, Origin
from copilot_ls.features.completion.trigger import CLOSERS, Extent

_ANCHOR_CHARS = 600
_HEAD_CHARS = 120
_TELLING_CHARS = 60
_MAX_LINES_TYPED = 40
# What is typed is shorter; only minified lines are longer, and keeping those fills the memory.
_MAX_WRITTEN_CHARS = 10_000
_MAX_ENTRIES = 256


@dataclass(frozen=True, slots=True)
class Answered:
    """What was found out for a place: a suggestion, or that there is none, and why.

    ``is_provisional`` marks an answer that a second look may better: it is served to whoever
    types along, not to whoever comes back.
    """

    completion: Completion
    extent: Extent
    is_speculative: bool = False
    is_provisional: bool = False

    @property
    def text(self) -> str:
        suggestions = self.completion.suggestions
        return suggestions[0].text if suggestions else ""


@dataclass(frozen=True, slots=True)
class Reused:
    """What is left of an answer after ``n_typed`` of its characters."""

    text: str
    n_typed: int
    answer: Answered

    @property
    def origin(self) -> Origin:
        if self.n_typed:
            return Origin.TYPED_AHEAD
        return Origin.SPECULATIVE if self.answer.is_speculative else Origin.CACHE


_Key = tuple[str, str]
"""The document and the text above the line."""
_Slot = tuple[str, str]
"""The beginning of the line, and what follows the cursor."""


@dataclass(slots=True)
class SuggestionMemory:
    """The answers used last; holds at most 256 of all documents."""

    _entries: OrderedDict[tuple[_Key, _Slot], Answered] = field(default_factory=OrderedDict)
    _slots: dict[_Key, set[_Slot]] = field(default_factory=dict)

    def remember(self, document: Document, offset: int, answer: Answered) -> None:
        """Keep ``answer`` for this place, unless its line is endless."""
        start = _line_start(document.text, offset)
        if offset - start > _MAX_WRITTEN_CHARS:
            return
        key = (document.uri, document.text[max(0, start - _ANCHOR_CHARS) : start])
        slot = (document.text[start:offset], document.text[offset : offset + _HEAD_CHARS])
        self._entries.pop((key, slot), None)
        self._entries[key, slot] = answer
        self._slots.setdefault(key, set()).add(slot)
        if len(self._entries) > _MAX_ENTRIES:
            self._drop(next(iter(self._entries)))

    def find(self, document: Document, offset: int) -> Reused | None:
        """Return what is left of the answer used last that fits here, or nothing."""
        found = self._matching(document, offset)
        if not found:
            return None
        order = {name: number for number, name in enumerate(self._entries)}
        name, reused = max(found.items(), key=lambda item: order[item[0]])
        self._entries.move_to_end(name)
        return reused

    def forget(self, uri: str) -> None:
        """Drop what was remembered for a document, for instance because it was closed."""
        for name in [name for name in self._entries if name[0][0] == uri]:
            self._drop(name)

    def forget_refusals(self) -> None:
        """Ask again where there was nothing to offer: the model or the index may know more now."""
        for name in [name for name, answer in self._entries.items() if not answer.text]:
            self._drop(name)

    def _matching(self, document: Document, offset: int) -> dict[tuple[_Key, _Slot], Reused]:
        text = document.text
        after = text[offset : offset + _HEAD_CHARS + 8]
        found: dict[tuple[_Key, _Slot], Reused] = {}
        start = _line_start(text, offset)
        for _ in range(_MAX_LINES_TYPED):
            if offset - start > _MAX_WRITTEN_CHARS:
                break
            key = (document.uri, text[max(0, start - _ANCHOR_CHARS) : start])
            written = text[start:offset]
            for slot in self._slots.get(key, ()):
                answer = self._entries[key, slot]
                left, head = slot
                n_typed = len(written) - len(left)
                if n_typed < 0 or not (left + answer.text).startswith(written):
                    continue
                is_whole = n_typed > 0 and n_typed == len(answer.text)
                is_retry = n_typed == 0 and answer.is_provisional
                if not is_whole and not is_retry and is_same_head(after, head):
                    found[key, slot] = Reused(answer.text[n_typed:], n_typed, answer)
            if start == 0:
                break
            start = _line_start(text, start - 1)
        return found

    def _drop(self, name: tuple[_Key, _Slot]) -> None:
        key, slot = name
        del self._entries[name]
        self._slots[key].discard(slot)
        if not self._slots[key]:
            del self._slots[key]


def typed_since(old: Document, old_offset: int, document: Document, offset: int) -> str | None:
    """Return what was typed at ``old_offset`` between two versions, if nothing else happened."""
    if document.uri != old.uri or offset < old_offset:
        return None
    if document.text[:old_offset] != old.text[:old_offset]:
        return None
    head = old.text[old_offset : old_offset + _HEAD_CHARS]
    if not is_same_head(document.text[offset : offset + _HEAD_CHARS + 8], head):
        return None
    return document.text[old_offset:offset]


def is_same_head(after: str, head: str) -> bool:
    """Compare the texts right of the cursor, forgiving closers that the editor added or ate.

    ``head`` is shorter than the longest that is kept only if the document ended there.
    """
    if after.startswith(head) and (len(head) == _HEAD_CHARS or len(after) == len(head)):
        return True
    return _without_closers(after)[:_TELLING_CHARS] == _without_closers(head)[:_TELLING_CHARS]


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _without_closers(text: str) -> str:
    line, newline, rest = text.partition("\n")
    return line.lstrip("".join(CLOSERS)) + newline + rest
