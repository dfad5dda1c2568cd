"""Does a suggestion hold what looks like a real secret? Pure.

A model that was trained on leaked keys repeats them, and one that saw a key in a prompt copies it.
Only the documented formats of keys, and long random literals bound to a telling name, count:
a placeholder, an environment variable's name or a test's ``"hunter2"`` does not.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from copilot_ls.checks.draft import Draft
from copilot_ls.domain import Finding, Severity
from indexer.model import Span
from indexer.resolve.outline import Repository

RULE = "secret"
_MIN_LENGTH = 16
# Words reach 3.2 bits a character, random letters and digits 3.7 (measured on 24 characters).
_MIN_ENTROPY = 3.5
_FORMATS = re.compile(
    r"(?P<key>"
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}\b"
    r"|\bgithub_pat_\w{40,}"
    r"|\bglpat-[\w-]{20,}"
    r"|\bxox[abprs]-[\w-]{10,}"
    r"|\bsk_live_[0-9a-zA-Z]{20,}"
    r"|\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}"
    r"|\bAIza[\w-]{35}\b"
    r"|\bpypi-[\w-]{50,}"
    r"|\bnpm_[A-Za-z0-9]{36}\b"
    r"|\bSG\.[\w-]{22}\.[\w-]{43}\b"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"
    r")"
    r"|://[^\s:/@'\"]+:(?P<password>[^\s:/@'\"{}$<>%]{6,})@"
)
# One of these is in every text that the expression above matches; finding them is 30 times faster.
_MARKS = (
    *("-----BEGIN ", "AKIA", "ASIA", "ABIA", "ACCA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    *("github_pat_", "glpat-", "xox", "sk_live_", "sk-", "AIza", "pypi-", "npm_", "SG.", "eyJ"),
    "://",
)
_NAMED = re.compile(
    r"(?i)(?:secret|token|passw(?:or)?d|api[_-]?key|access[_-]?key|credential|private[_-]?key)[\w-]*"
    r"[\"']?\]?\s*(?::\s*\w+\s*)?[=:]\s*[bru]?(?P<quote>[\"'`])(?P<value>[^\"'`\s]+)(?P=quote)"
)
_PLACEHOLDER = re.compile(
    r"(?i)example|sample|dummy|placeholder|change_?me|your|xxx|\.\.\.|test|fake|<|\{|\$|password"
)


def check(draft: Draft, repository: Repository) -> Iterator[Finding]:
    """Report literals of the suggestion that look like keys."""
    del repository
    # A name left of the cursor may give a literal its meaning.
    start = draft.text.rfind("\n", 0, draft.span.start) + 1
    for secret in find_secrets(draft.text[start : draft.span.end]):
        span = Span(start + secret.span.start, start + secret.span.end)
        if span.end > draft.span.start:
            yield Finding(RULE, "this looks like a real secret", Severity.HIGH, span)


@dataclass(frozen=True, slots=True)
class Secret:
    """A literal that looks like a key; ``is_known_form`` if an issuer's documents describe it."""

    span: Span
    is_known_form: bool


def find_secrets(text: str) -> list[Secret]:
    """Find what looks like real secrets in a text, in order; about 2 ms for 1,000 lines."""
    found = {}
    for match in _NAMED.finditer(text):
        if _is_random(match["value"]):
            found[match.span("value")] = False
    for first, last in _marked_lines(text):
        for match in _FORMATS.finditer(text, first, last):
            found[match.span("key" if match["key"] else "password")] = True
    return [
        Secret(Span(start, end), is_known_form)
        for (start, end), is_known_form in sorted(found.items())
        if not _PLACEHOLDER.search(text[start:end])
    ]


def _marked_lines(text: str) -> set[tuple[int, int]]:
    """The stretches of the lines that may hold a key of a known form."""
    lines = set()
    for mark in _MARKS:
        place = text.find(mark)
        while place >= 0:
            end = text.find("\n", place)
            end = len(text) if end < 0 else end
            lines.add((text.rfind("\n", 0, place) + 1, end))
            place = text.find(mark, end)
    return lines


def _is_random(value: str) -> bool:
    if len(value) < _MIN_LENGTH or not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return False
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return entropy >= _MIN_ENTROPY
