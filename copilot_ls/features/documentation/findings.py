"""What is wrong with docstrings, as findings for an editor. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from copilot_ls.domain import Document, Finding, Severity
from copilot_ls.features.documentation.check import check_text
from indexer.model import Span

CATEGORY = "documentation"


def find_drift(document: Document) -> Sequence[Finding]:
    """Name what docstrings and comments of a document say wrongly."""
    found = check_text(document.path, document.language, document.text)
    if not found:
        return []
    starts = [0]
    for line in document.text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return [
        Finding(
            rule=f"docs.{each.drift.rule}",
            message=f"{each.drift.message[:1].upper()}{each.drift.message[1:]}",
            severity=Severity.LOW,
            span=_stretch(document.text, starts[each.line], starts[each.line + 1] - 1),
            path=document.path,
            category=CATEGORY,
        )
        for each in found
    ]


def _stretch(text: str, start: int, end: int) -> Span:
    """A line without the white space around it."""
    line = text[start:end]
    return Span(start + len(line) - len(line.lstrip()), start + len(line.rstrip()))
