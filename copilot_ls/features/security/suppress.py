"""Findings that somebody has looked at and accepted, in a comment of the code itself. Pure.

Understood are ``copilot-ls: ignore[rule, ...] reason``, Semgrep's ``nosem`` and ``nosemgrep``
(with or without rules), Bandit's ``nosec``, and ``noqa`` with one of Ruff's or Dlint's rules of
security (``S608``, ``DUO122``). A comment speaks for the lines of the finding that
it stands in, or, alone on its line, for the finding that begins below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from copilot_ls.domain import Finding

_START = r"(?:#|//|/\*|<!--|--|\{#)"
_COMMENT = re.compile(
    rf"{_START}\s*(?:"
    r"copilot-ls:\s*ignore\b(?:\[(?P<rules>[^\]]*)\])?"
    r"|nosem(?:grep)?\b(?::\s*(?P<ids>[\w.\-, ]+))?"
    r"|(?P<nosec>nosec)\b"
    r"|(?P<noqa>noqa):[\w\s,]*\b(?:S|DUO)\d{3}\b"
    r")",
    re.IGNORECASE,
)


def split_suppressed(findings: Iterable[Finding], text: str) -> tuple[list[Finding], list[Finding]]:
    """Return the findings of one text that count, and those that a comment takes back."""
    if not _COMMENT.search(text):
        return list(findings), []
    lines = text.split("\n")
    comments = {
        number: _ids(match)
        for number, line in enumerate(lines)
        if (match := _COMMENT.search(line)) is not None
    }
    kept: list[Finding] = []
    taken_back: list[Finding] = []
    for finding in findings:
        is_taken_back = _is_suppressed(finding, text, lines, comments)
        (taken_back if is_taken_back else kept).append(finding)
    return kept, taken_back


def _is_suppressed(
    finding: Finding, text: str, lines: Sequence[str], comments: Mapping[int, Sequence[str]]
) -> bool:
    first = text.count("\n", 0, finding.span.start)
    last = text.count("\n", 0, finding.span.end)
    places = [number for number in range(first, last + 1) if number in comments]
    above = first - 1
    if above in comments and re.match(rf"\s*{_START}", lines[above]):
        places.append(above)
    return any(_speaks_of(comments[place], finding.rule) for place in places)


def _ids(match: re.Match[str]) -> list[str]:
    named = match["rules"] or match["ids"] or ""
    return [id_.strip() for id_ in named.split(",") if id_.strip()]


def _speaks_of(ids: Sequence[str], rule: str) -> bool:
    return not ids or any(rule == id_ or rule.startswith(f"{id_}.") for id_ in ids)
