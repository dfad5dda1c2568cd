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
    r"|[a-z][a-z0-9+.-]*://[^\s:/@'\"]+:(?P<password>[^\s:/@'\"{}$<>%]{6,})@"
)
_NAMED = re.compile(
    r"(?i)[\w-]*(?:secret|token|passw(?:or)?d|api[_-]?key|access[_-]?key|credential|private[_-]?key)[\w-]*"
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
    text = draft.text[start : draft.span.end]
    found = {match.span("key" if match["key"] else "password") for match in _FORMATS.finditer(text)}
    found |= {m.span("value") for m in _NAMED.finditer(text) if _is_random(m["value"])}
    for first, last in sorted(found):
        if start + last > draft.span.start and not _PLACEHOLDER.search(text[first:last]):
            span = Span(start + first, start + last)
            yield Finding(RULE, "this looks like a real secret", Severity.HIGH, span)


def _is_random(value: str) -> bool:
    if len(value) < _MIN_LENGTH or not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return False
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return entropy >= _MIN_ENTROPY
