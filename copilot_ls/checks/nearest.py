"""Which real name was most likely meant by a wrong one, if any. Pure.

A repair that is wrong is worse than nothing, so only spellings of one name count: a letter more
or less, words in another order, singular for plural, another case style. Names that differ in a
word that turns the meaning round (``get`` for ``set``) are never exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rapidfuzz.distance import DamerauLevenshtein, Indel

# Shorter words are one letter apart by nature: ``row`` and ``rows``, ``in`` and ``int``.
_LEAST_LETTERS = 4
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_OPPOSITES = (
    "get set",
    "add remove",
    "add delete",
    "start stop",
    "begin end",
    "open close",
    "enable disable",
    "load save",
    "load unload",
    "lock unlock",
    "push pop",
    "min max",
    "first last",
    "next previous",
    "left right",
    "up down",
    "top bottom",
    "before after",
    "source target",
    "input output",
    "read write",
    "send receive",
    "encode decode",
    "encrypt decrypt",
    "attach detach",
    "show hide",
    "true false",
    "x y",
    "a b",
    "row column",
    "width height",
    "inner outer",
    "old new",
    "on off",
    "in out",
    "to from",
    "sync async",
    "allow deny",
    "insert update",
    "local global",
    "public private",
)
_TURNED = frozenset(frozenset(pair.split()) for pair in _OPPOSITES)


def nearest(wrong: str, candidates: Iterable[str]) -> str | None:
    """Return the one candidate that is another spelling of ``wrong``."""
    scored = sorted(
        (distance, candidate)
        for candidate in set(candidates)
        if (distance := _distance(wrong, candidate)) is not None
    )
    if not scored or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    return scored[0][1]


def _distance(wrong: str, candidate: str) -> int | None:
    """How many letters apart two spellings of one name are; nothing if they are two names."""
    if wrong == candidate or candidate.startswith("_") != wrong.startswith("_"):
        return None
    ours, theirs = words(wrong), words(candidate)
    if len(ours) != len(theirs):
        # ``dataset`` and ``data_set``
        return 1 if "".join(ours) == "".join(theirs) else None
    if sorted(map(_stem, ours)) == sorted(map(_stem, theirs)):
        return 0
    total = 0
    for one, other in zip(ours, theirs, strict=True):
        if one == other:
            continue
        if frozenset((one, other)) in _TURNED or not _is_slip(one, other):
            return None
        total += 1
    return total if total == 1 else None


def _is_slip(one: str, other: str) -> bool:
    """Whether a letter was left out, doubled or swapped: not another one put in its place.

    Another letter makes another word: ``height`` and ``weight``.
    """
    if min(len(one), len(other)) < _LEAST_LETTERS or one.isdigit() or other.isdigit():
        return False
    return Indel.distance(one, other) == 1 or (
        len(one) == len(other)
        and sorted(one) == sorted(other)
        and DamerauLevenshtein.distance(one, other) == 1
    )


def words(name: str) -> list[str]:
    """The words of an identifier, in lower case."""
    return [word.lower() for word in _WORD.findall(name)]


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
