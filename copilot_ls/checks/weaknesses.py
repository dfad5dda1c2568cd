"""Does a suggestion bring in a weakness that our rules know? Pure, but for the finder it is given.

Only what the suggestion adds counts: what was weak before is not its fault. The document is
looked at in part, the beginning and the definition around the suggestion, because more of it
would cost more time than there is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from copilot_ls.checks.draft import Draft
from copilot_ls.checks.gate import Check
from copilot_ls.domain import Document, Finding
from indexer.model import Span
from indexer.resolve.outline import Repository

Finder: TypeAlias = Callable[[Document], Sequence[Finding]]

# Imports and constants stand there; both decide what a name means.
_HEAD_LINES = 120
_MAX_BLOCK_LINES = 400
_VISIBLE = re.compile(r"[^\r]")
_OUTER = re.compile(r"[^\s)\]}#/*]")


def weakness_check(find: Finder) -> Check:
    """Return the check that reports what ``find`` finds in a draft and not in its document."""

    def check(draft: Draft, repository: Repository) -> Iterator[Finding]:
        del repository
        if not draft.edit.text.strip():
            return
        after = _found(draft.text, draft.span, draft.document, find)
        touching = [each for each in after if _touch(each.span, draft.span)]
        if not touching:
            return
        replaced = draft.edit.span
        text = draft.document.text
        before = _found(text, replaced, draft.document, find)
        known = {(each.rule, each.span.start) for each in before}
        # What was there already, and only moved, is not the fault of an edit.
        kept = Counter(_expression(each, text) for each in before if _touch(each.span, replaced))
        for each in touching:
            expression = _expression(each, draft.text)
            if kept[expression] > 0:
                kept[expression] -= 1
            elif (each.rule, each.span.start) not in known:
                yield each

    return check


def _expression(finding: Finding, text: str) -> tuple[str, str]:
    return finding.rule, text[finding.span.start : finding.span.end]


def excerpt(text: str, span: Span) -> str:
    """Blank out all but the beginning of a text and the outermost block around ``span``.

    Line ends stay, so that every place keeps its offset.
    """
    lines = text.split("\n")
    if len(lines) <= _HEAD_LINES:
        return text
    first = text.count("\n", 0, span.start)
    last = text.count("\n", 0, span.end)
    start = first
    while start > max(0, first - _MAX_BLOCK_LINES) and not _begins_block(lines, start):
        start -= 1
    end = last + 1
    while end < min(len(lines), last + _MAX_BLOCK_LINES) and not _OUTER.match(lines[end]):
        end += 1
    return "\n".join(
        line if index < _HEAD_LINES or start <= index < end else _blanked(line)
        for index, line in enumerate(lines)
    )


def _blanked(line: str) -> str:
    return _VISIBLE.sub(" ", line) if "\r" in line else " " * len(line)


def _begins_block(lines: Sequence[str], index: int) -> bool:
    """Whether a line stands at the margin, and no decorator or annotation just above it."""
    return bool(_OUTER.match(lines[index])) and not lines[index - 1].startswith("@")


def _found(text: str, span: Span, document: Document, find: Finder) -> Sequence[Finding]:
    return find(replace(document, text=excerpt(text, span)))


def _touch(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
