"""Words of names and of questions, and how much two lots of them have in common. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from indexer.chunk import split_identifiers

WORD = re.compile(r"[^\W\d]\w*")


def terms_of(text: str) -> list[str]:
    """The terms of a text as the lexical index knows them."""
    return split_identifiers(text).split()


def parts_of(text: str) -> list[str]:
    """The words of all identifiers in a text, without the identifiers as a whole."""
    return [part for word in WORD.findall(text) for part in name_parts(word)]


@lru_cache(maxsize=50_000)
def name_parts(name: str) -> tuple[str, ...]:
    """The words of one identifier: ``parse``, ``http``, ``url`` of ``parseHTTP_url``."""
    words = terms_of(name)
    return tuple(words[1:] if len(words) > 1 else words)


def stems_of(text: str) -> frozenset[str]:
    """The stems of all words of all identifiers in a text."""
    return frozenset(stem for word in WORD.findall(text) for stem in name_stems(word))


@lru_cache(maxsize=50_000)
def name_stems(name: str) -> frozenset[str]:
    """The words of one identifier without their endings."""
    return frozenset(stem(part) for part in name_parts(name))


def shared(stems: frozenset[str], words: frozenset[str]) -> float:
    """Which share of ``stems`` is among ``words``."""
    return len(stems & words) / len(stems) if stems else 0.0


@lru_cache(maxsize=50_000)
def beginnings(stems: frozenset[str]) -> frozenset[str]:
    """What the stems may be shortened to: ``conn`` and ``connec`` of ``connect``."""
    return frozenset(
        word[:length] for word in stems for length in range(3, min(len(word), _MAX_SHORT) + 1)
    )


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its ending: ``move`` and ``moved`` are one, ``catalog`` and ``catalogs`` too.

    Coarser than the lexical index's stemmer, and enough to compare two names.
    """
    if len(word) > 3:
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                return word[: -len(ending)]
    return word


_MAX_SHORT = 7
_ENDINGS: tuple[str, ...] = (
    "izations",
    "ization",
    "ations",
    "ation",
    "ings",
    "ions",
    "ers",
    "ies",
    "ing",
    "ion",
    "ors",
    "ed",
    "er",
    "or",
    "es",
    "ly",
    "e",
    "s",
    "y",
)
