"""Where a suggestion is going to be wanted next, judged from where one is shown now. Pure.

While a suggestion is looked at or typed along the engine has nothing to do. What follows once it
is accepted can be written then, and is there when the user gets there.
"""

from __future__ import annotations

from dataclasses import replace

from copilot_ls.domain import Document, Suggestion
from copilot_ls.features.completion.trigger import line_around

_OPENERS = (":", "{", "(", "[")
# Editors take one level back after these.
_LEAVERS = ("return", "raise", "break", "continue", "pass")


def accepted(document: Document, suggestion: Suggestion) -> tuple[Document, int]:
    """Return what the document will be with a suggestion in it, and where the cursor then is."""
    text, span = document.text, suggestion.span
    text = text[: span.start] + suggestion.text + text[span.end :]
    return replace(document, text=text), span.start + len(suggestion.text)


def next_line(document: Document, offset: int) -> tuple[Document, int] | None:
    """Return what the document will be after Enter, or nothing if the line is not at its end."""
    left, right = line_around(document, offset)
    if right.strip() or not left.strip():
        return None
    newline = "\r\n" if "\r\n" in document.text[:4_000] else "\n"
    inserted = newline + _indentation_after(document, offset, left)
    text = document.text[:offset] + inserted + document.text[offset:]
    return replace(document, text=text), offset + len(inserted)


def _indentation_after(document: Document, offset: int, line: str) -> str:
    """Guess, as editors do, how far the line after ``line`` is indented."""
    indentation = line[: len(line) - len(line.lstrip(" \t"))]
    unit = _unit(document.text[:offset])
    if line.rstrip().endswith(_OPENERS):
        return indentation + unit
    if document.language == "python" and line.split(maxsplit=1)[0] in _LEAVERS:
        return indentation.removesuffix(unit)
    return indentation


def _unit(before: str) -> str:
    """Return one level of indentation: the smallest step that the document takes."""
    steps = set()
    last = 0
    for line in before[-8_000:].splitlines():
        if line.startswith("\t"):
            return "\t"
        if line.strip():
            indentation = len(line) - len(line.lstrip(" "))
            steps.add(indentation - last)
            last = indentation
    return " " * min((step for step in steps if step > 1), default=4)
