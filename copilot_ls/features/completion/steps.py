"""Name first, then the arguments with that very signature in view. Pure.

A small model that is shown several signatures mixes their arguments; shown the one that it has
just named, it writes three times as many calls right (``docs/decisions``). So when it has written
a callee's name, that callee's declaration takes the place of the guesses, and the model goes on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from copilot_ls.domain import Document, Snippet
from copilot_ls.features.completion.context import snippet_of
from indexer.model import CALLABLE_KINDS, Hit

_CALL = re.compile(r"(?P<name>[^\W\d][\w$]*)\(")
_DECLARES = re.compile(r"\b(?:def|class|function|func|fn|fun|macro_rules!)\s+$")
_COMMENT = re.compile(r"(?:^|\s)(?:#|//)")
# What settles which definition a name means. Elsewhere the same name may be anything's.
_SETTLED = frozenset({"receiver", "imported"})
_WORDS = re.compile(r"[a-z0-9]+|[A-Z][a-z0-9]*")
_TELLING_WORDS = 2
_WORD_END = re.compile(r"[\w$]+$")
_LONGEST_WORD = 120
_MAX_CHOICES = 64


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a text begins: the callee's ``name``; ``start`` and ``end`` of ``name(``."""

    name: str
    start: int
    end: int


def call_begun(text: str, since: int, left: str = "") -> Call | None:
    """Return the first call that begins at ``since`` or later and is code.

    ``left`` is what stands left of ``text`` in its line.
    """
    for found in _CALL.finditer(text, since):
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        if "\n" not in text[: found.start()]:
            line = left + line
        is_in_string = any(line.count(quote) % 2 for quote in "'\"`")
        if not (is_in_string or _COMMENT.search(line) or _DECLARES.search(line)):
            return Call(found["name"], found.start(), found.end())
    return None


def closed_choices(hits: Sequence[Hit], typed: str) -> tuple[str, ...]:
    """Return what can stand at the cursor, best first, if it is all known; else nothing.

    ``typed`` is the part of a name that stands left of the cursor; the rest of each is returned.
    """
    names = [
        hit.symbol.name
        for hit in hits
        if hit.is_closed and hit.symbol and (hit.symbol.is_public or typed.startswith("_"))
    ]
    fitting = [name[len(typed) :] for name in names if name.startswith(typed)]
    return tuple(dict.fromkeys(rest for rest in fitting if rest))[:_MAX_CHOICES]


def word_before(document: Document, offset: int) -> str:
    """Return the part of a name that stands left of the cursor."""
    found = _WORD_END.search(document.text, max(0, offset - _LONGEST_WORD), offset)
    return found[0] if found else ""


def exact_signature(call: Call, hits: Sequence[Hit]) -> Snippet | None:
    """Return the declaration of the callee, if the index is sure which one is meant.

    ``hits`` are what the index finds with the cursor behind the name.
    """
    named = [
        hit
        for hit in hits
        if hit.symbol and hit.symbol.name == call.name and hit.symbol.kind in CALLABLE_KINDS
    ]
    settled = [hit for hit in named if _SETTLED & hit.signals.keys()]
    if settled:
        return snippet_of(settled[0])
    is_telling = len(_WORDS.findall(call.name)) >= _TELLING_WORDS
    return snippet_of(named[0]) if is_telling and len(named) == 1 else None


def signature_of(name: str, hits: Sequence[Hit]) -> Snippet | None:
    """Return the declaration of a name that was chosen among closed hits."""
    found = (hit for hit in hits if hit.is_closed and hit.symbol and hit.symbol.name == name)
    return next(map(snippet_of, found), None)
