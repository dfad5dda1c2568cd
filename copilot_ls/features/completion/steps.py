"""Name first, then the arguments with that very signature in view. Pure.

Where the repository settles the name, the model is not asked for more than to pick one.

A small model that is shown several signatures mixes their arguments; shown only that of the name
which stands there, it writes half again as many calls right as without (``docs/decisions/0021``).
So when it has written a callee's name, that callee's declaration takes the place of the guesses,
and the model goes on.
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
# Chances as the index gives them. Members that are less likely than this mislead the model more
# often than they are needed.
_PLAUSIBLE = 0.05
_LIKELY = 0.3
_N_LIKELY = 8
_EXPRESSION = re.compile(
    r"(?:[=(\[{,:+\-*/%<>&|!?]|\b(?:return|await|yield|in|not|and|or|if|elif|while|else|raise|assert"
    r"|is|new|case|throw))\s*$"
)
# There an import that nothing uses is there for others.
_REEXPORTS = re.compile(r"(?:^|/)(?:__init__\.pyi?|(?:index|mod)\.\w+)$")


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
        if _is_code(line) and not _DECLARES.search(line):
            return Call(found["name"], found.start(), found.end())
    return None


def _is_code(line: str) -> bool:
    """Whether what follows this beginning of a line is neither string nor comment."""
    return not (any(line.count(quote) % 2 for quote in "'\"`") or _COMMENT.search(line))


def settled_names(hits: Sequence[Hit], document: Document, offset: int) -> tuple[str, ...]:
    """Return the names of which one stands at the cursor, best first; nothing if that is open.

    It is settled behind a receiver all of whose members are known, on the import line of a module
    that is, and, almost as surely, where an import that nothing uses yet is likely here
    (``docs/decisions/0021``). What is typed of a name already is left out of what is returned.
    """
    typed = word_before(document, offset)
    closed = [
        hit.symbol.name
        for hit in hits
        if hit.is_closed and hit.symbol and (hit.symbol.is_public or typed.startswith("_"))
        if hit.score >= _PLAUSIBLE
    ]
    names = closed or _awaited(hits, document, offset - len(typed))
    fitting = [name[len(typed) :] for name in names if name.startswith(typed)]
    return tuple(dict.fromkeys(rest for rest in fitting if rest))


def _awaited(hits: Sequence[Hit], document: Document, offset: int) -> list[str]:
    """The best import that nothing uses yet, where an expression may begin."""
    start = document.text.rfind("\n", 0, offset) + 1
    end = document.text.find("\n", offset)
    left = document.text[start:offset]
    if not _EXPRESSION.search(left) or not _is_code(left) or _REEXPORTS.search(document.path):
        return []
    others = document.text[:start] + (document.text[end:] if end >= 0 else "")
    for hit in hits[:_N_LIKELY]:
        if "imported" not in hit.signals or hit.symbol is None or hit.score < _LIKELY:
            continue
        uses = re.findall(rf"(?<![\w.]){re.escape(hit.symbol.name)}\b(\s+as\b)?", others)
        if uses == [""]:
            return [hit.symbol.name]
    return []


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
    """Return the declaration of a settled name."""
    named = (hit for hit in hits if hit.symbol and hit.symbol.name == name)
    settled = (hit for hit in named if hit.is_closed or "imported" in hit.signals)
    return next(map(snippet_of, settled), None)
