"""The nouns of conventions: what a repository usually does, how often, and how sure that is.

A convention is counted, never configured: each :class:`Habit` says how many places support it
and shows some. What is not clear is called mixed, and what is too rare is not called anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

# Fewer places than this prove nothing, however much they agree.
MIN_SUPPORT = 5
# The share that is exceeded with 95 % confidence before something counts as a rule.
RULE_SHARE = 0.8
TENDENCY_SHARE = 0.55
# Normal quantile of a two-sided 95 % interval.
_Z = 1.96


class Trait(NamedTuple):
    """Something that one file does: ``n`` times, first in ``line``.

    ``kind`` is ``topic.subject`` (``naming.function``), ``value`` the choice made
    (``snake_case``).
    """

    kind: str
    value: str
    n: int
    line: int


class Verdict(StrEnum):
    """How clear a habit is."""

    RULE = "rule"
    TENDENCY = "tendency"
    MIXED = "mixed"
    TOO_FEW = "too few"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file, as an example; lines count from 0."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line + 1}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One way of doing something, how often it was seen, and where."""

    value: str
    count: int
    examples: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Habit:
    """What is usually done in one respect, in one language; ``choices`` most frequent first.

    ``n`` counts all places where a choice was made, also those of choices that are not listed.
    """

    language: str
    topic: str
    subject: str
    n: int
    choices: tuple[Choice, ...]

    @property
    def usual(self) -> Choice:
        return self.choices[0]

    @property
    def share(self) -> float:
        """The part of all places that make the usual choice."""
        return self.usual.count / self.n

    @property
    def confidence(self) -> float:
        """The share that the usual choice exceeds with 95 % confidence (Wilson's lower bound)."""
        return lower_bound(self.usual.count, self.n)

    @property
    def verdict(self) -> Verdict:
        if self.n < MIN_SUPPORT:
            return Verdict.TOO_FEW
        # A few places that all agree can reach no high bound; that they agree is what counts.
        if self.confidence >= RULE_SHARE or (self.share == 1 and self.n >= 2 * MIN_SUPPORT):
            return Verdict.RULE
        return Verdict.TENDENCY if self.confidence >= TENDENCY_SHARE else Verdict.MIXED


@dataclass(frozen=True, slots=True)
class Tally:
    """Things of one sort by how often they occur, such as decorators; ``n`` counts them all."""

    language: str
    topic: str
    subject: str
    n: int
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Fixture:
    """A pytest fixture; ``n_uses`` counts the test functions and fixtures that ask for it."""

    name: str
    place: Place
    scope: str
    n_uses: int
    is_automatic: bool = False


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """A class of errors that the repository defines.

    ``base`` is its first base as written, ``depth`` its distance from a class that is not of
    this repository.
    """

    name: str
    base: str
    place: Place
    depth: int


@dataclass(frozen=True, slots=True)
class Direction:
    """``importer`` uses ``imported`` in ``n_files`` files; the reverse happens in ``exceptions``.

    The names are folders or files, relative to the scope they stand in.
    """

    importer: str
    imported: str
    n_files: int
    example: Place
    exceptions: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Layering:
    """Who imports whom among the parts of one folder (``scope``, empty for the root).

    ``levels`` are the parts from those that nobody imports to those that import nobody; parts
    that import each other in a circle stand in the same ``cycle``.
    ``directions`` hold in one way only, up to their exceptions; ``mutual`` hold in none; both are
    seen in several files. ``arrows`` are all of them, however rare: how many files of the first
    part import the second, most first.
    """

    language: str
    scope: str
    n_parts: int
    levels: tuple[tuple[str, ...], ...]
    directions: tuple[Direction, ...]
    mutual: tuple[Direction, ...] = ()
    cycles: tuple[tuple[str, ...], ...] = ()
    arrows: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Conventions:
    """All that is known of how a repository is written.

    ``languages`` counts files and lines. Counts are of code that is no test, except in the topic
    ``tests``.
    """

    n_files: int = 0
    languages: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    habits: tuple[Habit, ...] = ()
    tallies: tuple[Tally, ...] = ()
    fixtures: tuple[Fixture, ...] = ()
    errors: tuple[ErrorClass, ...] = ()
    layers: tuple[Layering, ...] = ()

    def habit(self, language: str, topic: str, subject: str) -> Habit | None:
        """One habit, if there was anything to count."""
        wanted = (language, topic, subject)
        for habit in self.habits:
            if (habit.language, habit.topic, habit.subject) == wanted:
                return habit
        return None


def lower_bound(count: int, n: int) -> float:
    """Wilson's lower bound of a share at 95 %: 0 of nothing, 0.72 of 10 in 10."""
    if count == 0:
        return 0.0
    share = count / n
    spread = _Z * math.sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n))
    return max(0.0, (share + _Z * _Z / (2 * n) - spread) / (1 + _Z * _Z / n))
