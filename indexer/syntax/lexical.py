"""Comments and string literals of a text, found without parsing it. Pure and linear in time.

For questions that a tree would answer too dearly: which quotes are used, whether a word stands
in code or in a comment. What it takes for a string is right but for a few rare forms (regular
expressions of JavaScript, heredocs), and an unclosed one ends with its line.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache

# Possessive quantifiers: nothing here may ever be tried twice.
_DOUBLE = r'"(?:[^"\\\n]++|\\.)*+"?'
_SINGLE = r"'(?:[^'\\\n]++|\\.)*+'?"
_CHARACTER = r"'(?:[^'\\\n]|\\[^\n]{1,8}?)'"
_BACKTICK = r"`(?:[^`\\]++|\\.)*+`?"
_TRIPLE_DOUBLE = r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\Z)'
_TRIPLE_SINGLE = r"'''(?:[^'\\]++|\\.|'(?!''))*+(?:'''|\Z)"
_BLOCK_COMMENT = r"/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)"
_LINE_COMMENT = r"//[^\n]*+"
_HASH_COMMENT = r"\#[^\n]*+"
_VERBATIM = r'@"(?:[^"]++|"")*+"?'
_RAW = r'r(?P<hashes>\#+)"(?:[^"]++|"(?!(?P=hashes)))*+(?:"(?P=hashes))?'

_CLOSERS = frozenset("\"'`#")
_TRIPLED = frozenset({'"""', "'''"})
_OTHER = {'"': "'", "'": '"'}

_C_COMMENTS = (_BLOCK_COMMENT, _LINE_COMMENT)
_PATTERNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "python": ((_HASH_COMMENT,), (_TRIPLE_DOUBLE, _TRIPLE_SINGLE, _DOUBLE, _SINGLE)),
    "javascript": (_C_COMMENTS, (_DOUBLE, _SINGLE, _BACKTICK)),
    "typescript": (_C_COMMENTS, (_DOUBLE, _SINGLE, _BACKTICK)),
    "tsx": (_C_COMMENTS, (_DOUBLE, _SINGLE, _BACKTICK)),
    "go": (_C_COMMENTS, (_DOUBLE, _BACKTICK, _CHARACTER)),
    "java": (_C_COMMENTS, (_TRIPLE_DOUBLE, _DOUBLE, _CHARACTER)),
    "csharp": (_C_COMMENTS, (_TRIPLE_DOUBLE, _VERBATIM, _DOUBLE, _CHARACTER)),
    "rust": (_C_COMMENTS, (_RAW, _DOUBLE, _CHARACTER)),
    "c": (_C_COMMENTS, (_DOUBLE, _CHARACTER)),
    "cpp": (_C_COMMENTS, (_DOUBLE, _CHARACTER)),
    "php": ((*_C_COMMENTS, r"\#(?!\[)[^\n]*+"), (_DOUBLE, _SINGLE)),
    "ruby": ((r"^=begin\b[\s\S]*?^=end\b", r"\#(?!\{)[^\n]*+"), (_DOUBLE, _SINGLE)),
}


@dataclass(slots=True)
class Skeleton:
    """A text with comments and the insides of strings blanked; offsets and lines stay.

    ``quotes`` counts the strings by their quote, without those that hold the other kind of quote
    and so had no choice, and without tripled ones.
    """

    code: str = ""
    quotes: Counter[str] = field(default_factory=Counter)


def skeleton(text: str, language: str) -> Skeleton:
    """Blank what is no code; a language that is not known here keeps its text."""
    pattern = _pattern(language)
    if pattern is None:
        return Skeleton(text)
    found = Skeleton()
    quotes = found.quotes

    def blank(match: re.Match[str]) -> str:
        whole = match[0]
        if match.lastgroup == "comment":
            return _spaces(whole)
        quote = whole[-1]
        if whole[:3] in _TRIPLED and len(whole) >= 6:
            return whole[:3] + _spaces(whole[3:-3]) + whole[-3:]
        if len(whole) < 2 or quote not in _CLOSERS:
            return whole[0] + _spaces(whole[1:])
        if _OTHER.get(quote, quote) not in whole:
            quotes[quote] += 1
        start = min(whole.index(quote), len(whole) - 2) + 1
        return whole[:start] + _spaces(whole[start:-1]) + quote

    found.code = pattern.sub(blank, text)
    return found


def _spaces(text: str) -> str:
    if "\n" not in text:
        return " " * len(text)
    return "\n".join(" " * len(line) for line in text.split("\n"))


@cache
def _pattern(language: str) -> re.Pattern[str] | None:
    if language not in _PATTERNS:
        return None
    comments, strings = _PATTERNS[language]
    # The named group must close last to be the match's last group.
    return re.compile(
        f"(?P<comment>{'|'.join(comments)})|(?:{'|'.join(strings)})", re.MULTILINE | re.DOTALL
    )
