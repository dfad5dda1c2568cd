"""Where an import statement that is missing goes in a document. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from copilot_ls.domain import Document, Edit
from indexer.model import Span

_PYTHON_IMPORT = re.compile(r"(?:import|from)\s+[\w.]")
_JAVASCRIPT_IMPORT = re.compile(r"import\b|export\s.*\bfrom\b")
_DOCSTRING = re.compile(r"""(?s)[rR]?(?P<quote>\"{3}|'{3}|"|').*?(?P=quote)[ \t]*(?:\r?\n|$)""")
_SKIPPED = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)+")


def import_edits(document: Document, statements: Sequence[str]) -> tuple[Edit, ...]:
    """Return the edit that adds import statements to a document; nothing for nothing.

    They follow the last import at the top of the file, else its docstring and comments.
    """
    lines = [statement for statement in statements if statement not in document.text.splitlines()]
    if not lines:
        return ()
    end = "\r\n" if "\r\n" in document.text[:4_000] else "\n"
    place = _place(document)
    before = document.text[:place]
    lead = end if before and not before.endswith("\n") else ""
    text = lead + "".join(f"{line}{end}" for line in lines)
    if not _imports_end(document) and document.text[place:].strip():
        text += end
    return (Edit(Span(place, place), text),)


def _place(document: Document) -> int:
    return _imports_end(document) or _head_end(document)


def _imports_end(document: Document) -> int:
    """The end of the last import that stands before any other code; 0 if there is none."""
    starts = _PYTHON_IMPORT if document.language == "python" else _JAVASCRIPT_IMPORT
    text = document.text
    position = _head_end(document)
    found = 0
    while position < len(text):
        end = _line_end(text, position)
        line = text[position:end]
        if starts.match(line):
            end = _statement_end(text, position)
            found = end
        elif line.strip() and not line.lstrip().startswith(("#", "//")):
            break
        position = end
    return found


def _head_end(document: Document) -> int:
    """The end of the comments and the docstring that a file begins with."""
    text = document.text
    position = 0
    if document.language == "python":
        skipped = _SKIPPED.match(text)
        after = skipped.end() if skipped else 0
        docstring = _DOCSTRING.match(text, after)
        if docstring is not None:
            return docstring.end()
        return after if text[:after].strip() else 0
    while text.startswith(("//", "/*", "#!", '"use ', "'use "), position):
        if text.startswith("/*", position):
            closing = text.find("*/", position)
            if closing < 0:
                return 0
            position = closing
        position = _line_end(text, position)
    return position


def _statement_end(text: str, start: int) -> int:
    """The end of the line that closes the brackets which a statement opens."""
    position = start
    while True:
        end = _line_end(text, position)
        written = text[start:end]
        is_open = written.count("(") > written.count(")") or written.count("{") > written.count("}")
        if end >= len(text) or not (is_open or written.rstrip("\r\n").endswith("\\")):
            return end
        position = end


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1
