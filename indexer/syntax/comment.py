"""Comments as languages with ``//`` and ``/* */`` write them: which belongs to which definition.

What a comment means (Javadoc tags, XML, Go's paragraphs) is left to the languages.
"""

from __future__ import annotations

import re

from tree_sitter import Node

from indexer.syntax.extraction import MAX_STUB, Extraction, one_line

# A comment further to the right than this is taken for one that stands behind code.
_MAX_INDENTATION = 400
# Prose beyond this is never shown, and a deprecation is said before it.
_MAX_COMMENT = 20_000
_BLOCK_MARGIN = re.compile(r"^[ \t]*\*? ?", re.MULTILINE)
_LINE_MARGIN = re.compile(r"^[ \t]*//[/!]? ?", re.MULTILINE)
_COMMENT_OR_STRING = re.compile(
    r"\"(?:\\.|[^\"\\\n])*\"|(?P<comment>/\*.*?(?:\*/|$)|//[^\n]*)", re.DOTALL
)


def read_comment(x: Extraction, node: Node) -> None:
    """Remember a comment that has its line for itself; line comments in a row count as one."""
    data = x.source.data
    start = node.start_byte
    from_here = max(0, start - _MAX_INDENTATION)
    line_start = data.rfind(b"\n", from_here, start) + 1
    if (line_start == 0 and from_here > 0) or data[line_start:start].strip():
        return
    text = x.source.slice(start, min(node.end_byte, start + _MAX_COMMENT)).rstrip()
    before, end = x.documented
    is_joined = (
        text.startswith("//")
        and before.startswith(text[:3] if text[2:3] in {"/", "!"} else "//")
        and len(before) < _MAX_COMMENT
        and x.is_blank(end, start)
        and data.count(b"\n", end, start) <= 1
    )
    x.documented = (f"{before}\n{text}" if is_joined else text, node.end_byte)


def carry_comment(x: Extraction, start: int, to: int) -> None:
    """Let a comment that stands right before ``start`` count for what begins at ``to``."""
    comment, end = x.documented
    if comment and x.is_blank(end, start):
        x.documented = (comment, to)


def take_comment(x: Extraction, node: Node, *, adjacent: bool = False) -> str:
    """The comment before a definition, as written; ``adjacent`` forbids an empty line between."""
    comment, end = x.documented
    if not comment or not x.is_blank(end, node.start_byte):
        return ""
    if adjacent and x.source.data.count(b"\n", end, node.start_byte) > 1:
        return ""
    x.documented = ("", -1)
    return comment


def without_marks(comment: str) -> str:
    """The words of a comment, without its slashes, stars and margins."""
    if comment.startswith("/*"):
        return _BLOCK_MARGIN.sub("", comment[2:].removesuffix("*/").lstrip("*!").strip())
    return _LINE_MARGIN.sub("", comment).strip()


def header(x: Extraction, start: int, end: int) -> str:
    """The source between two byte offsets on one line, without comments."""
    text = x.source.slice(start, min(end, start + 8 * MAX_STUB))
    if "//" in text or "/*" in text:
        text = _COMMENT_OR_STRING.sub(lambda m: " " if m["comment"] else m[0], text)
    joined = ""
    for line in text.split("\n"):
        part = line.strip()
        if part.startswith((")", "]")):
            joined = joined.rstrip(", ")
        joined += part if joined.endswith(("(", "[")) or part[:1] in {")", "]"} else f" {part}"
    return one_line(joined, MAX_STUB)
