"""How a docstring is laid out: which of the known styles its sections follow. Pure.

A docstring without sections has no style of its own, it is plain; what a repository does when
there *are* parameters to describe is told by those that have sections.
What the sections say is left to others.
"""

from __future__ import annotations

import re
from enum import StrEnum


class DocstringStyle(StrEnum):
    """A layout of sections; ``SPHINX`` are fields such as ``:param name:``."""

    GOOGLE = "google"
    NUMPY = "numpy"
    SPHINX = "sphinx"
    EPYDOC = "epydoc"
    PLAIN = "plain"


_NUMPY_SECTION = re.compile(
    r"^([ \t]*)(?:(?:Other |Keyword )?Parameters|Returns?|Yields?|Receives|Raises|Warns|Warnings?"
    r"|Attributes|Methods|See Also|Notes?|References|Examples?)[ \t]*\n\1-{3,}[ \t]*$",
    re.MULTILINE,
)
_SPHINX_FIELD = re.compile(
    r"^[ \t]*:(?:(?:param|parameter|arg|argument|key|keyword|kwarg|type|raises?|except|exception"
    r"|var|ivar|cvar|vartype)[ \t]+[^:\n]+|returns?|rtype|yields?|ytype):(?:[ \t]|$)",
    re.MULTILINE,
)
_EPYDOC_FIELD = re.compile(
    r"^[ \t]*@(?:(?:param|type|keyword|ivar|cvar|var|raises?)[ \t]+[^:\n]+|returns?|rtype):",
    re.MULTILINE,
)
# A heading and, on the next line that is not blank, something further to the right.
_GOOGLE_SECTION = re.compile(
    r"^([ \t]*)(?:Args|Arguments|Parameters|Params|Keyword Arg(?:ument)?s|Other Parameters"
    r"|Returns?|Yields?|Receives|Raises|Except(?:ion)?s|Attributes):[ \t]*\n"
    r"(?:[ \t]*\n)*\1[ \t]+\S",
    re.MULTILINE,
)
# ``Returns: the sum`` on one line is Google's too, but prose can look like it.
_GOOGLE_LINE = re.compile(r"^[ \t]*(?:Returns|Yields|Raises):[ \t]+\S", re.MULTILINE)


def style_of(docstring: str) -> DocstringStyle:
    """The style of one docstring as written, with or without its indentation.

    Of several styles in one docstring the more frequent one counts.
    """
    if "\n" not in docstring and ":" not in docstring:
        return DocstringStyle.PLAIN
    counts = {
        DocstringStyle.NUMPY: _count(_NUMPY_SECTION, docstring),
        DocstringStyle.SPHINX: _count(_SPHINX_FIELD, docstring),
        DocstringStyle.GOOGLE: _count(_GOOGLE_SECTION, docstring),
        DocstringStyle.EPYDOC: _count(_EPYDOC_FIELD, docstring),
    }
    best = max(counts, key=lambda style: counts[style])
    if counts[best]:
        return best
    return DocstringStyle.GOOGLE if _GOOGLE_LINE.search(docstring) else DocstringStyle.PLAIN


def _count(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))
