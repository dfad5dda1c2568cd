"""Is this place worth a completion, and if so, of a line or of a block? Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from copilot_ls.domain import CompletionRequest, Document
from copilot_ls.features.completion.options import CompletionOptions
from indexer import secrets

CLOSERS = frozenset(")]}>'\"`;:,")
_BLOCK_OPENERS = (":", "{", "=>", "->", "then", "do")
# llama.vim stops asking by itself when more than eight characters stand right of the cursor.
_MAX_CHARS_RIGHT = 8
# A string that begins behind such a name, or text that begins like a known kind of key.
_SECRET = re.compile(
    r"(?:\b|_)(?:pass(?:word|wd|phrase)|secret|api_?key|(?:access|auth|bearer)_?token|token"
    r"|private_?key|credentials?)\w*[\"']?\]?\s*(?::\s*\w+\s*)?(?:=|:)\s*[bBrRuUfF]?[\"'`][^\"'`]*\Z"
    r"|[\"'`#/\s](?:AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|sk-|xox[abprs]-|eyJ)[\w-]*\Z"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY",
    re.IGNORECASE,
)


class Extent(StrEnum):
    """How far a completion may reach."""

    LINE = "line"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Trigger:
    """The decision; ``extent`` is absent if no completion should be offered, and why."""

    extent: Extent | None
    reason: str = ""


def decide(request: CompletionRequest, options: CompletionOptions) -> Trigger:
    """Decide from the text around the cursor alone."""
    document, offset = request.document, request.offset
    left, right = line_around(document, offset)
    if document.language in options.languages_off and not request.invoked:
        return Trigger(None, f"completions are off for {document.language}")
    if right[:1].isalnum() or right[:1] == "_":
        return Trigger(None, "the cursor is inside a word")
    if not request.invoked:
        if not options.enabled:
            return Trigger(None, "completions are off")
        if not document.text.strip():
            return Trigger(None, "the document is empty")
        if _SECRET.search(left[-400:]):
            return Trigger(None, "what stands here looks like a secret")
        rest = "".join(char for char in right if char not in CLOSERS).strip()
        if len(rest) > _MAX_CHARS_RIGHT:
            return Trigger(None, "too much text right of the cursor")
    if secrets.is_in_secret(left, right, document.language):
        return Trigger(None, "the cursor is inside a secret")
    if options.multiline and not right.strip() and _opens_block(document, offset, left):
        return Trigger(Extent.BLOCK)
    return Trigger(Extent.LINE)


def line_around(document: Document, offset: int) -> tuple[str, str]:
    """Split the line of ``offset`` into what is left and what is right of it."""
    text = document.text
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    ends = [end for end in (text.find("\n", offset), text.find("\r", offset)) if end >= 0]
    return text[start:offset], text[offset : min(ends, default=len(text))]


def _opens_block(document: Document, offset: int, left: str) -> bool:
    if left.strip():
        return left.rstrip().endswith(_BLOCK_OPENERS[:3])
    above = document.text[: offset - len(left)].rstrip()
    if not above:
        return False
    last_line = above[above.rfind("\n") + 1 :]
    if not last_line.rstrip().endswith(_BLOCK_OPENERS) and not last_line.endswith('"""'):
        return False
    indent = len(last_line) - len(last_line.lstrip())
    return len(left) > indent or last_line.endswith('"""')
